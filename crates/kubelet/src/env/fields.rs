//! Fields of a pod and resources of its containers as text, for variables and for files of downward API volumes.

use api_core::v1::{Container, Pod, ResourceFieldSelector, ResourceRequirements};
use kubelet_core::spec;
use schema::Quantity;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    #[error("unsupported fieldPath: {0}")]
    Path(String),
    #[error("unsupported container resource : {0}")]
    Resource(String),
    #[error("container {0} not found")]
    Container(String),
}

#[derive(Clone, Copy)]
pub struct Addresses<'a> {
    pub host_ips: &'a [String],
    pub pod_ips: &'a [String],
}

/// A field as variables may name it: also of the specification and the status.
pub fn field_with_status(pod: &Pod, path: &str, addresses: Addresses<'_>) -> Result<String, FieldError> {
    let first = |all: &[String]| all.first().cloned().unwrap_or_default();
    Ok(match path {
        "spec.nodeName" => pod.spec.node_name.clone(),
        "spec.serviceAccountName" => pod.spec.service_account_name.clone(),
        "status.hostIP" => first(addresses.host_ips),
        "status.hostIPs" => addresses.host_ips.join(","),
        "status.podIP" => first(addresses.pod_ips),
        "status.podIPs" => addresses.pod_ips.join(","),
        _ => return field(pod, path),
    })
}

/// A field of the metadata.
pub fn field(pod: &Pod, path: &str) -> Result<String, FieldError> {
    let meta = &pod.metadata;
    if let Some((map, key)) = subscripted(path) {
        let map = match map {
            "metadata.annotations" => &meta.annotations,
            "metadata.labels" => &meta.labels,
            _ => return Err(FieldError::Path(path.to_owned())),
        };
        return Ok(map.get(key).cloned().unwrap_or_default());
    }
    Ok(match path {
        "metadata.name" => meta.name.clone(),
        "metadata.namespace" => meta.namespace.clone(),
        "metadata.uid" => meta.uid.clone(),
        "metadata.labels" => lines(&meta.labels),
        "metadata.annotations" => lines(&meta.annotations),
        _ => return Err(FieldError::Path(path.to_owned())),
    })
}

/// `key="value"` a line, sorted, values quoted as Go does.
fn lines(map: &BTreeMap<String, String>) -> String {
    let lines: Vec<_> = map.iter().map(|(key, value)| format!("{key}={}", kind::field::quoted(value))).collect();
    lines.join("\n")
}

/// `metadata.labels['key']` in two.
fn subscripted(path: &str) -> Option<(&str, &str)> {
    let (map, key) = path.strip_suffix("']")?.split_once("['")?;
    (!map.is_empty()).then_some((map, key))
}

/// A limit or request in units of the divisor, rounded up. `own`: the container asking, where the selector names none.
pub fn resource(
    pod: &Pod,
    own: Option<&str>,
    selector: &ResourceFieldSelector,
    allocatable: &BTreeMap<String, Quantity>,
) -> Result<String, FieldError> {
    let name = match selector.container_name.as_str() {
        "" => own.unwrap_or_default(),
        name => name,
    };
    let container = spec::find(pod, name).map(|(_, container)| container.into_owned());
    let container = container.ok_or_else(|| FieldError::Container(name.to_owned()))?;
    let unknown = || FieldError::Resource(selector.resource.clone());
    let (kind, resource) = selector.resource.split_once('.').ok_or_else(unknown)?;
    if !matches!(resource, "cpu" | "memory" | "ephemeral-storage") && !resource.starts_with("hugepages-") {
        return Err(unknown());
    }
    let quantity = match kind {
        "limits" => limit(pod, &container, resource, allocatable),
        "requests" => container.resources.requests.get(resource).cloned(),
        _ => return Err(unknown()),
    };
    Ok(in_units(&quantity.unwrap_or_default(), &selector.divisor, resource == "cpu").to_string())
}

/// The container's limit; without one that of the pod, without that what the node has to give.
fn limit(
    pod: &Pod,
    container: &Container,
    resource: &str,
    allocatable: &BTreeMap<String, Quantity>,
) -> Option<Quantity> {
    let set = |quantity: &&Quantity| !quantity.is_zero();
    let of_pod = pod.spec.resources.as_deref().map(|resources: &ResourceRequirements| &resources.limits);
    let own = container.resources.limits.get(resource).filter(set);
    let found = own.or_else(|| of_pod.and_then(|limits| limits.get(resource)).filter(set));
    if resource.starts_with("hugepages-") {
        return own.cloned();
    }
    found.or_else(|| allocatable.get(resource)).cloned()
}

fn in_units(quantity: &Quantity, divisor: &Quantity, milli: bool) -> i64 {
    let unit = if divisor.is_zero() { Quantity::from_units(1) } else { divisor.clone() };
    let (amount, unit) = match milli {
        true => (quantity.milli_value(), unit.milli_value()),
        false => (quantity.value(), unit.value()),
    };
    let unit = unit.max(1);
    amount / unit + i64::from(amount % unit > 0)
}
