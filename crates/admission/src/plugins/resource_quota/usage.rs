//! What one object uses of a quota, and of which quotas it is an object.

use crate::plugins::resources::{Amounts, add, amounts, of_pod};
use crate::{Attributes, Operation};
use schema::{Quantity, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Resources that are counted by a name of their own, beside `count/...`.
const SHORT: &[&str] = &["configmaps", "secrets", "replicationcontrollers", "resourcequotas"];
const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";
/// Of which a quota demands that every container states them.
const STATED: &[&str] = &["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Whether such a write can change what is used.
pub fn is_charged(attributes: &Attributes) -> bool {
    let core = attributes.group.is_empty();
    match (attributes.resource, attributes.subresource, attributes.operation) {
        ("pods", "resize", Operation::Update) if core => true,
        (_, subresource, _) if !subresource.is_empty() => false,
        _ if matches!(attributes.group, "authentication.k8s.io" | "authorization.k8s.io") => false,
        ("events", _, _) if matches!(attributes.group, "" | "events.k8s.io") => false,
        ("bindings", _, _) if core => false,
        (_, _, Operation::Create) => true,
        ("services" | "persistentvolumeclaims", _, Operation::Update) => core,
        _ => false,
    }
}

fn count_name(attributes: &Attributes) -> String {
    match attributes.group {
        "" => format!("count/{}", attributes.resource),
        group => format!("count/{}.{group}", attributes.resource),
    }
}

/// Whether a limit of this name limits such objects.
pub fn speaks_of(attributes: &Attributes, name: &str) -> bool {
    if name == count_name(attributes) {
        return true;
    }
    match (attributes.group, attributes.resource) {
        ("", "pods") => {
            let bare = name.strip_prefix("requests.").or(name.strip_prefix("limits."));
            let plain = bare.unwrap_or(name);
            matches!(name, "pods")
                || matches!(plain, "cpu" | "memory" | "ephemeral-storage")
                || (plain.starts_with("hugepages-") && !name.starts_with("limits."))
                || (name.starts_with("requests.") && plain.contains('/') && !plain.contains("kubernetes.io/"))
        }
        ("", "services") => matches!(name, "services" | "services.nodeports" | "services.loadbalancers"),
        ("", "persistentvolumeclaims") => {
            matches!(name, "persistentvolumeclaims" | "requests.storage") || name.contains(STORAGE_CLASS)
        }
        ("", resource) => resource == name && SHORT.contains(&name),
        _ => false,
    }
}

/// What the object uses.
pub fn of(attributes: &Attributes, object: &Value) -> Amounts {
    let one = Quantity::from_units(1);
    let mut used = Amounts::from([(count_name(attributes), one.clone())]);
    match (attributes.group, attributes.resource) {
        ("", "pods") => used.extend(of_a_pod(object)),
        ("", "services") => used.extend(of_service(object)),
        ("", "persistentvolumeclaims") => used.extend(of_claim(object)),
        ("", resource) if SHORT.contains(&resource) => drop(used.insert(resource.to_owned(), one)),
        _ => {}
    }
    used
}

fn of_a_pod(pod: &Value) -> Amounts {
    if matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
        return Amounts::new();
    }
    let overhead = amounts(pod.at(&["spec", "overhead"]));
    let (mut requests, mut limits) = (of_pod(pod, "requests"), of_pod(pod, "limits"));
    add(&mut requests, &overhead);
    let limited: BTreeSet<String> = limits.keys().cloned().collect();
    add(&mut limits, &overhead.into_iter().filter(|(name, _)| limited.contains(name)).collect());
    let mut used = compute(&requests, &limits);
    used.insert("pods".into(), Quantity::from_units(1));
    used
}

/// By the names that quotas use.
fn compute(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut used = Amounts::new();
    for (name, amount) in requests {
        let standard =
            matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
        if standard {
            used.insert(name.clone(), amount.clone());
        }
        if standard || name.contains('/') {
            used.insert(format!("requests.{name}"), amount.clone());
        }
    }
    for (name, amount) in limits {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            used.insert(format!("limits.{name}"), amount.clone());
        }
    }
    used
}

fn of_service(service: &Value) -> Amounts {
    let mut used = Amounts::from([("services".to_owned(), Quantity::from_units(1))]);
    let ports = service.at(&["spec", "ports"]).items();
    let node_ports = match service.str_at(&["spec", "type"]) {
        "NodePort" => ports.len(),
        "LoadBalancer" => {
            used.insert("services.loadbalancers".into(), Quantity::from_units(1));
            match service.at(&["spec", "allocateLoadBalancerNodePorts"]).as_bool() {
                Some(false) => ports.iter().filter(|port| port.at(&["nodePort"]).as_i64().unwrap_or(0) != 0).count(),
                _ => ports.len(),
            }
        }
        _ => 0,
    };
    used.insert("services.nodeports".into(), Quantity::from_units(i64::try_from(node_ports).unwrap_or(i64::MAX)));
    used
}

