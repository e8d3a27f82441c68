//! ClusterRoleBinding: who may do what a role says.

use api_misc::rbac::v1;
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, Names, Scope, Verb, Version};
use schema::Time;

pub struct ClusterRoleBinding;

static NAMES: Names = Names {
    group: "rbac.authorization.k8s.io",
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.rbac.v1.ClusterRoleBinding" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ClusterRoleBinding>] = &[
    Column::NAME,
    Column::string("Role", ROLE_DESCRIPTION, 0, role),
    Column::AGE,
    Column::string("Users", "Users in the clusterRoleBinding", 1, users),
    Column::string("Groups", "Groups in the clusterRoleBinding", 1, groups),
    Column::string("ServiceAccounts", "ServiceAccounts in the clusterRoleBinding", 1, service_accounts),
];

const ROLE_DESCRIPTION: &str = "RoleRef can only reference a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.";

impl Kind for ClusterRoleBinding {
    type Object = v1::ClusterRoleBinding;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ClusterRoleBinding>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::ClusterRoleBinding) {
        super::default_binding(&mut object.role_ref, &mut object.subjects);
    }

    fn metadata_rules(&self) -> MetadataRules {
        super::RULES
    }

    fn validate(&self, object: &v1::ClusterRoleBinding, errors: &mut FieldErrors) {
        super::validate_binding(&object.role_ref, &object.subjects, &["ClusterRole"], false, errors);
    }

    fn validate_update(&self, new: &v1::ClusterRoleBinding, old: &v1::ClusterRoleBinding, errors: &mut FieldErrors) {
        self.validate(new, errors);
        super::validate_same_role(&new.role_ref, &old.role_ref, errors);
    }

    fn creates_on_update(&self) -> bool {
        true
    }
}

fn role(object: &v1::ClusterRoleBinding, _now: Time) -> Cell {
    Cell::from(format!("{}/{}", object.role_ref.kind, object.role_ref.name))
}

fn users(object: &v1::ClusterRoleBinding, _now: Time) -> Cell {
    Cell::from(super::subjects_text(&object.subjects, "User"))
}

fn groups(object: &v1::ClusterRoleBinding, _now: Time) -> Cell {
    Cell::from(super::subjects_text(&object.subjects, "Group"))
}

fn service_accounts(object: &v1::ClusterRoleBinding, _now: Time) -> Cell {
    Cell::from(super::subjects_text(&object.subjects, "ServiceAccount"))
}
