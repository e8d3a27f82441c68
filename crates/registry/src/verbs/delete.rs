//! DELETE of one object and of a collection: grace, finalizers, removal.

use super::conversions::Conversions;
use super::prepare::Writing;
use crate::codec::{self, Expected};
use crate::context::RequestContext;
use crate::frames;
use crate::options::{DeleteOptions, FieldValidation, ListOptions, Propagation};
use crate::pipeline::{Registry, Route};
use crate::response::Body;
use crate::storage::Stored;
use admission::Operation;
use bytes::Bytes;
use http::Response;
use kind::{ApiError, DeleteAction, Dependents, DynKind};
use schema::{Time, Value, value};

/// How often a deletion that lost the race is tried again.
const MAX_ATTEMPTS: usize = 100;
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What a deletion came to.
struct Deleted {
    /// The answer: the object, or a Status.
    answer: Value,
    gone: bool,
}

/// What is to be done to an object.
#[derive(Debug, PartialEq)]
enum Step {
    /// It is being deleted already, as asked.
    Pending,
    /// It stays, as changed.
    Mark,
    /// It is changed and then removed.
    MarkAndRemove,
    Remove,
}

impl Registry {
    pub(crate) async fn delete(
        &self,
        context: &RequestContext,
        route: &Route,
        body: Bytes,
    ) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, route, false)?;
        let options = self.delete_options(context, &body)?;
        warn_of_dependents(context, route, &options);
        let writing = Writing {
            context,
            route,
            dry_run: options.dry_run,
            options: &options.value,
            manager: "",
            admitted: false,
            conversions: Conversions::default(),
        };
        let deleted = self.delete_one(&writing, route.checked_name()?, &options).await?;
        let status = if !deleted.gone && options.orphan_dependents == Some(false) { 202 } else { 200 };
        self.respond(context, route, accepted, status, deleted.answer)
    }

    pub(crate) async fn delete_collection(
        &self,
        context: &RequestContext,
        route: &Route,
        body: Bytes,
    ) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, route, false)?;
        let list = ListOptions::parse(&context.query, false)?;
        let filter = self.filter(route, &list)?;
        let options = self.delete_options(context, &body)?;
        warn_of_dependents(context, route, &options);
        let page = self.page(route, &list, &filter).await?;
        self.convert_shown(route, &page.objects).await?;
        let writing = Writing {
            context,
            route,
            dry_run: options.dry_run,
            options: &options.value,
            manager: "",
            admitted: false,
            conversions: Conversions::default(),
        };
        for object in &page.objects {
            match self.delete_one(&writing, &object.name, &options).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        self.respond_list(context, route, accepted, &page)
    }

    /// From the body, or from the query where there is none.
    fn delete_options(&self, context: &RequestContext, body: &[u8]) -> Result<DeleteOptions, ApiError> {
        if body.is_empty() {
            return DeleteOptions::read(DeleteOptions::value_of(&context.query)?);
        }
        let ty = frames::meta_type("DeleteOptions").ok_or_else(|| ApiError::internal("no type"))?;
        let meta = "meta.k8s.io/v1".to_owned();
        let expected = Expected { ty, api_version: &meta, kind: "DeleteOptions", custom: false, accepts: &[] };
        let mut value = codec::decode_options(context, body, &expected, FieldValidation::Ignore)?;
        value.set(&["apiVersion"], meta.as_str());
        if let Some(record) = &context.record {
            record.object(ty, &value);
        }
        DeleteOptions::read(value)
    }

    /// For [`crate::Registry::remove`].
    pub(super) async fn delete_through(
        &self,
        writing: &Writing<'_>,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Value, ApiError> {
        Ok(self.delete_one(writing, name, options).await?.answer)
    }

    async fn delete_one(
        &self,
        writing: &Writing<'_>,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        for _ in 0..MAX_ATTEMPTS {
            if let Some(deleted) = self.try_delete(writing, name, options).await? {
                return Ok(deleted);
            }
        }
        Err(ApiError::version_conflict(writing.route.entry.names(), name))
    }

    /// None: someone else was faster.
    async fn try_delete(
        &self,
        writing: &Writing<'_>,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Option<Deleted>, ApiError> {
        let route = writing.route;
        let storage = route.storage()?;
        let stored = storage.read(&route.namespace, name).await?;
        let Stored { value: old, raw, mut revision, .. } =
            stored.ok_or_else(|| ApiError::not_found(route.entry.names(), name))?;
        let old = self.to_hub(route, old).await?;
        check_preconditions(route, name, &old, options)?;
        let mut object = old.clone();
        let kind = &route.entry.kind;
        // Upstream deletes a collection without the kind's own way of deleting.
        let begun = match route.name.is_empty() {
            true => DeleteAction::Generic,
            false => kind.begin_delete(&mut object, writing.context.now),
        };
        let step = match begun {
            DeleteAction::Stays => {
                mark_staying(kind.dependents(), &mut object, options, writing.context.now);
                Step::Mark
            }
            DeleteAction::Generic => decide(&**kind, &mut object, options, writing.context.now),
        };
        self.admit(writing, Operation::Delete, &mut Value::Null, &old).await?;
        self.check_admission(writing, Operation::Delete, &mut Value::Null, &old).await?;
        if matches!(step, Step::Mark | Step::MarkAndRemove) {
            let changed = self.encode(route, &object).await?;
            if !writing.dry_run && changed != raw {
                let Some(written) = storage.put(&route.namespace, name, changed, revision).await? else {
                    return Ok(None);
                };
                revision = written;
            }
            object.set(&["metadata", "resourceVersion"], revision.to_string());
        }
        match step {
            Step::Mark => Ok(Some(Deleted { answer: object, gone: false })),
            Step::Pending => Ok(Some(Deleted { answer: self.finished(route, object), gone: false })),
            Step::Remove | Step::MarkAndRemove => {
                if !writing.dry_run {
                    match storage.delete(&route.namespace, name, revision).await? {
                        None => return Ok(None),
                        Some(deleted) if route.entry.kind.returns_deleted() => {
                            object.set(&["metadata", "resourceVersion"], deleted.to_string());
                        }
                        Some(_) => {}
                    }
                    self.deleted(writing, name, &object).await;
                }
                Ok(Some(Deleted { answer: self.finished(route, object), gone: true }))
            }
        }
    }

    /// The object, for the kinds that answer with it, or a Status that tells what was deleted.
    fn finished(&self, route: &Route, object: Value) -> Value {
        if route.entry.kind.returns_deleted() {
            return object;
        }
        let names = route.entry.names();
        let mut status = value!({
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Success",
            "details": { "name": (object.str_at(&["metadata", "name"])), "kind": (names.plural) }
        });
        if !names.group.is_empty() {
            status.set(&["details", "group"], names.group);
        }
        let uid = object.str_at(&["metadata", "uid"]);
        if !uid.is_empty() {
            status.set(&["details", "uid"], uid);
        }
        status
    }
}

