//! Quality of service: class, scores for the kernel's killer, CPU shares and quota.

use api_core::v1::{Container, Pod, ResourceRequirements};

/// `Guaranteed`, `Burstable` or `BestEffort`, by the requests and limits of containers.
pub fn class(pod: &Pod) -> &'static str {
    if !pod.status.qos_class.is_empty() {
        return match pod.status.qos_class.as_str() {
            "Guaranteed" => "Guaranteed",
            "Burstable" => "Burstable",
            _ => "BestEffort",
        };
    }
    let containers = || pod.spec.init_containers.iter().chain(&pod.spec.containers);
    let whole: Vec<&ResourceRequirements> = match &pod.spec.resources {
        Some(resources) if has_any(resources) => vec![resources],
        _ => containers().map(|container| &container.resources).collect(),
    };
    if !whole.iter().any(|resources| has_any(resources)) {
        return "BestEffort";
    }
    let guaranteed = whole.iter().all(|resources| {
        COUNTED.iter().all(|name| match resources.limits.get(*name) {
            Some(limit) if !limit.is_zero() => resources.requests.get(*name).is_none_or(|request| request == limit),
            _ => false,
        })
    });
    if guaranteed { "Guaranteed" } else { "Burstable" }
}

fn has_any(resources: &ResourceRequirements) -> bool {
    let given = |map: &std::collections::BTreeMap<String, schema::Quantity>| {
        COUNTED.iter().any(|name| map.get(*name).is_some_and(|quantity| !quantity.is_zero()))
    };
    given(&resources.requests) || given(&resources.limits)
}

const COUNTED: [&str; 2] = ["cpu", "memory"];

/// The adjustment of a container's score: the less it asked for, the sooner it goes.
pub fn oom_score_adj(pod: &Pod, container: &Container, memory_capacity_bytes: i64) -> i64 {
    if pod.spec.priority.is_some_and(|priority| priority >= SYSTEM_CRITICAL_PRIORITY) {
        return GUARANTEED_SCORE;
    }
    match class(pod) {
        "Guaranteed" => GUARANTEED_SCORE,
        "BestEffort" => BEST_EFFORT_SCORE,
        _ => {
            let request = container.resources.requests.get("memory").map_or(0, |request| request.value());
            let share = if memory_capacity_bytes > 0 { 1000 * request / memory_capacity_bytes } else { 0 };
            // Between the guaranteed and the best-effort.
            (1000 - share).clamp(1000 + GUARANTEED_SCORE, BEST_EFFORT_SCORE - 1)
        }
    }
}

const GUARANTEED_SCORE: i64 = -997;
const BEST_EFFORT_SCORE: i64 = 1000;
const SYSTEM_CRITICAL_PRIORITY: i32 = 2_000_000_000;

/// The score of a sandbox's own process.
pub const SANDBOX_SCORE: i64 = -998;

/// cgroup v1's CPU shares for a request in thousandths of a CPU.
pub fn cpu_shares(milli_cpu: i64) -> i64 {
    const MINIMUM: i64 = 2;
    const MAXIMUM: i64 = 262_144;
    (milli_cpu * 1024 / 1000).clamp(MINIMUM, MAXIMUM)
}

/// The length of the kernel's accounting period in microseconds.
pub const CPU_PERIOD_US: i64 = 100_000;

/// The quota per period for a limit in thousandths of a CPU; 0: none.
pub fn cpu_quota_us(milli_cpu: i64) -> i64 {
    const MINIMUM: i64 = 1000;
    if milli_cpu == 0 { 0 } else { (milli_cpu * CPU_PERIOD_US / 1000).max(MINIMUM) }
}

/// What a pod as a whole asks for or may use: the sum over its containers, or the largest init container if that is more.
/// Sidecars count beside the containers. `None`: a container has no limit, so the pod has none.
pub fn pod_total(pod: &Pod, name: &str, limits: bool) -> Option<i64> {
    let amount = |container: &Container| {
        let resources = &container.resources;
        let map = if limits { &resources.limits } else { &resources.requests };
        let quantity = map.get(name)?;
        Some(if name == "cpu" { quantity.milli_value() } else { quantity.value() })
    };
    if let Some(resources) = &pod.spec.resources {
        let map = if limits { &resources.limits } else { &resources.requests };
        if let Some(quantity) = map.get(name) {
            return Some(if name == "cpu" { quantity.milli_value() } else { quantity.value() });
        }
    }
    let or_zero = |amount: Option<i64>| if limits { amount } else { Some(amount.unwrap_or(0)) };
    let (mut sidecars, mut largest_init, mut apps) = (0, 0, 0);
    for container in &pod.spec.init_containers {
        let amount = or_zero(amount(container))?;
        if crate::spec::init_role(container) == crate::spec::Role::Sidecar {
            sidecars += amount;
            largest_init = largest_init.max(sidecars);
        } else {
            largest_init = largest_init.max(sidecars + amount);
        }
    }
    for container in &pod.spec.containers {
        apps += or_zero(amount(container))?;
    }
    Some((sidecars + apps).max(largest_init))
}
