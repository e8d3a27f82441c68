//! Whether a value is what a schema says, in the words and the order of upstream's validator (kube-openapi's `validate`).
//!
//! ```text
//!   value --type--> allOf, anyOf, oneOf, not --> string --> format --> number --> list --> enum --> object
//! ```
//!
//! With an old value, what did not change is not held against the new one (ratcheting).

mod numbers;
mod words;

use crate::node::{Additional, Node};
use crate::{formats, lists};
use kind::field::Shown;
use kind::{FieldError, FieldErrorKind, FieldErrors, Path};
use schema::{Map, Value};

/// What came of one check.
#[derive(Default)]
struct Outcome {
    failures: Vec<Failure>,
    /// How many checks were made: of several alternatives that fail, the one that came furthest is told.
    checks: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
struct Failure {
    /// Relative to where validation began; None: upstream's error names no place.
    name: Option<String>,
    kind: FieldErrorKind,
    value: Option<String>,
    detail: String,
}

/// Checks `value` against `node`. `prefix` is where the value stands in the object; paths in messages begin at the value.
pub fn validate(node: &Node, value: &Value, prefix: &str, errors: &mut FieldErrors) {
    report(check(node, value, None, &Path::object()), prefix, errors);
}

/// The same for an update: what is as it was in `old` may stay.
pub fn validate_update(node: &Node, value: &Value, old: &Value, prefix: &str, errors: &mut FieldErrors) {
    report(check(node, value, Some(old), &Path::object()), prefix, errors);
}

fn report(outcome: Outcome, prefix: &str, errors: &mut FieldErrors) {
    for failure in outcome.failures {
        let field = match failure.name {
            Some(name) => {
                let name = name.trim_start_matches('.');
                match (prefix.is_empty(), name.is_empty()) {
                    (_, true) if prefix.is_empty() => "<nil>".to_owned(),
                    (_, true) => prefix.to_owned(),
                    (true, false) => name.to_owned(),
                    (false, false) => format!("{prefix}.{name}"),
                }
            }
            None if prefix.is_empty() => "<nil>".to_owned(),
            None => prefix.to_owned(),
        };
        errors.push(FieldError { kind: failure.kind, field, value: failure.value, detail: failure.detail });
    }
}

impl Outcome {
    /// Each failure once.
    fn add(&mut self, failure: Failure) {
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }

    fn merge(&mut self, other: Outcome) {
        other.failures.into_iter().for_each(|failure| self.add(failure));
        self.checks += other.checks;
    }

