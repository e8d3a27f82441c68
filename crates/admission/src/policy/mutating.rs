//! MutatingAdmissionPolicy: expressions make a configuration that is merged into the object, or a JSON patch.

use super::compiled::{Binding, Mutation, Policies, Policy, Rules};
use super::{binding_matches, is_exempt, params_of};
use crate::expression::{Bindings, Outcome, evaluate};
use crate::matching::Seen;
use crate::webhook::{shown, take};
use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use api_meta::v1::StatusCause;
use authz::Authorizer;
use cel::cost::RUNTIME_BUDGET;
use cel::{Budget, Val};
use kind::ApiError;
use kind::field::quoted;
use schema::{Map, Value};
use std::sync::Arc;

const NAME: &str = "MutatingAdmissionPolicy";

pub struct MutatingAdmissionPolicy {
    authorizer: Arc<dyn Authorizer>,
    policies: Policies,
}

/// A policy with one binding and one param, for a write that both match.
struct Invocation<'a> {
    policy: &'a Policy,
    binding: &'a Binding,
    seen: Seen,
    param: Arc<Value>,
}

/// Why a mutation came to nothing.
enum Failure {
    /// By the policy's failure policy.
    Policy(String),
    Status(ApiError),
}

impl Invocation<'_> {
    /// Tells it from the others of a write.
    fn id(&self) -> String {
        let param = |field: &str| self.param.str_at(&["metadata", field]);
        format!("{}/{}/{}/{}", self.policy.name, self.binding.name, param("namespace"), param("name"))
    }

    fn told(&self, why: &str) -> String {
        format!("policy '{}' with binding '{}' denied request: {why}", self.policy.name, self.binding.name)
    }
}

impl MutatingAdmissionPolicy {
    pub fn new(authorizer: Arc<dyn Authorizer>) -> MutatingAdmissionPolicy {
        MutatingAdmissionPolicy { authorizer, policies: Policies::mutating() }
    }

    async fn run(
        &self,
        active: &[(Arc<Policy>, Vec<Binding>)],
        attributes: &mut Attributes<'_>,
        lookup: &dyn Lookup,
    ) -> Result<(), ApiError> {
        let mut errors = Vec::new();
        let invocations = invocations(active, attributes, lookup, &mut errors).await;
        for invocation in &invocations {
            self.invoke(invocation, attributes, lookup, &mut errors).await?;
        }
        refuse(attributes, errors)
    }

    async fn invoke(
        &self,
        invocation: &Invocation<'_>,
        attributes: &mut Attributes<'_>,
        lookup: &dyn Lookup,
        errors: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let Invocation { policy, seen, param, .. } = invocation;
        let Rules::Mutating { mutations, reinvoked } = &policy.rules else { return Ok(()) };
        let bindings = Bindings::of(attributes, seen, lookup, self.authorizer.clone()).await?;
        match policy.conditions.evaluate(&bindings.with(param, &policy.variables)).await {
            Outcome::Holds => {}
            Outcome::Not(_) => return Ok(()),
            Outcome::Failed(why) => {
                errors.extend((!policy.ignores_failure).then(|| invocation.told(&why)));
                return Ok(());
            }
        }
        let id = invocation.id();
        if attributes.reinvocation.is_second() && !attributes.reinvocation.plugin(NAME).runs_again(&id) {
            return Ok(());
        }
        let mut changed = false;
        for mutation in mutations {
            if attributes.object.is_null() {
                break;
            }
            // Each sees what the one before made.
            let bindings = Bindings::of(attributes, seen, lookup, self.authorizer.clone()).await?;
            let bindings = bindings.with(param, &policy.variables);
            match mutate(mutation, seen, &bindings, attributes).await {
                Ok(one) => changed |= one,
                Err(Failure::Status(error)) => return Err(error),
                Err(Failure::Policy(why)) => errors.extend((!policy.ignores_failure).then(|| invocation.told(&why))),
            }
        }
        if changed {
            attributes.reinvocation.plugin(NAME).require_previous();
            attributes.reinvocation.want();
        }
        if *reinvoked {
            attributes.reinvocation.plugin(NAME).add_previous(&id);
        }
        Ok(())
    }
}

async fn invocations<'a>(
    active: &'a [(Arc<Policy>, Vec<Binding>)],
    attributes: &Attributes<'_>,
    lookup: &dyn Lookup,
    errors: &mut Vec<String>,
) -> Vec<Invocation<'a>> {
    let mut invocations = Vec::new();
    for (policy, bindings) in active {
        let mut failed = |binding: Option<&Binding>, why: String| {
            let told = match binding {
                Some(binding) => format!(
                    "policy '{}' with binding '{}' denied request: failed to configure binding: {why}",
                    policy.name, binding.name
                ),
                None => format!("policy '{}' denied request: failed to configure policy: {why}", policy.name),
            };
            errors.extend((!policy.ignores_failure).then_some(told));
        };
        let seen = match &policy.criteria {
            Ok(criteria) => criteria.matches(attributes, lookup).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let seen = match seen {
            Ok(None) => continue,
            Ok(Some(seen)) => seen,
            Err(why) => {
                failed(None, why);
                continue;
            }
        };
        for binding in bindings {
            let params = match binding_matches(binding, attributes, lookup) {
                Ok(false) => continue,
                Ok(true) => params_of(policy, binding, attributes, lookup).await,
                Err(error) => Err(error.to_string()),
            };
            match params {
                Ok(params) => invocations.extend(params.into_iter().map(|param| Invocation {
                    policy,
                    binding,
                    seen: seen.clone(),
                    param,
                })),
                Err(why) => failed(Some(binding), why),
            }
        }
    }
    invocations
}

