//! The compare-and-swap loop under PUT and PATCH.

use super::prepare::{Writing, keep_times, resource_version, single_owners};
use crate::hooks::HookContext;
use crate::pipeline::{Registry, Route};
use crate::storage::Stored;
use admission::Operation;
use kind::{ApiError, FieldErrors, Path};
use schema::Value;

/// How often a write that lost the race is tried again.
const MAX_ATTEMPTS: usize = 100;

/// How an object is changed.
pub(super) trait Change: Send + Sync {
    /// The new object, of the kind's first version, defaulted and with its managedFields; `current` is Null where there
    /// is none.
    fn apply(&self, current: &Value) -> Result<Value, ApiError>;

    /// The uid that the object must have.
    fn uid(&self) -> &str {
        ""
    }

    /// Whether an object that is not there is made, whatever the kind says.
    fn creates(&self) -> bool {
        false
    }
}

/// What a change came to.
pub(super) struct Changed {
    pub value: Value,
    pub created: bool,
}

impl Registry {
    pub(super) async fn modify(&self, writing: &Writing<'_>, change: &dyn Change) -> Result<Changed, ApiError> {
        let name = writing.route.checked_name()?;
        for _ in 0..MAX_ATTEMPTS {
            if let Some(changed) = self.try_modify(writing, change, name).await? {
                return Ok(changed);
            }
        }
        Err(ApiError::version_conflict(writing.route.entry.names(), name))
    }

    /// None: someone else was faster.
    async fn try_modify(
        &self,
        writing: &Writing<'_>,
        change: &dyn Change,
        name: &str,
    ) -> Result<Option<Changed>, ApiError> {
        let route = writing.route;
        let stored = route.storage()?.read(&route.namespace, name).await?;
        let existing = stored.as_ref().map(|stored| stored.value.str_at(&["metadata", "uid"])).unwrap_or_default();
        self.check_uid(route, name, change.uid(), existing)?;
        match stored {
            Some(stored) => self.replace(writing, change, name, stored).await,
            None => self.make(writing, change, name).await,
        }
    }

    fn check_uid(&self, route: &Route, name: &str, wanted: &str, have: &str) -> Result<(), ApiError> {
        if wanted.is_empty() || wanted == have {
            return Ok(());
        }
        let key = route.storage()?.key(&route.namespace, name);
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {have}"
        );
        Err(ApiError::conflict(route.entry.names(), name, &why))
    }

    async fn make(&self, writing: &Writing<'_>, change: &dyn Change, name: &str) -> Result<Option<Changed>, ApiError> {
        let route = writing.route;
        if !(change.creates() || route.entry.kind.creates_on_update()) || !route.subresource.is_empty() {
            return Err(ApiError::not_found(route.entry.names(), name));
        }
        self.authorize_verb(writing.context, "create").await?;
        let mut object = self.with_conversions(writing, || change.apply(&Value::Null)).await?;
        self.admit(writing, Operation::Create, &mut object, &Value::Null).await?;
        single_owners(writing.context, &mut object);
        // What a client says of the version of an object that is not there does not matter.
        object.remove(&["metadata", "resourceVersion"]);
        match self.store_new(writing, object).await {
            Ok(value) => Ok(Some(Changed { value, created: true })),
            Err(error) if error.is_already_exists() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn replace(
        &self,
        writing: &Writing<'_>,
        change: &dyn Change,
        name: &str,
        stored: Stored,
    ) -> Result<Option<Changed>, ApiError> {
        let route = writing.route;
        let Stored { value: old, raw: old_raw, revision, stale } = stored;
        let old = self.to_hub(route, old).await?;
        let mut new = self.with_conversions(writing, || change.apply(&old)).await?;
        self.admit(writing, Operation::Update, &mut new, &old).await?;
        single_owners(writing.context, &mut new);
        keep_times(&mut new, &old);
        self.settle_version(route, name, &mut new, revision)?;
        let reservation = self.reserve(writing, &mut new, Some(&old)).await?;
        self.prepare_update(writing, &mut new, &old)?;
        self.check_admission(writing, Operation::Update, &mut new, &old).await?;
        let storage = route.storage()?;
        if goes_with_update(&new, &old) && route.entry.kind.may_be_removed(&new) {
            if !writing.dry_run {
                if storage.delete(&route.namespace, name, revision).await?.is_none() {
                    return Ok(None);
                }
                self.deleted(writing, name, &new).await;
            }
            return Ok(Some(Changed { value: new, created: false }));
        }
        let raw = self.encode(route, &new).await?;
        if !writing.dry_run && (stale || raw != old_raw) {
            let Some(written) = storage.put(&route.namespace, name, raw.clone(), revision).await? else {
                return Ok(None);
            };
            new.set(&["metadata", "resourceVersion"], written.to_string());
        }
        let new = self.as_stored(route, new, &raw).await?;
        if let Some(reservation) = reservation.filter(|_| !writing.dry_run) {
            reservation.commit();
        }
        Ok(Some(Changed { value: new, created: false }))
    }

    /// The new object's version must be the current one, unless the kind lets writes without one pass.
    fn settle_version(&self, route: &Route, name: &str, new: &mut Value, revision: u64) -> Result<(), ApiError> {
        let names = route.entry.names();
        match resource_version(new)? {
            0 if route.entry.kind.updates_unconditionally() => {
                new.set(&["metadata", "resourceVersion"], revision.to_string());
                Ok(())
            }
            0 => {
                let mut errors = FieldErrors::new();
                let root = Path::root("metadata");
                errors.invalid(&root.child("resourceVersion"), 0i64, "must be specified for an update");
                Err(ApiError::invalid(names.group, names.plural, name, &errors))
            }
            given if given == revision => Ok(()),
            _ => Err(ApiError::version_conflict(names, name)),
        }
    }

    /// Tells the kind's hook that an object is gone.
    pub(super) async fn deleted(&self, writing: &Writing<'_>, name: &str, object: &Value) {
        if let Some(hook) = &writing.route.entry.hook {
            let context = HookContext { dry_run: false, namespace: &writing.route.namespace, name };
            hook.after_delete(&context, object).await;
        }
    }
}

/// An object that is being deleted goes when its last finalizer does.
fn goes_with_update(new: &Value, old: &Value) -> bool {
    let meta = &old["metadata"];
    new.at(&["metadata", "finalizers"]).items().is_empty()
        && !meta["deletionTimestamp"].is_null()
        && matches!(meta["deletionGracePeriodSeconds"].as_i64(), None | Some(0))
}

/// The name in the object must be that of the path.
pub(super) fn check_name(object: &Value, name: &str, namespace: &str) -> Result<(), ApiError> {
    let own = object.str_at(&["metadata", "name"]);
    if own.is_empty() {
        let message = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
        return Err(ApiError::bad_request(message));
    }
    if own != name {
        let message = format!("the name of the object ({own}) does not match the name on the URL ({name})");
        return Err(ApiError::bad_request(message));
    }
    let own = object.str_at(&["metadata", "namespace"]);
    if !namespace.is_empty() && !own.is_empty() && own != namespace {
        let message =
            format!("the namespace of the object ({own}) does not match the namespace on the request ({namespace})");
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

/// A stored object that cannot be what it is asked to be.
pub(super) fn uid_mismatch(route: &Route, name: &str, uid: &str) -> ApiError {
    let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
    ApiError::conflict(route.entry.names(), name, &why)
}
