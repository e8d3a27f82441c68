//! VolumeAttachment.

use api_misc::storage::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct VolumeAttachment;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "VolumeAttachment",
    plural: "volumeattachments",
    singular: "volumeattachment",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.VolumeAttachment" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("VolumeAttachment")],
};

static COLUMNS: &[Column<v1::VolumeAttachment>] = &[
    Column::NAME,
    Column {
        name: "Attacher",
        kind: "string",
        format: "name",
        description: ATTACHER_DESCRIPTION,
        priority: 0,
        cell: attacher,
    },
    Column::string("PV", PV_DESCRIPTION, 0, pv),
    Column::string("Node", "nodeName represents the node that the volume should be attached to.", 0, node),
    Column {
        name: "Attached",
        kind: "boolean",
        format: "",
        description: ATTACHED_DESCRIPTION,
        priority: 0,
        cell: attached,
    },
    Column::AGE,
];

const ATTACHER_DESCRIPTION: &str = "attacher indicates the name of the volume driver that MUST handle this request. This is the name returned by GetPluginName().";
const PV_DESCRIPTION: &str = "persistentVolumeName represents the name of the persistent volume to attach.";
const ATTACHED_DESCRIPTION: &str = "attached indicates the volume is successfully attached. This field must only be set by the entity completing the attach operation, i.e. the external-attacher.";

impl Kind for VolumeAttachment {
    type Object = v1::VolumeAttachment;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::VolumeAttachment>] {
        COLUMNS
    }
}

fn attacher(object: &v1::VolumeAttachment, _now: Time) -> Cell {
    Cell::from(object.spec.attacher.as_str())
}

fn pv(object: &v1::VolumeAttachment, _now: Time) -> Cell {
    Cell::from(object.spec.source.persistent_volume_name.as_deref().unwrap_or_default())
}

fn node(object: &v1::VolumeAttachment, _now: Time) -> Cell {
    Cell::from(object.spec.node_name.as_str())
}

fn attached(object: &v1::VolumeAttachment, _now: Time) -> Cell {
    Cell::from(object.status.attached)
}
