//! Tells on each FlowSchema whether the priority level that it names exists: the condition `Dangling`.
//!
//! A pass over all of them whenever one changes: they are few. Deliberately absent: the flow control itself.

use api_meta::v1::{ListOptions, PatchOptions};
use client::{Client, ClientError, Patch};
use informer::Resource;
use schema::{Time, Value, value};
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;

const MANAGER: &str = "api-priority-and-fairness-config-consumer-v1";
/// After a watch that ended or failed.
const RETRY: Duration = Duration::from_millis(200);

/// Keeps the conditions right until the runtime ends.
pub fn spawn(client: &Client, clock: &Arc<dyn Clock>) {
    for schemas in [true, false] {
        let (client, clock) = (client.clone(), clock.clone());
        tokio::spawn(async move {
            loop {
                if let Err(error) = follow(&client, &*clock, schemas).await {
                    tracing::warn!(%error, "watching the flow schemas failed");
                }
                tokio::time::sleep(RETRY).await;
            }
        });
    }
}

/// Follows the flow schemas, or the priority levels.
async fn follow(client: &Client, clock: &dyn Clock, schemas: bool) -> Result<(), ClientError> {
    let schema = Resource::of::<api_misc::flowcontrol::v1::FlowSchema>();
    let level = Resource::of::<api_misc::flowcontrol::v1::PriorityLevelConfiguration>();
    let followed = if schemas { &schema } else { &level };
    let list = client.api(followed).list("", &ListOptions::default()).await?;
    let options = ListOptions { resource_version: list.resource_version, ..ListOptions::default() };
    let mut watch = client.api(followed).watch("", &options).await?;
    pass(client, clock, &schema, &level).await?;
    while let Some(event) = watch.next().await {
        event?;
        pass(client, clock, &schema, &level).await?;
    }
    Ok(())
}

async fn pass(client: &Client, clock: &dyn Clock, schema: &Resource, level: &Resource) -> Result<(), ClientError> {
    let levels = client.api(level).list("", &ListOptions::default()).await?.items;
    let schemas = client.api(schema).list("", &ListOptions::default()).await?.items;
    for object in schemas.iter().filter(|object| object.at(&["metadata", "deletionTimestamp"]).is_null()) {
        let Some(patch) = wanted(object, &levels, clock.now_seconds()) else { continue };
        let options = PatchOptions { field_manager: MANAGER.into(), force: Some(true), ..PatchOptions::default() };
        let name = object.str_at(&["metadata", "name"]);
        match client.api(schema).patch("", name, "status", &Patch::Apply(patch), &options).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What to apply, if the condition is not as it should be.
fn wanted(object: &Value, levels: &[Value], now: i64) -> Option<Value> {
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
