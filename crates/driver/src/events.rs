//! Events: recorded without waiting, written in the background, similar ones counted instead of repeated.

mod correlator;

use crate::{Stop, stopped};
use api_core::v1::{Event, EventSource};
use api_meta::v1::ObjectMeta;
use client::{Client, Patch};
use controllers::EventRecord;
use correlator::{Correlator, Decision};
use schema::{Object, Time, value};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;
use tokio::sync::mpsc;

/// Events that wait to be written; more are lost, as upstream loses them.
const MAX_WAITING: usize = 1000;
/// How often an event is tried while the server does not answer, and how long apart.
const MAX_TRIES: usize = 12;
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// Where events go. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    sender: mpsc::Sender<Event>,
    clock: Arc<dyn Clock>,
}

/// A recorder for one component.
#[derive(Clone)]
pub struct Source {
    recorder: Recorder,
    component: String,
    host: String,
}

impl Recorder {
    /// The recorder, and the task that writes, which ends at `stop` or with the last recorder.
    pub fn new(
        client: Client,
        clock: Arc<dyn Clock>,
        stop: Stop,
    ) -> (Recorder, impl Future<Output = ()> + Send + 'static) {
        let (sender, waiting) = mpsc::channel(MAX_WAITING);
        let writing = write_all(client, clock.clone(), waiting, stop);
        (Recorder { sender, clock }, writing)
    }

    /// `host`: of components that run on many nodes; else empty.
    pub fn of(&self, component: &str, host: &str) -> Source {
        Source { recorder: self.clone(), component: component.into(), host: host.into() }
    }
}

impl Source {
    /// Never waits.
    pub fn record(&self, record: &EventRecord) {
        let event = self.event(record, self.recorder.clock.now());
        if self.recorder.sender.try_send(event).is_err() {
            tracing::debug!(reason = record.reason, message = record.message, "an event is lost");
        }
    }

    fn event(&self, record: &EventRecord, now_ns: i64) -> Event {
        let namespace = match record.regarding.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        };
        let now = Time::from_unix(now_ns.div_euclid(1_000_000_000));
        Event {
            metadata: ObjectMeta {
                name: format!("{}.{now_ns:x}", record.regarding.name),
                namespace: namespace.into(),
                ..ObjectMeta::default()
            },
            involved_object: record.regarding.clone(),
            type_: record.type_.into(),
            reason: record.reason.clone(),
            message: record.message.clone(),
            count: 1,
            first_timestamp: Some(now),
            last_timestamp: Some(now),
            source: EventSource { component: self.component.clone(), host: self.host.clone() },
            reporting_component: self.component.clone(),
            reporting_instance: self.host.clone(),
            ..Event::default()
        }
    }
}

async fn write_all(client: Client, clock: Arc<dyn Clock>, mut waiting: mpsc::Receiver<Event>, mut stop: Stop) {
    let mut correlator = Correlator::new();
    loop {
        let event = tokio::select! {
            event = waiting.recv() => event,
            () = stopped(&mut stop) => return,
        };
        let Some(event) = event else { return };
        let decision = correlator.correlate(event, clock.now_seconds());
        tokio::select! {
            () = write(&client, decision) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

async fn write(client: &Client, decision: Decision) {
    for _ in 0..MAX_TRIES {
        let result = match &decision {
            Decision::Drop => return,
            Decision::Create(event) => client.create(event.as_ref()).await.map(drop),
            Decision::Count(event) => count(client, event).await,
        };
        match result {
            Ok(()) => return,
            Err(error) if error.api().is_some() => {
                tracing::debug!(%error, "the server refuses an event");
                return;
            }
            Err(error) => {
                tracing::debug!(%error, "cannot write an event");
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }
}

/// Raises the count of an event that is there; one that has gone is made anew.
async fn count(client: &Client, event: &Event) -> Result<(), client::ClientError> {
    let last = event.last_timestamp.unwrap_or_default().to_text();
    let (count, message) = (event.count, event.message.as_str());
    let patch = Patch::StrategicMerge(value!({ "count": count, "lastTimestamp": last, "message": message }));
    let meta = event.meta();
    match client.patch::<Event>(&meta.namespace, &meta.name, "", &patch).await {
        Err(error) if error.is_not_found() => client.create(event).await.map(drop),
        other => other.map(drop),
    }
}
