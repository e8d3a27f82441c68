//! Merging an applied configuration into the live object, by type.
//!
//! What is applied wins; what it leaves out stays. The items of a keyed list or set come in the order of both lists: that of
//! the applied one wherever it says something, with the other items left where they stood between their neighbours.

use super::compare::zip;
use super::element::PathElement;
use super::place::{Kind, Place};
use super::typed::Typed;
use schema::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Both were validated before.
pub(crate) fn merge<'s>(live: &Typed<'s>, applied: &Value) -> Typed<'s> {
    let value = walk(live.place(), Some(&live.value), Some(applied)).unwrap_or_default();
    Typed { ty: live.ty, value }
}

fn walk(place: Place, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    let kind = match (live, applied) {
        (Some(_), None) => place.kind(live),
        _ => place.kind(applied),
    };
    match &kind {
        Kind::Map(members) => {
            let (live_map, applied_map) = (live.and_then(Value::as_map), applied.and_then(Value::as_map));
            if live_map.is_none_or(Map::is_empty) && applied_map.is_none_or(Map::is_empty) {
                return applied.or(live).cloned();
            }
            let mut merged = Vec::new();
            zip(live_map, applied_map, |name, live, applied| {
                let value = match members.place(name) {
                    Some(place) => walk(place, live, applied),
                    None => applied.or(live).cloned(),
                };
                merged.extend(value.map(|value| (name.into(), value)));
            });
            (!merged.is_empty()).then(|| Value::Map(Map::build(merged).0))
        }
        Kind::Set(items) | Kind::Keyed(items, _) => {
            let (live_list, applied_list) = (live.and_then(Value::as_list), applied.and_then(Value::as_list));
            let (live_list, applied_list) = (live_list.unwrap_or_default(), applied_list.unwrap_or_default());
            if live_list.is_empty() && applied_list.is_empty() {
                return applied.or(live).cloned();
            }
            let merged = Lists::new(&kind, live_list, applied_list).merge(items.place());
            (!merged.is_empty()).then_some(Value::List(merged))
        }
        _ => applied.or(live).cloned(),
    }
}

/// Two lists of items with their keys.
struct Lists<'v> {
    live: Vec<(PathElement, &'v Value)>,
    applied: Vec<(PathElement, &'v Value)>,
    /// `None` for a key that comes more than once: such items are not merged, the applied one replaces them.
    live_by_key: BTreeMap<PathElement, Option<&'v Value>>,
    applied_keys: BTreeSet<PathElement>,
}

impl<'v> Lists<'v> {
    fn new(kind: &Kind, live: &'v [Value], applied: &'v [Value]) -> Lists<'v> {
        let with_keys = |items: &'v [Value]| -> Vec<(PathElement, &'v Value)> {
            items.iter().filter_map(|item| kind.item_element(item).ok().map(|element| (element, item))).collect()
        };
        let (live, applied) = (with_keys(live), with_keys(applied));
        let mut live_by_key = BTreeMap::new();
        for (key, item) in &live {
            live_by_key.entry(key.clone()).and_modify(|item| *item = None).or_insert(Some(*item));
        }
        let applied_keys = applied.iter().map(|(key, _)| key.clone()).collect();
        Lists { live, applied, live_by_key, applied_keys }
    }

    fn merge(&self, place: Place) -> Vec<Value> {
        let mut merged = Vec::with_capacity(self.live.len().max(self.applied.len()));
        let both = |key: &PathElement, applied: &Value| {
            walk(place, self.live_by_key.get(key).copied().flatten(), Some(applied))
        };
        let mut shared: VecDeque<&PathElement> =
            self.applied.iter().map(|(key, _)| key).filter(|key| self.live_by_key.contains_key(key)).collect();
        let mut next_shared = shared.pop_front();
        let mut done = BTreeSet::new();
        let (mut l, mut a) = (0, 0);
        while l < self.live.len() || a < self.applied.len() {
            if let (Some((live_key, _)), Some((key, applied))) = (self.live.get(l), self.applied.get(a)) {
                if live_key == key {
                    done.insert(key);
                    merged.extend(both(key, applied));
                    (l, a) = (l + 1, a + 1);
                    next_shared = shared.pop_front();
                    continue;
                }
                if self.applied_keys.contains(live_key) && next_shared.is_some_and(|next| next != live_key) {
                    // In both lists, but its turn comes with the applied list.
                    l += 1;
                    continue;
                }
            }
            if let Some((live_key, live)) = self.live.get(l) {
                if !self.applied_keys.contains(live_key) {
                    merged.extend(walk(place, Some(live), None));
                    l += 1;
                    continue;
                }
                if done.contains(live_key) {
                    l += 1;
                }
            }
            if let Some((key, applied)) = self.applied.get(a) {
                done.insert(key);
                merged.extend(both(key, applied));
                a += 1;
                if next_shared == Some(key) {
                    next_shared = shared.pop_front();
                }
            }
        }
        merged
    }
}
