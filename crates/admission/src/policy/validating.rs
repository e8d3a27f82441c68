//! ValidatingAdmissionPolicy: what the expressions of a policy say of a write, and what its binding makes of it.

use super::compiled::{Annotation, Binding, Policies, Policy, Rules, Validation};
use super::{binding_matches, is_exempt, params_of};
use crate::expression::{Bindings, Outcome, evaluate};
use crate::matching::Seen;
use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use api_meta::v1::StatusCause;
use authz::Authorizer;
use cel::cost::RUNTIME_BUDGET;
use cel::{Budget, Program, Val};
use kind::ApiError;
use schema::{Value, json};
use std::sync::Arc;

/// A message that an expression makes may have this length in bytes.
const MAX_MESSAGE: usize = 5 * 1024;
/// The value of an audit annotation is cut here.
const MAX_ANNOTATION: usize = 10 * 1024;

pub struct ValidatingAdmissionPolicy {
    authorizer: Arc<dyn Authorizer>,
    policies: Policies,
}

/// What one policy with one binding and one param says.
#[derive(Default)]
struct Judgement {
    failures: Vec<Failure>,
    annotations: Vec<(String, String)>,
    /// Of annotations that have no value.
    annotation_errors: Vec<String>,
}

/// An expression that does not hold, or has no value.
struct Failure {
    index: usize,
    message: String,
    reason: Option<String>,
}

/// What refuses the write; the first is told.
struct Denial {
    policy: String,
    binding: Option<String>,
    message: String,
    reason: Option<String>,
}

impl ValidatingAdmissionPolicy {
    pub fn new(authorizer: Arc<dyn Authorizer>) -> ValidatingAdmissionPolicy {
        ValidatingAdmissionPolicy { authorizer, policies: Policies::validating() }
    }

    async fn run(
        &self,
        active: &[(Arc<Policy>, Vec<Binding>)],
        attributes: &mut Attributes<'_>,
        lookup: &dyn Lookup,
    ) -> Result<(), ApiError> {
        let mut denials = Vec::new();
        for (policy, bindings) in active {
            let seen = match &policy.criteria {
                Ok(criteria) => criteria.matches(attributes, lookup).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match seen {
                Ok(None) => {}
                Ok(Some(seen)) => self.run_policy(policy, bindings, &seen, attributes, lookup, &mut denials).await?,
                Err(why) => denials.extend(misconfigured(policy, None, &why)),
            }
        }
        denials.into_iter().next().map_or(Ok(()), |denial| Err(denial.error(attributes)))
    }

    async fn run_policy(
        &self,
        policy: &Policy,
        bindings: &[Binding],
        seen: &Seen,
        attributes: &mut Attributes<'_>,
        lookup: &dyn Lookup,
        denials: &mut Vec<Denial>,
    ) -> Result<(), ApiError> {
        let mut base = None;
        let mut annotations: Vec<(String, Vec<String>)> = Vec::new();
        for binding in bindings {
            let params = match binding_matches(binding, attributes, lookup) {
                Ok(false) => continue,
                Ok(true) => params_of(policy, binding, attributes, lookup).await,
                Err(error) => Err(error.to_string()),
            };
            let params = match params {
                Ok(params) => params,
                Err(why) => {
                    denials.extend(misconfigured(policy, Some(binding), &why));
                    continue;
                }
            };
            for param in &params {
                if base.is_none() {
                    base = Some(Bindings::of(attributes, seen, lookup, self.authorizer.clone()).await?);
                }
                let Some(base) = &base else { continue };
                let result = judge(policy, &base.with(param, &policy.variables)).await;
                enforce(policy, binding, result, attributes, &mut annotations, denials);
            }
        }
        for (key, values) in annotations {
            attributes.annotations.push((format!("{}/{key}", policy.name), values.join(", ")));
        }
        Ok(())
    }
}

/// A policy or binding that cannot be evaluated refuses, unless its failures are ignored.
fn misconfigured(policy: &Policy, binding: Option<&Binding>, why: &str) -> Option<Denial> {
    let what = if binding.is_some() { "binding" } else { "policy" };
    (!policy.ignores_failure).then(|| Denial {
        policy: policy.name.clone(),
        binding: binding.map(|binding| binding.name.clone()),
        message: format!("failed to configure {what}: {why}"),
        reason: None,
    })
}

/// Does what the binding wants done about failures.
fn enforce(
    policy: &Policy,
    binding: &Binding,
    result: Judgement,
    attributes: &mut Attributes<'_>,
    annotations: &mut Vec<(String, Vec<String>)>,
    denials: &mut Vec<Denial>,
) {
    let denial = |message: String, reason| Denial {
        policy: policy.name.clone(),
        binding: Some(binding.name.clone()),
        message,
        reason,
    };
    for failure in result.failures {
        for action in &binding.actions {
            match action.as_str() {
                "Deny" => denials.push(denial(failure.message.clone(), failure.reason.clone())),
                "Warn" => attributes.warnings.push(format!(
                    "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {}",
                    policy.name, binding.name, failure.message
                )),
                "Audit" => attributes.annotations.push((
                    "validation.policy.admission.k8s.io/validation_failure".into(),
                    audited(policy, binding, &failure),
                )),
                _ => {}
            }
        }
    }
    for (key, value) in result.annotations {
        match annotations.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => annotations.push((key, vec![value])),
        }
    }
    denials.extend(result.annotation_errors.into_iter().map(|message| denial(message, None)));
}

