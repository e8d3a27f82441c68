//! Policies with their bindings, compiled when they change.

use crate::Lookup;
use crate::expression::{Conditions, Variables};
use crate::labels::UnknownOperator;
use crate::matching::Criteria;
use api_misc::admissionregistration::v1;
use api_misc::admissionregistration::v1::{MatchCondition, MatchResources, ParamKind, ParamRef, Variable};
use cel::Program;
use parking_lot::Mutex;
use policy::{Compiler, Declared, Wanted};
use schema::{Typed, Value};
use std::collections::HashMap;
use std::sync::Arc;

const GROUP: &str = "admissionregistration.k8s.io";

/// Policies of one kind, in the order of their names, each with its bindings.
pub type Active = Arc<Vec<(Arc<Policy>, Vec<Binding>)>>;

/// One policy; the bindings are kept beside it, for they change by themselves.
pub struct Policy {
    pub name: String,
    pub criteria: Result<Criteria, UnknownOperator>,
    pub param_kind: Option<ParamKind>,
    pub ignores_failure: bool,
    pub conditions: Conditions,
    pub variables: Variables,
    pub rules: Rules,
}

/// What a policy does.
pub enum Rules {
    Validating { validations: Vec<Validation>, annotations: Vec<Annotation> },
    Mutating { mutations: Vec<Mutation>, reinvoked: bool },
}

pub struct Validation {
    pub expression: String,
    pub program: Result<Program, String>,
    pub message: String,
    /// None: there is no expression for the message.
    pub message_program: Option<Result<Program, String>>,
    pub message_expression: String,
    pub reason: Option<String>,
}

pub struct Annotation {
    pub key: String,
    pub expression: String,
    pub program: Result<Program, String>,
}

pub struct Mutation {
    pub applies: bool,
    pub expression: String,
    pub program: Result<Program, String>,
}

pub struct Binding {
    pub name: String,
    /// None: everything that the policy matches.
    pub criteria: Option<Result<Criteria, UnknownOperator>>,
    pub param_ref: Option<ParamRef>,
    /// Of a validating policy.
    pub actions: Vec<String>,
}

/// The policies of one kind.
pub struct Policies {
    policies: &'static str,
    bindings: &'static str,
    compile: fn(&Value) -> Policy,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// As of these changes of policies and of bindings.
    active: Option<([u64; 2], Active)>,
    /// By uid and resourceVersion: compiling is dear, and most policies stay as they are.
    compiled: HashMap<(String, String), Arc<Policy>>,
}

impl Policies {
    pub fn validating() -> Policies {
        Policies {
            policies: "validatingadmissionpolicies",
            bindings: "validatingadmissionpolicybindings",
            compile: validating,
            state: Mutex::default(),
        }
    }

    pub fn mutating() -> Policies {
        Policies {
            policies: "mutatingadmissionpolicies",
            bindings: "mutatingadmissionpolicybindings",
            compile: mutating,
            state: Mutex::default(),
        }
    }

    /// Those that have a binding.
    pub fn get(&self, lookup: &dyn Lookup) -> Active {
        let changes = lookup.changes(GROUP, self.policies).zip(lookup.changes(GROUP, self.bindings));
        let changes = changes.map(|(policies, bindings)| [policies, bindings]);
        let state = &mut *self.state.lock();
        if let Some((at, active)) = &state.active
            && Some(*at) == changes
        {
            return active.clone();
        }
        let active = self.compile_all(lookup, state);
        state.active = changes.map(|changes| (changes, active.clone()));
        active
    }

    fn compile_all(&self, lookup: &dyn Lookup, state: &mut State) -> Active {
        let mut bindings: HashMap<String, Vec<Binding>> = HashMap::new();
        for object in sorted(lookup, self.bindings) {
            let policy = object.str_at(&["spec", "policyName"]).to_owned();
            bindings.entry(policy).or_default().push(binding(&object));
        }
        let mut before = std::mem::take(&mut state.compiled);
        let mut active = Vec::new();
        for object in sorted(lookup, self.policies) {
            let name = object.str_at(&["metadata", "name"]);
            let Some(bindings) = bindings.remove(name) else { continue };
            let text = |field: &str| object.str_at(&["metadata", field]).to_owned();
            let key = (text("uid"), text("resourceVersion"));
            let policy = before.remove(&key).unwrap_or_else(|| Arc::new((self.compile)(&object)));
            state.compiled.insert(key, policy.clone());
            active.push((policy, bindings));
        }
        Arc::new(active)
    }
}

fn sorted(lookup: &dyn Lookup, resource: &str) -> Vec<Arc<Value>> {
    let mut objects = lookup.list(GROUP, resource, "");
    objects.sort_by(|a, b| a.str_at(&["metadata", "name"]).cmp(b.str_at(&["metadata", "name"])));
    objects
}

