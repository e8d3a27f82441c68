//! ClusterRole: what may be done, anywhere.

use api_misc::rbac::v1;
use kind::field::Bare;
use kind::{Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version, validate};

pub struct ClusterRole;

static NAMES: Names = Names {
    group: "rbac.authorization.k8s.io",
    kind: "ClusterRole",
    plural: "clusterroles",
    singular: "clusterrole",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.rbac.v1.ClusterRole" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ClusterRole>] = &[Column::NAME, Column::CREATED_AT];

impl Kind for ClusterRole {
    type Object = v1::ClusterRole;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ClusterRole>] {
        COLUMNS
    }

    fn metadata_rules(&self) -> MetadataRules {
        super::RULES
    }

    fn validate(&self, object: &v1::ClusterRole, errors: &mut FieldErrors) {
        super::validate_rules(&object.rules, false, errors);
        let Some(rule) = &object.aggregation_rule else { return };
        let root = Path::root("aggregationRule");
        let path = root.child("clusterRoleSelectors");
        if rule.cluster_role_selectors.is_empty() {
            errors.required(&path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
        }
        for (index, selector) in rule.cluster_role_selectors.iter().enumerate() {
            let (at, before) = (path.index(index), errors.len());
            validate::label_selector(selector, false, &at, errors);
            if errors.len() > before {
                errors.invalid(&at, Bare("null"), "invalid label selector.");
            }
        }
    }

    fn creates_on_update(&self) -> bool {
        true
    }
}
