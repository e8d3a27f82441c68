//! Service: its types, what holds of each, and (in [`allocation`]) the addresses and ports that it is given.

pub mod allocation;
pub mod allocator;
mod columns;
mod families;
mod needs;
mod strategy;
mod validation;
mod warnings;

use api_core::v1;
use kind::{Column, Context, FieldErrors, Kind, MetadataRules, NameFormat, Names, Scope, Subresource, Verb, Version};

pub struct Service;

static NAMES: Names = Names {
    group: "",
    kind: "Service",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Service" }],
    verbs: Verb::ALL,
    subresources: &[
        Subresource {
            name: "proxy",
            group: "",
            version: "",
            kind: "ServiceProxyOptions",
            verbs: &[Verb::Create, Verb::Delete, Verb::Get, Verb::Patch, Verb::Update],
            only_version: "",
        },
        Subresource::status("Service"),
    ],
};

impl Kind for Service {
    type Object = v1::Service;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Service>] {
        columns::COLUMNS
    }

    fn default(&self, object: &mut v1::Service) {
        strategy::default(object);
    }

    fn prepare_create(&self, object: &mut v1::Service, _context: &Context) {
        object.status = v1::ServiceStatus::default();
    }

    fn prepare_update(&self, new: &mut v1::Service, old: &v1::Service, _context: &Context) {
        new.status = old.status.clone();
        strategy::drop_type_dependent(new, old);
    }

    fn prepare_subresource(&self, new: &mut v1::Service, old: &v1::Service, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, ..MetadataRules::named(NameFormat::Label) }
    }

    fn validate(&self, object: &v1::Service, errors: &mut FieldErrors) {
        validation::validate(object, errors);
    }

    fn validate_update(&self, new: &v1::Service, old: &v1::Service, errors: &mut FieldErrors) {
        validation::validate_update(new, old, errors);
    }

    fn validate_subresource(&self, new: &v1::Service, old: &v1::Service, _context: &Context, errors: &mut FieldErrors) {
        validation::validate_status(new, old, errors);
    }

    fn warnings(&self, new: &v1::Service, _old: Option<&v1::Service>) -> Vec<String> {
        warnings::of(new)
    }

    fn selectable(&self, object: &v1::Service) -> Vec<(&'static str, String)> {
        vec![("spec.clusterIP", object.spec.cluster_ip.clone()), ("spec.type", object.spec.type_.clone())]
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn creates_on_update(&self) -> bool {
        true
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "status" => &[&["spec"]],
            _ => &[&["status"]],
        }
    }
}
