//! LimitRanger: the limits of a namespace, as defaults and as bounds of containers, pods and claims.

use super::resources::{Amounts, amounts, of_pod};
use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::{Quantity, Value};
use std::sync::Arc;

pub struct LimitRanger;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

impl Plugin for LimitRanger {
    fn name(&self) -> &'static str {
        "LimitRanger"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "limitranges")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if attributes.is("", "pods") && attributes.operation == Operation::Create {
            for range in ranges(attributes, lookup) {
                set_defaults(&mut attributes.object, &range);
            }
        }
        Ok(())
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let check: fn(&Value, &Value, &mut Vec<String>) = match (attributes.resource, attributes.subresource) {
            _ if !attributes.group.is_empty() => return Ok(()),
            ("pods", "") if attributes.operation == Operation::Create => check_pod,
            ("pods", "resize") => check_pod,
            ("persistentvolumeclaims", "") => check_claim,
            _ => return Ok(()),
        };
        for range in ranges(attributes, lookup) {
            let mut faults = Vec::new();
            for limit in range.at(&["spec", "limits"]).items() {
                check(limit, &attributes.object, &mut faults);
            }
            if !faults.is_empty() {
                return Err(attributes.forbidden(aggregate(faults)));
            }
        }
        Ok(())
    }
}

/// By name, so that the same one always speaks first.
fn ranges(attributes: &Attributes, lookup: &dyn Lookup) -> Vec<Arc<Value>> {
    let mut ranges = lookup.list("", "limitranges", attributes.namespace);
    ranges.sort_by(|a, b| a.str_at(&["metadata", "name"]).cmp(b.str_at(&["metadata", "name"])));
    ranges
}

fn aggregate(mut faults: Vec<String>) -> String {
    let mut seen = std::collections::BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.clone()));
    match faults.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Gives containers what they leave open, and tells so in an annotation.
fn set_defaults(pod: &mut Value, range: &Value) {
    let mut told = Vec::new();
    let limits = range.at(&["spec", "limits"]).items();
    let (mut requests, mut maxima) = (Vec::new(), Vec::new());
    for limit in limits.iter().filter(|limit| limit.str_at(&["type"]) == "Container") {
        requests.extend(limit.at(&["defaultRequest"]).as_map().into_iter().flat_map(|map| map.iter()));
        maxima.extend(limit.at(&["default"]).as_map().into_iter().flat_map(|map| map.iter()));
    }
    for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
        let containers = pod.get_mut("spec").and_then(|spec| spec.get_mut(list)).and_then(Value::as_list_mut);
        for container in containers.into_iter().flatten() {
            let name = container.str_at(&["name"]).to_owned();
            for (field, defaults, noun) in [("requests", &requests, "request"), ("limits", &maxima, "limit")] {
                let set = fill(container, field, defaults);
                if !set.is_empty() {
                    told.push(format!("{} {noun} for {word} {name}", set.join(", ")));
                }
            }
        }
    }
    if !told.is_empty() {
        let text = format!("LimitRanger plugin set: {}", told.join("; "));
        pod.set(&["metadata", "annotations", ANNOTATION], text);
    }
}

fn fill(container: &mut Value, field: &str, defaults: &[(&str, &Value)]) -> Vec<String> {
    let mut set = Vec::new();
    for (name, amount) in defaults {
        if container.at(&["resources", field, name]).is_null() {
            container.set(&["resources", field, name], (*amount).clone());
            set.push((*name).to_owned());
        }
    }
    set.sort();
    set
}

fn check_pod(limit: &Value, pod: &Value, faults: &mut Vec<String>) {
    match limit.str_at(&["type"]) {
        kind @ "Container" => {
            for container in ["containers", "initContainers"].iter().flat_map(|list| pod.at(&["spec", list]).items()) {
                let of = |what| amounts(container.at(&["resources", what]));
                check_all(kind, limit, &of("requests"), &of("limits"), faults);
            }
        }
        kind @ "Pod" => check_all(kind, limit, &of_pod(pod, "requests"), &of_pod(pod, "limits"), faults),
        _ => {}
    }
}

fn check_claim(limit: &Value, claim: &Value, faults: &mut Vec<String>) {
    let kind = limit.str_at(&["type"]);
    if kind != "PersistentVolumeClaim" {
        return;
    }
    let requests = amounts(claim.at(&["spec", "resources", "requests"]));
    for (name, bound) in amounts(limit.at(&["min"])) {
        faults.extend(below(kind, &name, &bound, requests.get(&name), None));
    }
    for (name, bound) in amounts(limit.at(&["max"])) {
        let head = format!("maximum {name} usage per {kind} is {}", bound.to_text());
        match requests.get(&name) {
            None => faults.push(format!("{head}.  No request is specified")),
            Some(request) if observed(request, &bound) > observed(&bound, &bound) => {
                faults.push(format!("{head}, but request is {}", request.to_text()));
            }
            Some(_) => {}
        }
    }
}

fn check_all(kind: &str, limit: &Value, requests: &Amounts, limits: &Amounts, faults: &mut Vec<String>) {
    for (name, bound) in amounts(limit.at(&["min"])) {
        faults.extend(below(kind, &name, &bound, requests.get(&name), limits.get(&name)));
    }
    for (name, bound) in amounts(limit.at(&["max"])) {
        faults.extend(above(kind, &name, &bound, requests.get(&name), limits.get(&name)));
    }
    for (name, bound) in amounts(limit.at(&["maxLimitRequestRatio"])) {
        faults.extend(beyond_ratio(kind, &name, &bound, requests.get(&name), limits.get(&name)));
    }
}

/// In thousandths, unless the bound is too large for them.
fn observed(amount: &Quantity, bound: &Quantity) -> i64 {
    if bound.value() <= i64::MAX / 1000 { amount.milli_value() } else { amount.value() }
}

fn below(
    kind: &str,
    name: &str,
    bound: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("minimum {name} usage per {kind} is {}", bound.to_text());
    let Some(request) = request else { return Some(format!("{head}.  No request is specified")) };
    if observed(request, bound) < observed(bound, bound) {
        return Some(format!("{head}, but request is {}", request.to_text()));
    }
    let limit = limit.filter(|limit| observed(limit, bound) < observed(bound, bound))?;
    Some(format!("{head}, but limit is {}", limit.to_text()))
}

fn above(
    kind: &str,
    name: &str,
    bound: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("maximum {name} usage per {kind} is {}", bound.to_text());
    let Some(limit) = limit else { return Some(format!("{head}.  No limit is specified")) };
    if observed(limit, bound) > observed(bound, bound) {
        return Some(format!("{head}, but limit is {}", limit.to_text()));
    }
    let request = request.filter(|request| observed(request, bound) > observed(bound, bound))?;
    Some(format!("{head}, but request is {}", request.to_text()))
}

fn beyond_ratio(
    kind: &str,
    name: &str,
    bound: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {kind} is {}", bound.to_text());
    let Some(request) = request.filter(|request| !request.is_zero()) else {
        return Some(format!("{head}, but no request is specified or request is 0"));
    };
    let Some(limit) = limit.filter(|limit| !limit.is_zero()) else {
        return Some(format!("{head}, but no limit is specified or limit is 0"));
    };
    let ratio = limit.as_f64() / request.as_f64();
    (ratio > bound.as_f64()).then(|| format!("{head}, but provided ratio is {ratio:.6}"))
}
