//! What the kinds with a pod template share: columns, selectors, the rules for templates of replicated pods.

use api_core::v1::PodTemplateSpec;
use api_meta::v1::{LabelSelector, LabelSelectorRequirement};
use kind::field::Bare;
use kind::{Cell, FieldErrors, Path, validate};
use kinds_core::pod_spec::{self, Options};
use schema::{Value, json};
use std::collections::BTreeMap;

/// Names of the containers, for a column.
pub fn containers(template: &PodTemplateSpec) -> Cell {
    joined(template.spec.containers.iter().map(|container| container.name.as_str()))
}

/// Images of the containers, for a column.
pub fn images(template: &PodTemplateSpec) -> Cell {
    joined(template.spec.containers.iter().map(|container| container.image.as_str()))
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Cell {
    Cell::from(texts.collect::<Vec<_>>().join(","))
}

/// Of an update: what the template had may stay.
pub fn options(old: Option<&PodTemplateSpec>) -> Options {
    match old {
        None => Options::template(),
        Some(old) => Options::template().tolerating(&old.spec),
    }
}

/// A selector that must be there and not be empty; `whose` is the word of the message for an empty one.
pub fn validate_required_selector(
    selector: Option<&LabelSelector>,
    whose: &str,
    old: Option<&LabelSelector>,
    errors: &mut FieldErrors,
) {
    let spec = Path::root("spec");
    let path = spec.child("selector");
    let Some(selector) = selector else {
        errors.required(&path, "");
        return;
    };
    validate::label_selector(selector, old.is_some_and(has_invalid_values), &path, errors);
    validate_not_empty(selector, whose, errors);
}

pub fn validate_not_empty(selector: &LabelSelector, whose: &str, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    if selector.match_labels.is_empty() && selector.match_expressions.is_empty() {
        let why = format!("empty selector is invalid for {whose}");
        errors.invalid(&spec.child("selector"), shown(selector), why);
    }
}

fn has_invalid_values(selector: &LabelSelector) -> bool {
    let values = selector.match_expressions.iter().flat_map(|requirement| &requirement.values);
    values.into_iter().any(|value| !validate::label_value(value).is_empty())
}

/// Whether a selector can be applied at all: otherwise it is no use to look whom it selects.
pub fn is_applicable(selector: Option<&LabelSelector>) -> bool {
    let mut errors = FieldErrors::new();
    if let Some(selector) = selector {
        validate::label_selector(selector, false, &Path::object(), &mut errors);
    }
    errors.is_empty()
}

/// The labels of the template are among those that the selector takes; no selector takes none.
pub fn validate_selected(selector: Option<&LabelSelector>, template: &PodTemplateSpec, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let (template_path, labels) = (spec.child("template"), &template.metadata.labels);
    if !selector.is_some_and(|selector| selects(selector, labels)) {
        let metadata = template_path.child("metadata");
        let why = "`selector` does not match template `labels`";
        errors.invalid(&metadata.child("labels"), labels_shown(labels), why);
    }
}

/// The template's own rules, and those of pods that run forever; `whose` is the kind's word in the message.
pub fn validate_lasting(
    template: &PodTemplateSpec,
    old: Option<&PodTemplateSpec>,
    whose: &str,
    errors: &mut FieldErrors,
) {
    let spec = Path::root("spec");
    let path = spec.child("template");
    pod_spec::validate_template(template, &path, &options(old), errors);
    validate_restart_always(template, whose, errors);
}

pub fn validate_restart_always(template: &PodTemplateSpec, whose: &str, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let path = spec.child("template");
    let pod = path.child("spec");
    if template.spec.restart_policy != "Always" {
        errors.not_supported(&pod.child("restartPolicy"), &template.spec.restart_policy, &["Always"]);
    }
    if template.spec.active_deadline_seconds.is_some() {
        let why = format!("activeDeadlineSeconds in {whose} is not Supported");
        errors.forbidden(&pod.child("activeDeadlineSeconds"), why);
    }
}

/// A disk of Google's can be mounted on several machines only to be read.
pub fn validate_read_only_disks(template: &PodTemplateSpec, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let path = spec.child("template");
    let pod = path.child("spec");
    let volumes = pod.child("volumes");
    for (index, volume) in template.spec.volumes.iter().enumerate() {
        if volume.gce_persistent_disk.as_ref().is_some_and(|disk| !disk.read_only) {
            let volume_path = volumes.index(index);
            let disk = volume_path.child("gcePersistentDisk");
            let why = "must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only";
            errors.invalid(&disk.child("readOnly"), false, why);
        }
    }
}

pub fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| meets(requirement, labels))
}

fn meets(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|value| requirement.values.contains(value)),
        "NotIn" => !value.is_some_and(|value| requirement.values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// As messages show a selector.
pub fn shown(selector: &LabelSelector) -> Bare<String> {
    let text = |text: &str| json::to_string(&Value::str(text));
    let mut parts = Vec::new();
    if !selector.match_labels.is_empty() {
        parts.push(format!("\"matchLabels\":{}", labels_shown(&selector.match_labels).0));
    }
    if !selector.match_expressions.is_empty() {
        let expressions: Vec<String> = selector
            .match_expressions
            .iter()
            .map(|requirement| {
                let values: Vec<String> = requirement.values.iter().map(|value| text(value)).collect();
                let values =
                    if values.is_empty() { String::new() } else { format!(",\"values\":[{}]", values.join(",")) };
                let (key, operator) = (text(&requirement.key), text(&requirement.operator));
                format!("{{\"key\":{key},\"operator\":{operator}{values}}}")
            })
            .collect();
        parts.push(format!("\"matchExpressions\":[{}]", expressions.join(",")));
    }
    Bare(format!("{{{}}}", parts.join(",")))
}

/// As messages show a selector that may be absent.
pub fn shown_or_null(selector: Option<&LabelSelector>) -> Bare<String> {
    selector.map_or_else(|| Bare("null".into()), shown)
}

pub fn labels_shown(labels: &BTreeMap<String, String>) -> Bare<String> {
    if labels.is_empty() {
        return Bare("null".into());
    }
    let map = labels.iter().map(|(key, value)| (key.as_str().into(), Value::str(value.as_str())));
    Bare(json::to_string(&Value::Map(map.collect())))
}

/// The selector may not change.
pub fn validate_same_selector(new: Option<&LabelSelector>, old: Option<&LabelSelector>, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    if new != old {
        errors.invalid(&spec.child("selector"), shown_or_null(new), "field is immutable");
    }
}
