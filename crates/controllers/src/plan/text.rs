//! The text form of a plan: one line a write, what an update changes below it.

use super::{Action, EventRecord, Expect, Pace, Plan, Write};
use schema::Value;
use schema::json::to_string;
use std::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            match step.pace {
                Pace::InOrder => {}
                Pace::SlowStart => writeln!(f, "slowly:")?,
                Pace::Together => writeln!(f, "together:")?,
            }
            for write in &step.writes {
                write!(f, "{write}")?;
            }
        }
        for event in &self.events {
            writeln!(f, "{event}")?;
        }
        if let Some(wait) = self.requeue_after {
            writeln!(f, "requeue after {wait:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action)?;
        if let Some(event) = &self.event {
            writeln!(f, "  then {event}")?;
        }
        Ok(())
    }
}

impl fmt::Display for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventRecord { regarding, type_, reason, message } = self;
        let key = informer::Key::new(regarding.namespace.as_str(), regarding.name.as_str());
        write!(f, "event {type_} {reason} on {} {key}: {message}", regarding.kind)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource, key) = (self.resource().qualified(), self.key());
        match self {
            Action::Create { object, .. } => {
                let generated = object.str_at(&["metadata", "generateName"]);
                let name = if key.name.is_empty() { format!("{generated}*") } else { String::new() };
                writeln!(f, "create {resource} {key}{name} {}", to_string(&body(object)))
            }
            Action::Update { subresource, before, object, .. } => {
                writeln!(f, "update {resource}{} {key}", below(subresource))?;
                differences(f, &mut String::new(), before, object)
            }
            Action::Patch { subresource, body, .. } => {
                writeln!(f, "patch {resource}{} {key} {}", below(subresource), to_string(body))
            }
            Action::Delete { options, .. } => {
                write!(f, "delete {resource} {key}")?;
                if let Some(version) = &options.resource_version {
                    write!(f, " at {version}")?;
                }
                if let Some(grace) = options.grace_period_seconds {
                    write!(f, " grace {grace}s")?;
                }
                if let Some(propagation) = options.propagation {
                    write!(f, " {propagation}")?;
                }
                writeln!(f)
            }
            Action::DeleteCollection { namespace, .. } => writeln!(f, "delete all {resource} in {namespace}"),
            Action::CreateSubresource { subresource, object, .. } => {
                writeln!(f, "create {resource}/{subresource} {key} {}", to_string(&body(object)))
            }
            Action::UpdateSubresource { subresource, object, .. } => {
                writeln!(f, "put {resource}/{subresource} {key} {}", to_string(&body(object)))
            }
            Action::Check { expect: Expect::Empty, .. } => {
                writeln!(f, "check {resource} in {} are none", key.namespace)
            }
            Action::Check { uid, expect, .. } => writeln!(f, "check {resource} {key} uid {uid} is {expect:?}"),
        }
    }
}

fn below(subresource: &str) -> String {
    if subresource.is_empty() { String::new() } else { format!("/{subresource}") }
}

/// The object without what its line already says.
fn body(object: &Value) -> Value {
    let mut body = object.clone();
    for path in [&["apiVersion"][..], &["kind"], &["metadata", "namespace"], &["metadata", "name"]] {
        body.remove(path);
    }
    if body["metadata"].is_zero() {
        body.remove(&["metadata"]);
    }
    body
}

/// One line for each place where two values differ.
fn differences(f: &mut fmt::Formatter<'_>, path: &mut String, before: &Value, after: &Value) -> fmt::Result {
    if before == after {
        return Ok(());
    }
    let length = path.len();
    match (before, after) {
        (Value::Map(old), Value::Map(new)) => {
            let mut keys: Vec<&str> = old.keys().chain(new.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(key);
                differences(f, path, &before[key], &after[key])?;
                path.truncate(length);
            }
            Ok(())
        }
        (Value::List(old), Value::List(new)) => {
            for at in 0..old.len().max(new.len()) {
                path.push_str(&format!("[{at}]"));
                let null = Value::Null;
                differences(f, path, old.get(at).unwrap_or(&null), new.get(at).unwrap_or(&null))?;
                path.truncate(length);
            }
            Ok(())
        }
        (Value::Null, _) => writeln!(f, "  {path}: + {}", to_string(after)),
        (_, Value::Null) => writeln!(f, "  {path}: - {}", to_string(before)),
        _ => writeln!(f, "  {path}: {} -> {}", to_string(before), to_string(after)),
    }
}
