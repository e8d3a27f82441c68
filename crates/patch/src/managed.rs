//! Field management: who set which field of an object, and server-side apply on top of it.
//!
//! ```text
//!   FieldManager        the two operations of the registry: on_update (create, update, patch) and on_apply
//!     entries           metadata.managedFields <-> managers, each with a FieldSet
//!     updater           what managers gain and lose; conflicts; pruning of what is no longer applied
//!       compare         two values -> added, modified, removed fields
//!       merging         live + applied -> merged value
//!       typed, place    a value with its type: its fields, removal of fields, validation
//!         element, set  paths and the trie of them
//!   scale               entries of an object as its Scale shows them, and back
//! ```
//!
//! Values that come from the server are compared in their written form ([`crate::written`]), because the fields that Go
//! always writes exist in an empty object too and so belong to no one who creates it.
//! What admission and the kind's own strategy set later belongs to no one: the registry calls `on_update` on the decoded and
//! defaulted object, before them, as upstream does.
//! Deliberately absent: decoding and defaults of the result.

mod compare;
mod conflict;
mod element;
mod entries;
mod last_applied;
mod merging;
mod place;
pub mod scale;
mod set;
mod typed;
mod updater;

pub use conflict::{Cause, Conflicts};
pub use element::{ElementError, Path, PathElement};
pub use set::FieldSet;

use entries::{ManagerId, Managers};
use place::{Kind, Place};
use schema::{Time, TypeRef, Value};
use typed::Typed;
use updater::{Failure, Updater};

/// Entries of updates that an object keeps; older ones are joined.
pub const MAX_UPDATE_MANAGERS: usize = 10;
const JOINED_MANAGER: &str = "ancient-changes";
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
const CURRENT_OPERATION: &str = "current-operation";

