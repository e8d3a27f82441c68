//! `metadata.managedFields`: reading and writing the entries.

use super::set::FieldSet;
use schema::{Text, Time, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Managers by identity.
pub(crate) type Managers = BTreeMap<ManagerId, Managed>;

/// What tells one entry from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ManagerId {
    pub manager: Text,
    pub operation: Operation,
    /// Empty for `Apply`, so that a manager that applies keeps its one entry when it changes the version.
    pub api_version: Text,
    pub subresource: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// What a manager manages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Managed {
    pub set: FieldSet,
    /// The version in which the paths of `set` are written.
    pub api_version: Text,
    pub time: Option<Time>,
}

/// Why entries cannot be read, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EntryError(String);

impl ManagerId {
    pub fn update(manager: &str, api_version: &str, subresource: &str) -> ManagerId {
        let (manager, subresource) = (named(manager), subresource.into());
        ManagerId { manager, operation: Operation::Update, api_version: api_version.into(), subresource }
    }

    pub fn apply(manager: &str, subresource: &str) -> ManagerId {
        let (manager, subresource) = (named(manager), subresource.into());
        ManagerId { manager, operation: Operation::Apply, api_version: Text::default(), subresource }
    }
}

fn named(manager: &str) -> Text {
    if manager.is_empty() { "unknown".into() } else { manager.into() }
}

/// As messages name a manager: `"kubectl-create" using apps/v1`.
impl fmt::Display for ManagerId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.manager)?;
        if !self.subresource.is_empty() {
            write!(out, " with subresource {:?}", self.subresource)?;
        }
        if self.operation == Operation::Update {
            write!(out, " using {}", self.api_version)?;
        }
        Ok(())
    }
}

/// Reads the entries of an object.
pub(crate) fn decode(object: &Value) -> Result<Managers, EntryError> {
    let entries = object.at(&["metadata", "managedFields"]).items();
    let mut managers = Managers::new();
    for (index, entry) in entries.iter().enumerate() {
        let text = |name: &str| Text::from(entry.str_at(&[name]));
        let operation = match text("operation").as_str() {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err(EntryError("operation must be `Apply` or `Update`".into())),
        };
        let api_version = text("apiVersion");
        if api_version.is_empty() {
            return Err(EntryError("apiVersion must not be empty".into()));
        }
        match text("fieldsType").as_str() {
            "FieldsV1" => {}
            "" => return Err(EntryError(format!("missing fieldsType in managed fields entry {index}"))),
            other => return Err(EntryError(format!("invalid fieldsType {other:?} in managed fields entry {index}"))),
        }
        let set = match entry.get("fieldsV1") {
            None | Some(Value::Null) => FieldSet::new(),
            Some(fields) => FieldSet::from_fields_v1(fields)
                .map_err(|error| EntryError(format!("error decoding set of managed fields: {error}")))?,
        };
        let id = ManagerId {
            manager: text("manager"),
            operation,
            api_version: if operation == Operation::Apply { Text::default() } else { api_version.clone() },
            subresource: text("subresource"),
        };
        managers.insert(id, Managed { set, api_version, time: Time::parse(entry.str_at(&["time"])).ok() });
    }
    Ok(managers)
}

/// Writes the entries into an object; none at all where no one manages anything.
pub(crate) fn encode(object: &mut Value, managers: &Managers) {
    if managers.is_empty() {
        object.remove(&["metadata", "managedFields"]);
        return;
    }
    let mut sorted: Vec<(&ManagerId, &Managed)> = managers.iter().collect();
    sorted.sort_by(|(a, x), (b, y)| {
        let seconds = |managed: &Managed| managed.time.map_or(0, Time::unix);
        (a.operation, seconds(x), &a.manager, &x.api_version, &a.subresource).cmp(&(
            b.operation,
            seconds(y),
            &b.manager,
            &y.api_version,
            &b.subresource,
        ))
    });
    let entries = sorted.into_iter().map(|(id, managed)| entry(id, managed)).collect();
    object.set(&["metadata", "managedFields"], Value::List(entries));
}

fn entry(id: &ManagerId, managed: &Managed) -> Value {
    let operation = match id.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut entry = schema::value!({
        "operation": operation,
        "apiVersion": (managed.api_version.clone()),
        "fieldsType": "FieldsV1",
        "fieldsV1": (managed.set.to_fields_v1()),
    });
    for (name, text) in [("manager", &id.manager), ("subresource", &id.subresource)] {
        if !text.is_empty() {
            entry.set(&[name], text.clone());
        }
    }
    if let Some(time) = managed.time {
        entry.set(&["time"], time.to_text());
    }
    entry
}
