//! Follows FlowSchemas and PriorityLevelConfigurations: configures flow control by them, and tells on each FlowSchema
//! whether the priority level that it names exists (the condition `Dangling`).
//!
//! A pass over all of them whenever one changes: they are few. Deliberately absent: the rules of flow control.

use api_meta::v1::{ListOptions, PatchOptions};
use api_misc::flowcontrol::v1::{FlowSchema, PriorityLevelConfiguration};
use client::{Client, ClientError, Patch};
use flowcontrol::Controller;
use informer::Resource;
use schema::{Time, Typed, Value, value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;
use tokio::sync::Mutex;

const MANAGER: &str = "api-priority-and-fairness-config-consumer-v1";
/// After a watch that ended or failed.
const RETRY: Duration = Duration::from_millis(200);
/// Between adjustments of the levels' limits.
const ADJUSTMENT: Duration = Duration::from_secs(10);
/// Writes of one schema's condition in a minute; two servers that disagree must not fight.
const WRITES_A_MINUTE: usize = 6;
/// After which such a schema is looked at again.
const LATER: Duration = Duration::from_secs(40);

struct Consumer {
    client: Client,
    clock: Arc<dyn Clock>,
    controller: Arc<Controller>,
    schemas: Resource,
    levels: Resource,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What flow control was configured by.
    configured: Option<(Vec<PriorityLevelConfiguration>, Vec<FlowSchema>)>,
    /// Seconds at which a schema's condition was written.
    written: HashMap<String, Vec<i64>>,
}

/// Keeps flow control as its objects say until the runtime ends.
pub fn spawn(client: &Client, clock: &Arc<dyn Clock>, controller: &Arc<Controller>) {
    let consumer = Arc::new(Consumer {
        client: client.clone(),
        clock: clock.clone(),
        controller: controller.clone(),
        schemas: Resource::of::<FlowSchema>(),
        levels: Resource::of::<PriorityLevelConfiguration>(),
        state: Mutex::default(),
    });
    for schemas in [true, false] {
        let consumer = consumer.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = consumer.follow(schemas).await {
                    tracing::warn!(%error, "watching the flow schemas failed");
                }
                tokio::time::sleep(RETRY).await;
            }
        });
    }
    let controller = controller.clone();
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(ADJUSTMENT);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            controller.adjust();
        }
    });
}

impl Consumer {
    /// Follows the flow schemas, or the priority levels.
    async fn follow(&self, schemas: bool) -> Result<(), ClientError> {
        let followed = if schemas { &self.schemas } else { &self.levels };
        let list = self.client.api(followed).list("", &ListOptions::default()).await?;
        let options = ListOptions { resource_version: list.resource_version, ..ListOptions::default() };
        let mut watch = self.client.api(followed).watch("", &options).await?;
        let mut delayed = self.pass().await?;
        loop {
            let event = tokio::select! {
                event = watch.next() => event,
                () = tokio::time::sleep(LATER), if delayed => {
                    delayed = self.pass().await?;
                    continue;
                }
            };
            let Some(event) = event else { return Ok(()) };
            event?;
            delayed = self.pass().await?;
        }
    }

    /// True: a condition must be written later.
    async fn pass(&self) -> Result<bool, ClientError> {
        let mut state = self.state.lock().await;
        let levels = self.client.api(&self.levels).list("", &ListOptions::default()).await?.items;
        let schemas = self.client.api(&self.schemas).list("", &ListOptions::default()).await?.items;
        let wanted = (levels.iter().map(spec_of_level).collect(), schemas.iter().map(spec_of_schema).collect());
        if state.configured.as_ref() != Some(&wanted) {
            self.controller.configure(&wanted.0, &wanted.1);
            state.configured = Some(wanted);
        }
        let now = self.clock.now_seconds();
        let mut delayed = false;
        for object in schemas.iter().filter(|object| object.at(&["metadata", "deletionTimestamp"]).is_null()) {
            let Some(patch) = condition(object, &levels, now) else { continue };
            let name = object.str_at(&["metadata", "name"]);
            if !state.may_write(name, now) {
                delayed = true;
                continue;
            }
            let options = PatchOptions { field_manager: MANAGER.into(), force: Some(true), ..PatchOptions::default() };
            match self.client.api(&self.schemas).patch("", name, "status", &Patch::Apply(patch), &options).await {
                Err(error) if !error.is_not_found() && !error.is_conflict() => return Err(error),
                _ => {}
            }
        }
        Ok(delayed)
    }
}

impl State {
    fn may_write(&mut self, name: &str, now: i64) -> bool {
        self.written.retain(|_, times| {
            times.retain(|time| now - time < 60);
            !times.is_empty()
        });
        let times = self.written.entry(name.to_owned()).or_default();
        let may = times.len() < WRITES_A_MINUTE;
        if may {
            times.push(now);
        }
        may
    }
}

/// Only what flow control is configured by: name, uid and spec.
fn spec_of_level(object: &Value) -> PriorityLevelConfiguration {
    let whole = PriorityLevelConfiguration::from_value(object);
    let mut level = PriorityLevelConfiguration { spec: whole.spec, ..Default::default() };
    (level.metadata.name, level.metadata.uid) = (whole.metadata.name, whole.metadata.uid);
    level
}

fn spec_of_schema(object: &Value) -> FlowSchema {
    let whole = FlowSchema::from_value(object);
    let mut schema = FlowSchema { spec: whole.spec, ..Default::default() };
    (schema.metadata.name, schema.metadata.uid) = (whole.metadata.name, whole.metadata.uid);
    schema
}

/// What to apply, if the condition is not as it should be.
fn condition(object: &Value, levels: &[Value], now: i64) -> Option<Value> {
    let name = object.str_at(&["spec", "priorityLevelConfiguration", "name"]);
    let exists = levels.iter().any(|level| level.str_at(&["metadata", "name"]) == name);
    let (status, reason, state) = match exists {
        true => ("False", "Found", "and it exists"),
        false => ("True", "NotFound", "but there is no such object"),
    };
    let message = format!("This FlowSchema references the PriorityLevelConfiguration object named \"{name}\" {state}");
    let conditions = object.at(&["status", "conditions"]).items();
    let current = conditions.iter().find(|condition| condition.str_at(&["type"]) == "Dangling");
    let is_right = |condition: &Value| {
        condition.str_at(&["status"]) == status
            && condition.str_at(&["reason"]) == reason
            && condition.str_at(&["message"]) == message
    };
    if current.is_some_and(is_right) {
        return None;
    }
    let kept = current.filter(|condition| condition.str_at(&["status"]) == status);
    let time = kept.map_or_else(
        || Time::from_unix(now).to_text().to_string(),
        |condition| condition.str_at(&["lastTransitionTime"]).to_owned(),
    );
    Some(value!({
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": { "name": (object.str_at(&["metadata", "name"])) },
        "status": { "conditions": [{
            "type": "Dangling",
            "status": status,
            "lastTransitionTime": (time.as_str()),
            "reason": reason,
            "message": (message.as_str())
        }] }
    }))
}
