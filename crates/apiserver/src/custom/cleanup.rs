//! Deleting what a definition defined, before the definition itself goes.

use api_meta::v1::{DeleteOptions, ListOptions};
use api_misc::apiextensions::v1::{CustomResourceDefinition, CustomResourceDefinitionCondition};
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
    let outcome = match is_true(&definition.status, "Established") {
        true => match namespaces_of_objects(client, &definition).await {
            Ok(namespaces) if namespaces.is_empty() => Ok(all_gone()),
            Ok(namespaces) => {
                let message = "CustomResource deletion is in progress";
                let begun = condition(TERMINATING, true, "InstanceDeletionInProgress", message);
                change(client, name, |definition| set_condition(&mut definition.status, begun.clone(), now())).await?;
                delete_objects(client, &definition, &namespaces).await
            }
            Err(error) => Err(failed(error)),
        },
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

type Outcome = Result<CustomResourceDefinitionCondition, (&'static str, CleanupError)>;

fn failed(error: ClientError) -> (&'static str, CleanupError) {
    ("InstanceDeletionFailed", CleanupError::Client(error))
}

fn all_gone() -> CustomResourceDefinitionCondition {
    condition(TERMINATING, false, "InstanceDeletionCompleted", "removed all instances")
}

/// What a definition defines, in a version that is served; none of an established one without.
fn resource(definition: &CustomResourceDefinition) -> Option<Resource> {
    let spec = &definition.spec;
    let version = spec.versions.iter().find(|version| version.served)?;
    Some(Resource {
        group: spec.group.clone().into(),
        version: version.name.clone().into(),
        kind: spec.names.kind.clone().into(),
        plural: spec.names.plural.clone().into(),
        namespaced: spec.scope != "Cluster",
    })
}

/// Where there are objects; the empty name stands for those without a namespace.
async fn namespaces_of_objects(
    client: &Client,
    definition: &CustomResourceDefinition,
) -> Result<BTreeSet<String>, ClientError> {
    let Some(resource) = resource(definition) else { return Ok(BTreeSet::new()) };
    let objects = client.api(&resource).metadata().list("", &ListOptions::default()).await?;
    Ok(objects.items.iter().map(|object| object.str_at(&["metadata", "namespace"]).to_owned()).collect())
}

async fn delete_objects(
    client: &Client,
    definition: &CustomResourceDefinition,
    namespaces: &BTreeSet<String>,
) -> Outcome {
    let Some(resource) = resource(definition) else { return Ok(all_gone()) };
    for namespace in namespaces {
        let (list, options) = (ListOptions::default(), DeleteOptions::default());
        client.api(&resource).delete_collection(namespace, &list, &options).await.map_err(failed)?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    while !namespaces_of_objects(client, definition).await.map_err(failed)?.is_empty() {
        if tokio::time::Instant::now() >= deadline {
            return Err(("InstanceDeletionCheck", CleanupError::Remaining));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(all_gone())
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
            Err(error) if error.is_conflict() => tracing::debug!(name, %error, "another write was faster"),
            Err(error) if error.is_not_found() => return Ok(()),
            done => return Ok(done.map(drop)?),
        }
    }
    Err(CleanupError::Conflicts)
}
