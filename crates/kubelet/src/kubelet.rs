//! What all workers of a node share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use api_core::v1::Pod;
use client::Client;
use cri::CriClient;
use schema::Quantity;
use stdx::Clock;

use crate::cgroups::{self, Driver};
use crate::config::KubeletConfig;
use crate::events::Recorder;
use crate::images::Images;
use crate::pods::PodTable;
use crate::runtime::Runtime;
use crate::volumes::Volumes;

pub struct Kubelet {
    pub config: KubeletConfig,
    pub client: Client,
    pub cri: CriClient,
    pub clock: Arc<dyn Clock>,
    pub runtime: Runtime,
    pub images: Images,
    pub recorder: Recorder,
    pub cgroup_driver: Driver,
    pub pods: Arc<PodTable>,
    pub volumes: Volumes,
    /// What pods may use of the node.
    pub allocatable: BTreeMap<String, Quantity>,
    /// Bytes of memory that the machine has.
    pub memory_capacity_bytes: i64,
}

impl Kubelet {
    pub fn now(&self) -> kubelet_core::Nanos {
        self.clock.now()
    }

    pub fn host_ips(&self) -> Vec<String> {
        self.config.node_ips.iter().map(ToString::to_string).collect()
    }

    pub fn cgroup_parent(&self, pod: &Pod) -> String {
        cgroups::pod_parent(&self.config.cgroup_root, self.cgroup_driver, pod)
    }

    pub fn pod_log_dir(&self, pod: &Pod) -> PathBuf {
        let meta = &pod.metadata;
        self.config.pod_log_dir(&meta.namespace, &meta.name, &meta.uid)
    }
}
