//! VolumeAttributesClass.

use crate::formats;
use api_misc::storage::v1;
use kind::columns::NAME_DESCRIPTION;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Verb, Version};
use schema::Time;

pub struct VolumeAttributesClass;

static NAMES: Names = Names {
    group: "storage.k8s.io",
    kind: "VolumeAttributesClass",
    plural: "volumeattributesclasses",
    singular: "volumeattributesclass",
    short_names: &["vac"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.storage.v1.VolumeAttributesClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::VolumeAttributesClass>] = &[
    Column { name: "Name", kind: "string", format: "name", description: NAME_DESCRIPTION, priority: 0, cell: name },
    Column::string("DriverName", "Name of the CSI driver This field is immutable.", 0, driver_name),
    Column::AGE,
];

impl Kind for VolumeAttributesClass {
    type Object = v1::VolumeAttributesClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::VolumeAttributesClass>] {
        COLUMNS
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    /// Kept as long as a claim or volume uses it.
    fn prepare_create(&self, object: &mut v1::VolumeAttributesClass, _context: &Context) {
        let finalizers = &mut object.metadata.finalizers;
        if !finalizers.iter().any(|finalizer| finalizer == PROTECTION) {
            finalizers.push(PROTECTION.into());
        }
    }

    fn validate(&self, object: &v1::VolumeAttributesClass, errors: &mut FieldErrors) {
        formats::provisioner(&object.driver_name, &Path::root("driverName"), errors);
        if object.parameters.is_empty() {
            errors.required(&Path::root("parameters"), "must contain at least one key/value pair");
        }
    }

    fn validate_update(
        &self,
        new: &v1::VolumeAttributesClass,
        old: &v1::VolumeAttributesClass,
        errors: &mut FieldErrors,
    ) {
        if new.driver_name != old.driver_name {
            errors.forbidden(&Path::root("driverName"), "updates to driverName are forbidden.");
        }
        if new.parameters != old.parameters {
            errors.forbidden(&Path::root("parameters"), "updates to parameters are forbidden.");
        }
    }
}

fn name(object: &v1::VolumeAttributesClass, _now: Time) -> Cell {
    let annotations = &object.metadata.annotations;
    let is_default =
        annotations.get("storageclass.kubernetes.io/is-default-class").is_some_and(|value| value == "true");
    Cell::from(format!("{}{}", object.metadata.name, if is_default { " (default)" } else { "" }))
}

fn driver_name(object: &v1::VolumeAttributesClass, _now: Time) -> Cell {
    Cell::from(object.driver_name.as_str())
}

const PROTECTION: &str = "kubernetes.io/vac-protection";