fn audited(policy: &Policy, binding: &Binding, failure: &Failure) -> String {
    let quote = |text: &str| json::to_string(&Value::str(text));
    let actions: Vec<String> = binding.actions.iter().map(|action| quote(action)).collect();
    format!(
        "[{{\"message\":{},\"policy\":{},\"binding\":{},\"expressionIndex\":{},\"validationActions\":[{}]}}]",
        quote(&failure.message),
        quote(&policy.name),
        quote(&binding.name),
        failure.index,
        actions.join(",")
    )
}

impl Denial {
    fn error(self, attributes: &Attributes) -> ApiError {
        let Denial { policy, binding, message, reason } = self;
        let with = binding.map_or_else(String::new, |binding| format!(" with binding '{binding}'"));
        let message = format!("ValidatingAdmissionPolicy '{policy}'{with} denied request: {message}");
        let mut error = attributes.forbidden(&message);
        let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "Invalid".into());
        error.0.code = match reason.as_str() {
            "Forbidden" => 403,
            "Unauthorized" => 401,
            "RequestEntityTooLarge" => 413,
            _ => 422,
        };
        error.0.reason = reason;
        error.details().causes.push(StatusCause { message, ..StatusCause::default() });
        error
    }
}

async fn judge(policy: &Policy, bindings: &Bindings) -> Judgement {
    let Rules::Validating { validations, annotations } = &policy.rules else { return Judgement::default() };
    let failed = |message: String| Judgement {
        failures: match policy.ignores_failure {
            true => Vec::new(),
            false => vec![Failure { index: 0, message, reason: None }],
        },
        ..Judgement::default()
    };
    match policy.conditions.evaluate(bindings).await {
        Outcome::Holds => {}
        Outcome::Not(_) => return Judgement::default(),
        Outcome::Failed(why) => return failed(why),
    }
    let run = || {
        let bindings = bindings.renewed();
        let failures = judge_validations(validations, policy.ignores_failure, &bindings)?;
        let mut result = Judgement { failures, ..Judgement::default() };
        annotate(annotations, policy.ignores_failure, &bindings, &mut result)?;
        Ok(result)
    };
    bindings.asking.settled(run).await.unwrap_or_else(failed)
}

/// The error is that nothing can be said at all.
fn judge_validations(
    validations: &[Validation],
    ignores_failure: bool,
    bindings: &Bindings,
) -> Result<Vec<Failure>, String> {
    let mut budget = Budget::new(RUNTIME_BUDGET);
    let mut values = Vec::with_capacity(validations.len());
    for validation in validations {
        values.push(value_of(&validation.program, &validation.expression, bindings, &mut budget)?);
    }
    let mut failures = Vec::new();
    for (index, (validation, value)) in validations.iter().zip(values).enumerate() {
        match value {
            Ok(Val::Bool(true)) => {}
            Err(_) if ignores_failure => {}
            Err(message) => failures.push(Failure { index, message, reason: None }),
            Ok(_) => {
                let message = message_of(validation, bindings, &mut budget);
                failures.push(Failure { index, message, reason: validation.reason.clone() });
            }
        }
    }
    Ok(failures)
}

fn value_of(
    program: &Result<Program, String>,
    expression: &str,
    bindings: &Bindings,
    budget: &mut Budget,
) -> Result<Result<Val, String>, String> {
    match program {
        Ok(program) => evaluate(program, expression, bindings, budget),
        Err(why) => Ok(Err(format!("compilation error: {why}"))),
    }
}

/// The message that the expression makes, else the one that is given, else one that shows the expression.
fn message_of(validation: &Validation, bindings: &Bindings, budget: &mut Budget) -> String {
    if let Some(program) = &validation.message_program {
        match value_of(program, &validation.message_expression, bindings, budget) {
            Err(why) => return format!("failed messageExpression: {why}"),
            Ok(Ok(value)) => {
                let text = value.as_str().unwrap_or_default().trim();
                if !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains('\n') {
                    return text.to_owned();
                }
            }
            Ok(Err(error)) => tracing::debug!(error, "a messageExpression has no value"),
        }
    }
    match validation.message.trim() {
        "" => format!("failed expression: {}", validation.expression.trim()),
        message => message.to_owned(),
    }
}

fn annotate(
    annotations: &[Annotation],
    ignores_failure: bool,
    bindings: &Bindings,
    result: &mut Judgement,
) -> Result<(), String> {
    let mut budget = Budget::new(RUNTIME_BUDGET);
    for Annotation { key, expression, program } in annotations {
        match value_of(program, expression, bindings, &mut budget)? {
            Ok(Val::String(text)) => {
                let text = text.trim();
                let end = (0..=text.len().min(MAX_ANNOTATION)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
                if !text.is_empty() {
                    result.annotations.push((key.clone(), text[..end].to_owned()));
                }
            }
            Ok(Val::Null) => {}
            Ok(other) => result.annotation_errors.push(format!(
                "valueExpression '{expression}' resulted in unsupported return type: {}. Return type must be either string or null.",
                other.type_name()
            )),
            Err(_) if ignores_failure => {}
            Err(why) => result.annotation_errors.push(why),
        }
    }
    Ok(())
}

impl AsyncPlugin for ValidatingAdmissionPolicy {
    fn name(&self) -> &'static str {
        "ValidatingAdmissionPolicy"
    }

    fn handles(&self, _operation: Operation) -> bool {
        true
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
            ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
            ("", "namespaces"),
        ]
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        let active = self.policies.get(lookup);
        if active.is_empty() || is_exempt(attributes) {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(async move { self.run(&active, attributes, lookup).await })
    }
}
