//! Executes plans.

use crate::events::Source;
use crate::withhold::Awaited;
use api_meta::v1::{DeleteOptions, ListOptions, PatchOptions, Preconditions};
use client::{Client, ClientError, Patch};
use controllers::{Action, EventRecord, Expect, Failure, Pace, PatchKind, Plan, Step, Tolerate, Write};
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};
use informer::{Key, Resource, View, version};
use kind::ApiError;
use schema::Value;

/// Writes that are under way at once for one plan.
const MAX_AT_ONCE: usize = 64;

/// What writes plans to the API server for one controller.
pub struct Executor {
    client: Client,
    view: View,
    events: Source,
}

/// How it went.
#[derive(Default)]
pub(crate) struct Outcome {
    /// What the caches have yet to see.
    pub(crate) awaited: Vec<Awaited>,
    pub(crate) failure: Option<Failure>,
}

impl Executor {
    pub fn new(client: Client, view: View, events: Source) -> Executor {
        Executor { client, view, events }
    }

    pub(crate) async fn execute(&self, plan: &Plan) -> Outcome {
        let mut outcome = Outcome::default();
        for step in &plan.steps {
            self.step(step, &mut outcome).await;
            if outcome.failure.is_some() {
                return outcome;
            }
        }
        for event in &plan.events {
            self.events.record(event);
        }
        outcome
    }

    async fn step(&self, step: &Step, outcome: &mut Outcome) {
        let mut rest = step.writes.as_slice();
        let mut size = match step.pace {
            Pace::InOrder | Pace::SlowStart => 1,
            Pace::Together => rest.len(),
        };
        while !rest.is_empty() && outcome.failure.is_none() {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            rest = later;
            if step.pace == Pace::SlowStart {
                size *= 2;
            }
            let writes: Vec<_> = batch.iter().map(|write| self.write(write).boxed()).collect();
            let mut results = stream::iter(writes).buffered(MAX_AT_ONCE);
            while let Some(result) = results.next().await {
                match result {
                    Ok(awaited) => outcome.awaited.extend(awaited),
                    Err(failure) => {
                        outcome.failure.get_or_insert(failure);
                    }
                }
            }
        }
    }

    /// Does one write and records its event.
    async fn write(&self, write: &Write) -> Result<Vec<Awaited>, Failure> {
        match self.act(&write.action).await {
            Ok((awaited, name)) => {
                self.record(&write.event, "{name}", &name);
                Ok(awaited)
            }
            Err(error) => {
                let error = error.into_api();
                if write.tolerate.iter().any(|tolerate| tolerates(*tolerate, &error)) {
                    return Ok(self.gone(&write.action, "").into_iter().collect());
                }
                self.record(&write.failure_event, "{error}", &error.0.message);
                Err(Failure { write: write.clone(), error })
            }
        }
    }

    fn record(&self, event: &Option<EventRecord>, placeholder: &str, text: &str) {
        if let Some(event) = event {
            let message = event.message.replace(placeholder, text);
            self.events.record(&EventRecord { message, ..event.clone() });
        }
    }

    /// Returns what to wait for, and the name of the object.
    async fn act(&self, action: &Action) -> Result<(Vec<Awaited>, String), ClientError> {
        let (resource, key) = (action.resource(), action.key());
        let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
        let api = self.client.api(resource);
        let object = match action {
            Action::Create { object, .. } => api.create(namespace, object).await?,
            Action::Update { subresource, object, .. } | Action::UpdateSubresource { subresource, object, .. } => {
                api.update(namespace, name, subresource, object).await?
            }
            Action::Patch { subresource, kind, body, .. } => {
                let patch = match kind {
                    PatchKind::Json => Patch::Json(body.clone()),
                    PatchKind::Merge => Patch::Merge(body.clone()),
                    PatchKind::StrategicMerge => Patch::StrategicMerge(body.clone()),
                };
                api.patch(namespace, name, subresource, &patch, &PatchOptions::default()).await?
            }
            Action::Delete { options, .. } => {
                let object = api.delete(namespace, name, &delete_options(options)).await?;
                let uid = object.str_at(&["metadata", "uid"]).to_owned();
                let mut awaited: Vec<Awaited> = self.gone(action, &uid).into_iter().collect();
                awaited.extend(self.version(resource, &object));
                return Ok((awaited, name.to_owned()));
            }
            Action::DeleteCollection { .. } => {
                let background =
                    DeleteOptions { propagation_policy: Some("Background".into()), ..DeleteOptions::default() };
                api.delete_collection(namespace, &ListOptions::default(), &background).await?;
                return Ok((Vec::new(), String::new()));
            }
            // The answer is of another kind, with a version of another object or none.
            Action::CreateSubresource { subresource, object, .. } => {
                api.create_subresource(namespace, name, subresource, object).await?;
                return Ok((Vec::new(), name.to_owned()));
            }
            Action::Check { uid, expect, .. } => {
                self.check(resource, &key, uid, *expect).await?;
                return Ok((Vec::new(), name.to_owned()));
            }
        };
        let name = object.str_at(&["metadata", "name"]).to_owned();
        Ok((self.version(resource, &object).into_iter().collect(), name))
    }