    fn is_valid(&self) -> bool {
        self.failures.is_empty()
    }
}

/// `old` is there where the value is correlated with one of an older object.
fn check(node: &Node, value: &Value, old: Option<&Value>, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    if value.is_null() {
        outcome.merge(of_type(node, value, path));
        outcome.merge(of_enumeration(node, value, path));
    } else {
        let mut run = |applies: bool, validator: &dyn Fn() -> Outcome| {
            if applies {
                outcome.merge(validator());
                outcome.checks += 1;
            }
        };
        run(has_type(node), &|| of_type(node, value, path));
        run(true, &|| of_composition(node, value, old, path));
        if let Value::Str(text) = value {
            run(true, &|| of_text(node, text, path));
            run(formats::is_known(&node.format), &|| of_format(node, text, path));
        }
        run(matches!(value, Value::Int(_) | Value::Float(_)), &|| numbers::check(node, value, path));
        if let Value::List(items) = value {
            run(true, &|| of_list(node, items, old, path));
        }
        run(true, &|| of_enumeration(node, value, path));
        if let Value::Map(map) = value {
            run(true, &|| of_object(node, map, old, path));
        }
        outcome.checks += 1;
    }
    match old {
        Some(old) if old == value => Outcome { failures: Vec::new(), checks: outcome.checks },
        _ => outcome,
    }
}

fn has_type(node: &Node) -> bool {
    !node.ty.is_empty() || node.int_or_string || formats::is_kept(&node.format)
}

/// The types that a node takes: an int-or-string takes two.
fn types(node: &Node) -> Vec<&str> {
    if node.int_or_string {
        return vec!["integer", "string"];
    }
    if node.ty.is_empty() { Vec::new() } else { vec![&node.ty] }
}

fn of_type(node: &Node, value: &Value, path: &Path) -> Outcome {
    let mut outcome = Outcome { checks: 1, ..Outcome::default() };
    let types = types(node);
    if value.is_null() {
        if !types.is_empty() && !node.nullable {
            outcome.add(words::wrong_type(path, &types.join(","), "null"));
        }
        return outcome;
    }
    let (found, found_format) = match value {
        Value::Bool(_) => ("boolean", ""),
        Value::Int(_) => ("integer", "int64"),
        Value::Float(_) => ("number", "float64"),
        Value::Str(_) => ("string", ""),
        Value::List(_) => ("array", ""),
        Value::Map(_) | Value::Null | Value::Verbatim(_) => ("object", ""),
    };
    let format = if formats::is_kept(&node.format) { node.format.as_str() } else { "" };
    let has = |ty: &str| types.contains(&ty);
    let whole = matches!(value, Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15);
    let as_integer = whole && has("integer");
    let as_number = found == "integer" && has("number");
    let texts_or_lists = matches!(value, Value::Str(_) | Value::List(_));
    if !texts_or_lists && !format.is_empty() {
        let fits = has(found) || found_format == format || as_integer || as_number;
        if !fits {
            outcome.add(words::wrong_type(path, format, found_format));
            return outcome;
        }
    }
    let of_numbers = has("number") || has("integer");
    if texts_or_lists && !of_numbers && !format.is_empty() {
        return outcome;
    }
    let says_nothing = types.is_empty() && format.is_empty();
    if !(has(found) || as_integer || as_number || says_nothing) {
        outcome.add(words::wrong_type(path, &types.join(","), found));
    }
    outcome
}

fn of_composition(node: &Node, value: &Value, old: Option<&Value>, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    if !node.any_of.is_empty() {
        let mut best: Option<Outcome> = None;
        let mut success = None;
        for alternative in &node.any_of {
            let result = check(alternative, value, old, path);
            if result.is_valid() {
                success = Some(result);
                break;
            }
            keep_best(&mut best, result);
        }
        match success {
            Some(success) => outcome.merge(success),
            None => {
                outcome.add(words::plain(path, "must validate at least one schema (anyOf)"));
                best.into_iter().for_each(|best| outcome.merge(best));
            }
        }
    }
    if !node.one_of.is_empty() {
        outcome.merge(one_of(node, value, old, path));
    }
    if !node.all_of.is_empty() {
        let mut valid = 0;
        for part in &node.all_of {
            let result = check(part, value, old, path);
            valid += usize::from(result.is_valid());
            outcome.merge(result);
        }
        if valid != node.all_of.len() {
            let none = if valid == 0 { ". None validated" } else { "" };
            outcome.add(words::plain(path, &format!("must validate all the schemas (allOf){none}")));
        }
    }
    if let Some(not) = &node.not
        && check(not, value, old, path).is_valid()
    {
        outcome.add(words::plain(path, "must not validate the schema (not)"));
    }
    outcome.checks += 1;
    outcome
}

fn one_of(node: &Node, value: &Value, old: Option<&Value>, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut best, mut first, mut valid) = (None, None, 0);
    for alternative in &node.one_of {
        let result = check(alternative, value, old, path);
        if result.is_valid() {
            valid += 1;
            best = None;
            first.get_or_insert(result);
        } else if valid == 0 {
            keep_best(&mut best, result);
        }
    }
    match (valid, first) {
        (1, Some(first)) => outcome.merge(first),
        (0, _) => {
            outcome.add(words::plain(path, "must validate one and only one schema (oneOf). Found none valid"));
            best.into_iter().for_each(|best| outcome.merge(best));
        }
        _ => {
            let found = format!("must validate one and only one schema (oneOf). Found {valid} valid alternatives");
            outcome.add(words::plain(path, &found));
        }
    }
    outcome
}

fn keep_best(best: &mut Option<Outcome>, result: Outcome) {
    if best.as_ref().is_none_or(|best| result.checks > best.checks) {
        *best = Some(result);
    }
}

