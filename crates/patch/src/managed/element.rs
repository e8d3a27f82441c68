//! One step of a field path, and how it is written: in `fieldsV1` (`f:spec`, `k:{"name":"a"}`) and in messages (`.spec`,
//! `[name="a"]`).

use crate::go_format::Go;
use schema::{Text, Value, json};
use std::cmp::Ordering;
use std::fmt::{self, Display, Write};

/// Nesting of the JSON inside a step.
const MAX_DEPTH: usize = 32;

/// Ordered as upstream orders them: fields, keys, values, indices.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// A member of a struct or map.
    Field(Text),
    /// An item of a list of maps, by the members that tell it apart; sorted by name.
    Key(Vec<(Text, Value)>),
    /// An item of a set.
    Value(Value),
    /// An item of a list without keys.
    Index(i64),
}

/// A step of `fieldsV1` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ElementError(String);

impl ElementError {
    pub(super) fn not_a_set() -> ElementError {
        ElementError("a set of fields is a map of maps".into())
    }
}

impl PathElement {
    pub fn field(name: impl Into<Text>) -> PathElement {
        PathElement::Field(name.into())
    }

    /// Reads a step of `fieldsV1`; `None` for a kind of step that this version does not know.
    pub fn parse(written: &str) -> Result<Option<PathElement>, ElementError> {
        let wrong = |what: &dyn Display| ElementError(format!("{what}: {written:?}"));
        let Some((kind, rest)) = written.split_once(':') else {
            return Err(wrong(&"missing colon"));
        };
        let parse = || json::parse(rest.as_bytes(), limits()).map_err(|error| wrong(&error));
        let element = match kind {
            "f" => PathElement::field(rest),
            "v" => PathElement::Value(parse()?),
            "i" => PathElement::Index(rest.parse().map_err(|error| wrong(&error))?),
            "k" => match parse()? {
                Value::Map(members) if !members.is_empty() => PathElement::Key(members.into_iter().collect()),
                _ => return Err(wrong(&"a key takes a map")),
            },
            _ => return Ok(None),
        };
        Ok(Some(element))
    }

    /// As a step of `fieldsV1`.
    pub fn written(&self) -> Text {
        let json = |value: &Value| json::to_string(value);
        match self {
            PathElement::Field(name) => {
                let mut written = Text::from("f:");
                written.push_str(name);
                written
            }
            PathElement::Key(members) => {
                let map = Value::Map(members.iter().cloned().collect());
                format!("k:{}", json(&map)).into()
            }
            PathElement::Value(value) => format!("v:{}", json(value)).into(),
            PathElement::Index(index) => format!("i:{index}").into(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            PathElement::Field(_) => 0,
            PathElement::Key(_) => 1,
            PathElement::Value(_) => 2,
            PathElement::Index(_) => 3,
        }
    }
}

fn limits() -> json::Limits {
    json::Limits { depth: MAX_DEPTH }
}

/// As messages write a path: `.spec.ports[port=80,protocol="TCP"].name`.
pub struct Path<'p>(pub &'p [PathElement]);

impl Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|element| write!(out, "{element}"))
    }
}

impl Display for PathElement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathElement::Field(name) => write!(out, ".{name}"),
            PathElement::Key(members) => {
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(out, "{}{name}={}", if index == 0 { '[' } else { ',' }, Shown(value))?;
                }
                out.write_char(']')
            }
            PathElement::Value(value) => write!(out, "[={}]", Shown(value)),
            PathElement::Index(index) => write!(out, "[{index}]"),
        }
    }
}

/// A scalar with its strings quoted.
struct Shown<'v>(&'v Value);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Str(text) => write!(out, "{text:?}"),
            Value::Null => out.write_str("null"),
            other => write!(out, "{}", Go(other)),
        }
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &PathElement) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PathElement {}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &PathElement) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &PathElement) -> Ordering {
        match (self, other) {
            (PathElement::Field(a), PathElement::Field(b)) => a.cmp(b),
            (PathElement::Key(a), PathElement::Key(b)) => compare_members(a, b),
            (PathElement::Value(a), PathElement::Value(b)) => compare_values(a, b),
            (PathElement::Index(a), PathElement::Index(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

fn compare_members(a: &[(Text, Value)], b: &[(Text, Value)]) -> Ordering {
    let pairs = a.iter().zip(b).map(|((a, x), (b, y))| a.cmp(b).then_with(|| compare_values(x, y)));
    pairs.fold(Ordering::Equal, Ordering::then).then_with(|| a.len().cmp(&b.len()))
}

/// A total order: numbers by size, then the other types one after the other.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            let number = |value: &Value| value.as_f64().unwrap_or_default();
            number(a).total_cmp(&number(b))
        }
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| compare_values(a, b));
            pairs.fold(Ordering::Equal, Ordering::then).then_with(|| a.len().cmp(&b.len()))
        }
        (Value::Map(a), Value::Map(b)) => {
            let pairs = a.iter().zip(b.iter()).map(|((a, x), (b, y))| a.cmp(b).then_with(|| compare_values(x, y)));
            pairs.fold(Ordering::Equal, Ordering::then).then_with(|| a.len().cmp(&b.len()))
        }
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Int(_) | Value::Float(_) => 0,
        Value::Str(_) => 1,
        Value::Bool(_) => 2,
        Value::List(_) => 3,
        Value::Map(_) => 4,
        Value::Null => 5,
        Value::Verbatim(_) => 6,
    }
}
