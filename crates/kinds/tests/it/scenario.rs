//! A recorded conversation, read into writes of one object.

use kind::{DynKind, Verb};
use schema::Value;
use std::path::Path;

/// Stands for the namespace that each run makes.
pub const NAMESPACE: &str = "recorded-ns1";
/// Stands for times, which the recordings leave out.
pub const TIME: &str = "2026-01-02T03:04:05.000000Z";

pub struct Step {
    /// The method.
    pub what: String,
    pub path: Path_,
    pub query: String,
    pub content_type: String,
    pub accept: String,
    pub body: Value,
    pub status: i64,
    pub want: Value,
}

/// Where a request goes.
pub struct Path_ {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub name: String,
    pub subresource: String,
}

/// The steps of a scenario that go to resources with a JSON body or none.
pub fn steps(file: &Path) -> Vec<Step> {
    let scenario = concrete(&crate::read(file));
    scenario["steps"].items().iter().filter_map(step).collect()
}

fn step(step: &Value) -> Option<Step> {
    let (path, query) = step.str_at(&["path"]).split_once('?').unwrap_or((step.str_at(&["path"]), ""));
    let header = |name: &str| step["headers"].get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Step {
        what: step.str_at(&["do"]).to_owned(),
        path: parse(path)?,
        query: query.to_owned(),
        content_type: header("Content-Type"),
        accept: header("Accept"),
        body: step["body"].clone(),
        status: step["want"]["status"].as_i64()?,
        want: step["want"]["body"].clone(),
    })
}

fn parse(path: &str) -> Option<Path_> {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version) = match *parts.first()? {
        "api" if parts.len() > 2 => ("", parts[1]),
        "apis" if parts.len() > 3 => (parts[1], parts[2]),
        _ => return None,
    };
    parts.drain(..if group.is_empty() { 2 } else { 3 });
    if parts[0] == "namespaces" && parts.len() > 2 {
        parts.drain(..2);
    }
    let part = |index: usize| parts.get(index).copied().unwrap_or_default().to_owned();
    Some(Path_ {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: part(0),
        name: part(1),
        subresource: part(2),
    })
}

impl Path_ {
    pub fn kind(&self) -> Option<&'static dyn DynKind> {
        let kinds = kinds::KINDS.iter().copied();
        let mut stored = kinds.filter(|kind| kind.names().verbs.contains(&Verb::Get));
        stored.find(|kind| kind.names().group == self.group && kind.names().plural == self.plural)
    }
}

/// Uids that can stand in labels.
fn uids(text: &str) -> String {
    (1..10).fold(text.to_owned(), |text, n| text.replace(&format!("<uid{n}>"), &format!("uid{n}")))
}

/// With values in the place of what the recordings leave out.
fn concrete(value: &Value) -> Value {
    match value {
        Value::Str(text) if &**text == "<time>" => Value::str(TIME),
        Value::Str(text) => Value::str(uids(&text.replace("{ns}", NAMESPACE))),
        Value::List(items) => Value::List(items.iter().map(concrete).collect()),
        Value::Map(map) => {
            let pairs = map.iter().map(|(key, value)| (key.replace("{ns}", NAMESPACE).into(), concrete(value)));
            Value::Map(pairs.collect())
        }
        other => other.clone(),
    }
}
