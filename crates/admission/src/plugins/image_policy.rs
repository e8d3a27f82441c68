//! ImagePolicyWebhook: one service decides about the images of pods (ImageReview).

use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use kind::ApiError;
use parking_lot::Mutex;
use schema::json::{self, Limits};
use schema::{Value, value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use stdx::Clock;

/// Carries a review to the service that the configuration names.
pub trait ImageReviewer: Send + Sync {
    /// `kubeconfig`: the file that says where the service is. Gives the body of the answer.
    fn review<'a>(&'a self, kubeconfig: &'a str, body: Vec<u8>) -> BoxFuture<'a, Result<Vec<u8>, String>>;
}

pub struct ImagePolicyWebhook {
    kubeconfig: String,
    /// Pods pass while the service cannot be asked.
    default_allow: bool,
    allow_ttl_s: i64,
    deny_ttl_s: i64,
    reviewer: Arc<dyn ImageReviewer>,
    clock: Arc<dyn Clock>,
    /// Answers by question, until when they hold.
    answers: Mutex<HashMap<Vec<u8>, (i64, Value)>>,
}

/// As upstream.
const MAX_ANSWERS: usize = 1024;
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
const FAILED_OPEN: &str = "alpha.image-policy.k8s.io/failed-open";
const PREFIX: &str = "imagepolicywebhook.image-policy.k8s.io/";

impl ImagePolicyWebhook {
    /// From `imagePolicy` of the configuration.
    pub fn new(
        configuration: &Value,
        reviewer: Arc<dyn ImageReviewer>,
        clock: Arc<dyn Clock>,
    ) -> Result<ImagePolicyWebhook, String> {
        let policy = configuration.at(&["imagePolicy"]);
        let kubeconfig = policy.str_at(&["kubeConfigFile"]).to_owned();
        if kubeconfig.is_empty() {
            return Err("no config specified".into());
        }
        let seconds = |field: &str| policy.at(&[field]).as_i64().unwrap_or_default();
        Ok(ImagePolicyWebhook {
            kubeconfig,
            default_allow: policy.at(&["defaultAllow"]).as_bool().unwrap_or(false),
            allow_ttl_s: seconds("allowTTL"),
            deny_ttl_s: seconds("denyTTL"),
            reviewer,
            clock,
            answers: Mutex::default(),
        })
    }

    async fn check(&self, attributes: &mut Attributes<'_>) -> Result<(), ApiError> {
        let pods = (attributes.group, attributes.resource) == ("", "pods");
        let ephemeral = attributes.subresource == "ephemeralcontainers";
        let whole = attributes.subresource.is_empty() && attributes.operation == Operation::Create;
        if !pods || !(whole || ephemeral) {
            return Ok(());
        }
        let lists: &[&str] = if ephemeral { &LISTS[2..] } else { &LISTS };
        let question = question(attributes, lists);
        let status = match self.status(question).await {
            Ok(status) => status,
            Err(why) if self.default_allow => {
                tracing::warn!(why, "the image policy cannot be asked; failing open");
                let key = if attributes.operation == Operation::Create { "failed-open" } else { "failed-open-update" };
                attributes.annotations.push((format!("{PREFIX}{key}"), "true".into()));
                if attributes.subresource.is_empty() {
                    attributes.annotations.push((FAILED_OPEN.into(), "true".into()));
                }
                return Ok(());
            }
            Err(why) => return Err(attributes.forbidden(why)),
        };
        for (key, text) in status.at(&["auditAnnotations"]).as_map().into_iter().flat_map(|map| map.iter()) {
            attributes.annotations.push((format!("{PREFIX}{key}"), text.as_str().unwrap_or_default().to_owned()));
        }
        if status.at(&["allowed"]).as_bool() == Some(true) {
            return Ok(());
        }
        Err(match status.str_at(&["reason"]) {
            "" => attributes.forbidden("one or more images rejected by webhook backend"),
            reason => attributes.forbidden(format!("image policy webhook backend denied one or more images: {reason}")),
        })
    }

    async fn status(&self, question: Vec<u8>) -> Result<Value, String> {
        let now_s = self.clock.now_seconds();
        if let Some((until, status)) = self.answers.lock().get(&question)
            && *until > now_s
        {
            return Ok(status.clone());
        }
        let body = self.reviewer.review(&self.kubeconfig, question.clone()).await?;
        let answer = json::parse(&body, Limits::default()).map_err(|error| error.to_string())?;
        let status = answer.at(&["status"]).clone();
        let allowed = status.at(&["allowed"]).as_bool() == Some(true);
        let ttl_s = if allowed { self.allow_ttl_s } else { self.deny_ttl_s };
        let mut answers = self.answers.lock();
        if answers.len() >= MAX_ANSWERS {
            answers.clear();
        }
        answers.insert(question, (now_s + ttl_s, status.clone()));
        Ok(status)
    }
}

fn question(attributes: &Attributes, lists: &[&str]) -> Vec<u8> {
    let pod = &attributes.object;
    let containers = lists.iter().flat_map(|list| pod.at(&["spec", list]).items());
    let images: Vec<Value> = containers.map(|container| value!({ "image": (container.str_at(&["image"])) })).collect();
    // Annotations for the policy carry its name.
    let annotations = pod.at(&["metadata", "annotations"]).as_map().into_iter().flat_map(|map| map.iter());
    let meant: BTreeMap<&str, &Value> = annotations.filter(|(key, _)| key.contains(".image-policy.k8s.io/")).collect();
    let mut review = value!({
        "apiVersion": "imagepolicy.k8s.io/v1alpha1", "kind": "ImageReview",
        "spec": { "containers": images, "namespace": (attributes.namespace) }
    });
    for (key, text) in meant {
        review.set(&["spec", "annotations", key], text.clone());
    }
    let mut body = Vec::new();
    json::write(&review, &mut body);
    body
}

impl AsyncPlugin for ImagePolicyWebhook {
    fn name(&self) -> &'static str {
        "ImagePolicyWebhook"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        _lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move { self.check(attributes).await })
    }
}
