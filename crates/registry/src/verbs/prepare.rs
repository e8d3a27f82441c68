//! The steps of a write that come between decoding and storing, in upstream's order.

use super::admit::Pass;
use super::conversions::Conversions;
use crate::context::RequestContext;
use crate::error;
use crate::hooks::{HookContext, Reservation};
use crate::pipeline::{Registry, Route};
use admission::Operation;
use kind::{ApiError, Context, FieldErrors, metadata};
use patch::managed::{FieldManager, Versions};
use schema::decode::{DecodeOptions, normalize};
use schema::{Time, TypeRef, Value};
use stdx::{Rng, uuid_v4};

/// What generated names end in.
const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;
const GENERATED_MAX: usize = 63;

/// What surrounds one write.
pub(super) struct Writing<'w> {
    pub context: &'w RequestContext,
    pub route: &'w Route,
    pub dry_run: bool,
    /// CreateOptions and so on, for admission.
    pub options: &'w Value,
    pub manager: &'w str,
    /// Admission has decided already, about the request that this is a part of.
    pub admitted: bool,
    pub conversions: Conversions,
}

impl Writing<'_> {
    fn kind_context(&self) -> Context<'_> {
        Context {
            now: self.context.now,
            user: &self.context.caller.user.name,
            groups: &self.context.caller.user.groups,
            uid: &self.context.caller.user.uid,
            extra: &self.context.caller.user.extra,
            api_version: &self.route.view.api_version,
            subresource: &self.route.subresource,
        }
    }
}

/// Gives an object the namespace of its request, or refuses another one.
pub(super) fn settle_namespace(object: &mut Value, namespace: &str) -> Result<(), ApiError> {
    let own = object.str_at(&["metadata", "namespace"]);
    if own == namespace {
        return Ok(());
    }
    if namespace.is_empty() {
        object.remove(&["metadata", "namespace"]);
        return Ok(());
    }
    if own.is_empty() {
        object.set(&["metadata", "namespace"], namespace);
        return Ok(());
    }
    let message = "the namespace of the provided object does not match the namespace sent on the request";
    Err(ApiError::bad_request(message))
}

/// What only the server sets.
pub(super) fn wipe_system_fields(object: &mut Value) {
    for field in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "uid", "selfLink"] {
        object.remove(&["metadata", field]);
    }
}

/// Uid, time of creation, and a name, if the client wants one made.
pub(super) fn fill_system_fields(object: &mut Value, now: Time, rng: &dyn Rng) {
    object.set(&["metadata", "creationTimestamp"], now.to_text());
    object.set(&["metadata", "uid"], uuid_v4(rng));
    let base = object.str_at(&["metadata", "generateName"]).to_owned();
    if !base.is_empty() && object.str_at(&["metadata", "name"]).is_empty() {
        object.set(&["metadata", "name"], generated_name(&base, rng));
    }
}

fn generated_name(base: &str, rng: &dyn Rng) -> String {
    let end = (0..=base.len().min(GENERATED_MAX - SUFFIX)).rev().find(|&at| base.is_char_boundary(at)).unwrap_or(0);
    let suffix = (0..SUFFIX).map(|_| char::from(SUFFIX_ALPHABET[rng.below(SUFFIX_ALPHABET.len())]));
    base[..end].chars().chain(suffix).collect()
}

/// Each owner once; the client is told of others.
pub(super) fn single_owners(context: &RequestContext, object: &mut Value) {
    let Some(Value::List(owners)) = object.get_mut("metadata").and_then(|meta| meta.get_mut("ownerReferences")) else {
        return;
    };
    let mut seen: Vec<Value> = Vec::new();
    let mut repeated: Vec<String> = Vec::new();
    owners.retain(|owner| {
        let fresh = !seen.contains(owner);
        if fresh {
            seen.push(owner.clone());
        } else {
            repeated.push(owner.str_at(&["uid"]).to_owned());
        }
        fresh
    });
    if !repeated.is_empty() {
        context.warn(format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            repeated.join(", ")
        ));
    }
}

/// The other served versions of a route's kind, for entries of managedFields.
struct ServedVersions<'w>(&'w Writing<'w>);

