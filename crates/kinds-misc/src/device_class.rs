//! DeviceClass.

use crate::claims;
use api_misc::resource::v1;
use kind::{Column, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Verb, Version};

pub struct DeviceClass;

static NAMES: Names = Names {
    group: "resource.k8s.io",
    kind: "DeviceClass",
    plural: "deviceclasses",
    singular: "deviceclass",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.resource.v1.DeviceClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::DeviceClass>] = &[Column::NAME, Column::AGE];

impl Kind for DeviceClass {
    type Object = v1::DeviceClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::DeviceClass>] {
        COLUMNS
    }

    fn spec_changed(&self, new: &v1::DeviceClass, old: &v1::DeviceClass) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::named(NameFormat::Custom(name_problems))
    }

    fn validate(&self, object: &v1::DeviceClass, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        claims::validate_selectors(&object.spec.selectors, &path.child("selectors"), errors);
        let config = path.child("config");
        for (index, entry) in object.spec.config.iter().enumerate() {
            claims::validate_opaque(entry.opaque.as_deref(), &config.index(index), errors);
        }
        if let Some(name) = object.spec.extended_resource_name.as_ref().filter(|name| !is_extended(name)) {
            errors.invalid(&path.child("extendedResourceName"), name, "must be a valid extended resource name");
        }
    }
}

/// With a domain that is not Kubernetes' own, and such that a quota can name it.
fn is_extended(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    let quota = format!("requests.{name}");
    !native && !name.starts_with("requests.") && kind::validate::qualified_name(&quota).is_empty()
}

/// Upstream counts bytes here.
fn name_problems(name: &str, prefix: bool) -> Vec<String> {
    let problems = NameFormat::Subdomain.problems(name, prefix);
    problems.into_iter().map(|problem| problem.replace("253 characters", "253 bytes")).collect()
}
