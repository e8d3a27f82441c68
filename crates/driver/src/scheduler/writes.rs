//! Carries decisions out: bindings, conditions, events.

use crate::events::Source;
use api_core::v1::{Binding, ObjectReference, Pod};
use api_meta::v1::ObjectMeta;
use client::{Client, ClientError, Patch};
use controllers::EventRecord;
use schema::{Time, value};
use std::sync::Arc;
use stdx::Clock;

/// What is to be written.
pub(super) enum Work {
    Bind { pod: Arc<Pod>, node: String },
    Refuse { pod: Arc<Pod>, why: String },
}

/// How it went.
pub(super) enum Outcome {
    Done,
    /// The pod did not get its node.
    NotBound {
        pod: Arc<Pod>,
    },
}

pub(super) struct Writer {
    pub(super) client: Client,
    pub(super) events: Source,
    pub(super) clock: Arc<dyn Clock>,
}

impl Writer {
    pub(super) async fn carry_out(&self, work: Work) -> Outcome {
        match work {
            Work::Bind { pod, node } => match self.bind(&pod, &node).await {
                Ok(()) => {
                    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
                    let message = format!("Successfully assigned {namespace}/{name} to {node}");
                    self.tell(&pod, "Normal", "Scheduled", message);
                    Outcome::Done
                }
                Err(error) => {
                    tracing::debug!(pod = pod.metadata.name, %error, "cannot bind");
                    let why = format!("binding rejected: running Bind plugin \"DefaultBinder\": {error}");
                    self.refuse(&pod, "SchedulerError", why).await;
                    Outcome::NotBound { pod }
                }
            },
            Work::Refuse { pod, why } => {
                self.refuse(&pod, "Unschedulable", why).await;
                Outcome::Done
            }
        }
    }

    async fn bind(&self, pod: &Pod, node: &str) -> Result<(), ClientError> {
        let meta = &pod.metadata;
        let binding = Binding {
            metadata: ObjectMeta {
                name: meta.name.clone(),
                namespace: meta.namespace.clone(),
                uid: meta.uid.clone(),
                ..ObjectMeta::default()
            },
            target: ObjectReference { kind: "Node".into(), name: node.into(), ..ObjectReference::default() },
        };
        self.client.create_subresource::<Pod, _>(&meta.namespace, &meta.name, "binding", &binding).await.map(drop)
    }

    /// Tells why the pod has no node: an event, and the condition if it does not say so already.
    async fn refuse(&self, pod: &Pod, reason: &str, why: String) {
        self.tell(pod, "Warning", "FailedScheduling", why.clone());
        let condition = pod.status.conditions.iter().find(|condition| condition.type_ == "PodScheduled");
        if condition.is_some_and(|have| have.status == "False" && have.reason == reason && have.message == why) {
            return;
        }
        let was_false = condition.filter(|condition| condition.status == "False");
        let since = was_false.and_then(|condition| condition.last_transition_time);
        let since = since.unwrap_or_else(|| Time::from_unix(self.clock.now_seconds())).to_text();
        let (uid, generation) = (pod.metadata.uid.as_str(), pod.metadata.generation);
        let patch = Patch::StrategicMerge(value!({
            "metadata": { "uid": uid },
            "status": { "conditions": [{
                "type": "PodScheduled", "status": "False", "reason": reason, "message": why,
                "lastProbeTime": null, "lastTransitionTime": since, "observedGeneration": generation
            }] }
        }));
        self.patch_status(pod, &patch).await;
    }

    async fn patch_status(&self, pod: &Pod, patch: &Patch) {
        let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
        match self.client.patch::<Pod>(namespace, name, "status", patch).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() || error.is_conflict() => {}
            Err(error) => tracing::warn!(pod = %format!("{namespace}/{name}"), %error, "cannot write a pod's status"),
        }
    }

    fn tell(&self, pod: &Pod, type_: &'static str, reason: &str, message: String) {
        let meta = &pod.metadata;
        let regarding = ObjectReference {
            kind: "Pod".into(),
            api_version: "v1".into(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version.clone(),
            ..ObjectReference::default()
        };
        self.events.record(&EventRecord { regarding, type_, reason: reason.into(), message });
    }
}
