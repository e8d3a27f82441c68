//! CustomResourceDefinition.

use api_misc::apiextensions::v1;
use kind::{Column, Kind, Names, Scope, Subresource, Verb, Version};

pub struct CustomResourceDefinition;

static NAMES: Names = Names {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short_names: &["crd", "crds"],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version {
        name: "v1",
        type_name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("CustomResourceDefinition")],
};

static COLUMNS: &[Column<v1::CustomResourceDefinition>] = &[Column::NAME, Column::CREATED_AT];

impl Kind for CustomResourceDefinition {
    type Object = v1::CustomResourceDefinition;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CustomResourceDefinition>] {
        COLUMNS
    }
}
