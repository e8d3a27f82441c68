//! Events, as kubectl describes them: counted when they repeat, limited when they flood.
//!
//! A recorder never waits: what does not fit into its queue is dropped and counted in the log.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use api_core::v1::{Event as ApiEvent, EventSource, ObjectReference, Pod};
use client::{Client, ClientError, Patch};
use kubelet_core::{Event, Nanos, SECOND};
use schema::{Time, value};
use stdx::Clock;
use tokio::sync::mpsc;

/// Takes events and sends them in the background. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Record>,
    node_name: Arc<str>,
}

struct Record {
    about: ObjectReference,
    event: Event,
}

/// The sending half, which [`Sender::run`] drives.
pub struct Sender {
    queue: mpsc::Receiver<Record>,
    client: Client,
    clock: Arc<dyn Clock>,
    node_name: Arc<str>,
    burst: u32,
    /// Sent lately, the oldest first.
    sent: HashMap<String, Sent>,
    order: VecDeque<String>,
    /// What each object may still send.
    allowances: HashMap<String, Allowance>,
    serial: u64,
}

struct Sent {
    namespace: String,
    name: String,
    count: i32,
}

struct Allowance {
    tokens: f64,
    at: Nanos,
}

pub fn recorder(client: Client, clock: Arc<dyn Clock>, node_name: &str, burst: u32) -> (Recorder, Sender) {
    let (sender, receiver) = mpsc::channel(MAX_QUEUE);
    let node_name: Arc<str> = node_name.into();
    let recorder = Recorder { queue: sender, node_name: node_name.clone() };
    let sending = Sender {
        queue: receiver,
        client,
        clock,
        node_name,
        burst,
        sent: HashMap::new(),
        order: VecDeque::new(),
        allowances: HashMap::new(),
        serial: 0,
    };
    (recorder, sending)
}

impl Recorder {
    /// About a pod, or the container that the event names.
    pub fn pod(&self, pod: &Pod, event: Event) {
        let field_path = event.container.as_ref().map(|name| field_path(pod, name)).unwrap_or_default();
        let about = ObjectReference {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
            resource_version: pod.metadata.resource_version.clone(),
            field_path,
        };
        self.send(about, event);
    }

    /// About the node. Its uid is its name in events, as upstream has it.
    pub fn node(&self, event: Event) {
        let name = self.node_name.to_string();
        let about = ObjectReference { kind: "Node".to_owned(), uid: name.clone(), name, ..Default::default() };
        self.send(about, event);
    }

    fn send(&self, about: ObjectReference, event: Event) {
        if let Err(error) = self.queue.try_send(Record { about, event }) {
            tracing::warn!(%error, "an event is dropped");
        }
    }
}

/// Where in the pod a container stands.
fn field_path(pod: &Pod, name: &str) -> String {
    let list = if pod.spec.init_containers.iter().any(|container| container.name == name) {
        "initContainers"
    } else if pod.spec.ephemeral_containers.iter().any(|container| container.name == name) {
        "ephemeralContainers"
    } else {
        "containers"
    };
    format!("spec.{list}{{{name}}}")
}

impl Sender {
    /// Sends until the last recorder is gone.
    pub async fn run(mut self) {
        while let Some(record) = self.queue.recv().await {
            let object = format!("{}/{}", record.about.namespace, record.about.name);
            if !self.allow(&object) {
                tracing::debug!(%object, event = %record.event, "an event is one too many");
                continue;
            }
            if let Err(error) = self.send(&record).await {
                tracing::warn!(%object, event = %record.event, %error, "an event could not be sent");
            }
        }
    }

    async fn send(&mut self, record: &Record) -> Result<(), ClientError> {
        let about = &record.about;
        let key = format!(
            "{}|{}|{}|{}|{}|{}",
            about.namespace, about.name, about.uid, about.field_path, record.event.reason, record.event.message
        );
        let now = Time::from_unix(self.clock.now_seconds());
        if let Some(sent) = self.sent.get_mut(&key) {
            sent.count += 1;
            let last = now.to_text();
            let patch = Patch::StrategicMerge(value!({ "count": (sent.count), "lastTimestamp": (last.as_str()) }));
            match self.client.patch::<ApiEvent>(&sent.namespace, &sent.name, "", &patch).await {
                Err(error) if error.is_not_found() => {}
                other => return other.map(drop),
            }
        }
        let event = self.build(record, now);
        let (namespace, name) = (event.metadata.namespace.clone(), event.metadata.name.clone());
        self.client.create(&event).await?;
        self.remember(key, Sent { namespace, name, count: 1 });
        Ok(())
    }

    fn build(&mut self, record: &Record, now: Time) -> ApiEvent {
        self.serial += 1;
        let stamp = self.clock.now().unsigned_abs().wrapping_add(self.serial);
        let about = &record.about;
        let mut event = ApiEvent {
            involved_object: about.clone(),
            reason: record.event.reason.to_string(),
            message: record.event.message.clone(),
            type_: if record.event.warning { "Warning" } else { "Normal" }.to_owned(),
            source: EventSource { component: COMPONENT.to_owned(), host: self.node_name.to_string() },
            reporting_component: COMPONENT.to_owned(),
            reporting_instance: self.node_name.to_string(),
            first_timestamp: Some(now),
            last_timestamp: Some(now),
            count: 1,
            ..ApiEvent::default()
        };
        event.metadata.name = format!("{}.{stamp:x}", about.name);
        event.metadata.namespace = match about.namespace.as_str() {
            "" => "default".to_owned(),
            namespace => namespace.to_owned(),
        };
        event
    }

    fn remember(&mut self, key: String, sent: Sent) {
        if self.order.len() >= MAX_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.sent.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.sent.insert(key, sent);
    }

    /// A bucket of tokens for each object, which fills slowly.
    fn allow(&mut self, object: &str) -> bool {
        let now = self.clock.now();
        if self.allowances.len() > MAX_REMEMBERED {
            self.allowances.retain(|_, allowance| now - allowance.at < 3600 * SECOND);
        }
        let burst = f64::from(self.burst);
        let allowance = self.allowances.entry(object.to_owned()).or_insert(Allowance { tokens: burst, at: now });
        let earned = (now - allowance.at) as f64 / SECOND as f64 / SECONDS_PER_TOKEN;
        allowance.tokens = (allowance.tokens + earned).min(burst);
        allowance.at = now;
        let allowed = allowance.tokens >= 1.0;
        if allowed {
            allowance.tokens -= 1.0;
        }
        allowed
    }
}

const COMPONENT: &str = "kubelet";
const MAX_QUEUE: usize = 1000;
/// Upstream's size of the same cache.
const MAX_REMEMBERED: usize = 4096;
/// One event per object every five minutes, once the burst is used up.
const SECONDS_PER_TOKEN: f64 = 300.0;
