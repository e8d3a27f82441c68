//! Who manages what after an update or an apply. Works on typed values and sets; knows nothing of entries or times.

use super::Versions;
use super::compare::{Comparison, compare};
use super::conflict::Conflicts;
use super::entries::{Managed, ManagerId, Managers, Operation};
use super::merging::merge;
use super::set::FieldSet;
use super::typed::Typed;
use schema::{Text, Value};
use std::collections::BTreeMap;

pub(crate) struct Updater<'s> {
    pub api_version: &'s str,
    /// Fields that this operation cannot set.
    pub ignored: FieldSet,
    pub versions: Option<&'s dyn Versions>,
}

pub(crate) enum Failure {
    Conflicts(Conflicts),
    Other(String),
}

impl<'s> Updater<'s> {
    /// `manager` made `new` out of `live`: it takes over what changed, others lose that.
    pub fn update(
        &self,
        live: &Typed<'s>,
        new: &Typed<'s>,
        managers: &mut Managers,
        manager: &ManagerId,
    ) -> Result<(), Failure> {
        self.reconcile(live, managers).map_err(Failure::Other)?;
        let changes = self.take_from_others(live, new, managers, manager, true)?;
        let before = managers.remove(manager);
        let (set, time) = before.map(|before| (before.set, before.time)).unwrap_or_default();
        let set = set.difference(&changes.removed).union(&changes.changed()).recursive_difference(&self.ignored);
        self.put(managers, manager, set, time);
        Ok(())
    }

    /// `manager` wants the fields of `applied` to be so; `None` if that changes nothing in the object.
    pub fn apply(
        &self,
        live: &Typed<'s>,
        applied: &Typed<'s>,
        managers: &mut Managers,
        manager: &ManagerId,
        force: bool,
    ) -> Result<Option<Value>, Failure> {
        self.reconcile(live, managers).map_err(Failure::Other)?;
        let merged = merge(live, &applied.value);
        let last = managers.remove(manager);
        let set = applied.fields().recursive_difference(&self.ignored);
        let time = last.as_ref().and_then(|last| last.time);
        managers.insert(manager.clone(), Managed { set, api_version: self.api_version.into(), time });
        let new = match last {
            Some(last) if !last.set.is_empty() => self
                .prune(merged, managers, &last)
                .map_err(|error| Failure::Other(format!("failed to prune fields: {error}")))?,
            _ => merged,
        };
        self.take_from_others(live, &new, managers, manager, force)?;
        Ok((new.value != live.value).then_some(new.value))
    }

    /// Adapts the sets to a type whose parts became atomic, and forgets managers of versions that are no longer served.
    fn reconcile(&self, live: &Typed<'s>, managers: &mut Managers) -> Result<(), String> {
        let mut by_version: BTreeMap<Text, Option<Typed<'s>>> = BTreeMap::new();
        by_version.insert(self.api_version.into(), Some(live.clone()));
        let mut known = Managers::new();
        for (id, managed) in managers.iter() {
            if !by_version.contains_key(&managed.api_version) {
                by_version.insert(managed.api_version.clone(), self.convert(live, &managed.api_version)?);
            }
            if let Some(Some(typed)) = by_version.get(&managed.api_version) {
                let set = typed.with_atomic_parents(&managed.set);
                known.insert(id.clone(), Managed { set, ..managed.clone() });
            }
        }
        *managers = known;
        Ok(())
    }

    fn put(&self, managers: &mut Managers, manager: &ManagerId, set: FieldSet, time: Option<schema::Time>) {
        if !set.is_empty() {
            managers.insert(manager.clone(), Managed { set, api_version: self.api_version.into(), time });
        }
    }

    /// Takes what changed away from all managers but `manager`; without `force`, owned changes are conflicts.
    fn take_from_others(
        &self,
        old: &Typed<'s>,
        new: &Typed<'s>,
        managers: &mut Managers,
        manager: &ManagerId,
        force: bool,
    ) -> Result<Comparison, Failure> {
        let mut by_version: BTreeMap<Text, Option<Comparison>> = BTreeMap::new();
        by_version.insert(self.api_version.into(), Some(compare(old, new).exclude(&self.ignored)));
        let mut conflicts = Vec::new();
        let mut remaining = Managers::new();
        for (id, managed) in managers.iter() {
            if id == manager {
                remaining.insert(id.clone(), managed.clone());
                continue;
            }
            if !by_version.contains_key(&managed.api_version) {
                let changes = self.compare_in(old, new, &managed.api_version).map_err(Failure::Other)?;
                by_version.insert(managed.api_version.clone(), changes);
            }
            // A manager of a version that is no longer served is forgotten.
            let Some(Some(changes)) = by_version.get(&managed.api_version) else { continue };
            let taken = managed.set.intersection(&changes.changed());
            taken.for_each(&mut |path| conflicts.push((id.clone(), path.to_vec())));
            let set = managed.set.difference(&taken).difference(&changes.removed);
            if !set.is_empty() {
                remaining.insert(id.clone(), Managed { set, ..managed.clone() });
            }
        }
        if !force && !conflicts.is_empty() {
            return Err(Failure::Conflicts(Conflicts::new(conflicts)));
        }
        if remaining.get(manager).is_some_and(|managed| managed.set.is_empty()) {
            remaining.remove(manager);
        }
        *managers = remaining;
        Ok(by_version.remove(self.api_version).flatten().unwrap_or_default())
    }

