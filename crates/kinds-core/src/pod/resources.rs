//! What a pod as a whole requests and is limited to.

use super::is_sidecar;
use api_core::v1::{Container, PodSpec};
use schema::Quantity;
use std::collections::BTreeMap;

pub type Amounts = BTreeMap<String, Quantity>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Requests,
    Limits,
}

/// The requests that the scheduler and quotas count: those of the pod where it states them, else of its containers,
/// with overhead.
pub fn effective_requests(spec: &PodSpec) -> Amounts {
    effective(spec, Side::Requests)
}

/// As [`effective_requests`], of limits; overhead counts where there is a limit.
pub fn effective_limits(spec: &PodSpec) -> Amounts {
    effective(spec, Side::Limits)
}

fn effective(spec: &PodSpec, side: Side) -> Amounts {
    let mut amounts = of_containers(spec, side);
    if let Some(own) = &spec.resources {
        let own = if side == Side::Requests { &own.requests } else { &own.limits };
        let stated = own.iter().filter(|(name, _)| is_for_pods(name));
        amounts.extend(stated.map(|(name, amount)| (name.clone(), amount.clone())));
    }
    for (name, overhead) in &spec.overhead {
        match amounts.get_mut(name) {
            Some(amount) => amount.add(overhead),
            None if side == Side::Requests => {
                amounts.insert(name.clone(), overhead.clone());
            }
            None => {}
        }
    }
    amounts
}

/// What the containers need together: the sum of all that run at once, or an init container with the sidecars before it,
/// whichever is more.
pub fn of_containers(spec: &PodSpec, side: Side) -> Amounts {
    let of = |container: &Container| match side {
        Side::Requests => container.resources.requests.clone(),
        Side::Limits => container.resources.limits.clone(),
    };
    let mut sum = Amounts::new();
    spec.containers.iter().for_each(|container| add(&mut sum, &of(container)));
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for container in &spec.init_containers {
        let mut at_once = of(container);
        if is_sidecar(container) {
            add(&mut sum, &at_once);
            add(&mut sidecars, &at_once);
            at_once = sidecars.clone();
        } else {
            add(&mut at_once, &sidecars);
        }
        raise(&mut peak, at_once);
    }
    raise(&mut sum, peak);
    sum
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        match sum.get_mut(name) {
            Some(total) => total.add(amount),
            None => {
                sum.insert(name.clone(), amount.clone());
            }
        }
    }
}

fn raise(to: &mut Amounts, other: Amounts) {
    for (name, amount) in other {
        match to.get_mut(&name) {
            Some(have) if *have >= amount => {}
            _ => {
                to.insert(name, amount);
            }
        }
    }
}

pub fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// A resource that may be stated for the pod as a whole.
pub fn is_for_pods(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}
