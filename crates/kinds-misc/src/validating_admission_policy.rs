//! ValidatingAdmissionPolicy.

use api_misc::admissionregistration::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct ValidatingAdmissionPolicy;

static NAMES: Names = Names {
    group: "admissionregistration.k8s.io",
    kind: "ValidatingAdmissionPolicy",
    plural: "validatingadmissionpolicies",
    singular: "validatingadmissionpolicy",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("ValidatingAdmissionPolicy")],
};

static COLUMNS: &[Column<v1::ValidatingAdmissionPolicy>] = &[
    Column::NAME,
    Column::integer("Validations", VALIDATIONS_DESCRIPTION, 0, validations),
    Column::string("ParamKind", PARAM_KIND_DESCRIPTION, 0, param_kind),
    Column::AGE,
];

const VALIDATIONS_DESCRIPTION: &str =
    "Validations indicates the number of validation rules defined in this configuration";
const PARAM_KIND_DESCRIPTION: &str = "ParamKind specifies the kind of resources used to parameterize this policy";

impl Kind for ValidatingAdmissionPolicy {
    type Object = v1::ValidatingAdmissionPolicy;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ValidatingAdmissionPolicy>] {
        COLUMNS
    }
}

fn validations(object: &v1::ValidatingAdmissionPolicy, _now: Time) -> Cell {
    Cell::from(object.spec.validations.len() as i64)
}

fn param_kind(object: &v1::ValidatingAdmissionPolicy, _now: Time) -> Cell {
    Cell::from(
        object
            .spec
            .param_kind
            .as_ref()
            .map_or_else(|| "<unset>".to_owned(), |p| format!("{}/{}", p.api_version, p.kind)),
    )
}
