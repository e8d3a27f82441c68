//! Deleting what a definition defined, before the definition itself goes.

use api_meta::v1::{DeleteOptions, ListOptions};
use api_misc::apiextensions::v1::CustomResourceDefinition;
use client::{Client, ClientError};
use custom::status::{FINALIZER, condition, is_true, set_condition};
use informer::Resource;
use schema::Time;
use std::collections::BTreeSet;
use std::time::Duration;
use stdx::Clock;

/// After a cleanup that failed.
pub const RETRY: Duration = Duration::from_secs(1);
/// How long objects may take to go before the cleanup begins anew.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first and the longest pause between two looks.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often the finalizer is taken away where other writes come between.
const MAX_ATTEMPTS: usize = 10;

const TERMINATING: &str = "Terminating";

/// Why objects remain.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("could not confirm zero CustomResources remaining: timed out waiting for the condition")]
    Remaining,
    #[error("the definition changes all the time")]
    Conflicts,
}

/// Deletes the objects, tells how far that is, and lets the definition go.
pub async fn run(client: &Client, clock: &dyn Clock, name: &str) -> Result<(), CleanupError> {
    let definition: CustomResourceDefinition = match client.get("", name).await {
        Err(error) if error.is_not_found() => return Ok(()),
        found => found?,
    };
    if !definition.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
        return Ok(());
    }
    let now = || Time::from_unix(clock.now_seconds());
    let begun = condition(TERMINATING, true, "InstanceDeletionInProgress", "CustomResource deletion is in progress");
    change(client, name, |definition| set_condition(&mut definition.status, begun.clone(), now())).await?;
    let outcome = match is_true(&definition.status, "Established") {
        true => delete_objects(client, &definition).await,
        false => Ok(condition(TERMINATING, false, "NeverEstablished", "resource was never established")),
    };
    match outcome {
        Ok(done) => {
            change(client, name, |definition| {
                set_condition(&mut definition.status, done.clone(), now());
                definition.metadata.finalizers.retain(|finalizer| finalizer != FINALIZER);
            })
            .await
        }
        Err((reason, error)) => {
            let told = condition(TERMINATING, true, reason, &error.to_string());
            change(client, name, |definition| set_condition(&mut definition.status, told.clone(), now())).await?;
            Err(error)
        }
    }
}

type Outcome = Result<api_misc::apiextensions::v1::CustomResourceDefinitionCondition, (&'static str, CleanupError)>;

async fn delete_objects(client: &Client, definition: &CustomResourceDefinition) -> Outcome {
    let failed = |error: ClientError| ("InstanceDeletionFailed", CleanupError::Client(error));
    let spec = &definition.spec;
    let Some(version) = spec.versions.iter().find(|version| version.served) else {
        return Ok(condition(TERMINATING, false, "InstanceDeletionCompleted", "removed all instances"));
    };
    let resource = Resource {
        group: spec.group.clone().into(),
        version: version.name.clone().into(),
        kind: spec.names.kind.clone().into(),
        plural: spec.names.plural.clone().into(),
        namespaced: spec.scope != "Cluster",
    };
    let api = client.api(&resource).metadata();
    let objects = api.list("", &ListOptions::default()).await.map_err(failed)?;
    let namespaces: BTreeSet<&str> =
        objects.items.iter().map(|object| object.str_at(&["metadata", "namespace"])).collect();
    for namespace in namespaces {
        let (list, options) = (ListOptions::default(), DeleteOptions::default());
        client.api(&resource).delete_collection(namespace, &list, &options).await.map_err(failed)?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    while !api.list("", &ListOptions::default()).await.map_err(failed)?.items.is_empty() {
        if tokio::time::Instant::now() >= deadline {
            return Err(("InstanceDeletionCheck", CleanupError::Remaining));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(condition(TERMINATING, false, "InstanceDeletionCompleted", "removed all instances"))
}

/// Changes the definition through its status, as upstream does; that it is gone is fine.
async fn change(client: &Client, name: &str, edit: impl Fn(&mut CustomResourceDefinition)) -> Result<(), CleanupError> {
    for _ in 0..MAX_ATTEMPTS {
        let mut definition: CustomResourceDefinition = match client.get("", name).await {
            Err(error) if error.is_not_found() => return Ok(()),
            found => found?,
        };
        edit(&mut definition);
        match client.update_status(&definition).await {
            Err(error) if error.is_conflict() => {}
            Err(error) if error.is_not_found() => return Ok(()),
            done => return Ok(done.map(drop)?),
        }
    }
    Err(CleanupError::Conflicts)
}
