//! What the spec of a HorizontalPodAutoscaler must satisfy.

use api_apps::autoscaling::v2;
use kind::{FieldErrors, Path, validate};

const MAX_STABILIZATION_SECONDS: i32 = 3600;
const MAX_PERIOD_SECONDS: i32 = 1800;
const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

pub fn validate(spec: &v2::HorizontalPodAutoscalerSpec, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    let lowest = 1;
    let min = spec.min_replicas.unwrap_or(lowest);
    if min < lowest {
        errors.invalid(&path.child("minReplicas"), min, format!("must be greater than or equal to {lowest}"));
    }
    let max = path.child("maxReplicas");
    match spec.max_replicas {
        0 => errors.required(&max, "must be set and greater than 0"),
        ..0 => errors.invalid(&max, spec.max_replicas, "must be greater than or equal to 1"),
        _ => {}
    }
    if spec.max_replicas < min {
        errors.invalid(&max, spec.max_replicas, "must be greater than or equal to `minReplicas`");
    }
    validate_target_reference(&spec.scale_target_ref, &path.child("scaleTargetRef"), errors);
    let metrics = path.child("metrics");
    for (index, metric) in spec.metrics.iter().enumerate() {
        validate_metric(metric, &metrics.index(index), errors);
    }
    let scales_to_zero = |metric: &v2::MetricSpec| metric.object.is_some() || metric.external.is_some();
    if spec.min_replicas == Some(0) && !spec.metrics.iter().any(scales_to_zero) {
        errors.forbidden(
            &metrics,
            "must specify at least one Object or External metric to support scaling to zero replicas",
        );
    }
    if let Some(behavior) = &spec.behavior {
        let behavior_path = path.child("behavior");
        for (field, rules) in [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)] {
            if let Some(rules) = rules {
                validate_rules(rules, &behavior_path.child(field), errors);
            }
        }
    }
}

fn validate_target_reference(target: &v2::CrossVersionObjectReference, path: &Path, errors: &mut FieldErrors) {
    validate_reference(target, path, errors);
    let api_version = target.api_version.as_str();
    match api_version.split('/').count() {
        _ if api_version.is_empty() => {
            errors.invalid(&path.child("apiVersion"), "", "apiVersion must specify API group");
        }
        1 if api_version != "v1" => {
            errors.invalid(&path.child("apiVersion"), api_version, "apiVersion must specify API group");
        }
        1 | 2 => {}
        _ => {
            let why = format!("unexpected GroupVersion string: {api_version}");
            errors.invalid(&path.child("apiVersion"), api_version, why);
        }
    }
}

fn validate_reference(reference: &v2::CrossVersionObjectReference, path: &Path, errors: &mut FieldErrors) {
    for (field, text) in [("kind", &reference.kind), ("name", &reference.name)] {
        let path = path.child(field);
        if text.is_empty() {
            errors.required(&path, "");
        } else {
            for sentence in validate::path_segment_name(text) {
                errors.invalid(&path, text, sentence);
            }
        }
    }
}

fn validate_metric(metric: &v2::MetricSpec, path: &Path, errors: &mut FieldErrors) {
    let set = [
        ("ContainerResource", "containerResource", metric.container_resource.is_some()),
        ("External", "external", metric.external.is_some()),
        ("Object", "object", metric.object.is_some()),
        ("Pods", "pods", metric.pods.is_some()),
        ("Resource", "resource", metric.resource.is_some()),
    ];
    if metric.type_.is_empty() {
        errors.required(&path.child("type"), "must specify a metric source type");
    }
    if !TYPES.contains(&metric.type_.as_str()) {
        // Upstream says it for the type and for the source that is missing.
        errors.not_supported(&path.child("type"), &metric.type_, &TYPES);
        errors.not_supported(&path.child("type"), &metric.type_, &TYPES);
    }
    for (type_, field, set) in set {
        match (type_ == metric.type_, set) {
            (true, false) => {
                let why = "must populate information for the given metric source";
                errors.required(&path.child(field), why);
            }
            (false, true) if TYPES.contains(&metric.type_.as_str()) => {
                errors.forbidden(&path.child(field), "must populate the given metric source only");
            }
            _ => {}
        }
    }
    validate_sources(metric, path, errors);
}

