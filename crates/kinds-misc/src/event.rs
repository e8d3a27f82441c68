//! Event of events.k8s.io: the same objects as the core group's events, in another form.

use crate::event_rules;
use api_misc::events::v1;
use kind::columns::NAME_DESCRIPTION;
use kind::{Cell, Column, Dependents, FieldErrors, Kind, Names, Scope, Verb, Version};
use schema::{Time, Value};

pub struct Event;

static NAMES: Names = Names {
    group: "events.k8s.io",
    kind: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.events.v1.Event" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Event>] = &[
    Column::string("Last Seen", LAST_SEEN_DESCRIPTION, 0, last_seen),
    Column::string("Type", TYPE_OF_DESCRIPTION, 0, type_of),
    Column::string("Reason", REASON_DESCRIPTION, 0, reason),
    Column::string("Object", "The object that this event is about.", 0, object),
    Column::string("Subobject", SUBOBJECT_DESCRIPTION, 1, subobject),
    Column::string("Source", SOURCE_DESCRIPTION, 1, source),
    Column::string("Message", "A human-readable description of the status of this operation.", 0, message),
    Column::string("First Seen", FIRST_SEEN_DESCRIPTION, 1, first_seen),
    Column::string("Count", "The number of times this event has occurred.", 1, count),
    Column { name: "Name", kind: "string", format: "name", description: NAME_DESCRIPTION, priority: 1, cell: name },
];

const LAST_SEEN_DESCRIPTION: &str = "The time at which the most recent occurrence of this event was recorded.";
const TYPE_OF_DESCRIPTION: &str = "Type of this event (Normal, Warning), new types could be added in the future";
const REASON_DESCRIPTION: &str = "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.";
const SUBOBJECT_DESCRIPTION: &str = "If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: \"spec.containers{name}\" (where \"name\" refers to the name of the container that triggered the event) or if no container name is specified \"spec.containers[2]\" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.";
const SOURCE_DESCRIPTION: &str = "The component reporting this event. Should be a short machine understandable string.";
const FIRST_SEEN_DESCRIPTION: &str =
    "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)";

impl Kind for Event {
    type Object = v1::Event;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Event>] {
        COLUMNS
    }

    fn creates_on_update(&self) -> bool {
        true
    }

    fn dependents(&self) -> Dependents {
        Dependents::Unsupported
    }

    fn selectable(&self, object: &v1::Event) -> Vec<(&'static str, String)> {
        let about = &object.regarding;
        vec![
            ("regarding.kind", about.kind.clone()),
            ("regarding.namespace", about.namespace.clone()),
            ("regarding.name", about.name.clone()),
            ("regarding.uid", about.uid.clone()),
            ("regarding.apiVersion", about.api_version.clone()),
            ("regarding.resourceVersion", about.resource_version.clone()),
            ("regarding.fieldPath", about.field_path.clone()),
            ("reason", object.reason.clone()),
            ("reportingController", object.reporting_controller.clone()),
            ("type", object.type_.clone()),
        ]
    }

    fn validate(&self, object: &v1::Event, errors: &mut FieldErrors) {
        event_rules::validate_form(object, errors);
        event_rules::validate(object, errors);
    }

    fn validate_update(&self, new: &v1::Event, old: &v1::Event, errors: &mut FieldErrors) {
        event_rules::validate_form(new, errors);
        event_rules::validate_unchanged(new, old, errors);
    }

    fn stored_as(&self) -> Option<(&'static str, &'static str)> {
        Some(("", "events"))
    }

    fn stored_field(&self, field: &str) -> String {
        match field.strip_prefix("regarding.") {
            Some(part) => format!("involvedObject.{part}"),
            None if field == "reportingController" => "reportingComponent".to_owned(),
            None => field.to_owned(),
        }
    }

    fn convert(&self, mut value: Value, to_api_version: &str) -> Value {
        let to_core = to_api_version == "v1";
        for (core, own) in FORMS {
            let (from, to) = if to_core { (own, core) } else { (core, own) };
            if let Some(field) = value.remove(&[from]) {
                value.set(&[to], field);
            }
        }
        value
    }
}

/// What the fields are called in the core group and here.
const FORMS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn last_seen(object: &v1::Event, now: Time) -> Cell {
    let last = match &object.series {
        Some(series) => series.last_observed_time,
        None => object.deprecated_last_timestamp.map(Into::into).or(object.event_time),
    };
    Cell::from(kind::age(last.map(Time::from), now))
}

fn type_of(object: &v1::Event, _now: Time) -> Cell {
    Cell::from(object.type_.as_str())
}

fn reason(object: &v1::Event, _now: Time) -> Cell {
    Cell::from(object.reason.as_str())
}

fn object(object: &v1::Event, _now: Time) -> Cell {
    let regarding = &object.regarding;
    let kind = regarding.kind.to_lowercase();
    Cell::from(if regarding.name.is_empty() { kind } else { format!("{kind}/{}", regarding.name) })
}

fn subobject(object: &v1::Event, _now: Time) -> Cell {
    Cell::from(object.regarding.field_path.as_str())
}

fn source(object: &v1::Event, _now: Time) -> Cell {
    let source = &object.deprecated_source;
    let (component, host) = if source.component.is_empty() {
        (&object.reporting_controller, &object.reporting_instance)
    } else {
        (&source.component, &source.host)
    };
    Cell::from(if host.is_empty() { component.clone() } else { format!("{component}, {host}") })
}

fn message(object: &v1::Event, _now: Time) -> Cell {
    Cell::from(object.note.trim())
}

fn first_seen(object: &v1::Event, now: Time) -> Cell {
    let first = object.deprecated_first_timestamp.or(object.event_time.map(Time::from));
    Cell::from(kind::age(first, now))
}

fn count(object: &v1::Event, _now: Time) -> Cell {
    Cell::from(match &object.series {
        Some(series) => series.count,
        None => object.deprecated_count.max(1),
    })
}

fn name(object: &v1::Event, _now: Time) -> Cell {
    Cell::from(object.metadata.name.as_str())
}