fn of_text(node: &Node, text: &str, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let length = text.chars().count() as i64;
    if let Some(max) = node.max_length.filter(|max| length > *max) {
        let failure = Failure {
            name: Some(path.to_string()),
            kind: FieldErrorKind::TooLong,
            value: None,
            detail: words::too_long(max),
        };
        outcome.add(failure);
    } else if let Some(min) = node.min_length.filter(|min| length < *min) {
        outcome.add(words::invalid(path, text.shown(), &format!("should be at least {min} chars long")));
    } else if let Some(regex) = node.pattern.regex()
        && !regex.is_match(text)
    {
        outcome.add(words::invalid(path, text.shown(), &format!("should match '{}'", node.pattern.source)));
    }
    outcome
}

fn of_format(node: &Node, text: &str, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    if !formats::validates(&node.format, text) {
        outcome.add(words::wrong_type(path, &node.format, text));
    }
    outcome
}

fn of_enumeration(node: &Node, value: &Value, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    if node.enumeration.is_empty() || node.enumeration.iter().any(|allowed| same_number_or_value(allowed, value)) {
        return outcome;
    }
    let allowed: Vec<String> = node
        .enumeration
        .iter()
        .map(|allowed| match allowed {
            Value::Str(text) => text.as_str().shown(),
            other => other.shown().as_str().shown(),
        })
        .collect();
    outcome.add(Failure {
        name: Some(path.to_string()),
        kind: FieldErrorKind::NotSupported,
        value: Some(value.shown()),
        detail: format!("supported values: {}", allowed.join(", ")),
    });
    outcome
}

/// Go converts numbers to each other before it compares.
fn same_number_or_value(allowed: &Value, value: &Value) -> bool {
    match (allowed.as_f64(), value.as_f64()) {
        (Some(allowed), Some(value)) => allowed == value,
        _ => allowed == value,
    }
}

fn of_list(node: &Node, items: &[Value], old: Option<&Value>, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    if let Some(item) = &node.items {
        let old_items = old.filter(|_| node.is_keyed_list()).map(Value::items).unwrap_or_default();
        for (index, value) in items.iter().enumerate() {
            let old = lists::correlated(node, value, old_items);
            outcome.merge(check(item, value, old, &path.index(index)));
        }
    }
    let count = items.len() as i64;
    if let Some(min) = node.min_items.filter(|min| count < *min) {
        outcome.add(words::invalid(path, count.shown(), &format!("should have at least {min} items")));
    }
    if let Some(max) = node.max_items.filter(|max| count > *max) {
        outcome.add(words::too_many(path, count, max));
    }
    outcome.checks += 1;
    outcome
}

fn of_object(node: &Node, map: &Map, old: Option<&Value>, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let count = map.len() as i64;
    if let Some(min) = node.min_properties.filter(|min| count < *min) {
        outcome.add(words::invalid(path, "".shown(), &format!("should have at least {min} properties")));
        return outcome;
    }
    if let Some(max) = node.max_properties.filter(|max| count > *max) {
        outcome.add(words::too_many(path, count, max));
        return outcome;
    }
    let old_of = |key: &str| old.filter(|_| node.is_granular_map()).and_then(|old| old.get(key));
    match &node.additional {
        Some(Additional::Allowed(false)) => {
            for (key, _) in map.iter().filter(|(key, _)| !node.properties.contains_key(*key)) {
                outcome.add(words::forbidden_property(path, key));
            }
        }
        Some(Additional::Of(additional)) => {
            for (key, value) in map.iter().filter(|(key, _)| !node.properties.contains_key(*key)) {
                outcome.merge(check(additional, value, old_of(key), &path.child(key)));
            }
        }
        _ => {}
    }
    for (name, property) in &node.properties {
        if let Some(value) = map.get(name) {
            outcome.merge(check(property, value, old_of(name), &path.child(name)));
        }
    }
    for name in &node.required {
        let defaulted = node.property(name).is_some_and(|property| property.default.is_some());
        if !map.contains_key(name) && !defaulted {
            outcome.add(Failure {
                name: Some(path.child(name).to_string()),
                kind: FieldErrorKind::Required,
                value: None,
                detail: String::new(),
            });
        }
    }
    outcome
}

#[cfg(test)]
mod tests;
