//! ValidatingAdmissionPolicy.

use crate::{admission_policy, webhooks};
use api_misc::admissionregistration::v1;
use kind::{
    Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Subresource, Verb, Version, validate,
};
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

    fn default(&self, object: &mut v1::ValidatingAdmissionPolicy) {
        object.spec.failure_policy.get_or_insert_with(|| "Fail".into());
        if let Some(constraints) = &mut object.spec.match_constraints {
            admission_policy::default_match(constraints);
        }
    }

    fn prepare_create(&self, object: &mut v1::ValidatingAdmissionPolicy, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(
        &self,
        new: &mut v1::ValidatingAdmissionPolicy,
        old: &v1::ValidatingAdmissionPolicy,
        _context: &Context,
    ) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(
        &self,
        new: &mut v1::ValidatingAdmissionPolicy,
        old: &v1::ValidatingAdmissionPolicy,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
        new.metadata.labels = old.metadata.labels.clone();
    }

    fn spec_changed(&self, new: &v1::ValidatingAdmissionPolicy, old: &v1::ValidatingAdmissionPolicy) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["metadata"], &["spec"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { standard_finalizers: false, repeats_update: false, ..MetadataRules::COMMON }
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::ValidatingAdmissionPolicy, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        webhooks::known(spec.failure_policy.as_deref(), &["Fail", "Ignore"], &path.child("failurePolicy"), errors);
        if let Some(kind) = &spec.param_kind {
            admission_policy::validate_param_kind(kind, &path.child("paramKind"), errors);
        }
        let constraints = path.child("matchConstraints");
        match &spec.match_constraints {
            None => errors.required(&constraints, ""),
            Some(resources) => {
                admission_policy::validate_match(resources, &constraints, errors);
                if resources.resource_rules.is_empty() {
                    errors.required(&constraints.child("resourceRules"), "");
                }
            }
        }
        if spec.validations.is_empty() && spec.audit_annotations.is_empty() {
            let why = "validations or auditAnnotations must contain at least one item";
            errors.required(&path.child("validations"), why);
            errors.required(&path.child("auditAnnotations"), why);
        }
        let validations = path.child("validations");
        for (index, validation) in spec.validations.iter().enumerate() {
            validate_validation(validation, &validations.index(index), errors);
        }
        let annotations = path.child("auditAnnotations");
        for (index, annotation) in spec.audit_annotations.iter().enumerate() {
            let path = annotations.index(index);
            let key = format!("{}/{}", object.metadata.name, annotation.key);
            if annotation.key.is_empty() {
                errors.required(&path.child("key"), "");
            } else {
                for sentence in validate::qualified_name(&key) {
                    errors.invalid(&path.child("key"), &key, sentence);
                }
            }
            if annotation.value_expression.trim().is_empty() {
                errors.required(&path.child("valueExpression"), "valueExpression is not specified");
            }
        }
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

fn validate_validation(validation: &v1::Validation, path: &Path, errors: &mut FieldErrors) {
    const REASONS: [&str; 3] = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
    if validation.expression.trim().is_empty() {
        errors.required(&path.child("expression"), "expression is not specified");
    }
    if !validation.message.is_empty() {
        let message = path.child("message");
        if validation.message.trim().is_empty() {
            errors.invalid(&message, &validation.message, "message must be non-empty if specified");
        } else if validation.message.contains('\n') {
            errors.invalid(&message, &validation.message, "must not contain line breaks");
        }
    }
    if !validation.message_expression.is_empty() && validation.message_expression.trim().is_empty() {
        errors.required(&path.child("messageExpression"), "must be non-empty if specified");
    }
    webhooks::known(validation.reason.as_deref(), &REASONS, &path.child("reason"), errors);
}
