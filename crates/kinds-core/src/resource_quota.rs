//! ResourceQuota.

mod validation;

use crate::pod_spec;
use api_core::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct ResourceQuota;

static NAMES: Names = Names {
    group: "",
    kind: "ResourceQuota",
    plural: "resourcequotas",
    singular: "resourcequota",
    short_names: &["quota"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ResourceQuota" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ResourceQuota")],
};

static COLUMNS: &[Column<v1::ResourceQuota>] = &[
    Column::NAME,
    Column::string(
        "Request",
        "Request represents a minimum amount of cpu/memory that a container may consume.",
        0,
        request,
    ),
    Column::string("Limit", LIMIT_DESCRIPTION, 0, limit),
    Column::AGE,
];

const LIMIT_DESCRIPTION: &str =
    "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.";

impl Kind for ResourceQuota {
    type Object = v1::ResourceQuota;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ResourceQuota>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::ResourceQuota) {
        pod_spec::round_up(&mut object.spec.hard);
        pod_spec::round_up(&mut object.status.hard);
        pod_spec::round_up(&mut object.status.used);
    }

    fn prepare_create(&self, object: &mut v1::ResourceQuota, _context: &Context) {
        object.status = v1::ResourceQuotaStatus::default();
    }

    fn prepare_update(&self, new: &mut v1::ResourceQuota, old: &v1::ResourceQuota, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::ResourceQuota, old: &v1::ResourceQuota, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn validate(&self, object: &v1::ResourceQuota, errors: &mut FieldErrors) {
        validation::validate(object, errors);
    }

    fn validate_update(&self, new: &v1::ResourceQuota, old: &v1::ResourceQuota, errors: &mut FieldErrors) {
        validation::validate_update(new, old, errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::ResourceQuota,
        _old: &v1::ResourceQuota,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        validation::validate_status(new, errors);
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "status" => &[&["spec"]],
            _ => &[&["status"]],
        }
    }
}

/// `pods: 1/10, cpu: 2/4` of those resources that are, or are not, limits.
fn usage(object: &v1::ResourceQuota, limits: bool) -> Cell {
    let status = &object.status;
    let shown = |(name, hard): (&String, &schema::Quantity)| {
        let used = status.used.get(name).map_or("0".to_owned(), |used| used.to_string());
        format!("{name}: {used}/{hard}")
    };
    let chosen = status.hard.iter().filter(|(name, _)| name.starts_with("limits.") == limits);
    Cell::from(chosen.map(shown).collect::<Vec<_>>().join(", "))
}

fn request(object: &v1::ResourceQuota, _now: Time) -> Cell {
    usage(object, false)
}

fn limit(object: &v1::ResourceQuota, _now: Time) -> Cell {
    usage(object, true)
}
