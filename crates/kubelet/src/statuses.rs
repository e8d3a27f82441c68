//! Telling the API what became of a pod.
//!
//! One sender per pod, which sends the newest status and skips those that were overtaken. A failed write is tried again
//! until it succeeds or the pod is gone.

use std::sync::Arc;
use std::time::Duration;

use api_core::v1::{Pod, PodStatus};
use client::{Client, Patch};
use kubelet_core::status::OWNED_CONDITIONS;
use schema::{Typed, Value, value};
use tokio::sync::watch;

/// The reporting side of one pod's worker. Dropping it ends the sending.
pub struct StatusSender {
    wanted: watch::Sender<Option<PodStatus>>,
    /// What the API has, as far as we know, and the version of the pod that had it first.
    sent: watch::Receiver<Option<(PodStatus, u64)>>,
    task: tokio::task::JoinHandle<()>,
}

impl StatusSender {
    pub fn spawn(client: Client, pod: &Arc<Pod>) -> StatusSender {
        let (wanted, wanted_receiver) = watch::channel(None);
        let (sent_sender, sent) = watch::channel(None);
        let task = tokio::spawn(send_all(client, pod.clone(), wanted_receiver, sent_sender));
        StatusSender { wanted, sent, task }
    }

    /// Wants this status in the API, if it is another than before, or if somebody changed what the API had: `seen` is the
    /// pod as the API shows it.
    pub fn put(&self, status: &PodStatus, seen: &Pod) {
        let overwritten = self.is_overwritten(status, seen);
        self.wanted.send_if_modified(|wanted| {
            let changes = wanted.as_ref() != Some(status);
            if changes {
                *wanted = Some(status.clone());
            }
            changes || overwritten
        });
    }

    /// Whether the API shows something else than what was sent, and has seen the sending.
    fn is_overwritten(&self, status: &PodStatus, seen: &Pod) -> bool {
        let sent = self.sent.borrow();
        let Some((sent, version)) = sent.as_ref().filter(|(sent, _)| sent == status) else { return false };
        let told = |status: &PodStatus| -> Vec<(String, String)> {
            let owned = status.conditions.iter().filter(|c| OWNED_CONDITIONS.contains(&c.type_.as_str()));
            let owned = owned.map(|condition| (condition.type_.clone(), condition.status.clone()));
            let mut told: Vec<_> = owned.chain([("phase".to_owned(), status.phase.clone())]).collect();
            told.sort();
            told
        };
        let seen_version: u64 = seen.metadata.resource_version.parse().unwrap_or(0);
        seen_version > *version && told(sent) != told(&seen.status)
    }

    /// Waits until the API has what was put last, or until that takes too long.
    pub async fn flush(&self) -> bool {
        let wanted = self.wanted.borrow().clone();
        let mut sent = self.sent.clone();
        let arrived = sent.wait_for(|sent| sent.as_ref().map(|(status, _)| status) == wanted.as_ref());
        matches!(tokio::time::timeout(FLUSH_TIMEOUT, arrived).await, Ok(Ok(_)))
    }
}

impl Drop for StatusSender {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn send_all(
    client: Client,
    pod: Arc<Pod>,
    mut wanted: watch::Receiver<Option<PodStatus>>,
    sent: watch::Sender<Option<(PodStatus, u64)>>,
) {
    let meta = &pod.metadata;
    while wanted.changed().await.is_ok() {
        let Some(status) = wanted.borrow_and_update().clone() else { continue };
        let (mut wait, mut version) = (FIRST_RETRY, u64::MAX);
        loop {
            let patch = Patch::StrategicMerge(patch(&meta.uid, &status));
            match client.patch::<Pod>(&meta.namespace, &meta.name, "status", &patch).await {
                Ok(pod) => {
                    version = pod.metadata.resource_version.parse().unwrap_or(u64::MAX);
                    break;
                }
                // The pod is gone, or is another one of the same name: there is nobody to tell.
                Err(error) if error.is_not_found() || error.is_conflict() => break,
                Err(error) => {
                    tracing::warn!(pod = %meta.name, namespace = %meta.namespace, %error, "cannot report a pod's status");
                }
            }
            if wanted.has_changed().unwrap_or(true) {
                break;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LAST_RETRY);
        }
        sent.send_replace(Some((status, version)));
    }
}

/// The whole of what the kubelet owns of a status, as a strategic merge patch: what is not there any more is null, and
/// conditions of others are not mentioned. The uid keeps it from hitting another pod of the same name.
pub fn patch(uid: &str, status: &PodStatus) -> Value {
    let mut body = Value::map();
    let written = status.to_value();
    for field in FIELDS {
        body.set(&[field], written.get(field).cloned().unwrap_or_default());
    }
    for list in ["podIPs", "hostIPs"] {
        let mut items = written[list].items().to_vec();
        items.push(value!({ "$patch": "replace" }));
        body.set(&[list], items);
    }
    let conditions = written["conditions"].items().iter();
    let owned: Vec<Value> =
        conditions.filter(|condition| OWNED_CONDITIONS.contains(&condition.str_at(&["type"]))).map(complete).collect();
    body.set(&["conditions"], owned);
    value!({ "metadata": { "uid": uid }, "status": body })
}

/// A condition's reason and message go when they are not there any more.
fn complete(condition: &Value) -> Value {
    let mut condition = condition.clone();
    for field in ["reason", "message"] {
        if condition.get(field).is_none() {
            condition.set(&[field], Value::Null);
        }
    }
    condition
}

const FIELDS: [&str; 11] = [
    "phase",
    "reason",
    "message",
    "hostIP",
    "podIP",
    "startTime",
    "qosClass",
    "observedGeneration",
    "initContainerStatuses",
    "containerStatuses",
    "ephemeralContainerStatuses",
];
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(10);
