//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: others decide about writes, over HTTPS.
//!
//! ```text
//!   configurations --compiled once a change--> hooks --matching--> those that are about the write
//!        mutating: one after the other, each sees what the one before made      (order of configuration names)
//!        validating: all at once
//!   hook -> AdmissionReview -> WebhookClient (the shell: TLS, HTTP) -> verified answer -> patch, warnings, refusal
//! ```
//!
//! Deliberately absent: HTTP, and finding the addresses of services; both are the [`WebhookClient`]'s.

mod config;
mod mutating;
mod review;
mod validating;

pub use config::{Destination, Target};
pub use mutating::MutatingAdmissionWebhook;
pub(crate) use mutating::take;
pub(crate) use review::{request_value, shown};
pub use validating::ValidatingAdmissionWebhook;

use crate::expression::{Bindings, Outcome};
use crate::matching::{Seen, first_match, namespace_selected, object_selected};
use crate::{Attributes, BoxFuture, Lookup};
use config::Hook;
use kind::ApiError;
use kind::field::quoted;
use review::Answer;
use std::sync::Arc;
use std::time::Duration;
use stdx::Rng;

/// Carries a review to a webhook.
pub trait WebhookClient: Send + Sync {
    /// The body of the answer. An error is told after `failed to call webhook: `, in the words of upstream's client.
    fn post<'a>(
        &'a self,
        target: &'a Target,
        body: Vec<u8>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<u8>, String>>;
}

/// What both plugins need.
pub struct Caller {
    pub client: Arc<dyn WebhookClient>,
    pub rng: Arc<dyn Rng>,
    pub authorizer: Arc<dyn authz::Authorizer>,
}

/// Why a webhook did not let a write pass.
enum Failure {
    /// It could not be asked, or did not answer as it must: its failure policy decides.
    Calling(String),
    /// It refused, or the server refuses to ask it.
    Refused(ApiError),
}

impl Failure {
    fn calling(hook: &Hook, reason: impl std::fmt::Display) -> Failure {
        Failure::Calling(format!("failed calling webhook {}: {reason}", quoted(&hook.name)))
    }
}

/// As what a hook sees the write, if it is to be asked.
fn applies(hook: &Hook, attributes: &Attributes, lookup: &dyn Lookup) -> Result<Option<Seen>, ApiError> {
    let namespace = match &hook.namespaces {
        Ok(selector) => namespace_selected(selector, attributes, lookup),
        Err(error) => Err(ApiError::internal(error)),
    };
    let object = match &hook.objects {
        Ok(selector) => Ok(object_selected(selector, attributes)),
        Err(error) => Err(ApiError::internal(error)),
    };
    if matches!(namespace, Ok(false)) || matches!(object, Ok(false)) {
        return Ok(None);
    }
    let Some(seen) = first_match(&hook.rules, hook.equivalent, attributes) else { return Ok(None) };
    // Selectors that fail matter only to writes that the rules are about.
    namespace?;
    object?;
    Ok(Some(seen))
}

impl Caller {
    /// Whether the hook's conditions hold; those that cannot be evaluated count by its failure policy.
    async fn conditions_hold(
        &self,
        hook: &Hook,
        seen: &Seen,
        attributes: &Attributes<'_>,
        lookup: &dyn Lookup,
    ) -> Result<bool, ApiError> {
        if hook.conditions.is_empty() {
            return Ok(true);
        }
        let bindings = Bindings::of(attributes, seen, lookup, self.authorizer.clone()).await?;
        match hook.conditions.evaluate(&bindings).await {
            Outcome::Holds => Ok(true),
            Outcome::Not(_) => Ok(false),
            Outcome::Failed(_) if hook.ignores_failure => Ok(false),
            Outcome::Failed(why) => {
                let Attributes { group, resource, name, .. } = *attributes;
                Err(ApiError::forbidden(group, resource, name, &why))
            }
        }
    }

    /// Asks one hook.
    async fn ask(
        &self,
        hook: &Hook,
        seen: &Seen,
        attributes: &Attributes<'_>,
        mutating: bool,
    ) -> Result<Asked, Failure> {
        if attributes.dry_run && !hook.safe_to_try {
            let message = format!("admission webhook {} does not support dry run", quoted(&hook.name));
            return Err(Failure::Refused(ApiError::bad_request(message)));
        }
        let Some(version) = hook.review_version else {
            let why = "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)";
            return Err(Failure::calling(hook, why));
        };
        let uid = stdx::uuid_v4(&*self.rng);
        let request = review::request(attributes, seen, &uid, version)
            .await
            .map_err(|error| Failure::Refused(ApiError::internal(error)))?;
        let body = self
            .client
            .post(&hook.target, request.body, hook.timeout)
            .await
            .map_err(|why| Failure::calling(hook, format!("failed to call webhook: {why}")))?;
        let answer = review::answer(&body, &uid, version, mutating).map_err(|why| Failure::calling(hook, why))?;
        Ok(Asked { answer, shown: request.shown })
    }
}

/// What a hook answered, and which form of the object it saw.
struct Asked {
    answer: Answer,
    /// Written; Null for a deletion.
    shown: schema::Value,
}

/// What an answer says besides yes or no.
fn take_notes(hook: &Hook, answer: &mut Answer, warnings: &mut Vec<String>, annotations: &mut Vec<(String, String)>) {
    warnings.append(&mut answer.warnings);
    let named = std::mem::take(&mut answer.annotations).into_iter();
    annotations.extend(named.map(|(key, value)| (format!("{}/{key}", hook.name), value)));
}

#[cfg(test)]
mod tests;
