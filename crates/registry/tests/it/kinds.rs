//! Hand-made kinds: one plain, one with a status and a generation, one for the namespaces.

use api_core::v1::{ConfigMap, Namespace, ReplicationController};
use kind::{Column, Context, DynKind, FieldErrors, Kind, Names, Path, Scope, Subresource, TypedKind, Verb, Version};
use schema::Value;

pub static ALL: &[&dyn DynKind] = &[&TypedKind(ConfigMaps), &TypedKind(Namespaces), &TypedKind(Controllers)];

pub struct ConfigMaps;

static CONFIG_MAP_NAMES: Names = Names {
    group: "",
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ConfigMap" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static CONFIG_MAP_COLUMNS: &[Column<ConfigMap>] = &[
    Column::NAME,
    Column::string("Data", DATA_DESCRIPTION, 0, |object, _| {
        Value::Int((object.data.len() + object.binary_data.len()) as i64)
    }),
    Column::AGE,
];

const DATA_DESCRIPTION: &str = "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.";

impl Kind for ConfigMaps {
    type Object = ConfigMap;

    fn names(&self) -> &'static Names {
        &CONFIG_MAP_NAMES
    }

    fn columns(&self) -> &'static [Column<ConfigMap>] {
        CONFIG_MAP_COLUMNS
    }

    fn validate_update(&self, new: &ConfigMap, old: &ConfigMap, errors: &mut FieldErrors) {
        if old.immutable == Some(true) && new.data != old.data {
            errors.forbidden(&Path::root("data"), "field is immutable when `immutable` is set");
        }
    }
}

pub struct Namespaces;

pub static NAMESPACE_NAMES: Names = Names {
    group: "",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Namespace" }],
    verbs: Verb::ALL,
    subresources: &[],
};

impl Kind for Namespaces {
    type Object = Namespace;

    fn names(&self) -> &'static Names {
        &NAMESPACE_NAMES
    }

    fn columns(&self) -> &'static [Column<Namespace>] {
        &[Column::NAME, Column::AGE]
    }
}

/// With a status, a generation, selectable fields, and a grace period.
pub struct Controllers;

static CONTROLLER_NAMES: Names = Names {
    group: "",
    kind: "ReplicationController",
    plural: "replicationcontrollers",
    singular: "replicationcontroller",
    short_names: &["rc"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ReplicationController" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ReplicationController")],
};

impl Kind for Controllers {
    type Object = ReplicationController;

    fn names(&self) -> &'static Names {
        &CONTROLLER_NAMES
    }

    fn columns(&self) -> &'static [Column<ReplicationController>] {
        &[Column::NAME, Column::AGE]
    }

    fn prepare_create(&self, object: &mut ReplicationController, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut ReplicationController, old: &ReplicationController, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut ReplicationController, old: &ReplicationController, _context: &Context) {
        let status = std::mem::take(&mut new.status);
        let metadata = new.metadata.clone();
        *new = old.clone();
        new.status = status;
        new.metadata.managed_fields = metadata.managed_fields;
        new.metadata.resource_version = metadata.resource_version;
    }

    fn spec_changed(&self, new: &ReplicationController, old: &ReplicationController) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn selectable(&self, object: &ReplicationController) -> Vec<(&'static str, String)> {
        vec![("status.replicas", object.status.replicas.to_string())]
    }

    fn grace_period_seconds(&self, _object: &ReplicationController, asked: Option<i64>) -> Option<i64> {
        Some(asked.unwrap_or(30))
    }
}
