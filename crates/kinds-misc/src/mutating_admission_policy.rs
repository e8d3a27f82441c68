//! MutatingAdmissionPolicy.

use api_misc::admissionregistration::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct MutatingAdmissionPolicy;

static NAMES: Names = Names {
    group: "admissionregistration.k8s.io",
    kind: "MutatingAdmissionPolicy",
    plural: "mutatingadmissionpolicies",
    singular: "mutatingadmissionpolicy",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::MutatingAdmissionPolicy>] = &[
    Column::NAME,
    Column::integer("Mutations", MUTATIONS_DESCRIPTION, 0, mutations),
    Column::string("ParamKind", PARAM_KIND_DESCRIPTION, 0, param_kind),
    Column::AGE,
];

const MUTATIONS_DESCRIPTION: &str = "Mutation indicates the number of mutations rules defined in this configuration";
const PARAM_KIND_DESCRIPTION: &str = "ParamKind specifies the kind of resources used to parameterize this policy";

impl Kind for MutatingAdmissionPolicy {
    type Object = v1::MutatingAdmissionPolicy;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::MutatingAdmissionPolicy>] {
        COLUMNS
    }
}

fn mutations(object: &v1::MutatingAdmissionPolicy, _now: Time) -> Cell {
    Cell::from(object.spec.mutations.len() as i64)
}

fn param_kind(object: &v1::MutatingAdmissionPolicy, _now: Time) -> Cell {
    Cell::from(
        object
            .spec
            .param_kind
            .as_ref()
            .map_or_else(|| "<unset>".to_owned(), |p| format!("{}/{}", p.api_version, p.kind)),
    )
}