/// Whether the object changed.
async fn mutate(
    mutation: &Mutation,
    seen: &Seen,
    bindings: &Bindings,
    attributes: &mut Attributes<'_>,
) -> Result<bool, Failure> {
    let program = mutation.program.as_ref().map_err(|why| Failure::Policy(why.clone()))?;
    let run = || {
        let bindings = bindings.renewed();
        evaluate(program, &mutation.expression, &bindings, &mut Budget::new(RUNTIME_BUDGET))
    };
    let value = bindings.asking.settled(run).await.and_then(|value| value).map_err(Failure::Policy)?;
    let before = shown(attributes, seen, &attributes.object).await.map_err(Failure::Status)?;
    let after = match mutation.applies {
        true => Some(applied(&value, &before, attributes).map_err(Failure::Policy)?),
        false => patched(&value, &before).map_err(Failure::Policy)?,
    };
    match after {
        Some(after) => take(attributes, &before, after).await.map_err(Failure::Status),
        None => Ok(false),
    }
}

/// The object with the configuration merged into it.
fn applied(configuration: &Val, object: &Value, attributes: &Attributes) -> Result<Value, String> {
    check_names(configuration, "Object").map_err(|why| format!("type mismatch: {why}"))?;
    let mut patch = configuration.to_value().ok_or("invalid return type: the configuration is no JSON")?;
    let (api_version, kind) = (object.str_at(&["apiVersion"]), object.str_at(&["kind"]));
    patch.set(&["apiVersion"], api_version);
    patch.set(&["kind"], kind);
    let ty = attributes.shapes.type_of(api_version, kind);
    let ty = ty.ok_or_else(|| format!("Resource kind {api_version}, Kind={kind} not found"))?;
    let merged = patch::managed::merge_configuration(ty, object, &patch);
    merged.map_err(|why| format!("error applying patch: {why}"))
}

/// Objects inside others must be named by their path: `Object.spec.selector` in the field `selector` of `Object.spec`.
fn check_names(value: &Val, path: &str) -> Result<(), String> {
    match value {
        Val::Object(object) => {
            if *object.type_name != *path {
                return Err(format!(
                    "unexpected type name {}, expected {}, which matches field name path from root Object type",
                    quoted(&object.type_name),
                    quoted(path)
                ));
            }
            object.fields.iter().try_for_each(|(name, value)| check_names(value, &format!("{path}.{name}")))
        }
        Val::List(list) => list.iter().flatten().try_for_each(|item| check_names(&item, path)),
        _ => Ok(()),
    }
}

/// The object after the operations; none where a test among them says no.
fn patched(operations: &Val, object: &Value) -> Result<Option<Value>, String> {
    let Val::List(list) = operations else {
        return Err("type mismatch: JSONPatchType.expression should evaluate to array".into());
    };
    let mut patch = Vec::new();
    for operation in list.iter() {
        let operation = operation.map_err(|error| error.to_string())?;
        let Val::Object(operation) = operation else {
            return Err("type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch".into());
        };
        let mut written = Map::new();
        for (name, value) in &operation.fields {
            if let Val::Object(made) = value {
                check_names(value, &made.type_name).map_err(|why| format!("type mismatch: {why}"))?;
            }
            let json = value.to_value().ok_or(
                "JSONPath valueExpression evaluated to a type that could not marshal to JSON: unsupported type",
            )?;
            if **name != *"from" || json.as_str() != Some("") {
                written.insert(&**name, json);
            }
        }
        patch.push(Value::Map(written));
    }
    let mut after = object.clone();
    match patch::json_patch::apply(&mut after, &Value::List(patch)) {
        Ok(()) => Ok(Some(after)),
        Err(patch::PatchError::DoesNotApply(why)) if why.ends_with("test failed") => Ok(None),
        Err(why) => Err(format!("JSON Patch: {why}")),
    }
}

/// The first error is the message; each is a cause.
fn refuse(attributes: &Attributes, errors: Vec<String>) -> Result<(), ApiError> {
    let Some(first) = errors.first().cloned() else { return Ok(()) };
    let mut error = attributes.forbidden("admission request denied by policy");
    error.0.message = first;
    error.0.reason = "Invalid".into();
    let causes = errors.into_iter().map(|message| StatusCause { message, ..StatusCause::default() });
    error.details().causes.extend(causes);
    Err(error)
}

impl AsyncPlugin for MutatingAdmissionPolicy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn handles(&self, operation: Operation) -> bool {
        operation != Operation::Delete
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
            ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
            ("", "namespaces"),
        ]
    }

    fn admit<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        let active = self.policies.get(lookup);
        if active.is_empty() || is_exempt(attributes) {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(async move {
            if attributes.reinvocation.is_second() {
                let invoked = attributes.reinvocation.plugin(NAME);
                if invoked.output_changed(&attributes.object) {
                    invoked.require_previous();
                }
            }
            let result = self.run(&active, attributes, lookup).await;
            let Attributes { reinvocation, object, .. } = attributes;
            reinvocation.plugin(NAME).set_output(object);
            result
        })
    }
}
