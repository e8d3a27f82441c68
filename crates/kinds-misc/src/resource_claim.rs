//! ResourceClaim.

use crate::claims;
use api_misc::resource::v1;
use kind::field::Bare;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Subresource, Verb, Version};
use schema::Time;
use std::collections::BTreeMap;

pub struct ResourceClaim;

static NAMES: Names = Names {
    group: "resource.k8s.io",
    kind: "ResourceClaim",
    plural: "resourceclaims",
    singular: "resourceclaim",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.resource.v1.ResourceClaim" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ResourceClaim")],
};

static COLUMNS: &[Column<v1::ResourceClaim>] = &[
    Column::NAME,
    Column::string("State", "A summary of the current state (allocated, pending, reserved, etc.).", 0, state),
    Column::AGE,
];

impl Kind for ResourceClaim {
    type Object = v1::ResourceClaim;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ResourceClaim>] {
        COLUMNS
    }

    fn prepare_create(&self, object: &mut v1::ResourceClaim, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::ResourceClaim, old: &v1::ResourceClaim, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::ResourceClaim, old: &v1::ResourceClaim, _context: &Context) {
        new.spec = old.spec.clone();
        new.metadata.labels = old.metadata.labels.clone();
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["metadata"], &["spec"]],
        }
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut v1::ResourceClaim) {
        claims::default(&mut object.spec);
    }

    fn looks_at_namespace(&self) -> bool {
        true
    }

    fn validate_in_namespace(
        &self,
        object: &v1::ResourceClaim,
        labels: &BTreeMap<String, String>,
        errors: &mut FieldErrors,
    ) {
        claims::validate_admin_access(&object.spec, labels, errors);
    }

    fn validate(&self, object: &v1::ResourceClaim, errors: &mut FieldErrors) {
        claims::validate(&object.spec, &Path::root("spec"), errors);
    }

    fn validate_update(&self, new: &v1::ResourceClaim, old: &v1::ResourceClaim, errors: &mut FieldErrors) {
        if new.spec != old.spec {
            errors.invalid(&Path::root("spec"), Bare(claims::shown(&new.spec)), "field is immutable");
        }
    }
}

fn state(object: &v1::ResourceClaim, _now: Time) -> Cell {
    let mut states = Vec::new();
    let deleted = object.metadata.deletion_timestamp.is_some();
    if deleted {
        states.push("deleted");
    }
    match (&object.status.allocation, deleted) {
        (None, false) => states.push("pending"),
        (None, true) => {}
        (Some(_), _) => states.push("allocated"),
    }
    if object.status.allocation.is_some() && !object.status.reserved_for.is_empty() {
        states.push("reserved");
    }
    Cell::from(states.join(","))
}
