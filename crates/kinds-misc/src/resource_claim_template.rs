//! ResourceClaimTemplate.

use crate::claims;
use api_misc::resource::v1;
use kind::field::Bare;
use kind::{Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version};
use std::collections::BTreeMap;

pub struct ResourceClaimTemplate;

static NAMES: Names = Names {
    group: "resource.k8s.io",
    kind: "ResourceClaimTemplate",
    plural: "resourceclaimtemplates",
    singular: "resourceclaimtemplate",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.resource.v1.ResourceClaimTemplate" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ResourceClaimTemplate>] = &[Column::NAME, Column::AGE];

impl Kind for ResourceClaimTemplate {
    type Object = v1::ResourceClaimTemplate;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ResourceClaimTemplate>] {
        COLUMNS
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn default(&self, object: &mut v1::ResourceClaimTemplate) {
        claims::default(&mut object.spec.spec);
    }

    fn looks_at_namespace(&self) -> bool {
        true
    }

    fn validate_in_namespace(
        &self,
        object: &v1::ResourceClaimTemplate,
        labels: &BTreeMap<String, String>,
        errors: &mut FieldErrors,
    ) {
        claims::validate_admin_access(&object.spec.spec, labels, errors);
    }

    fn validate(&self, object: &v1::ResourceClaimTemplate, errors: &mut FieldErrors) {
        let path = Path::root("spec");
        kind::validate::template_metadata(&object.spec.metadata, &path.child("metadata"), "cannot be set", errors);
        claims::validate(&object.spec.spec, &path.child("spec"), errors);
    }

    fn validate_update(
        &self,
        new: &v1::ResourceClaimTemplate,
        old: &v1::ResourceClaimTemplate,
        errors: &mut FieldErrors,
    ) {
        if new.spec != old.spec {
            let labels = &new.spec.metadata.labels;
            let pairs = labels.iter().map(|(key, value)| (key.as_str().into(), schema::Value::str(value.as_str())));
            let labels = schema::json::to_string(&schema::Value::Map(pairs.collect()));
            let metadata =
                if new.spec.metadata.labels.is_empty() { String::new() } else { format!("\"labels\":{labels},") };
            let shown = format!("{{{metadata}\"Spec\":{}}}", claims::shown(&new.spec.spec));
            errors.invalid(&Path::root("spec"), Bare(shown), "field is immutable");
        }
    }
}
