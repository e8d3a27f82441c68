//! The plugins by name, and what has to happen before one that rejected a pod may take it.

use std::ops::BitOr;

/// Upstream's plugins that can reject a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plugin {
    NodeUnschedulable,
    NodeName,
    TaintToleration,
    NodeAffinity,
    NodePorts,
    NodeResourcesFit,
    VolumeBinding,
    PodTopologySpread,
    InterPodAffinity,
}

/// A set of plugins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plugins(u16);

/// What happened in the cluster, as far as pods wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    NodeAdded,
    NodeRemoved,
    AllocatableChanged,
    LabelsChanged,
    TaintsChanged,
    /// A pod came to a node, or its labels changed there.
    PodAssigned,
    /// A pod went from a node.
    PodGone,
    NamespaceChanged,
    VolumesChanged,
}

impl Plugins {
    pub const NONE: Plugins = Plugins(0);
    pub const ALL: Plugins = Plugins(u16::MAX);

    pub fn has_any(self, of: Plugins) -> bool {
        self.0 & of.0 != 0
    }
}

impl From<Plugin> for Plugins {
    fn from(plugin: Plugin) -> Plugins {
        Plugins(1 << plugin as u16)
    }
}

impl BitOr<Plugin> for Plugins {
    type Output = Plugins;
    fn bitor(self, plugin: Plugin) -> Plugins {
        self | Plugins::from(plugin)
    }
}

impl BitOr for Plugins {
    type Output = Plugins;
    fn bitor(self, other: Plugins) -> Plugins {
        Plugins(self.0 | other.0)
    }
}

impl Happened {
    /// The plugins that may think otherwise now.
    pub fn may_help(self) -> Plugins {
        use Plugin::*;
        let among = |plugins: &[Plugin]| plugins.iter().fold(Plugins::NONE, |all, plugin| all | *plugin);
        match self {
            Happened::NodeAdded => Plugins::ALL,
            Happened::NodeRemoved => among(&[PodTopologySpread]),
            Happened::AllocatableChanged => among(&[NodeResourcesFit]),
            Happened::LabelsChanged => among(&[NodeAffinity, VolumeBinding, PodTopologySpread, InterPodAffinity]),
            Happened::TaintsChanged => among(&[NodeUnschedulable, TaintToleration, PodTopologySpread]),
            Happened::PodAssigned => among(&[PodTopologySpread, InterPodAffinity]),
            Happened::PodGone => among(&[NodePorts, NodeResourcesFit, PodTopologySpread, InterPodAffinity]),
            Happened::NamespaceChanged => among(&[InterPodAffinity]),
            Happened::VolumesChanged => among(&[VolumeBinding]),
        }
    }
}