impl Versions for ServedVersions<'_> {
    fn convert(&self, value: &Value, api_version: &str) -> Option<(TypeRef<'_>, Value)> {
        let entry = &self.0.route.entry;
        let view = entry.views.iter().find(|view| view.api_version == api_version)?;
        let ty = view.ty()?;
        if entry.converter.is_some() {
            return Some((ty, self.0.conversions.get(value, api_version)?));
        }
        if view.custom {
            // Upstream converts here without pruning, so that fields that the other version does not know are refused.
            let mut value = value.clone();
            value.set(&["apiVersion"], api_version);
            return Some((ty, value));
        }
        let own = entry.views.iter().find(|view| view.api_version == value.str_at(&["apiVersion"]))?;
        let normal = normalize(own.ty()?, value.clone(), &DecodeOptions::default()).ok()?.value;
        Some((ty, view.show(normal).ok()?))
    }
}

impl Registry {
    /// Does `act` with the field manager of the request's version and the reset fields of its place.
    pub(super) fn with_manager<T>(
        &self,
        writing: &Writing,
        act: impl FnOnce(&FieldManager) -> T,
    ) -> Result<T, ApiError> {
        let route = writing.route;
        let ty = route.view.ty().ok_or_else(|| ApiError::internal("the kind has no type"))?;
        let reset = route.entry.kind.reset_fields(&route.subresource);
        let versions = ServedVersions(writing);
        Ok(act(&FieldManager {
            ty,
            api_version: &route.view.api_version,
            kind: route.entry.names().kind,
            subresource: &route.subresource,
            reset: &reset,
            versions: Some(&versions),
        }))
    }

    /// Sets the managedFields of `new`; `live` is Null at a creation. Both are of the kind's first version.
    pub(super) fn track(&self, writing: &Writing, live: &Value, new: &mut Value) -> Result<(), ApiError> {
        let route = writing.route;
        let now = writing.context.now;
        let hub = route.hub()?.api_version.clone();
        if route.view.api_version == hub {
            return self.with_manager(writing, |manager| manager.on_update(live, new, writing.manager, now));
        }
        let mut shown = route.view.show(new.clone())?;
        let shown_live = if live.is_null() { Value::Null } else { route.view.show(live.clone())? };
        self.with_manager(writing, |manager| manager.on_update(&shown_live, &mut shown, writing.manager, now))?;
        match shown.remove(&["metadata", "managedFields"]) {
            Some(entries) => new.set(&["metadata", "managedFields"], entries),
            None => drop(new.remove(&["metadata", "managedFields"])),
        }
        Ok(())
    }

    /// Lets admission change a write.
    pub(super) async fn admit(
        &self,
        writing: &Writing<'_>,
        operation: Operation,
        object: &mut Value,
        old: &Value,
    ) -> Result<(), ApiError> {
        self.run_admission(writing, operation, object, old, Pass::Mutating).await
    }

    /// Lets admission refuse a write.
    pub(super) async fn check_admission(
        &self,
        writing: &Writing<'_>,
        operation: Operation,
        object: &mut Value,
        old: &Value,
    ) -> Result<(), ApiError> {
        self.run_admission(writing, operation, object, old, Pass::Validating).await
    }

    /// What is outside the object but belongs to it.
    pub(super) async fn reserve(
        &self,
        writing: &Writing<'_>,
        new: &mut Value,
        old: Option<&Value>,
    ) -> Result<Option<Box<dyn Reservation>>, ApiError> {
        let Some(hook) = writing.route.entry.hook.as_ref().filter(|_| writing.route.subresource.is_empty()) else {
            return Ok(None);
        };
        let name = new.str_at(&["metadata", "name"]).to_owned();
        let context = HookContext { dry_run: writing.dry_run, namespace: &writing.route.namespace, name: &name };
        hook.before_write(&context, new, old).await.map(Some)
    }

