//! MutatingAdmissionPolicyBinding.

use crate::admission_policy::param_ref_text;
use crate::{admission_policy, formats};
use api_misc::admissionregistration::v1;
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version};
use schema::Time;

pub struct MutatingAdmissionPolicyBinding;

static NAMES: Names = Names {
    group: "admissionregistration.k8s.io",
    kind: "MutatingAdmissionPolicyBinding",
    plural: "mutatingadmissionpolicybindings",
    singular: "mutatingadmissionpolicybinding",
    short_names: &[],
    categories: &["api-extensions"],
    scope: Scope::Cluster,
    versions: &[Version {
        name: "v1",
        type_name: "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding",
    }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::MutatingAdmissionPolicyBinding>] = &[
    Column::NAME,
    Column::string("PolicyName", POLICY_NAME_DESCRIPTION, 0, policy_name),
    Column::string("ParamRef", PARAM_REF_DESCRIPTION, 0, param_ref),
    Column::AGE,
];

const POLICY_NAME_DESCRIPTION: &str = "PolicyName indicates the policy definition which the policy binding binded to";
const PARAM_REF_DESCRIPTION: &str = "ParamRef indicates the param resource which sets the configuration param";

impl Kind for MutatingAdmissionPolicyBinding {
    type Object = v1::MutatingAdmissionPolicyBinding;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::MutatingAdmissionPolicyBinding>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::MutatingAdmissionPolicyBinding) {
        if let Some(resources) = &mut object.spec.match_resources {
            admission_policy::default_match(resources);
        }
    }

    fn spec_changed(
        &self,
        new: &v1::MutatingAdmissionPolicyBinding,
        old: &v1::MutatingAdmissionPolicyBinding,
    ) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { standard_finalizers: false, repeats_update: false, ..MetadataRules::COMMON }
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::MutatingAdmissionPolicyBinding, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        if spec.policy_name.is_empty() {
            errors.required(&path.child("policyName"), "");
        } else {
            formats::subdomain(&spec.policy_name, &path.child("policyName"), errors);
        }
        if let Some(param_ref) = &spec.param_ref {
            admission_policy::validate_param_ref(param_ref, &path.child("paramRef"), errors);
        }
        if let Some(resources) = &spec.match_resources {
            admission_policy::validate_match(resources, &path.child("matchResources"), errors);
        }
    }
}

fn policy_name(object: &v1::MutatingAdmissionPolicyBinding, _now: Time) -> Cell {
    Cell::from(object.spec.policy_name.as_str())
}

fn param_ref(object: &v1::MutatingAdmissionPolicyBinding, _now: Time) -> Cell {
    Cell::from(param_ref_text(object.spec.param_ref.as_deref()))
}