fn binding(object: &Value) -> Binding {
    // Both kinds of bindings have the same form but for the actions.
    let binding = v1::ValidatingAdmissionPolicyBinding::from_value(object);
    Binding {
        name: binding.metadata.name,
        criteria: binding.spec.match_resources.as_deref().map(Criteria::of),
        param_ref: binding.spec.param_ref.map(|param_ref| *param_ref),
        actions: binding.spec.validation_actions,
    }
}

/// What both kinds of policies have in common.
struct Common<'a> {
    name: &'a str,
    constraints: Option<&'a MatchResources>,
    param_kind: Option<&'a ParamKind>,
    failure_policy: Option<&'a str>,
    conditions: &'a [MatchCondition],
    variables: &'a [Variable],
    declared: Declared,
}

impl Common<'_> {
    fn policy(self, rules: impl FnOnce(&Compiler, Declared) -> Rules) -> Policy {
        let mut compiler = Compiler::default();
        let compiled = self.variables.iter().map(|variable| {
            (variable.name.clone(), compiler.variable(&variable.name, &variable.expression, self.declared))
        });
        let variables: Variables = compiled.collect();
        Policy {
            name: self.name.to_owned(),
            criteria: Criteria::of(self.constraints.unwrap_or(&MatchResources::default())),
            param_kind: self.param_kind.cloned(),
            ignores_failure: self.failure_policy == Some("Ignore"),
            conditions: Conditions::compile(self.conditions, &compiler, self.declared),
            variables,
            rules: rules(&compiler, self.declared),
        }
    }
}

fn validating(object: &Value) -> Policy {
    let policy = v1::ValidatingAdmissionPolicy::from_value(object);
    let spec = &policy.spec;
    let common = Common {
        name: &policy.metadata.name,
        constraints: spec.match_constraints.as_deref(),
        param_kind: spec.param_kind.as_deref(),
        failure_policy: spec.failure_policy.as_deref(),
        conditions: &spec.match_conditions,
        variables: &spec.variables,
        declared: Declared { params: spec.param_kind.is_some(), authorizer: true, patches: false },
    };
    common.policy(|compiler, declared| Rules::Validating {
        validations: spec.validations.iter().map(|one| validation(one, compiler, declared)).collect(),
        annotations: spec.audit_annotations.iter().map(|one| annotation(one, compiler, declared)).collect(),
    })
}

fn validation(validation: &v1::Validation, compiler: &Compiler, declared: Declared) -> Validation {
    let message = &validation.message_expression;
    let for_message = Declared { authorizer: false, ..declared };
    Validation {
        expression: validation.expression.clone(),
        program: compiler.compile(&validation.expression, Wanted::Bool, declared),
        message: validation.message.clone(),
        message_program: (!message.is_empty()).then(|| compiler.compile(message, Wanted::String, for_message)),
        message_expression: message.clone(),
        reason: validation.reason.clone(),
    }
}

fn annotation(annotation: &v1::AuditAnnotation, compiler: &Compiler, declared: Declared) -> Annotation {
    let expression = annotation.value_expression.trim().to_owned();
    let program = compiler.compile(&expression, Wanted::StringOrNull, declared);
    Annotation { key: annotation.key.clone(), expression, program }
}

fn mutating(object: &Value) -> Policy {
    let policy = v1::MutatingAdmissionPolicy::from_value(object);
    let spec = &policy.spec;
    let common = Common {
        name: &policy.metadata.name,
        constraints: spec.match_constraints.as_deref(),
        param_kind: spec.param_kind.as_deref(),
        failure_policy: spec.failure_policy.as_deref(),
        conditions: &spec.match_conditions,
        variables: &spec.variables,
        declared: Declared { params: spec.param_kind.is_some(), authorizer: true, patches: true },
    };
    common.policy(|compiler, declared| Rules::Mutating {
        mutations: spec.mutations.iter().map(|one| mutation(one, compiler, declared)).collect(),
        reinvoked: spec.reinvocation_policy == "IfNeeded",
    })
}

fn mutation(mutation: &v1::Mutation, compiler: &Compiler, declared: Declared) -> Mutation {
    let applies = mutation.patch_type == "ApplyConfiguration";
    let expression = match applies {
        true => mutation.apply_configuration.as_ref().map(|apply| apply.expression.clone()),
        false => mutation.json_patch.as_ref().map(|patch| patch.expression.clone()),
    };
    let expression = expression.unwrap_or_default();
    let wanted = if applies { Wanted::Object } else { Wanted::JsonPatches };
    let program = compiler.compile(&expression, wanted, declared);
    Mutation { applies, expression, program }
}