fn of_claim(claim: &Value) -> Amounts {
    let mut used = Amounts::from([("persistentvolumeclaims".to_owned(), Quantity::from_units(1))]);
    if let Some(storage) = amounts(claim.at(&["spec", "resources", "requests"])).remove("storage") {
        used.insert("requests.storage".into(), storage);
    }
    let annotated = claim.str_at(&["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]);
    let class = if annotated.is_empty() { claim.str_at(&["spec", "storageClassName"]) } else { annotated };
    if !class.is_empty() {
        let of_class: Amounts =
            used.iter().map(|(name, amount)| (format!("{class}{STORAGE_CLASS}{name}"), amount.clone())).collect();
        used.extend(of_class);
    }
    used
}

/// What a pod must state and does not.
pub fn missing(attributes: &Attributes, limited: &BTreeSet<String>) -> Option<String> {
    if (attributes.group, attributes.resource) != ("", "pods") {
        return None;
    }
    let pod = &attributes.object;
    let of_whole = compute(
        &amounts(pod.at(&["spec", "resources", "requests"])),
        &amounts(pod.at(&["spec", "resources", "limits"])),
    );
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in ["containers", "initContainers"].iter().flat_map(|list| pod.at(&["spec", list]).items()) {
        let of = |what| amounts(container.at(&["resources", what]));
        let stated = compute(&of("requests"), &of("limits"));
        let demanded = STATED.iter().filter(|name| limited.contains(**name));
        for name in demanded.filter(|name| !stated.contains_key(**name) && !of_whole.contains_key(**name)) {
            missing.entry(name).or_default().insert(container.str_at(&["name"]));
        }
    }
    if missing.is_empty() {
        return None;
    }
    let one = |(name, containers): (&str, BTreeSet<&str>)| {
        format!("{name} for: {}", containers.into_iter().collect::<Vec<_>>().join(","))
    };
    Some(format!("must specify {}", missing.into_iter().map(one).collect::<Vec<_>>().join("; ")))
}

/// Whether the object is in all the scopes of a quota. Scopes speak of pods, and one of them of claims.
pub fn in_scope(attributes: &Attributes, quota: &Value) -> bool {
    let plain = quota.at(&["spec", "scopes"]).items().iter().filter_map(Value::as_str);
    let selectors = quota.at(&["spec", "scopeSelector", "matchExpressions"]).items();
    plain.into_iter().all(|scope| holds(attributes, scope, "Exists", &[]))
        && selectors.iter().all(|selector| selects_by(attributes, selector))
}

/// Whether a selector of a scope (`scopeName`, `operator`, `values`) selects the object.
pub fn selects_by(attributes: &Attributes, selector: &Value) -> bool {
    let values = selector.at(&["values"]).items();
    holds(attributes, selector.str_at(&["scopeName"]), selector.str_at(&["operator"]), values)
}

fn holds(attributes: &Attributes, scope: &str, operator: &str, values: &[Value]) -> bool {
    let object = &attributes.object;
    let is_pod = (attributes.group, attributes.resource) == ("", "pods");
    let is_claim = (attributes.group, attributes.resource) == ("", "persistentvolumeclaims");
    match scope {
        "VolumeAttributesClass" if is_claim => {
            selects(object.str_at(&["spec", "volumeAttributesClassName"]), operator, values)
        }
        _ if !is_pod => false,
        "PriorityClass" => selects(object.str_at(&["spec", "priorityClassName"]), operator, values),
        "Terminating" => is_terminating(object),
        "NotTerminating" => !is_terminating(object),
        "BestEffort" => is_best_effort(object),
        "NotBestEffort" => !is_best_effort(object),
        "CrossNamespacePodAffinity" => reaches_other_namespaces(object),
        _ => false,
    }
}

fn selects(class: &str, operator: &str, values: &[Value]) -> bool {
    let among = || values.iter().any(|value| value.as_str() == Some(class));
    match operator {
        "In" => !class.is_empty() && among(),
        "NotIn" => !among(),
        "Exists" => !class.is_empty(),
        "DoesNotExist" => class.is_empty(),
        _ => false,
    }
}

fn is_terminating(pod: &Value) -> bool {
    pod.at(&["spec", "activeDeadlineSeconds"]).as_i64().is_some_and(|seconds| seconds >= 0)
}

pub fn is_best_effort(pod: &Value) -> bool {
    let states = |what| {
        let states = |holder: &Value| {
            let stated = amounts(holder.at(&["resources", what]));
            ["cpu", "memory"].iter().any(|name| stated.get(*name).is_some_and(|amount| !amount.is_zero()))
        };
        let mut containers = ["containers", "initContainers"].iter().flat_map(|list| pod.at(&["spec", list]).items());
        states(pod.at(&["spec"])) || containers.any(states)
    };
    !states("requests") && !states("limits")
}

fn reaches_other_namespaces(pod: &Value) -> bool {
    let affinity = pod.at(&["spec", "affinity"]);
    let terms = ["podAffinity", "podAntiAffinity"].into_iter().flat_map(|kind| {
        let required = affinity.at(&[kind, "requiredDuringSchedulingIgnoredDuringExecution"]).items().iter();
        let preferred = affinity.at(&[kind, "preferredDuringSchedulingIgnoredDuringExecution"]).items().iter();
        required.chain(preferred.map(|term| term.at(&["podAffinityTerm"])))
    });
    terms
        .into_iter()
        .any(|term| !term.at(&["namespaces"]).items().is_empty() || !term.at(&["namespaceSelector"]).is_null())
}
