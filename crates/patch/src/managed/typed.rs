//! A value together with its type: what field management computes on.

use super::element::PathElement;
use super::place::{Check, Kind, Place};
use super::set::{FieldSet, Parent};
use crate::written;
use schema::{TypeRef, Value, json};

/// An object in one version.
#[derive(Clone)]
pub(crate) struct Typed<'s> {
    pub ty: TypeRef<'s>,
    pub value: Value,
}

/// What is wrong with a value, and where (`.spec.replicas`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    path: String,
    what: String,
}

impl<'s> Typed<'s> {
    /// An object as the server holds it, in its written form.
    pub fn live(ty: TypeRef<'s>, value: &Value) -> Typed<'s> {
        Typed { ty, value: written::form(ty, value) }
    }

    pub fn place(&self) -> Place<'s> {
        Place::root(self.ty)
    }

    /// The error text of an invalid value, in upstream's words.
    pub fn validate(&self, duplicates: bool) -> Result<(), String> {
        let mut errors = Vec::new();
        validate(self.place(), &self.value, duplicates, &mut String::new(), &mut errors);
        let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.path, error.what)).collect();
        match texts.as_slice() {
            [] => Ok(()),
            [one] => Err(one.trim_start_matches(": ").to_owned()),
            several => Err(format!("errors:\n  {}", several.join("\n  "))),
        }
    }

    /// The fields that the value sets.
    pub fn fields(&self) -> FieldSet {
        fields(self.place(), &self.value).1
    }

    /// `set` with each struct field on the way to a member as a member too.
    pub fn with_parents(&self, set: &FieldSet) -> FieldSet {
        set.rewrite(Some(self.place()), &|place, element| match (place.map(|place| place.kind(None)), element) {
            (Some(Kind::Map(members) | Kind::AtomicMap(members)), PathElement::Field(name)) => {
                let joins = if members.is_field(name) { Parent::Joins } else { Parent::Stays };
                (joins, members.place(name))
            }
            (kind, _) => (Parent::Stays, kind.and_then(|kind| kind.items())),
        })
    }

    /// `set` as it reads if parts of the type became atomic since it was written.
    pub fn with_atomic_parents(&self, set: &FieldSet) -> FieldSet {
        set.rewrite(Some(self.place()), &|place: Option<Place>, element| {
            let below = match (place.map(|place| place.kind(None)), element) {
                (Some(Kind::Map(members)), PathElement::Field(name)) => members.place(name),
                (kind, _) => kind.and_then(|kind| kind.items()),
            };
            let atomic =
                below.is_some_and(|place| matches!(place.kind(None), Kind::AtomicMap(_) | Kind::AtomicList(_)));
            (if atomic { Parent::Replaces } else { Parent::Stays }, below)
        })
    }

    /// Without the members of `set`.
    pub fn remove(&self, set: &FieldSet) -> Typed<'s> {
        Typed { ty: self.ty, value: remove(self.place(), &self.value, set) }
    }
}

/// Whether the place itself belongs to the set, and what below it does.
fn fields(place: Place, value: &Value) -> (bool, FieldSet) {
    let kind = place.kind(Some(value));
    let mut set = FieldSet::new();
    match (&kind, value) {
        (Kind::Map(members), Value::Map(map)) => {
            for (name, value) in map.iter() {
                let Some(place) = members.place(name) else { continue };
                let (mut own, below) = fields(place, value);
                own |= value.is_null() || value.as_map().is_some_and(schema::Map::is_empty) || !members.is_field(name);
                set.put(PathElement::field(name), own, below);
            }
            (false, set)
        }
        (Kind::Set(items) | Kind::Keyed(items, _), Value::List(list)) => {
            for item in list {
                if let Ok(element) = kind.item_element(item) {
                    let (_, below) = fields(items.place(), item);
                    set.put(element, true, below);
                }
            }
            (false, set)
        }
        (Kind::Map(_) | Kind::Set(_) | Kind::Keyed(..), _) => (false, set),
        _ => (true, set),
    }
}

