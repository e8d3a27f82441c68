//! Merging two lists: of scalars as sets, of maps by merge key.
//!
//! Every lookup goes through a hash map, so that the time grows with the length of the lists, not its square.

use super::lookup::Member;
use super::{DIRECTIVE, bad_directive, bad_order, bad_type, merge_maps, no_merge_key};
use crate::PatchError;
use crate::go_format::Go;
use schema::{Map, Text, Value};
use std::collections::{HashMap, HashSet};

/// What the items of two lists are; they must all be of one type.
pub(super) enum Items {
    Scalars,
    Maps,
}

/// The items' keys and the place where each first stands.
pub(super) type Ranks = HashMap<Key, usize>;

/// A scalar as a key of a hash map.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    Str(Text),
}

impl Items {
    pub fn of(left: &[Value], right: &[Value]) -> Result<Items, PatchError> {
        let mut all = left.iter().chain(right);
        let Some(first) = all.next() else {
            return Err(PatchError::Internal("no elements in any of the given slices".into()));
        };
        if matches!(first, Value::List(_)) {
            return Err(PatchError::DoesNotApply("lists of lists are not supported".into()));
        }
        if all.any(|item| std::mem::discriminant(item) != std::mem::discriminant(first)) {
            let lists = Value::List(vec![Value::List(left.to_vec()), Value::List(right.to_vec())]);
            return Err(PatchError::Internal(format!("list element types are not identical: {}", Go(&lists))));
        }
        Ok(if matches!(first, Value::Map(_)) { Items::Maps } else { Items::Scalars })
    }
}

/// Merges `new` into `have`, a list whose strategy is `merge`.
pub(super) fn merge_lists(member: &Member, have: Vec<Value>, new: &[Value]) -> Result<Vec<Value>, PatchError> {
    if have.is_empty() && new.is_empty() {
        return Ok(have);
    }
    match Items::of(&have, new)? {
        Items::Scalars => {
            let server = ranks(member, &have)?;
            let mut seen = HashSet::with_capacity(have.len() + new.len());
            let mut merged = Vec::with_capacity(have.len() + new.len());
            for item in have.into_iter().chain(new.iter().cloned()) {
                if seen.insert(scalar_key(&item)?) {
                    merged.push(item);
                }
            }
            in_order(member, merged, new, &server)
        }
        Items::Maps if member.key.is_empty() => {
            Err(PatchError::Internal("cannot merge lists without merge key for type struct".into()))
        }
        Items::Maps => merge_keyed(member, have, new),
    }
}

fn merge_keyed(member: &Member, mut have: Vec<Value>, new: &[Value]) -> Result<Vec<Value>, PatchError> {
    let directives = Directives::read(member, new)?;
    if directives.replace {
        let server = ranks(member, &directives.rest)?;
        return in_order(member, directives.rest, &[], &server);
    }
    if !directives.delete.is_empty() {
        have.retain(|item| !key_of(member, item).is_ok_and(|key| directives.delete.contains(&key)));
    }
    let server = ranks(member, &have)?;
    let mut places = server.clone();
    let mut merged = have;
    for item in &directives.rest {
        let key = key_of(member, item)?;
        let Value::Map(patch) = item else { return Err(bad_type("map[string]interface {}", item)) };
        match places.get(&key) {
            Some(&at) => {
                let original = std::mem::take(merged[at].make_map());
                merged[at] = Value::Map(merge_maps(member.place.item(), original, patch)?);
            }
            None => {
                places.insert(key, merged.len());
                merged.push(item.clone());
            }
        }
    }
    in_order(member, merged, &directives.rest, &server)
}

/// The items of a patch list, told apart.
struct Directives {
    delete: HashSet<Key>,
    replace: bool,
    rest: Vec<Value>,
}

