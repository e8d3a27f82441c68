//! Event of the core group. `events.k8s.io` shows the same objects in another form.

use crate::cells;
use crate::pod_spec::check;
use api_core::v1;
use kind::{Cell, Column, Dependents, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Verb, Version};
use schema::Time;

pub struct Event;

const MOST_NAME: usize = 128;
const MOST_MESSAGE: usize = 1024;

static NAMES: Names = Names {
    group: "",
    kind: "Event",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Event" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Event>] = &[
    Column::string(
        "Last Seen",
        "The time at which the most recent occurrence of this event was recorded.",
        0,
        last_seen,
    ),
    Column::string("Type", "Type of this event (Normal, Warning), new types could be added in the future", 0, type_of),
    Column::string("Reason", REASON_DESCRIPTION, 0, reason),
    Column::string("Object", "The object that this event is about.", 0, object_of),
    Column::string("Subobject", SUBOBJECT_DESCRIPTION, 1, subobject),
    Column::string("Source", SOURCE_DESCRIPTION, 1, source),
    Column::string("Message", "A human-readable description of the status of this operation.", 0, message),
    Column::string("First Seen", FIRST_SEEN_DESCRIPTION, 1, first_seen),
    Column::string("Count", "The number of times this event has occurred.", 1, count),
    Column { priority: 1, ..Column::NAME },
];

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

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules {
            name: NameFormat::PathSegment,
            standard_finalizers: false,
            repeats_update: false,
            repeats_create: false,
            after_validation: true,
        }
    }

    fn validate(&self, object: &v1::Event, errors: &mut FieldErrors) {
        if object.event_time.is_some() {
            validate_new(object, errors);
        } else {
            validate_old(object, errors);
        }
        let namespace = &object.metadata.namespace;
        check::dns_subdomain(namespace, &Path::root("namespace"), errors);
    }

    fn dependents(&self) -> Dependents {
        Dependents::Unsupported
    }

    fn creates_on_update(&self) -> bool {
        true
    }

    fn selectable(&self, object: &v1::Event) -> Vec<(&'static str, String)> {
        let involved = &object.involved_object;
        let component = &object.source.component;
        let source = if component.is_empty() { &object.reporting_component } else { component };
        vec![
            ("involvedObject.kind", involved.kind.clone()),
            ("involvedObject.namespace", involved.namespace.clone()),
            ("involvedObject.name", involved.name.clone()),
            ("involvedObject.uid", involved.uid.clone()),
            ("involvedObject.apiVersion", involved.api_version.clone()),
            ("involvedObject.resourceVersion", involved.resource_version.clone()),
            ("involvedObject.fieldPath", involved.field_path.clone()),
            ("reason", object.reason.clone()),
            ("reportingComponent", object.reporting_component.clone()),
            ("source", source.clone()),
            ("type", object.type_.clone()),
        ]
    }
}

const ELSEWHERE: &str = "does not match event.namespace";

/// Without an event time, as clients made them before events.k8s.io.
fn validate_old(object: &v1::Event, errors: &mut FieldErrors) {
    let involved = &object.involved_object.namespace;
    let namespace = object.metadata.namespace.as_str();
    let agree = if involved.is_empty() { matches!(namespace, "" | "default") } else { namespace == involved };
    if !agree {
        let path = Path::root("involvedObject");
        errors.invalid(&path.child("namespace"), involved, ELSEWHERE);
    }
}

fn validate_new(object: &v1::Event, errors: &mut FieldErrors) {
    let involved = &object.involved_object.namespace;
    if involved.is_empty() && !matches!(object.metadata.namespace.as_str(), "default" | "kube-system") {
        let path = Path::root("involvedObject");
        errors.invalid(&path.child("namespace"), involved, ELSEWHERE);
    }
    let component = Path::root("reportingComponent");
    check::required(&object.reporting_component, &component, errors);
    check::qualified_name(&object.reporting_component, &component, errors);
    let named =
        [(&object.reporting_instance, "reportingInstance"), (&object.action, "action"), (&object.reason, "reason")];
    for (text, field) in named {
        let path = Path::root(field);
        check::required(text, &path, errors);
        at_most(text, MOST_NAME, &path, errors);
    }
    at_most(&object.message, MOST_MESSAGE, &Path::root("message"), errors);
}

fn at_most(text: &str, most: usize, path: &Path, errors: &mut FieldErrors) {
    if text.len() > most {
        errors.invalid(path, "", format!("can have at most {most} characters"));
    }
}

fn first(object: &v1::Event) -> Option<Time> {
    object.first_timestamp.or(object.event_time.map(Time::from))
}

fn last_seen(object: &v1::Event, now: Time) -> Cell {
    let last = match &object.series {
        Some(series) => series.last_observed_time.map(Time::from),
        None => object.last_timestamp.or(first(object)),
    };
    Cell::from(kind::age(last, now))
}

fn type_of(object: &v1::Event, _now: Time) -> Cell {
    cells::text(&object.type_)
}

fn reason(object: &v1::Event, _now: Time) -> Cell {
    cells::text(&object.reason)
}

fn object_of(object: &v1::Event, _now: Time) -> Cell {
    let involved = &object.involved_object;
    let kind = involved.kind.to_lowercase();
    Cell::from(if involved.name.is_empty() { kind } else { format!("{kind}/{}", involved.name) })
}

fn subobject(object: &v1::Event, _now: Time) -> Cell {
    cells::text(&object.involved_object.field_path)
}

fn source(object: &v1::Event, _now: Time) -> Cell {
    let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    let component = or(&object.source.component, &object.reporting_component);
    let host = or(&object.source.host, &object.reporting_instance);
    Cell::from(if host.is_empty() { component } else { format!("{component}, {host}") })
}

fn message(object: &v1::Event, _now: Time) -> Cell {
    cells::text(object.message.trim())
}

fn first_seen(object: &v1::Event, now: Time) -> Cell {
    Cell::from(kind::age(first(object), now))
}

fn count(object: &v1::Event, _now: Time) -> Cell {
    cells::int(match &object.series {
        Some(series) => series.count,
        None => object.count.max(1),
    })
}