fn warn_of_dependents(context: &RequestContext, route: &Route, options: &DeleteOptions) {
    let undecided = options.propagation.is_none() && options.orphan_dependents.is_none();
    if let Some(warning) = route.entry.kind.undecided_delete().filter(|_| undecided) {
        context.warn(warning);
    }
}

fn check_preconditions(route: &Route, name: &str, object: &Value, options: &DeleteOptions) -> Result<(), ApiError> {
    let names = route.stored_names();
    let conflict = |why: String| {
        let qualified =
            if names.group.is_empty() { names.kind.to_owned() } else { format!("{}.{}", names.kind, names.group) };
        let message = format!("Operation cannot be fulfilled on {qualified} \"{name}\": {why}");
        ApiError::new(409, "Conflict", message).about(names.group, names.kind, name)
    };
    let uid = object.str_at(&["metadata", "uid"]);
    if let Some(wanted) = options.preconditions.uid.as_deref().filter(|wanted| *wanted != uid) {
        return Err(conflict(format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        )));
    }
    let version = object.str_at(&["metadata", "resourceVersion"]);
    if let Some(wanted) = options.preconditions.resource_version.as_deref().filter(|wanted| *wanted != version) {
        return Err(conflict(format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified"
        )));
    }
    Ok(())
}

/// The rules of all kinds; changes the object to what is to be stored.
fn decide(kind: &dyn DynKind, object: &mut Value, options: &DeleteOptions, now: Time) -> Step {
    let grace = match settle_grace(kind, object, options, now) {
        Grace::Pending => return Step::Pending,
        Grace::Graceful(seconds) => Some(seconds),
        Grace::None => None,
    };
    settle_finalizers(kind.dependents(), object, options);
    let held = !object.at(&["metadata", "finalizers"]).items().is_empty();
    match grace {
        None if held => {
            mark_deleting(object, now);
            Step::Mark
        }
        None => Step::Remove,
        Some(_) if held => Step::Mark,
        Some(seconds) if seconds > 0 => Step::Mark,
        Some(_) => Step::MarkAndRemove,
    }
}