    fn compare_in(&self, old: &Typed<'s>, new: &Typed<'s>, api_version: &str) -> Result<Option<Comparison>, String> {
        let old = self.convert(old, api_version).map_err(|error| format!("failed to convert old object: {error}"))?;
        let new = self.convert(new, api_version).map_err(|error| format!("failed to convert new object: {error}"))?;
        Ok(old.zip(new).map(|(old, new)| compare(&old, &new).exclude(&self.ignored)))
    }

    /// The object in another version; `None` if that is not served.
    fn convert(&self, typed: &Typed<'s>, api_version: &str) -> Result<Option<Typed<'s>>, String> {
        if typed.value.str_at(&["apiVersion"]) == api_version {
            return Ok(Some(typed.clone()));
        }
        let Some((ty, value)) = self.versions.and_then(|versions| versions.convert(&typed.value, api_version)) else {
            return Ok(None);
        };
        let converted = Typed::live(ty, &value);
        converted.validate(true)?;
        Ok(Some(converted))
    }

    /// Removes what the manager applied last time and not now, unless someone else manages it.
    fn prune(&self, merged: Typed<'s>, managers: &Managers, last: &Managed) -> Result<Typed<'s>, String> {
        let Some(merged_then) = self.convert(&merged, &last.api_version)? else { return Ok(merged) };
        let pruned = merged_then.remove(&merged_then.with_parents(&last.set));
        let pruned = self.add_back_owned(&merged_then, pruned, &last.api_version, managers)?;
        let Some(pruned_then) = self.convert(&pruned, &last.api_version)? else { return Ok(merged) };
        let kept = pruned_then.with_parents(&pruned_then.fields());
        let had = merged_then.with_parents(&merged_then.fields());
        let last_set = merged_then.with_parents(&last.set);
        let result = merged_then.remove(&had.difference(&kept).intersection(&last_set));
        Ok(self.convert(&result, self.api_version)?.unwrap_or(merged))
    }

    /// Brings back what was pruned but belongs to some manager, among them the applying one with its new fields.
    fn add_back_owned(
        &self,
        merged: &Typed<'s>,
        pruned: Typed<'s>,
        pruned_version: &str,
        managers: &Managers,
    ) -> Result<Typed<'s>, String> {
        let mut by_version: BTreeMap<&str, FieldSet> = BTreeMap::new();
        for managed in managers.values() {
            let set = by_version.entry(&managed.api_version).or_default();
            *set = set.union(&managed.set);
        }
        let first = by_version.remove_entry(pruned_version);
        let (mut merged, mut pruned) = (merged.clone(), pruned);
        for (version, owned) in first.into_iter().chain(by_version) {
            let (Some(merged_then), Some(pruned_then)) =
                (self.convert(&merged, version)?, self.convert(&pruned, version)?)
            else {
                continue;
            };
            let had = merged_then.with_parents(&merged_then.fields());
            let kept = pruned_then.with_parents(&pruned_then.fields()).union(&merged_then.with_parents(&owned));
            pruned = merged_then.remove(&had.difference(&kept));
            merged = merged_then;
        }
        Ok(pruned)
    }
}

/// Joins the oldest entries of updates into one an API version, until `max` remain.
pub(crate) fn cap(managers: &mut Managers, max: usize, joined_name: &str) {
    let mut updates: Vec<ManagerId> = managers.keys().filter(|id| id.operation == Operation::Update).cloned().collect();
    let mut count = updates.len();
    if count <= max {
        return;
    }
    updates.sort_by_key(|id| (managers[id].time.map_or(0, schema::Time::unix), id.clone()));
    let mut first_of_version: BTreeMap<Text, ManagerId> = BTreeMap::new();
    for id in updates {
        if count <= max {
            return;
        }
        let Some(managed) = managers.get(&id).cloned() else { continue };
        let Some(first) = first_of_version.get(&managed.api_version) else {
            first_of_version.insert(managed.api_version, id);
            continue;
        };
        let bucket = ManagerId::update(joined_name, &managed.api_version, "");
        if !managers.contains_key(&bucket)
            && let Some(oldest) = managers.remove(first)
        {
            managers.insert(bucket.clone(), oldest);
        }
        if id != bucket {
            managers.remove(&id);
        }
        if let Some(joined) = managers.get_mut(&bucket) {
            joined.set = joined.set.union(&managed.set);
            joined.time = managed.time;
        }
        count -= 1;
    }
}
