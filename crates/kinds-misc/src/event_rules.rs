//! What an event in the form of events.k8s.io must satisfy.
//!
//! Errors name the fields of the core group's form, in which upstream keeps and checks events, and show no values.

use api_misc::events::v1::Event;
use kind::{FieldErrors, Path, validate};
use schema::{MicroTime, Typed};

const MAX_INSTANCE: usize = 128;
const MAX_ACTION: usize = 128;
const MAX_REASON: usize = 128;
const MAX_NOTE: usize = 1024;

/// Of a creation and an update. What has no time is taken for an event of the old form.
pub fn validate_form(object: &Event, errors: &mut FieldErrors) {
    let namespace = object.metadata.namespace.as_str();
    let about = object.regarding.namespace.as_str();
    let timed = has_time(object);
    let fits = match about {
        "" if timed => matches!(namespace, "default" | "kube-system"),
        "" => matches!(namespace, "" | "default"),
        about => timed || about == namespace,
    };
    if !fits {
        let path = Path::root("involvedObject");
        errors.invalid(&path.child("namespace"), "", "does not match event.namespace");
    }
    if !timed {
        return;
    }
    required_text(&object.reporting_controller, "reportingController", None, errors);
    for sentence in validate::qualified_name(&object.reporting_controller) {
        errors.invalid(&Path::root("reportingController"), "", sentence);
    }
    required_text(&object.reporting_instance, "reportingInstance", Some(MAX_INSTANCE), errors);
    required_text(&object.action, "action", Some(MAX_ACTION), errors);
    required_text(&object.reason, "reason", Some(MAX_REASON), errors);
    too_long(&object.note, "message", MAX_NOTE, errors);
}

fn has_time(object: &Event) -> bool {
    object.event_time.is_some_and(|time| time != MicroTime::default())
}

/// Of a creation.
pub fn validate(object: &Event, errors: &mut FieldErrors) {
    if !has_time(object) {
        errors.required(&Path::root("eventTime"), "");
    }
    if let Some(series) = &object.series {
        let path = Path::root("series");
        if series.count < 2 {
            errors.invalid(&path.child("count"), "", "should be at least 2");
        }
        if series.last_observed_time.is_none() {
            errors.required(&path.child("lastObservedTime"), "");
        }
    }
    if !matches!(object.type_.as_str(), "Normal" | "Warning") {
        errors.invalid(&Path::root("type"), "", format!("has invalid value: {}", object.type_));
    }
    let old_fields = [
        ("firstTimestamp", object.deprecated_first_timestamp.is_some()),
        ("lastTimestamp", object.deprecated_last_timestamp.is_some()),
        ("count", object.deprecated_count != 0),
        ("source", object.deprecated_source != Default::default()),
    ];
    for (field, _) in old_fields.into_iter().filter(|(_, set)| *set) {
        errors.invalid(&Path::root(field), "", "needs to be unset");
    }
}

fn required_text(text: &str, field: &str, max: Option<usize>, errors: &mut FieldErrors) {
    if text.is_empty() {
        errors.required(&Path::root(field), "");
    }
    if let Some(max) = max {
        too_long(text, field, max, errors);
    }
}

fn too_long(text: &str, field: &str, max: usize, errors: &mut FieldErrors) {
    if text.len() > max {
        errors.invalid(&Path::root(field), "", format!("can have at most {max} characters"));
    }
}

/// All but the series is as it was.
pub fn validate_unchanged(new: &Event, old: &Event, errors: &mut FieldErrors) {
    let (new_value, old_value) = (new.to_value(), old.to_value());
    let fields = [
        ("involvedObject", "regarding"),
        ("reason", "reason"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
        // Upstream checks the reason twice.
        ("reason", "reason"),
        ("type", "type"),
        ("eventTime", "eventTime"),
        ("action", "action"),
        ("related", "related"),
        ("reportingController", "reportingController"),
        ("reportingInstance", "reportingInstance"),
    ];
    for (shown, field) in fields {
        if new_value[field] != old_value[field] {
            errors.invalid(&Path::root(shown), &new_value[field], "field is immutable");
        }
    }
}