enum Grace {
    /// The object is being deleted already, and no sooner end is asked for.
    Pending,
    Graceful(i64),
    None,
}

fn settle_grace(kind: &dyn DynKind, object: &mut Value, options: &DeleteOptions, now: Time) -> Grace {
    let graceful = kind.grace_period_seconds(object, options.grace_period_seconds);
    let Some(seconds) = graceful else { return Grace::None };
    let deletion = object.str_at(&["metadata", "deletionTimestamp"]).to_owned();
    if deletion.is_empty() {
        object.set(&["metadata", "deletionTimestamp"], now.plus_secs(seconds).to_text());
        object.set(&["metadata", "deletionGracePeriodSeconds"], seconds);
        bump_generation(object);
        return Grace::Graceful(seconds);
    }
    let Some(period) = object.at(&["metadata", "deletionGracePeriodSeconds"]).as_i64().map(|p| p.max(0)) else {
        return Grace::None;
    };
    match options.grace_period_seconds {
        Some(asked) if asked < period => {
            if let Ok(time) = Time::parse(&deletion) {
                object.set(&["metadata", "deletionTimestamp"], time.plus_secs(asked - period).to_text());
            }
            object.set(&["metadata", "deletionGracePeriodSeconds"], asked);
            Grace::Graceful(asked)
        }
        _ => Grace::Pending,
    }
}

fn bump_generation(object: &mut Value) {
    if let Some(generation) = object.at(&["metadata", "generation"]).as_i64().filter(|generation| *generation > 0) {
        object.set(&["metadata", "generation"], generation + 1);
    }
}

/// Finalizers hold an object that has no grace period.
fn mark_deleting(object: &mut Value, now: Time) {
    let deletion = Time::parse(object.str_at(&["metadata", "deletionTimestamp"])).ok();
    let unset = object.at(&["metadata", "deletionTimestamp"]).is_null();
    if unset {
        bump_generation(object);
    }
    if unset || deletion.is_some_and(|deletion| deletion > now) {
        object.set(&["metadata", "deletionTimestamp"], now.to_text());
    }
    object.set(&["metadata", "deletionGracePeriodSeconds"], 0i64);
}

/// A kind that keeps its object by rules of its own.
fn mark_staying(dependents: Dependents, object: &mut Value, options: &DeleteOptions, now: Time) {
    if object.at(&["metadata", "deletionTimestamp"]).is_null() {
        object.set(&["metadata", "deletionTimestamp"], now.to_text());
        settle_finalizers(dependents, object, options);
    }
}

/// The garbage collector's finalizers, as the client asks or as the object has them.
fn settle_finalizers(dependents: Dependents, object: &mut Value, options: &DeleteOptions) {
    let had: Vec<String> = object
        .at(&["metadata", "finalizers"])
        .items()
        .iter()
        .filter_map(|finalizer| finalizer.as_str().map(str::to_owned))
        .collect();
    let has = |finalizer: &str| had.iter().any(|have| have == finalizer);
    let (orphan, foreground) = match (dependents, options.orphan_dependents, options.propagation) {
        (Dependents::Unsupported, _, _) => (false, false),
        (_, Some(orphan), _) => (orphan, false),
        (_, None, Some(propagation)) => (propagation == Propagation::Orphan, propagation == Propagation::Foreground),
        (_, None, None) if has(ORPHAN) || has(FOREGROUND) => {
            let first = had.iter().find(|finalizer| matches!(finalizer.as_str(), ORPHAN | FOREGROUND));
            (first.is_some_and(|first| first == ORPHAN), first.is_some_and(|first| first == FOREGROUND))
        }
        (dependents, None, None) => (dependents == Dependents::Orphan, false),
    };
    if (orphan, foreground) == (has(ORPHAN), has(FOREGROUND)) {
        return;
    }
    let mut finalizers: Vec<Value> = had
        .iter()
        .filter(|finalizer| !matches!(finalizer.as_str(), ORPHAN | FOREGROUND))
        .map(|finalizer| Value::from(finalizer.as_str()))
        .collect();
    if orphan {
        finalizers.push(ORPHAN.into());
    }
    if foreground {
        finalizers.push(FOREGROUND.into());
    }
    match finalizers.is_empty() {
        true => drop(object.remove(&["metadata", "finalizers"])),
        false => object.set(&["metadata", "finalizers"], finalizers),
    }
}