/// Fields that no one manages.
const UNMANAGED: &[&[&str]] = &[
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// The other versions of a kind.
pub trait Versions {
    /// The object in another served version (`apps/v1`), with its type; `None` if that version is not served.
    /// `value` is in written form and may hold nulls.
    fn convert(&self, value: &Value, api_version: &str) -> Option<(TypeRef<'_>, Value)>;
}

/// One kind in one version, at one subresource.
#[derive(Clone, Copy)]
pub struct FieldManager<'s> {
    pub ty: TypeRef<'s>,
    /// `v1`, `apps/v1`
    pub api_version: &'s str,
    pub kind: &'s str,
    /// Empty for the object itself.
    pub subresource: &'s str,
    /// Paths that a request here cannot change (`status` on the object itself, `spec` on its status).
    pub reset: &'s [Vec<String>],
    /// Asked only where an entry is of another version.
    pub versions: Option<&'s dyn Versions>,
}

/// Why an apply failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// 409 `Conflict`, its causes of type `FieldManagerConflict`.
    #[error(transparent)]
    Conflicts(#[from] Conflicts),
    /// 400 `BadRequest`
    #[error("{0}")]
    BadRequest(String),
    /// 500 without a reason
    #[error("{0}")]
    Internal(String),
}

impl<'s> FieldManager<'s> {
    /// `manager` creates (`live` is Null then), updates or patches: sets the entries of `new`.
    ///
    /// Both objects are normal values of this version. Entries that the client sent are kept if they can be read;
    /// `managedFields: [{}]` removes all.
    pub fn on_update(&self, live: &Value, new: &mut Value, manager: &str, now: Time) {
        let mut managers = self.entries_for_update(live, new);
        new.remove(&["metadata", "managedFields"]);
        let tracked = !managers.is_empty() || live.str_at(&["metadata", "uid"]).is_empty();
        if tracked {
            self.update(live, new, &mut managers, manager, now);
        }
        entries::encode(new, &managers);
    }

    /// `manager` applies a configuration to `live`, which is Null if the object does not exist.
    ///
    /// `applied` is the parsed body as it was sent. The result, with its entries, is a value of this version in free form:
    /// the caller decodes it, applies defaults and validates.
    pub fn on_apply(
        &self,
        live: &Value,
        applied: &Value,
        manager: &str,
        force: bool,
        now: Time,
    ) -> Result<Value, ApplyError> {
        self.check_type(applied)?;
        let managers = entries::decode(live)
            .map_err(|error| ApplyError::Internal(format!("failed to decode managed fields: {error}")))?;
        let mut result = self.apply(live, applied, managers.clone(), manager, force, now);
        if manager == last_applied::MANAGER
            && let Err(ApplyError::Conflicts(conflicts)) = result
        {
            result = match self.conflicts_not_allowed(live, conflicts) {
                Some(conflicts) => Err(ApplyError::Conflicts(conflicts)),
                None => self.apply(live, applied, managers, manager, true, now),
            };
        }
        let mut object = result?;
        if manager == last_applied::MANAGER {
            last_applied::renew(&mut object, applied);
        }
        Ok(object)
    }

    fn entries_for_update(&self, live: &Value, new: &Value) -> Managers {
        let sent = new.at(&["metadata", "managedFields"]).items();
        if self.subresource.is_empty() {
            if matches!(sent, [entry] if entry.as_map().is_some_and(schema::Map::is_empty)) {
                return Managers::new();
            }
            match entries::decode(new) {
                Ok(managers) if !managers.is_empty() => return managers,
                _ => {}
            }
        }
        entries::decode(live).unwrap_or_default()
    }

    fn updater(&self) -> Updater<'s> {
        let mut ignored = FieldSet::new();
        for path in self.reset {
            ignored = ignored.union(&FieldSet::of_names(path));
        }
        Updater { api_version: self.api_version, ignored, versions: self.versions }
    }

    fn update(&self, live: &Value, new: &Value, managers: &mut Managers, manager: &str, now: Time) {
        let (live, new) = (self.typed(live), self.typed(new));
        let current = ManagerId::update(CURRENT_OPERATION, self.api_version, "");
        let mut changed = managers.clone();
        let valid = live.validate(true).is_ok() && new.validate(true).is_ok();
        if valid && self.updater().update(&live, &new, &mut changed, &current).is_ok() {
            strip(&mut changed, &current);
            *managers = changed;
        }
        if let Some(taken) = managers.remove(&current) {
            let id = ManagerId::update(manager, self.api_version, self.subresource);
            let entry = managers.entry(id).or_insert_with(|| taken.clone());
            entry.set = entry.set.union(&taken.set);
            entry.time = Some(now);
        }
        updater::cap(managers, MAX_UPDATE_MANAGERS, JOINED_MANAGER);
    }

    fn apply(
        &self,
        live: &Value,
        applied: &Value,
        mut managers: Managers,
        manager: &str,
        force: bool,
        now: Time,
    ) -> Result<Value, ApplyError> {
        if managers.is_empty() {
            self.update(&Value::Null, live, &mut managers, BEFORE_FIRST_APPLY, now);
        }
        let mut live = live.clone();
        live.remove(&["metadata", "managedFields"]);
        let id = ManagerId::apply(manager, self.subresource);
        let merged = self.merge(&live, applied, &mut managers, &id, force)?;
        // As upstream, an apply that changes nothing but who manages what leaves the entry without (or with its old) time.
        if merged.is_some()
            && let Some(entry) = managers.get_mut(&id)
        {
            entry.time = Some(now);
        }
        let mut object = merged.unwrap_or(live);
        entries::encode(&mut object, &managers);
        Ok(object)
    }

    fn merge(
        &self,
        live: &Value,
        applied: &Value,
        managers: &mut Managers,
        id: &ManagerId,
        force: bool,
    ) -> Result<Option<Value>, ApplyError> {
        if applied.at(&["metadata", "managedFields"]).as_list().is_some() {
            return Err(ApplyError::BadRequest("metadata.managedFields must be nil".into()));
        }
        let applied = Typed { ty: self.ty, value: applied.clone() };
        let live = self.typed(live);
        for (which, typed, duplicates) in [("patch", &applied, false), ("live", &live, true)] {
            typed.validate(duplicates).map_err(|error| {
                let value = &applied.value;
                let (namespace, name) = (value.str_at(&["metadata", "namespace"]), value.str_at(&["metadata", "name"]));
                let kind = group_version_kind(self.api_version, self.kind);
                ApplyError::Internal(format!(
                    "failed to create typed {which} object ({namespace}/{name}; {kind}): {error}"
                ))
            })?;
        }
        let merged = self.updater().apply(&live, &applied, managers, id, force).map_err(|failure| match failure {
            Failure::Conflicts(conflicts) => ApplyError::Conflicts(conflicts),
            Failure::Other(error) => ApplyError::Internal(error),
        })?;
        strip(managers, id);
        Ok(merged)
    }

    /// An object of the server in its written form, with its type; Null is the empty object of a create.
    fn typed(&self, value: &Value) -> Typed<'s> {
        let empty = schema::value!({ "apiVersion": (self.api_version), "kind": (self.kind) });
        Typed::live(self.ty, if value.is_null() { &empty } else { value })
    }

    fn check_type(&self, applied: &Value) -> Result<(), ApplyError> {
        let (api_version, kind) = (applied.str_at(&["apiVersion"]), applied.str_at(&["kind"]));
        if api_version == self.api_version && kind == self.kind {
            return Ok(());
        }
        let found = group_version_kind(api_version, kind);
        Err(ApplyError::BadRequest(format!("invalid object type: {found}")))
    }

    /// The conflicts that the annotation of client-side apply does not account for; `None` if it does for all.
    fn conflicts_not_allowed(&self, live: &Value, conflicts: Conflicts) -> Option<Conflicts> {
        let Some(allowed) = last_applied::fields(self, live) else { return Some(conflicts) };
        let rest = conflicts.filter(|path| !allowed.has_path(path));
        (!rest.is_empty()).then_some(rest)
    }
}

