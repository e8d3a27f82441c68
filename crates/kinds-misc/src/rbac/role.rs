//! Role: what may be done, in its namespace.

use api_misc::rbac::v1;
use kind::{Column, FieldErrors, Kind, MetadataRules, Names, Scope, Verb, Version};

pub struct Role;

static NAMES: Names = Names {
    group: "rbac.authorization.k8s.io",
    kind: "Role",
    plural: "roles",
    singular: "role",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.rbac.v1.Role" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Role>] = &[Column::NAME, Column::CREATED_AT];

impl Kind for Role {
    type Object = v1::Role;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Role>] {
        COLUMNS
    }

    fn metadata_rules(&self) -> MetadataRules {
        super::RULES
    }

    fn validate(&self, object: &v1::Role, errors: &mut FieldErrors) {
        super::validate_rules(&object.rules, true, errors);
    }

    fn creates_on_update(&self) -> bool {
        true
    }
}
