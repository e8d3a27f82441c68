//! MutatingAdmissionWebhook: one hook after the other, each sees what the one before made of the object.

use super::config::{Hook, Hooks};
use super::review::{self, Answer};
use super::{Asked, Caller, Failure, applies, take_notes};
use crate::matching::Seen;
use crate::shapes::written;
use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use kind::ApiError;
use kind::field::quoted;
use schema::Value;
use schema::json::{self, Limits};

const NAME: &str = "MutatingAdmissionWebhook";

pub struct MutatingAdmissionWebhook {
    caller: Caller,
    hooks: Hooks,
}

impl MutatingAdmissionWebhook {
    pub fn new(caller: Caller) -> MutatingAdmissionWebhook {
        MutatingAdmissionWebhook { caller, hooks: Hooks::mutating() }
    }

    async fn run(&self, hooks: &[Hook], attributes: &mut Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let second = attributes.reinvocation.is_second();
        let round = u8::from(second);
        for (index, hook) in hooks.iter().enumerate() {
            let Some(seen) = applies(hook, attributes, lookup)? else { continue };
            if second && !attributes.reinvocation.plugin(NAME).runs_again(&hook.id) {
                continue;
            }
            if !self.caller.conditions_hold(hook, &seen, attributes, lookup).await? {
                continue;
            }
            let changed = self.call(hook, &seen, attributes).await;
            if matches!(changed, Ok(true)) {
                attributes.reinvocation.plugin(NAME).require_previous();
                attributes.reinvocation.want();
            }
            if hook.reinvoked {
                attributes.reinvocation.plugin(NAME).add_previous(&hook.id);
            }
            match changed {
                Ok(changed) => attributes.annotations.push((
                    format!("mutation.webhook.admission.k8s.io/round_{round}_index_{index}"),
                    annotation(hook, changed),
                )),
                Err(Failure::Refused(error)) => return Err(error),
                Err(Failure::Calling(why)) if hook.ignores_failure => {
                    tracing::warn!(webhook = hook.name, why, "failing open");
                    let key = format!("failed-open.mutating.webhook.admission.k8s.io/round_{round}_index_{index}");
                    attributes.annotations.push((key, hook.name.clone()));
                }
                Err(Failure::Calling(why)) => return Err(ApiError::internal(why)),
            }
        }
        Ok(())
    }

    /// Whether the hook changed the object.
    async fn call(&self, hook: &Hook, seen: &Seen, attributes: &mut Attributes<'_>) -> Result<bool, Failure> {
        let Asked { mut answer, shown } = self.caller.ask(hook, seen, attributes, true).await?;
        take_notes(hook, &mut answer, &mut attributes.warnings, &mut attributes.annotations);
        if !answer.allowed {
            return Err(Failure::Refused(review::refusal(&hook.name, answer.status)));
        }
        match patched(hook, &answer, &shown).map_err(Failure::Refused)? {
            Some(patched) => take(attributes, &shown, patched).await.map_err(Failure::Refused),
            None => Ok(false),
        }
    }
}

/// What the answer makes of the object that the hook saw; none if it asks for no change.
fn patched(hook: &Hook, answer: &Answer, shown: &Value) -> Result<Option<Value>, ApiError> {
    if answer.patch.is_empty() {
        return Ok(None);
    }
    let patch = json::parse(&answer.patch, Limits::default()).map_err(ApiError::internal)?;
    if patch.items().is_empty() {
        return Ok(None);
    }
    if shown.is_null() {
        let hook = quoted(&hook.name);
        return Err(ApiError::internal(format!(
            "admission webhook {hook} attempted to modify the object, which is not supported for this operation"
        )));
    }
    let mut patched = shown.clone();
    patch::json_patch::apply(&mut patched, &patch).map_err(ApiError::internal)?;
    Ok(Some(patched))
}

/// Takes over a changed written form; tells whether it really differs.
pub(crate) async fn take(attributes: &mut Attributes<'_>, shown: &Value, patched: Value) -> Result<bool, ApiError> {
    let own_version = attributes.object.str_at(&["apiVersion"]).to_owned();
    let settled = attributes.shapes.settle(patched, &own_version).await.map_err(|error| match error.reason() {
        "" | "BadRequest" => ApiError::internal(error),
        _ => error,
    })?;
    let changed = match shown.str_at(&["apiVersion"]) == own_version {
        true => written(attributes.shapes, &settled) != *shown,
        false => settled != attributes.object,
    };
    attributes.object = settled;
    Ok(changed)
}

fn annotation(hook: &Hook, mutated: bool) -> String {
    let quote = |text: &str| json::to_string(&Value::str(text));
    format!(
        "{{\"configuration\":{},\"webhook\":{},\"mutated\":{mutated}}}",
        quote(&hook.configuration),
        quote(&hook.name)
    )
}

impl AsyncPlugin for MutatingAdmissionWebhook {
    fn name(&self) -> &'static str {
        NAME
    }

    fn handles(&self, _operation: Operation) -> bool {
        true
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("admissionregistration.k8s.io", "mutatingwebhookconfigurations"), ("", "namespaces")]
    }

    fn admit<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        let hooks = self.hooks.get(lookup);
        if hooks.is_empty() || attributes.configures_admission() {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(async move {
            if attributes.reinvocation.is_second() {
                let invoked = attributes.reinvocation.plugin(NAME);
                if invoked.output_changed(&attributes.object) {
                    invoked.require_previous();
                }
            }
            let result = self.run(&hooks, attributes, lookup).await;
            let Attributes { reinvocation, object, .. } = attributes;
            reinvocation.plugin(NAME).set_output(object);
            result
        })
    }
}