fn validate_sources(metric: &v2::MetricSpec, path: &Path, errors: &mut FieldErrors) {
    if let Some(source) = &metric.object {
        let path = path.child("object");
        validate_reference(&source.described_object, &path.child("describedObject"), errors);
        validate_identifier(&source.metric, &path.child("metric"), errors);
        validate_target(&source.target, &path.child("target"), errors);
        if source.target.value.is_none() && source.target.average_value.is_none() {
            let target = path.child("target");
            errors.required(&target.child("averageValue"), "must set either a target value or averageValue");
        }
    }
    if let Some(source) = &metric.external {
        let path = path.child("external");
        validate_identifier(&source.metric, &path.child("metric"), errors);
        let target = path.child("target");
        validate_target(&source.target, &target, errors);
        match (&source.target.value, &source.target.average_value) {
            (None, None) => errors.required(
                &target.child("averageValue"),
                "must set either a target value for metric or a per-pod target",
            ),
            (Some(_), Some(_)) => errors
                .forbidden(&target.child("value"), "may not set both a target value for metric and a per-pod target"),
            _ => {}
        }
    }
    if let Some(source) = &metric.pods {
        let path = path.child("pods");
        validate_identifier(&source.metric, &path.child("metric"), errors);
        let target = path.child("target");
        validate_target(&source.target, &target, errors);
        if source.target.average_value.as_ref().is_none_or(|value| value.is_negative() || value.is_zero()) {
            errors.required(&target.child("averageValue"), "must specify a positive target averageValue");
        }
    }
    if let Some(source) = &metric.resource {
        validate_resource(&source.name, &source.target, &path.child("resource"), errors);
    }
    if let Some(source) = &metric.container_resource {
        let path = path.child("containerResource");
        if source.container.is_empty() {
            errors.required(&path.child("container"), "must specify a container");
        }
        validate_resource(&source.name, &source.target, &path, errors);
    }
}

fn validate_resource(name: &str, target: &v2::MetricTarget, path: &Path, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.required(&path.child("name"), "must specify a resource name");
    }
    let target_path = path.child("target");
    validate_target(target, &target_path, errors);
    let utilization = target_path.child("averageUtilization");
    match (target.average_utilization, &target.average_value) {
        (None, None) => errors.required(&utilization, "must set either a target raw value or a target utilization"),
        (Some(_), Some(_)) => {
            let why = "may not set both a target raw value and a target utilization";
            errors.forbidden(&target_path.child("averageValue"), why);
        }
        _ => {}
    }
}

fn validate_target(target: &v2::MetricTarget, path: &Path, errors: &mut FieldErrors) {
    const KNOWN: [&str; 3] = ["AverageValue", "Utilization", "Value"];
    if target.type_.is_empty() {
        errors.required(&path.child("type"), "must specify a metric target type");
    } else if !KNOWN.contains(&target.type_.as_str()) {
        errors.invalid(&path.child("type"), &target.type_, "must be either Utilization, Value, or AverageValue");
    }
    for (field, amount) in [("value", &target.value), ("averageValue", &target.average_value)] {
        if let Some(amount) = amount.as_ref().filter(|amount| amount.is_negative() || amount.is_zero()) {
            errors.invalid(&path.child(field), amount.to_text().as_str(), "must be positive");
        }
    }
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        errors.invalid(&path.child("averageUtilization"), percent, "must be greater than 0");
    }
}

fn validate_identifier(metric: &v2::MetricIdentifier, path: &Path, errors: &mut FieldErrors) {
    if metric.name.is_empty() {
        return errors.required(&path.child("name"), "must specify a metric name");
    }
    for sentence in validate::path_segment_name(&metric.name) {
        errors.invalid(&path.child("name"), &metric.name, sentence);
    }
}

fn validate_rules(rules: &v2::HPAScalingRules, path: &Path, errors: &mut FieldErrors) {
    if let Some(seconds) = rules.stabilization_window_seconds {
        let path = path.child("stabilizationWindowSeconds");
        validate::not_negative(i64::from(seconds), &path, errors);
        if seconds > MAX_STABILIZATION_SECONDS {
            let why = format!("must be less than or equal to {MAX_STABILIZATION_SECONDS}");
            errors.invalid(&path, seconds, why);
        }
    }
    if let Some(select) = rules.select_policy.as_deref().filter(|select| !matches!(*select, "Disabled" | "Max" | "Min"))
    {
        errors.not_supported(&path.child("selectPolicy"), select, &["Disabled", "Max", "Min"]);
    }
    let policies = path.child("policies");
    if rules.policies.is_empty() {
        errors.required(&policies, "must specify at least one Policy");
    }
    for (index, policy) in rules.policies.iter().enumerate() {
        let path = policies.index(index);
        if !matches!(policy.type_.as_str(), "Percent" | "Pods") {
            errors.not_supported(&path.child("type"), &policy.type_, &["Percent", "Pods"]);
        }
        for (field, number) in [("value", policy.value), ("periodSeconds", policy.period_seconds)] {
            if number <= 0 {
                errors.invalid(&path.child(field), number, "must be greater than zero");
            }
        }
        if policy.period_seconds > MAX_PERIOD_SECONDS {
            let why = format!("must be less than or equal to {MAX_PERIOD_SECONDS}");
            errors.invalid(&path.child("periodSeconds"), policy.period_seconds, why);
        }
    }
}
