//! Asking others by SubjectAccessReview: what is sent, what an answer means, and for how long it is believed.
//!
//! Deliberately absent: how it is sent (an [`Ask`] that is passed in) and the clock.

use crate::{Answer, Attributes, Authorizer, BoxFuture, Decision, Requirement, Rules, Verdict};
use authn::UserInfo;
use authn::cache::Cache;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

const MAX_KEPT_ANSWERS: usize = 8192;
/// Questions with more than this in them are not kept: whoever asks could fill the memory.
const MAX_KEPT_QUESTION_BYTES: usize = 10_000;

/// Sends a review and gives back the answered one.
pub trait Ask: Send + Sync {
    fn ask<'a>(&'a self, review: &'a Value) -> BoxFuture<'a, Result<Value, String>>;
}

/// Whether a question is for this webhook: the value of one expression over the review's spec.
pub trait Condition: Send + Sync {
    fn holds(&self, spec: &Value) -> Result<bool, String>;
}

/// How one webhook is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As `AuthorizationConfiguration` calls it.
    pub name: String,
    /// `v1` or `v1beta1`
    pub review_version: String,
    /// Zero: not kept.
    pub authorized_ttl: Duration,
    pub unauthorized_ttl: Duration,
    /// What holds if it cannot be asked.
    pub on_error: Verdict,
}

pub struct Webhook {
    settings: Settings,
    ask: Arc<dyn Ask>,
    conditions: Vec<Box<dyn Condition>>,
    kept: Cache<String, Value>,
    /// Nanoseconds since the Unix epoch.
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Webhook {
    pub fn new(
        settings: Settings,
        ask: Arc<dyn Ask>,
        conditions: Vec<Box<dyn Condition>>,
        now: Arc<dyn Fn() -> i64 + Send + Sync>,
    ) -> Webhook {
        Webhook { settings, ask, conditions, kept: Cache::new(MAX_KEPT_ANSWERS), now }
    }

    /// Whether all conditions hold. One that is false decides, even if others fail; else a failure does.
    fn applies(&self, spec: &Value) -> Result<bool, String> {
        let mut failure = None;
        for condition in &self.conditions {
            match condition.holds(spec) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(true), Err)
    }

    async fn decide(&self, spec: Value, may_keep: bool) -> Decision {
        let key = spec.to_string();
        if let Some(status) = self.kept.get(&key, (self.now)()) {
            return decision(&status);
        }
        let review = json!({
            "kind": "SubjectAccessReview",
            "apiVersion": format!("authorization.k8s.io/{}", self.settings.review_version),
            "metadata": { "creationTimestamp": null },
            "spec": spec,
            "status": { "allowed": false }
        });
        let answered = match self.ask.ask(&review).await {
            Ok(answered) => answered,
            Err(error) => return self.failed(error),
        };
        let status = answered["status"].clone();
        if may_keep {
            let Settings { authorized_ttl, unauthorized_ttl, .. } = self.settings;
            let ttl = if status["allowed"] == true { authorized_ttl } else { unauthorized_ttl };
            self.kept.put(key, status.clone(), (self.now)(), ttl);
        }
        decision(&status)
    }

    fn failed(&self, error: String) -> Decision {
        Decision { verdict: self.settings.on_error, ..Decision::no_opinion("") }.with_error(error)
    }
}

impl Authorizer for Webhook {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let spec = spec(attributes, &self.settings.review_version);
        match self.applies(&spec) {
            Ok(true) => {}
            Ok(false) => return Answer::now(Decision::no_opinion("")),
            Err(error) => return Answer::now(self.failed(error)),
        }
        Answer::later(self.decide(spec, question_bytes(attributes) < MAX_KEPT_QUESTION_BYTES))
    }

    fn rules_for(&self, _user: &UserInfo, _namespace: &str) -> Rules {
        Rules::unknown("webhook authorizer does not support user rule resolution")
    }
}

fn question_bytes(asked: &Attributes) -> usize {
    let texts = [
        asked.namespace,
        asked.verb,
        asked.api_group,
        asked.api_version,
        asked.resource,
        asked.subresource,
        asked.name,
        asked.path,
    ];
    let selectors = asked.field_selector.iter().chain(asked.label_selector);
    let in_selectors = selectors.map(|one| one.key.len() + one.values.iter().map(String::len).sum::<usize>());
    texts.iter().map(|text| text.len()).sum::<usize>() + in_selectors.sum::<usize>()
}

/// The question, as the spec of a review of a version.
pub fn spec(asked: &Attributes, version: &str) -> Value {
    let mut spec = Map::new();
    let insert = |map: &mut Map<String, Value>, key: &str, text: &str| {
        if !text.is_empty() {
            map.insert(key.to_owned(), json!(text));
        }
    };
    let mut about = Map::new();
    if asked.resource_request {
        for (key, text) in [
            ("namespace", asked.namespace),
            ("verb", asked.verb),
            ("group", asked.api_group),
            ("version", asked.api_version),
            ("resource", asked.resource),
            ("subresource", asked.subresource),
            ("name", asked.name),
        ] {
            insert(&mut about, key, text);
        }
        for (key, selector) in [("fieldSelector", asked.field_selector), ("labelSelector", asked.label_selector)] {
            if !selector.is_empty() {
                about.insert(key.to_owned(), json!({ "requirements": requirements(selector) }));
            }
        }
        spec.insert("resourceAttributes".into(), Value::Object(about));
    } else {
        insert(&mut about, "path", asked.path);
        insert(&mut about, "verb", asked.verb);
        spec.insert("nonResourceAttributes".into(), Value::Object(about));
    }
    let user = asked.user;
    insert(&mut spec, "user", &user.name);
    insert(&mut spec, "uid", &user.uid);
    if !user.groups.is_empty() {
        let key = if version == "v1beta1" { "group" } else { "groups" };
        spec.insert(key.into(), json!(user.groups));
    }
    if !user.extra.is_empty() {
        spec.insert("extra".into(), json!(user.extra));
    }
    Value::Object(spec)
}

fn requirements(selector: &[Requirement]) -> Vec<Value> {
    let one = |requirement: &Requirement| {
        let mut shown = json!({ "key": requirement.key, "operator": requirement.operator.as_str() });
        if !requirement.values.is_empty() {
            shown["values"] = json!(requirement.values);
        }
        shown
    };
    selector.iter().map(one).collect()
}

fn decision(status: &Value) -> Decision {
    let reason = status["reason"].as_str().unwrap_or_default().to_owned();
    match (status["denied"] == true, status["allowed"] == true) {
        (true, true) => {
            Decision::deny(reason).with_error("webhook subject access review returned both allow and deny response")
        }
        (true, false) => Decision::deny(reason),
        (false, true) => Decision::allow(reason),
        (false, false) => Decision::no_opinion(reason),
    }
}

#[cfg(test)]
mod tests;
