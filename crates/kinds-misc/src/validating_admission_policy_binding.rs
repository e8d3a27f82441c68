//! ValidatingAdmissionPolicyBinding.

use crate::admission_policy::param_ref_text;
use api_misc::admissionregistration::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct ValidatingAdmissionPolicyBinding;

static NAMES: Names = Names {
    group: "admissionregistration.k8s.io",
    kind: "ValidatingAdmissionPolicyBinding",
    plural: "validatingadmissionpolicybindings",
    singular: "validatingadmissionpolicybinding",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version {
        name: "v1",
        type_name: "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
    }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ValidatingAdmissionPolicyBinding>] = &[
    Column::NAME,
    Column::string("PolicyName", POLICY_NAME_DESCRIPTION, 0, policy_name),
    Column::string("ParamRef", PARAM_REF_DESCRIPTION, 0, param_ref),
    Column::AGE,
];

const POLICY_NAME_DESCRIPTION: &str = "PolicyName indicates the policy definition which the policy binding binded to";
const PARAM_REF_DESCRIPTION: &str = "ParamRef indicates the param resource which sets the configuration param";

impl Kind for ValidatingAdmissionPolicyBinding {
    type Object = v1::ValidatingAdmissionPolicyBinding;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ValidatingAdmissionPolicyBinding>] {
        COLUMNS
    }
}

fn policy_name(object: &v1::ValidatingAdmissionPolicyBinding, _now: Time) -> Cell {
    Cell::from(object.spec.policy_name.as_str())
}

fn param_ref(object: &v1::ValidatingAdmissionPolicyBinding, _now: Time) -> Cell {
    Cell::from(param_ref_text(object.spec.param_ref.as_deref()))
}
