//! VolumeAttachment.

use crate::formats;
use api_misc::storage::v1;
use kind::field::{Bare, quoted};
use kind::{Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Subresource, Verb, Version};
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

    fn returns_deleted(&self) -> bool {
        true
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_update: false, ..MetadataRules::COMMON }
    }

    /// Attached by whoever creates it, where it is made through the main resource.
    fn prepare_create(&self, object: &mut v1::VolumeAttachment, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::VolumeAttachment, old: &v1::VolumeAttachment, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::VolumeAttachment, old: &v1::VolumeAttachment, _context: &Context) {
        let metadata = std::mem::take(&mut new.metadata);
        new.spec = old.spec.clone();
        new.metadata = old.metadata.clone();
        new.metadata.resource_version = metadata.resource_version;
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["metadata"], &["spec"]],
        }
    }

    fn validate(&self, object: &v1::VolumeAttachment, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        let (spec, source) = (&object.spec, &object.spec.source);
        formats::provisioner(&spec.attacher, &path.child("attacher"), errors);
        let source_path = path.child("source");
        let one = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
        match (&source.inline_volume_spec, source.persistent_volume_name.as_deref()) {
            (None, None | Some("")) => errors.required(&source_path, one),
            (Some(_), Some(_)) => errors.forbidden(&source_path, one),
            _ => {}
        }
        if let Some(name) = source.persistent_volume_name.as_deref().filter(|name| !name.is_empty()) {
            formats::subdomain(name, &source_path.child("persistentVolumeName"), errors);
        }
        formats::subdomain(&spec.node_name, &path.child("nodeName"), errors);
    }

    fn validate_update(&self, new: &v1::VolumeAttachment, old: &v1::VolumeAttachment, errors: &mut FieldErrors) {
        self.validate(new, errors);
        if new.spec != old.spec {
            let (spec, volume) = (&new.spec, new.spec.source.persistent_volume_name.as_deref());
            let (attacher, node) = (quoted(&spec.attacher), quoted(&spec.node_name));
            let volume = volume.map_or_else(|| "null".to_owned(), quoted);
            let source = format!("{{\"PersistentVolumeName\":{volume},\"InlineVolumeSpec\":null}}");
            let shown = format!("{{\"Attacher\":{attacher},\"Source\":{source},\"NodeName\":{node}}}");
            errors.invalid(&Path::root("spec"), Bare(shown), "field is immutable");
        }
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
