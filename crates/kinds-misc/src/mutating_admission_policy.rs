//! MutatingAdmissionPolicy.

use crate::{admission_policy, expressions, webhooks};
use api_misc::admissionregistration::v1;
use kind::{Cell, Column, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version};
use policy::{Compiler, Declared, Wanted};
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

    fn default(&self, object: &mut v1::MutatingAdmissionPolicy) {
        object.spec.failure_policy.get_or_insert_with(|| "Fail".into());
        if let Some(constraints) = &mut object.spec.match_constraints {
            admission_policy::default_match(constraints);
        }
    }

    fn spec_changed(&self, new: &v1::MutatingAdmissionPolicy, old: &v1::MutatingAdmissionPolicy) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { standard_finalizers: false, repeats_update: false, ..MetadataRules::COMMON }
    }

    fn updates_unconditionally(&self) -> bool {
        false
    }

    fn validate(&self, object: &v1::MutatingAdmissionPolicy, errors: &mut FieldErrors) {
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
        let rules = spec.match_constraints.iter().flat_map(|constraints| &constraints.resource_rules);
        for operation in rules.flat_map(|rule| &rule.operations) {
            let rules_path = constraints.child("resourceRules");
            let known = ["*", "CONNECT", "CREATE", "UPDATE"];
            webhooks::known(Some(operation), &known, &rules_path.child("operations"), errors);
        }
        if spec.mutations.is_empty() {
            errors.required(&path.child("mutations"), "mutations must contain at least one item");
        }
        let params = spec.param_kind.is_some();
        let names = Declared { params, authorizer: true, patches: true };
        let conditions = path.child("matchConditions");
        expressions::validate_conditions(&spec.match_conditions, params, &conditions, errors);
        let compiler = expressions::validate_variables(&spec.variables, names, &path.child("variables"), errors);
        let mutations = path.child("mutations");
        for (index, mutation) in spec.mutations.iter().enumerate() {
            let path = mutations.index(index);
            let types = ["ApplyConfiguration", "JSONPatch"];
            match mutation.patch_type.as_str() {
                "" => errors.required(&path.child("patchType"), ""),
                other => webhooks::known(Some(other), &types, &path.child("patchType"), errors),
            }
            validate_mutation(mutation, &compiler, names, &path, errors);
        }
        let reinvocation = path.child("reinvocationPolicy");
        match spec.reinvocation_policy.as_str() {
            "" => errors.required(&reinvocation, ""),
            other => webhooks::known(Some(other), &["IfNeeded", "Never"], &reinvocation, errors),
        }
    }
}

/// The expression of its type must be there and compile.
fn validate_mutation(
    mutation: &v1::Mutation,
    compiler: &Compiler,
    names: Declared,
    path: &Path,
    errors: &mut FieldErrors,
) {
    let apply = mutation.apply_configuration.as_ref().map(|apply| apply.expression.as_str());
    let patch = mutation.json_patch.as_ref().map(|patch| patch.expression.as_str());
    let (field, expression, wanted) = match mutation.patch_type.as_str() {
        "ApplyConfiguration" => ("applyConfiguration", apply, Wanted::Object),
        "JSONPatch" => ("jsonPatch", patch, Wanted::JsonPatches),
        _ => return,
    };
    let path = path.child(field);
    match expression {
        None => errors.required(&path, format!("must be specified when patchType is {}", mutation.patch_type)),
        Some(text) if text.trim().is_empty() => {
            errors.required(&path.child("expression"), "expression is not specified");
        }
        Some(text) => expressions::check(compiler, text, wanted, names, &path.child("expression"), errors),
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
