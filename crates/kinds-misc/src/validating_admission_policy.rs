//! ValidatingAdmissionPolicy.

use crate::{admission_policy, expressions, webhooks};
use api_misc::admissionregistration::v1;
use kind::{
    Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Subresource, Verb, Version, validate,
};
use policy::{Compiler, Declared, Wanted};
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

const MAX_ANNOTATIONS: usize = 20;
/// In bytes.
const MAX_VALUE_EXPRESSION: usize = 5 * 1024;

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
        let params = spec.param_kind.is_some();
        let names = Declared { params, authorizer: true, patches: false };
        let conditions = path.child("matchConditions");
        expressions::validate_conditions(&spec.match_conditions, params, &conditions, errors);
        let compiler = expressions::validate_variables(&spec.variables, names, &path.child("variables"), errors);
        let validations = path.child("validations");
        for (index, validation) in spec.validations.iter().enumerate() {
            validate_validation(validation, &compiler, names, &validations.index(index), errors);
        }
        let annotations = path.child("auditAnnotations");
        if spec.audit_annotations.len() > MAX_ANNOTATIONS {
            let shown: Vec<schema::Value> = spec.audit_annotations.iter().map(schema::Typed::to_value).collect();
            let why = format!("must not have more than {MAX_ANNOTATIONS} auditAnnotations");
            errors.invalid(&annotations, &schema::Value::List(shown), why);
        }
        let mut keys = std::collections::BTreeSet::new();
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
            let (value, trimmed) = (path.child("valueExpression"), annotation.value_expression.trim());
            if trimmed.is_empty() {
                errors.required(&value, "valueExpression is not specified");
            } else if trimmed.len() > MAX_VALUE_EXPRESSION {
                errors.required(&value, format!("must not exceed {MAX_VALUE_EXPRESSION} bytes in length"));
            } else if let Err(why) = compiler.compile(trimmed, Wanted::StringOrNull, names) {
                errors.invalid(&value, &annotation.value_expression, why);
            }
            if !keys.insert(&annotation.key) {
                errors.duplicate(&path.child("key"), &annotation.key);
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

fn validate_validation(
    validation: &v1::Validation,
    compiler: &Compiler,
    names: Declared,
    path: &Path,
    errors: &mut FieldErrors,
) {
    const REASONS: [&str; 3] = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
    if validation.expression.trim().is_empty() {
        errors.required(&path.child("expression"), "expression is not specified");
    } else {
        expressions::check(compiler, &validation.expression, Wanted::Bool, names, &path.child("expression"), errors);
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
        let message = &validation.message_expression;
        errors.invalid(&path.child("messageExpression"), message, "must be non-empty if specified");
    } else if !validation.message_expression.is_empty() {
        let names = Declared { authorizer: false, ..names };
        let message = path.child("messageExpression");
        expressions::check(compiler, &validation.message_expression, Wanted::String, names, &message, errors);
    }
    webhooks::known(validation.reason.as_deref(), &REASONS, &path.child("reason"), errors);
}
