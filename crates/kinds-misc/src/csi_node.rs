//! CSINode.

use crate::formats;
use api_misc::storage::v1;
use kind::field::{Bare, quoted};
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version, validate};
use schema::Time;

pub struct CSINode;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "CSINode",
    plural: "csinodes",
    singular: "csinode",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.CSINode" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::CSINode>] = &[
    Column::NAME,
    Column::integer("Drivers", "Drivers indicates the number of CSI drivers registered on the node", 0, drivers),
    Column::AGE,
];

impl Kind for CSINode {
    type Object = v1::CSINode;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CSINode>] {
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

    fn validate(&self, object: &v1::CSINode, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        let path = path.child("drivers");
        let mut seen = std::collections::BTreeSet::new();
        for (index, driver) in object.spec.drivers.iter().enumerate() {
            let path = path.index(index);
            validate_driver(driver, &path, errors);
            if !seen.insert(&driver.name) {
                errors.duplicate(&path.child("name"), &driver.name);
            }
        }
    }

    fn validate_update(&self, new: &v1::CSINode, old: &v1::CSINode, errors: &mut FieldErrors) {
        self.validate(new, errors);
        let path = Path::root("spec");
        for was in &old.spec.drivers {
            let now = new.spec.drivers.iter().find(|driver| driver.name == was.name);
            if let Some(driver) = now.filter(|driver| differs(driver, was)) {
                errors.invalid(&path.child("drivers"), Bare(shown(driver)), "field is immutable");
            }
        }
    }
}

fn drivers(object: &v1::CSINode, _now: Time) -> Cell {
    Cell::from(object.spec.drivers.len() as i64)
}

const NODE_ID_MAX_BYTES: usize = 192;

/// How many volumes fit may change, the rest not.
fn differs(new: &v1::CSINodeDriver, old: &v1::CSINodeDriver) -> bool {
    let bare = |driver: &v1::CSINodeDriver| v1::CSINodeDriver { allocatable: None, ..driver.clone() };
    bare(new) != bare(old)
}

fn shown(driver: &v1::CSINodeDriver) -> String {
    let keys: Vec<String> = driver.topology_keys.iter().map(|key| quoted(key)).collect();
    let keys = if keys.is_empty() { "null".to_owned() } else { format!("[{}]", keys.join(",")) };
    let allocatable = driver.allocatable.as_ref().map_or_else(
        || "null".to_owned(),
        |allocatable| {
            format!("{{\"Count\":{}}}", allocatable.count.map_or_else(|| "null".to_owned(), |count| count.to_string()))
        },
    );
    let (name, id) = (quoted(&driver.name), quoted(&driver.node_id));
    format!("{{\"Name\":{name},\"NodeID\":{id},\"TopologyKeys\":{keys},\"Allocatable\":{allocatable}}}")
}

fn validate_driver(driver: &v1::CSINodeDriver, path: &Path, errors: &mut FieldErrors) {
    formats::csi_driver(&driver.name, &path.child("name"), errors);
    let id = path.child("nodeID");
    if driver.node_id.is_empty() {
        errors.required(&id, "");
    } else if driver.node_id.len() > NODE_ID_MAX_BYTES {
        let why = format!("must be {NODE_ID_MAX_BYTES} characters or less");
        errors.invalid(&id, &driver.node_id, why);
    }
    if let Some(count) = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count) {
        let allocatable = path.child("allocatable");
        validate::not_negative(i64::from(count), &allocatable.child("count"), errors);
    }
    let keys = path.child("topologyKeys");
    let mut seen = std::collections::BTreeSet::new();
    for (index, key) in driver.topology_keys.iter().enumerate() {
        if key.is_empty() {
            errors.required(&keys, "");
        }
        if !seen.insert(key) {
            errors.duplicate(&keys, key);
        }
        for sentence in validate::qualified_name(key) {
            errors.invalid(&keys.index(index), key, sentence);
        }
    }
}