/// The value without the members of `set`; Null where nothing remains.
fn remove(place: Place, value: &Value, set: &FieldSet) -> Value {
    let kind = place.kind(Some(value));
    match (&kind, value) {
        (Kind::Map(members), Value::Map(map)) => {
            let mut kept = Vec::with_capacity(map.len());
            for (name, value) in map.iter() {
                let element = PathElement::field(name);
                if set.has(&element) {
                    continue;
                }
                let rest = match (set.below(&element), members.place(name)) {
                    (Some(below), Some(place)) => remove(place, value, below),
                    _ => value.clone(),
                };
                kept.push((name.into(), rest));
            }
            if kept.is_empty() { Value::Null } else { Value::Map(schema::Map::build(kept).0) }
        }
        (Kind::Set(items) | Kind::Keyed(items, _), Value::List(list)) => {
            let mut kept = Vec::with_capacity(list.len());
            for item in list {
                let Ok(element) = kind.item_element(item) else {
                    kept.push(item.clone());
                    continue;
                };
                if set.has(&element) {
                    continue;
                }
                kept.push(match set.below(&element) {
                    Some(below) => remove(items.place(), item, below),
                    None => item.clone(),
                });
            }
            if kept.is_empty() { Value::Null } else { Value::List(kept) }
        }
        (Kind::Scalar(_), value) => value.clone(),
        (Kind::Opaque, value) if !matches!(value, Value::List(_) | Value::Map(_)) => value.clone(),
        _ => Value::Null,
    }
}

fn validate(place: Place, value: &Value, duplicates: bool, path: &mut String, errors: &mut Vec<Invalid>) {
    let fail = |path: &str, what: String, errors: &mut Vec<Invalid>| errors.push(Invalid { path: path.into(), what });
    let kind = place.kind(Some(value));
    let length = path.len();
    match (&kind, value) {
        (_, Value::Null) | (Kind::Opaque, _) => {}
        (Kind::Scalar(check), value) => {
            if let Some(what) = mismatch(*check, value) {
                fail(path, what, errors);
            }
        }
        (Kind::Map(members) | Kind::AtomicMap(members), Value::Map(map)) => {
            for (name, value) in map.iter() {
                path.push('.');
                path.push_str(name);
                match members.place(name) {
                    Some(place) => validate(place, value, duplicates, path, errors),
                    None => {
                        fail(path, "field not declared in schema".into(), errors);
                        path.truncate(length);
                        return;
                    }
                }
                path.truncate(length);
            }
        }
        (Kind::AtomicList(items), Value::List(list)) => {
            for (index, item) in list.iter().enumerate() {
                path.push_str(&PathElement::Index(index as i64).to_string());
                validate(items.place(), item, duplicates, path, errors);
                path.truncate(length);
            }
        }
        (Kind::Set(items) | Kind::Keyed(items, _), Value::List(list)) => {
            let mut seen = std::collections::BTreeSet::new();
            for (index, item) in list.iter().enumerate() {
                let element = match kind.item_element(item) {
                    Ok(element) => element,
                    Err(what) => {
                        fail(path, format!("element {index}: {what}"), errors);
                        return;
                    }
                };
                path.push_str(&element.to_string());
                validate(items.place(), item, duplicates, path, errors);
                path.truncate(length);
                let shown = element.to_string();
                if !seen.insert(element) && !duplicates {
                    fail(path, format!("duplicate entries for key {shown}"), errors);
                }
            }
        }
        (Kind::Map(_) | Kind::AtomicMap(_), value) => {
            fail(path, format!("expected map, got &{{{}}}", go(value)), errors)
        }
        (_, value) => fail(path, format!("expected list, got &{{{}}}", go(value)), errors),
    }
}

fn go(value: &Value) -> String {
    crate::go_format::Go(value).to_string()
}

/// What is wrong with a value that is no scalar of this kind.
fn mismatch(check: Check, value: &Value) -> Option<String> {
    let go_syntax = || format!("&value.valueUnstructured{{Value:{}}}", go_syntax(value));
    match (check, value) {
        (_, Value::Null)
        | (Check::Numeric, Value::Int(_) | Value::Float(_))
        | (Check::String, Value::Str(_))
        | (Check::Boolean, Value::Bool(_))
        | (Check::Any, Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_)) => None,
        (Check::Numeric, _) => {
            Some(format!("expected numeric (int or float), got {}", crate::go_format::type_name(value)))
        }
        (Check::String, _) => Some(format!("expected string, got {}", go_syntax())),
        (Check::Boolean, _) => Some(format!("expected boolean, got &{{{}}}", go(value))),
        (Check::Any, _) => Some(format!("expected any scalar, got &{{{}}}", go(value))),
    }
}

/// A value as Go's `%#v` prints it.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::List(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let members: Vec<String> = map.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", members.join(", "))
        }
        scalar => json::to_string(scalar),
    }
}
