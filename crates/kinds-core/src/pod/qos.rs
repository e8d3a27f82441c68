//! The quality of service class.

use api_core::v1::{Pod, ResourceRequirements};
use schema::Quantity;
use std::collections::BTreeMap;

/// `Guaranteed`, `Burstable` or `BestEffort`: the one already given, else computed from the resources.
pub fn qos_class(pod: &Pod) -> &str {
    match pod.status.qos_class.as_str() {
        "" => compute(pod),
        given => given,
    }
}

/// From the resources alone.
pub fn compute(pod: &Pod) -> &'static str {
    let own = pod.spec.resources.as_deref().filter(|own| !(own.requests.is_empty() && own.limits.is_empty()));
    let each: Vec<&ResourceRequirements> = match own {
        Some(own) => vec![own],
        None => {
            let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
            containers.map(|container| &container.resources).collect()
        }
    };
    let (mut requests, mut limits) = (BTreeMap::new(), BTreeMap::new());
    let mut all_limited = true;
    for resources in each {
        sum(&mut requests, &resources.requests);
        let limited = sum(&mut limits, &resources.limits);
        all_limited &= limited == 2;
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let equal = requests.len() == limits.len()
        && requests.iter().all(|(name, request)| limits.get(name).is_some_and(|limit| limit == request));
    if all_limited && equal { "Guaranteed" } else { "Burstable" }
}

/// Adds CPU and memory where there is some; how many of the two there are.
fn sum<'a>(total: &mut BTreeMap<&'a str, Quantity>, amounts: &'a BTreeMap<String, Quantity>) -> usize {
    let counted = amounts.iter().filter(|(name, amount)| {
        matches!(name.as_str(), "cpu" | "memory") && !amount.is_zero() && !amount.is_negative()
    });
    counted.map(|(name, amount)| total.entry(name).or_default().add(amount)).count()
}