impl Directives {
    fn read(member: &Member, new: &[Value]) -> Result<Directives, PatchError> {
        let mut found = Directives { delete: HashSet::new(), replace: false, rest: Vec::with_capacity(new.len()) };
        for item in new {
            let empty = Map::new();
            let directive = item.get(DIRECTIVE);
            match directive.map(|directive| (directive, directive.as_str())) {
                None => found.rest.push(item.clone()),
                Some((_, Some("delete"))) => {
                    found.delete.insert(key_of(member, item)?);
                }
                Some((_, Some("replace"))) => found.replace = true,
                Some((_, Some("merge"))) => {
                    return Err(PatchError::Internal("merging lists cannot yet be specified in the patch".into()));
                }
                Some((directive, _)) => return Err(bad_directive(directive, item.as_map().unwrap_or(&empty))),
            }
        }
        Ok(found)
    }
}

/// Sorts: items named in `order` by it, the others by their place on the server; then joins both, each of the others
/// before the first named item that stood behind it on the server.
pub(super) fn in_order(
    member: &Member,
    merged: Vec<Value>,
    order: &[Value],
    server: &Ranks,
) -> Result<Vec<Value>, PatchError> {
    let wanted = ranks(member, order)?;
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for item in merged {
        let key = key_of(member, &item)?;
        let on_server = server.get(&key).copied();
        match wanted.get(&key) {
            Some(&rank) => named.push((rank, on_server, item)),
            None => others.push((on_server.unwrap_or(usize::MAX), on_server, item)),
        }
    }
    named.sort_by_key(|(rank, ..)| *rank);
    others.sort_by_key(|(rank, ..)| *rank);
    let mut all = Vec::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for (_, named_at, item) in named {
        while let Some((.., other)) =
            others.next_if(|(_, at, _)| matches!((at, named_at), (Some(at), Some(named_at)) if *at < named_at))
        {
            all.push(other);
        }
        all.push(item);
    }
    all.extend(others.map(|(.., item)| item));
    Ok(all)
}

/// Checks that the items of `new` stand in `order`, and in that order.
pub(super) fn validate_order(member: &Member, new: &[Value], order: &[Value]) -> Result<(), PatchError> {
    if new.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for item in new.iter().filter(|item| item.get(DIRECTIVE).is_none()) {
        let key = key_of(member, item)?;
        loop {
            match wanted.next() {
                Some(next) if key_of(member, next)? == key => break,
                Some(_) => {}
                None => return Err(bad_order(new, order)),
            }
        }
    }
    Ok(())
}

pub(super) fn delete_scalars(items: &mut Vec<Value>, gone: &[Value]) {
    let gone: HashSet<Key> = gone.iter().filter_map(|item| scalar_key(item).ok()).collect();
    items.retain(|item| !scalar_key(item).is_ok_and(|key| gone.contains(&key)));
}

pub(super) fn ranks(member: &Member, items: &[Value]) -> Result<Ranks, PatchError> {
    let mut ranks = Ranks::with_capacity(items.len());
    for (rank, item) in items.iter().enumerate() {
        ranks.entry(key_of(member, item)?).or_insert(rank);
    }
    Ok(ranks)
}

/// What tells an item from others: itself, or its member that is the merge key.
fn key_of(member: &Member, item: &Value) -> Result<Key, PatchError> {
    if member.key.is_empty() {
        return scalar_key(item);
    }
    let map = item.as_map().ok_or_else(|| bad_type("map[string]interface {}", item))?;
    scalar_key(map.get(member.key).ok_or_else(|| no_merge_key(item, member.key))?)
}

fn scalar_key(value: &Value) -> Result<Key, PatchError> {
    Ok(match value {
        Value::Null => Key::Null,
        Value::Bool(b) => Key::Bool(*b),
        Value::Int(n) => Key::Int(*n),
        Value::Float(n) => Key::Float(n.to_bits()),
        Value::Str(text) => Key::Str(text.clone()),
        Value::List(_) | Value::Map(_) | Value::Verbatim(_) => return Err(bad_type("string", value)),
    })
}
