//! ValidatingAdmissionWebhook: all hooks that are about a write are asked at once.

use super::config::{Hook, Hooks};
use super::{Caller, Failure, applies, review, take_notes};
use crate::matching::Seen;
use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use futures_util::future::join_all;
use kind::ApiError;

pub struct ValidatingAdmissionWebhook {
    caller: Caller,
    hooks: Hooks,
}

/// What one hook came to.
#[derive(Default)]
struct Verdict {
    warnings: Vec<String>,
    annotations: Vec<(String, String)>,
    error: Option<ApiError>,
}

impl ValidatingAdmissionWebhook {
    pub fn new(caller: Caller) -> ValidatingAdmissionWebhook {
        ValidatingAdmissionWebhook { caller, hooks: Hooks::validating() }
    }

    async fn run(&self, hooks: &[Hook], attributes: &mut Attributes<'_>, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let mut relevant: Vec<(&Hook, Seen)> = Vec::new();
        for hook in hooks {
            let Some(seen) = applies(hook, attributes, lookup)? else { continue };
            if self.caller.conditions_hold(hook, &seen, attributes, lookup).await? {
                relevant.push((hook, seen));
            }
        }
        let asked: &Attributes = attributes;
        let asking = relevant.iter().enumerate().map(|(index, (hook, seen))| self.verdict(index, hook, seen, asked));
        let verdicts = join_all(asking).await;
        let mut first = None;
        for verdict in verdicts {
            attributes.warnings.extend(verdict.warnings);
            attributes.annotations.extend(verdict.annotations);
            first = first.or(verdict.error);
        }
        first.map_or(Ok(()), Err)
    }

    async fn verdict(&self, index: usize, hook: &Hook, seen: &Seen, attributes: &Attributes<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        match self.caller.ask(hook, seen, attributes, false).await {
            Ok(mut asked) => {
                take_notes(hook, &mut asked.answer, &mut verdict.warnings, &mut verdict.annotations);
                if !asked.answer.allowed {
                    verdict.error = Some(review::refusal(&hook.name, asked.answer.status));
                }
            }
            Err(Failure::Refused(error)) => verdict.error = Some(error),
            Err(Failure::Calling(why)) if hook.ignores_failure => {
                tracing::warn!(webhook = hook.name, why, "failing open");
                let key = format!("failed-open.validating.webhook.admission.k8s.io/round_0_index_{index}");
                verdict.annotations.push((key, hook.name.clone()));
            }
            Err(Failure::Calling(why)) => verdict.error = Some(ApiError::internal(why)),
        }
        verdict
    }
}

impl AsyncPlugin for ValidatingAdmissionWebhook {
    fn name(&self) -> &'static str {
        "ValidatingAdmissionWebhook"
    }

    fn handles(&self, _operation: Operation) -> bool {
        true
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("admissionregistration.k8s.io", "validatingwebhookconfigurations"), ("", "namespaces")]
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        let hooks = self.hooks.get(lookup);
        if hooks.is_empty() || attributes.configures_admission() {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(async move { self.run(&hooks, attributes, lookup).await })
    }
}