    /// The kind's preparation and all validation of a creation.
    pub(super) fn prepare_create(&self, writing: &Writing, object: &mut Value) -> Result<(), ApiError> {
        let route = writing.route;
        let kind = &route.entry.kind;
        settle_namespace(object, &route.namespace)?;
        let creation = kind.begin_create(object, &writing.kind_context());
        if creation.has_generation {
            object.set(&["metadata", "generation"], 1i64);
        }
        let (namespaced, rules) = (route.entry.names().namespaced(), kind.metadata_rules());
        let mut errors = FieldErrors::new();
        if kind.looks_at_namespace() {
            let namespace = self.lookup("", "namespaces", "", &route.namespace).unwrap_or_default();
            kind.validate_in_namespace(object, &namespace, &mut errors);
        }
        let mut own = Some(creation.errors);
        if rules.after_validation {
            errors.extend(own.take().unwrap_or_default());
        }
        if errors.is_empty() {
            metadata::check(&object["metadata"], namespaced, &rules, &mut errors);
        }
        errors.extend(own.unwrap_or_default());
        self.refuse(route, object, &errors)?;
        writing.context.warn_all(creation.warnings);
        Ok(())
    }

    /// The kind's preparation and all validation of an update.
    pub(super) fn prepare_update(&self, writing: &Writing, new: &mut Value, old: &Value) -> Result<(), ApiError> {
        let route = writing.route;
        let kind = &route.entry.kind;
        settle_namespace(new, &route.namespace)?;
        keep_from(new, old, "generation");
        let context = writing.kind_context();
        kind.prepare_update(new, old, &context);
        if kind.spec_changed(new, old) == Some(true) {
            let generation = old.at(&["metadata", "generation"]).as_i64().unwrap_or_default();
            new.set(&["metadata", "generation"], generation + 1);
        }
        let meta = |object: &Value, field: &str| object.at(&["metadata", field]).clone();
        if meta(new, "uid").is_null() {
            keep_from(new, old, "uid");
        }
        keep_from(new, old, "creationTimestamp");
        if !meta(old, "deletionTimestamp").is_null() {
            keep_from(new, old, "deletionTimestamp");
        }
        if meta(new, "deletionGracePeriodSeconds").is_null() {
            keep_from(new, old, "deletionGracePeriodSeconds");
        }
        let mut errors = FieldErrors::new();
        let namespaced = route.entry.names().namespaced();
        metadata::check_update(&new["metadata"], &old["metadata"], namespaced, &kind.metadata_rules(), &mut errors);
        kind.validate_update(new, old, &context, &mut errors);
        self.refuse(route, new, &errors)?;
        writing.context.warn_all(kind.warnings(new, Some(old)));
        Ok(())
    }

    fn refuse(&self, route: &Route, object: &Value, errors: &FieldErrors) -> Result<(), ApiError> {
        if errors.is_empty() {
            return Ok(());
        }
        let names = route.stored_names();
        Err(ApiError::invalid(names.group, names.kind, object.str_at(&["metadata", "name"]), errors))
    }
}

fn keep_from(new: &mut Value, old: &Value, field: &str) {
    match old.at(&["metadata", field]) {
        Value::Null => drop(new.remove(&["metadata", field])),
        kept => new.set(&["metadata", field], kept.clone()),
    }
}

/// Takes the old times of managedFields where nothing else changed, so that such a write is none.
pub(super) fn keep_times(new: &mut Value, old: &Value) {
    let entries = |object: &Value| object.at(&["metadata", "managedFields"]).clone();
    let (new_entries, old_entries) = (entries(new), entries(old));
    if old_entries.items().is_empty() || new_entries == old_entries || !same_but_times(&new_entries, &old_entries) {
        return;
    }
    let bare = |object: &Value| {
        let mut bare = object.clone();
        bare.remove(&["metadata", "managedFields"]);
        bare.remove(&["metadata", "resourceVersion"]);
        bare
    };
    if bare(new) == bare(old) {
        new.set(&["metadata", "managedFields"], old_entries);
    }
}

fn same_but_times(a: &Value, b: &Value) -> bool {
    let untimed = |entry: &Value| {
        let mut entry = entry.clone();
        entry.remove(&["time"]);
        entry
    };
    a.items().len() == b.items().len() && a.items().iter().zip(b.items()).all(|(a, b)| untimed(a) == untimed(b))
}

/// Both numbers as the store knows them; 0: not given.
pub(super) fn resource_version(object: &Value) -> Result<u64, ApiError> {
    match object.str_at(&["metadata", "resourceVersion"]) {
        "" | "0" => Ok(0),
        text => error::parse_uint(text).map_err(error::bare),
    }
}
