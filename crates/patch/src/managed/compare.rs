//! What changed between two values of a type, as sets of fields.

use super::element::PathElement;
use super::place::{Kind, Place};
use super::set::FieldSet;
use super::typed::Typed;
use schema::{Map, Value};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Comparison {
    pub added: FieldSet,
    pub modified: FieldSet,
    pub removed: FieldSet,
}

pub(crate) fn compare(old: &Typed, new: &Typed) -> Comparison {
    walk(old.place(), Some(&old.value), Some(&new.value)).below
}

impl Comparison {
    /// Without the fields `ignored` and all below them.
    pub fn exclude(&self, ignored: &FieldSet) -> Comparison {
        if ignored.is_empty() {
            return self.clone();
        }
        Comparison {
            added: self.added.recursive_difference(ignored),
            modified: self.modified.recursive_difference(ignored),
            removed: self.removed.recursive_difference(ignored),
        }
    }

    pub fn changed(&self) -> FieldSet {
        self.modified.union(&self.added)
    }

    fn put(&mut self, element: PathElement, found: Found) {
        self.added.put(element.clone(), found.added, found.below.added);
        self.modified.put(element.clone(), found.modified, found.below.modified);
        self.removed.put(element, found.removed, found.below.removed);
    }
}

/// What changed at one place: the place itself, and what is below it.
#[derive(Default)]
struct Found {
    added: bool,
    modified: bool,
    removed: bool,
    below: Comparison,
}

fn walk(place: Place, old: Option<&Value>, new: Option<&Value>) -> Found {
    if old == new {
        return Found::default();
    }
    let (old_kind, new_kind) = (place.kind(old), place.kind(new));
    let mut found = match (old, new) {
        (Some(_), None) => of_kind(&old_kind, old, None),
        (None, _) => of_kind(&new_kind, None, new),
        _ if old_kind.same(&new_kind) => of_kind(&new_kind, old, new),
        _ => {
            // An untyped value that became one of another kind is seen as both.
            let mut first = of_kind(&old_kind, old, new);
            let second = of_kind(&new_kind, old, new);
            first.modified |= second.modified;
            first.below.added = first.below.added.union(&second.below.added);
            first.below.removed = first.below.removed.union(&second.below.removed);
            first
        }
    };
    found.added |= old.is_none();
    found.removed |= new.is_none();
    found
}

fn of_kind(kind: &Kind, old: Option<&Value>, new: Option<&Value>) -> Found {
    match kind {
        Kind::Map(members) => {
            let (old_map, new_map) = (old.and_then(Value::as_map), new.and_then(Value::as_map));
            if old_map.is_none_or(Map::is_empty) && new_map.is_none_or(Map::is_empty) {
                return leaf(old, new);
            }
            let mut found = Found::default();
            zip(old_map, new_map, |name, old, new| {
                if let Some(place) = members.place(name) {
                    found.below.put(PathElement::field(name), walk(place, old, new));
                }
            });
            found
        }
        Kind::Set(items) | Kind::Keyed(items, _) => {
            let (old_list, new_list) = (old.and_then(Value::as_list), new.and_then(Value::as_list));
            let (old_list, new_list) = (old_list.unwrap_or_default(), new_list.unwrap_or_default());
            if old_list.is_empty() && new_list.is_empty() {
                return leaf(old, new);
            }
            let mut found = Found::default();
            for (element, (old, new)) in pair_items(kind, old_list, new_list) {
                found.below.put(element, of_item(items.place(), &old, &new));
            }
            found
        }
        _ => leaf(old, new),
    }
}

fn leaf(old: Option<&Value>, new: Option<&Value>) -> Found {
    Found {
        added: old.is_none(),
        removed: new.is_none(),
        modified: matches!((old, new), (Some(old), Some(new)) if old != new),
        below: Comparison::default(),
    }
}

/// The items with one key. Where a key comes more than once, its items are compared as one.
fn of_item(place: Place, old: &[&Value], new: &[&Value]) -> Found {
    match (old, new) {
        ([] | [_], [] | [_]) => walk(place, old.first().copied(), new.first().copied()),
        _ => Found {
            added: old.is_empty(),
            removed: new.is_empty(),
            modified: !old.is_empty() && !new.is_empty() && old != new,
            below: Comparison::default(),
        },
    }
}

type Pairs<'v> = BTreeMap<PathElement, (Vec<&'v Value>, Vec<&'v Value>)>;

fn pair_items<'v>(kind: &Kind, old: &'v [Value], new: &'v [Value]) -> Pairs<'v> {
    let mut pairs = Pairs::new();
    for item in old {
        if let Ok(element) = kind.item_element(item) {
            pairs.entry(element).or_default().0.push(item);
        }
    }
    for item in new {
        if let Ok(element) = kind.item_element(item) {
            pairs.entry(element).or_default().1.push(item);
        }
    }
    pairs
}

/// Visits every name of both maps once, in order.
pub(super) fn zip<'v>(
    old: Option<&'v Map>,
    new: Option<&'v Map>,
    mut visit: impl FnMut(&'v str, Option<&'v Value>, Option<&'v Value>),
) {
    let mut old = old.into_iter().flat_map(Map::iter).peekable();
    let mut new = new.into_iter().flat_map(Map::iter).peekable();
    loop {
        match (old.peek().copied(), new.peek().copied()) {
            (None, None) => return,
            (Some((name, value)), None) => {
                visit(name, Some(value), None);
                old.next();
            }
            (None, Some((name, value))) => {
                visit(name, None, Some(value));
                new.next();
            }
            (Some((a, x)), Some((b, y))) => {
                visit(a.min(b), (a <= b).then_some(x), (b <= a).then_some(y));
                if a <= b {
                    old.next();
                }
                if b <= a {
                    new.next();
                }
            }
        }
    }
}
