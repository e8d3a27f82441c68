//! Carries decisions out: bindings, conditions, deletions of victims, events.

use crate::events::Source;
use api_core::v1::{Binding, ObjectReference, Pod, PodCondition};
use api_meta::v1::{DeleteOptions, ObjectMeta, Preconditions};
use client::{Client, ClientError, Patch};
use controllers::EventRecord;
use scheduler::{Nomination, Preemption, Refusal};
use schema::typed::Part;
use schema::{Time, Value, value};
use std::sync::Arc;
use stdx::Clock;

/// What is to be written.
pub(super) enum Work {
    Bind { pod: Arc<Pod>, node: String },
    Refuse { pod: Arc<Pod>, refusal: Refusal },
}

/// How it went.
pub(super) enum Outcome {
    Done,
    /// The pod did not get its node.
    NotBound {
        pod: Arc<Pod>,
    },
    /// Those whose room the pod is to get are on their way.
    Preempted {
        pod: Arc<Pod>,
        refusal: Refusal,
    },
    NotPreempted {
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
                    self.not_bound(&pod, &error).await;
                    Outcome::NotBound { pod }
                }
            },
            Work::Refuse { pod, refusal } => self.refused(pod, refusal).await,
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

    /// A pod that has gone needs no word; one that was bound by another has its condition from there.
    async fn not_bound(&self, pod: &Pod, error: &ClientError) {
        let why = format!("binding rejected: running Bind plugin \"DefaultBinder\": {error}");
        if error.is_conflict() {
            self.tell(pod, "Warning", "FailedScheduling", why);
        } else if !error.is_not_found() {
            self.refuse(pod, "SchedulerError", why, Some("")).await;
        }
    }

    async fn refused(&self, pod: Arc<Pod>, refusal: Refusal) -> Outcome {
        let message = refusal.message.clone();
        let nominated = match &refusal.nomination {
            Nomination::Keep => None,
            Nomination::Clear => Some(""),
            Nomination::Make(preemption) => Some(preemption.node.as_str()),
        };
        self.refuse(&pod, "Unschedulable", message, nominated).await;
        let Nomination::Make(preemption) = &refusal.nomination else { return Outcome::Done };
        match self.preempt(&pod, preemption).await {
            Ok(()) => Outcome::Preempted { pod, refusal },
            Err(error) => {
                tracing::warn!(pod = pod.metadata.name, %error, "cannot make room for a pod");
                Outcome::NotPreempted { pod }
            }
        }
    }

    /// Tells why the pod has no node: an event, and the condition if it does not say so already. `nominated`: the node where
    /// it is promised room, empty for none, absent to leave that as it is.
    async fn refuse(&self, pod: &Pod, reason: &str, why: String, nominated: Option<&str>) {
        self.tell(pod, "Warning", "FailedScheduling", why.clone());
        let mut status = Value::map();
        if let Some(condition) = self.condition(pod, "PodScheduled", "False", reason, why) {
            status.set(&["conditions"], value!([condition]));
        }
        match nominated.filter(|node| *node != pod.status.nominated_node_name) {
            Some("") => status.set(&["nominatedNodeName"], Value::Null),
            Some(node) => status.set(&["nominatedNodeName"], node),
            None => {}
        }
        if status == Value::map() {
            return;
        }
        match self.patch_status(pod, status).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => {
                let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
                tracing::warn!(namespace, name, %error, "cannot write a pod's status");
            }
            _ => {}
        }
    }

    /// The condition to write, unless the pod has it.
    fn condition(&self, pod: &Pod, type_: &str, is: &str, reason: &str, why: String) -> Option<Value> {
        let have = pod.status.conditions.iter().find(|condition| condition.type_ == type_);
        if have.is_some_and(|have| have.status == is && have.reason == reason && have.message == why) {
            return None;
        }
        let since = have.filter(|have| have.status == is).and_then(|have| have.last_transition_time);
        let condition = PodCondition {
            type_: type_.into(),
            status: is.into(),
            reason: reason.into(),
            message: why,
            observed_generation: pod.metadata.generation,
            last_transition_time: since.or_else(|| Some(Time::from_unix(self.clock.now_seconds()))),
            ..PodCondition::default()
        };
        Some(Part::write(&condition))
    }

    async fn patch_status(&self, pod: &Pod, status: Value) -> Result<(), ClientError> {
        let meta = &pod.metadata;
        let uid = meta.uid.as_str();
        let patch = Patch::StrategicMerge(value!({ "metadata": { "uid": uid }, "status": status }));
        self.client.patch::<Pod>(&meta.namespace, &meta.name, "status", &patch).await.map(drop)
    }

    async fn preempt(&self, pod: &Pod, preemption: &Preemption) -> Result<(), ClientError> {
        for other in &preemption.demoted {
            let mut status = Value::map();
            status.set(&["nominatedNodeName"], Value::Null);
            unless_gone(self.patch_status(other, status).await)?;
        }
        let staying = preemption.victims.iter().filter(|victim| victim.metadata.deletion_timestamp.is_none());
        for victim in staying {
            let why = format!("{}: preempting to accommodate a higher priority pod", pod.spec.scheduler_name);
            let condition = self.condition(victim, "DisruptionTarget", "True", "PreemptionByScheduler", why);
            if let Some(condition) = condition {
                let status = value!({ "conditions": [condition] });
                unless_gone(self.patch_status(victim, status).await)?;
            }
            let (meta, uid) = (&victim.metadata, Some(victim.metadata.uid.clone()));
            let preconditions = Some(Box::new(Preconditions { uid, ..Preconditions::default() }));
            let options = DeleteOptions { preconditions, ..DeleteOptions::default() };
            unless_gone(self.client.delete::<Pod>(&meta.namespace, &meta.name, &options).await.map(drop))?;
            let message = format!("Preempted by pod {} on node {}", pod.metadata.uid, preemption.node);
            self.tell(victim, "Normal", "Preempted", message);
        }
        Ok(())
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

/// A pod that has gone, or been replaced, needs nothing more.
fn unless_gone(result: Result<(), ClientError>) -> Result<(), ClientError> {
    match result {
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
        other => other,
    }
}