    fn version(&self, resource: &Resource, object: &Value) -> Option<Awaited> {
        let version = version(object.str_at(&["metadata", "resourceVersion"]));
        let store = self.view.any_store(resource).filter(|_| version > 0)?;
        Some(Awaited::Version { store, version })
    }

    /// After a deletion: `uid` as the server gave it, if it did.
    fn gone(&self, action: &Action, uid: &str) -> Option<Awaited> {
        let Action::Delete { resource, key, options } = action else { return None };
        let uid = options.uid.as_deref().unwrap_or(uid).to_owned();
        let store = self.view.any_store(resource)?;
        Some(Awaited::Gone { store, key: key.clone(), uid })
    }

    async fn check(&self, resource: &Resource, key: &Key, uid: &str, expect: Expect) -> Result<(), ClientError> {
        if expect == Expect::Empty {
            return self.check_empty(resource, &key.namespace).await;
        }
        let found = self.client.api(resource).metadata().get(&key.namespace, &key.name).await;
        let alive = match found {
            Ok(object) if uid.is_empty() || object.str_at(&["metadata", "uid"]) == uid => {
                Some(object["metadata"]["deletionTimestamp"].is_null())
            }
            Ok(_) => None,
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        match (expect, alive) {
            (Expect::Alive, Some(true)) | (Expect::Gone, None) => Ok(()),
            (_, alive) => {
                let is = match alive {
                    Some(true) => "is there",
                    Some(false) => "is being deleted",
                    None => "is gone",
                };
                let message = format!("{} \"{}\" with uid {uid} {is}", resource.qualified(), key.name);
                Err(ApiError::new(409, "Conflict", message).into())
            }
        }
    }
}

impl Executor {
    /// A resource that is no longer served, or cannot be listed, has nothing there.
    async fn check_empty(&self, resource: &Resource, namespace: &str) -> Result<(), ClientError> {
        let one = ListOptions { limit: 1, ..ListOptions::default() };
        match self.client.api(resource).metadata().page(namespace, &one).await {
            Ok(page) if page["items"].items().is_empty() => Ok(()),
            Ok(_) => {
                let message = format!("{} remain in namespace {namespace}", resource.qualified());
                Err(ApiError::new(409, "Conflict", message).into())
            }
            Err(error) if error.is_not_found() || error.api().is_some_and(|error| error.code() == 405) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn delete_options(options: &controllers::DeleteOptions) -> DeleteOptions {
    let preconditions = (options.uid.is_some() || options.resource_version.is_some()).then(|| {
        Box::new(Preconditions { uid: options.uid.clone(), resource_version: options.resource_version.clone() })
    });
    DeleteOptions {
        grace_period_seconds: options.grace_period_seconds,
        propagation_policy: options.propagation.map(str::to_owned),
        preconditions,
        ..DeleteOptions::default()
    }
}

fn tolerates(tolerate: Tolerate, error: &ApiError) -> bool {
    match tolerate {
        Tolerate::NotFound => error.is_not_found(),
        Tolerate::AlreadyExists => error.is_already_exists(),
        Tolerate::Conflict => error.is_conflict(),
        Tolerate::NamespaceTerminating => {
            let causes = error.0.details.iter().flat_map(|details| &details.causes);
            causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
        }
    }
}