/// Merges a configuration into an object by type, as server-side apply does, without any manager. Both are of the type `ty`,
/// the object in its written form. The error is upstream's.
pub fn merge_configuration(ty: TypeRef<'_>, live: &Value, configuration: &Value) -> Result<Value, String> {
    let applied = Typed { ty, value: configuration.clone() };
    applied.validate(false).map_err(|why| format!("failed to convert patch object to typed object: {why}"))?;
    let mut atomics = Vec::new();
    find_atomics(applied.place(), &applied.value, &mut String::new(), &mut atomics);
    if !atomics.is_empty() {
        let paths = atomics.join(", ");
        return Err(format!("invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {paths}"));
    }
    let live = Typed { ty, value: live.clone() };
    live.validate(true).map_err(|why| format!("failed to convert original object to typed object: {why}"))?;
    Ok(merging::merge(&live, &applied.value).value)
}

/// The paths of what can be set as a whole only.
fn find_atomics(place: Place, value: &Value, path: &mut String, found: &mut Vec<String>) {
    let length = path.len();
    let kind = place.kind(Some(value));
    if matches!((&kind, value), (Kind::AtomicMap(_), Value::Map(_)) | (Kind::AtomicList(_), Value::List(_))) {
        found.push(path.clone());
    }
    match (&kind, value) {
        (Kind::Map(members) | Kind::AtomicMap(members), Value::Map(map)) => {
            for (name, value) in map.iter().filter(|(name, _)| members.is_field(name)) {
                let Some(place) = members.place(name) else { continue };
                path.push('.');
                path.push_str(name);
                find_atomics(place, value, path, found);
                path.truncate(length);
            }
        }
        (kind, Value::List(items)) => {
            for (index, value) in items.iter().enumerate() {
                let Some(place) = kind.items() else { continue };
                path.push_str(&format!("[{index}]"));
                find_atomics(place, value, path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

/// What is wrong with the managedFields of an object, in upstream's words.
pub fn problem(object: &Value) -> Option<String> {
    entries::decode(object).err().map(|error| error.to_string())
}

/// After a write that was to change nothing: if `new` differs from `old` in the times of its entries only, keeps the old
/// times, so that nothing needs to be stored.
pub fn keep_times_of_unchanged(old: &Value, new: &mut Value) {
    const PATH: &[&str] = &["metadata", "managedFields"];
    let without_times = |object: &Value| -> Vec<Value> {
        let mut entries = object.at(PATH).items().to_vec();
        for entry in &mut entries {
            entry.remove(&["time"]);
        }
        entries
    };
    if old.at(PATH).items().len() != new.at(PATH).items().len() || without_times(old) != without_times(new) {
        return;
    }
    let Some(own) = new.remove(PATH) else { return };
    let mut old_rest = old.clone();
    let old_entries = old_rest.remove(PATH).unwrap_or_default();
    new.set(PATH, if old_rest == *new { old_entries } else { own });
}

/// Takes away what no one manages.
fn strip(managers: &mut Managers, id: &ManagerId) {
    let Some(entry) = managers.get_mut(id) else { return };
    let mut unmanaged = FieldSet::new();
    for path in UNMANAGED {
        unmanaged = unmanaged.union(&FieldSet::of_names(path));
    }
    entry.set = entry.set.difference(&unmanaged);
    if entry.set.is_empty() {
        managers.remove(id);
    }
}

/// As Go prints it: `apps/v1, Kind=Deployment`.
fn group_version_kind(api_version: &str, kind: &str) -> String {
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}

#[cfg(test)]
mod tests;
