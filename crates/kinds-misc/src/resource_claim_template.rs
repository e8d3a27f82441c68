//! ResourceClaimTemplate.

use api_misc::resource::v1;
use kind::{Column, Kind, Names, Scope, Verb, Version};

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
}
