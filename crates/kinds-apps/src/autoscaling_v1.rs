//! A HorizontalPodAutoscaler between its two forms: autoscaling/v2, which is kept, and autoscaling/v1, which knows the use of
//! the CPU alone and carries the rest in annotations.

use schema::{Value, json, value};

/// All that v1 carries in annotations.
pub const ANNOTATIONS: &[&str] = &[METRICS, CURRENT, CONDITIONS, BEHAVIOR];
const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

pub fn to_v1(mut object: Value) -> Value {
    let metrics = object.at(&["spec", "metrics"]).items().to_vec();
    object.remove(&["spec", "metrics"]);
    let utilization = |metric: &Value| metric.at(&["resource", "target", "averageUtilization"]).clone();
    let cpu = metrics.iter().position(|metric| is_cpu(metric) && !utilization(metric).is_null());
    if let Some(cpu) = cpu {
        object.set(&["spec", "targetCPUUtilizationPercentage"], utilization(&metrics[cpu]));
    }
    let others: Vec<Value> =
        metrics.iter().enumerate().filter(|(index, _)| Some(*index) != cpu).map(|(_, metric)| flat(metric)).collect();
    let current = object.at(&["status", "currentMetrics"]).items().to_vec();
    object.remove(&["status", "currentMetrics"]);
    let used =
        current.iter().filter(|metric| is_cpu(metric)).map(|m| m.at(&["resource", "current", "averageUtilization"]));
    if let Some(used) = used.into_iter().find(|used| !used.is_null()) {
        let used = used.clone();
        object.set(&["status", "currentCPUUtilizationPercentage"], used);
    }
    let conditions = object.remove(&["status", "conditions"]).unwrap_or_default();
    let behavior = object.remove(&["spec", "behavior"]).unwrap_or_default();
    let lists = [
        (METRICS, Value::List(others)),
        (CURRENT, Value::List(current.iter().map(flat).collect())),
        (CONDITIONS, conditions),
        (BEHAVIOR, behavior),
    ];
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_zero()) {
        object.set(&["metadata", "annotations", key], in_go_order(&list));
    }
    object
}

pub fn from_v1(mut object: Value) -> Value {
    let mut take = |key: &str| -> Value {
        let text = object.remove(&["metadata", "annotations", key]).unwrap_or_default();
        let parsed = text.as_str().and_then(|text| json::parse(text.as_bytes(), json::Limits::default()).ok());
        parsed.unwrap_or_default()
    };
    let (others, current, conditions, behavior) = (take(METRICS), take(CURRENT), take(CONDITIONS), take(BEHAVIOR));
    let mut metrics: Vec<Value> = others.items().iter().map(deep).collect();
    if let Some(percent) = object.remove(&["spec", "targetCPUUtilizationPercentage"]) {
        let target = value!({ "type": "Utilization", "averageUtilization": percent });
        metrics.push(value!({ "type": "Resource", "resource": { "name": "cpu", "target": target } }));
    }
    let mut now: Vec<Value> = current.items().iter().map(deep_status).collect();
    if let Some(percent) = object.remove(&["status", "currentCPUUtilizationPercentage"])
        && !now.iter().any(is_cpu)
    {
        let used = value!({ "averageUtilization": percent, "averageValue": "0" });
        now.push(value!({ "type": "Resource", "resource": { "name": "cpu", "current": used } }));
    }
    let parts = [
        (["spec", "metrics"], Value::List(metrics)),
        (["status", "currentMetrics"], Value::List(now)),
        (["status", "conditions"], conditions),
        (["spec", "behavior"], behavior),
    ];
    for (path, part) in parts.into_iter().filter(|(_, part)| !part.is_zero()) {
        object.set(&path, part);
    }
    if object.at(&["metadata", "annotations"]).is_zero() {
        object.remove(&["metadata", "annotations"]);
    }
    object
}

fn is_cpu(metric: &Value) -> bool {
    metric.str_at(&["type"]) == "Resource" && metric.str_at(&["resource", "name"]) == "cpu"
}

/// The field of a metric's type: `resource`, `pods`, ...
fn field_of(metric: &Value) -> &'static str {
    match metric.str_at(&["type"]) {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        _ => "external",
    }
}

/// A metric or its status as v1's annotations have it: targets and values beside the name.
fn flat(metric: &Value) -> Value {
    let field = field_of(metric);
    let source = &metric[field];
    let mut out = Value::map();
    let kept = [("name", "name"), ("container", "container"), ("describedObject", "target")];
    for (from, to) in kept {
        copy(&source[from], &mut out, to);
    }
    copy(&source["metric"]["name"], &mut out, "metricName");
    copy(&source["metric"]["selector"], &mut out, if field == "external" { "metricSelector" } else { "selector" });
    let is_resource = field == "resource" || field == "containerResource";
    let target = &source["target"];
    copy(&target["averageUtilization"], &mut out, "targetAverageUtilization");
    copy(&target["averageValue"], &mut out, if field == "object" { "averageValue" } else { "targetAverageValue" });
    copy(&target["value"], &mut out, "targetValue");
    let current = &source["current"];
    if !current.is_null() {
        copy(&current["averageUtilization"], &mut out, "currentAverageUtilization");
        let average = if field == "object" { "averageValue" } else { "currentAverageValue" };
        copy(&current["averageValue"], &mut out, average);
        copy(&current["value"], &mut out, "currentValue");
        if is_resource && out.get("currentAverageValue").is_none() {
            out.set(&["currentAverageValue"], "0");
        }
    }
    let mut whole = value!({ "type": (metric["type"].clone()) });
    whole.set(&[field], out);
    whole
}

fn copy(value: &Value, out: &mut Value, to: &str) {
    if !value.is_null() {
        out.set(&[to], value.clone());
    }
}

/// The reverse of [`flat`], of a metric.
fn deep(flat: &Value) -> Value {
    let (field, mut source) = deep_source(flat);
    let from = &flat[field];
    let average = if field == "object" { "averageValue" } else { "targetAverageValue" };
    let mut target = Value::map();
    for (name, from_name, type_) in [
        ("value", "targetValue", "Value"),
        ("averageValue", average, "AverageValue"),
        ("averageUtilization", "targetAverageUtilization", "Utilization"),
    ] {
        if !from[from_name].is_null() {
            target.set(&["type"], type_);
        }
        copy(&from[from_name], &mut target, name);
    }
    source.set(&["target"], target);
    whole(flat, field, source)
}

/// The reverse of [`flat`], of a status.
fn deep_status(flat: &Value) -> Value {
    let (field, mut source) = deep_source(flat);
    let from = &flat[field];
    let average = if field == "object" { "averageValue" } else { "currentAverageValue" };
    let mut current = Value::map();
    for (name, from_name) in
        [("value", "currentValue"), ("averageValue", average), ("averageUtilization", "currentAverageUtilization")]
    {
        copy(&from[from_name], &mut current, name);
    }
    source.set(&["current"], current);
    whole(flat, field, source)
}

fn deep_source(flat: &Value) -> (&'static str, Value) {
    let field = field_of(flat);
    let from = &flat[field];
    let mut source = Value::map();
    copy(&from["name"], &mut source, "name");
    copy(&from["container"], &mut source, "container");
    copy(&from["target"], &mut source, "describedObject");
    let selector = if field == "external" { "metricSelector" } else { "selector" };
    for (name, from_name) in [("name", "metricName"), ("selector", selector)] {
        if !from[from_name].is_null() {
            source.set(&["metric", name], from[from_name].clone());
        }
    }
    (field, source)
}

fn whole(flat: &Value, field: &str, source: Value) -> Value {
    let mut whole = value!({ "type": (flat["type"].clone()) });
    whole.set(&[field], source);
    whole
}

/// In which order upstream's structs of these annotations have their fields.
const GO_ORDER: &[&str] = &[
    "type",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "target",
    "kind",
    "metricName",
    "metricSelector",
    "name",
    "apiVersion",
    "currentAverageUtilization",
    "currentValue",
    "currentAverageValue",
    "targetAverageUtilization",
    "targetValue",
    "targetAverageValue",
    "selector",
    "averageValue",
    "container",
    "scaleUp",
    "scaleDown",
    "stabilizationWindowSeconds",
    "selectPolicy",
    "policies",
    "value",
    "periodSeconds",
];

/// JSON with the fields as Go writes them: the annotation is a text, which clients compare.
fn in_go_order(value: &Value) -> String {
    let rank = |key: &str| GO_ORDER.iter().position(|known| *known == key).unwrap_or(GO_ORDER.len());
    if let Some(map) = value.as_map() {
        let mut entries: Vec<(&str, &Value)> = map.iter().collect();
        entries.sort_by_key(|(key, _)| rank(key));
        let shown =
            |(key, value): (&str, &Value)| format!("{}:{}", json::to_string(&Value::str(key)), in_go_order(value));
        return format!("{{{}}}", entries.into_iter().map(shown).collect::<Vec<_>>().join(","));
    }
    match value.as_list() {
        Some(items) => format!("[{}]", items.iter().map(in_go_order).collect::<Vec<_>>().join(",")),
        None => json::to_string(value),
    }
}
