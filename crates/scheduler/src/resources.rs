//! What pods ask for and nodes have, as numbers.

use api_core::v1::{Container, Pod};
use schema::Quantity;
use std::collections::BTreeMap;

/// What a container that asks for nothing is counted as where nodes are compared.
pub const DEFAULT_MILLI_CPU: i64 = 100;
pub const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts by resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    pub milli_cpu: i64,
    /// bytes
    pub memory: i64,
    /// bytes
    pub ephemeral_storage: i64,
    /// Extended resources and huge pages.
    pub others: BTreeMap<String, i64>,
}

impl Resources {
    pub fn of(list: &BTreeMap<String, Quantity>) -> Resources {
        let mut resources = Resources::default();
        for (name, quantity) in list {
            match name.as_str() {
                "cpu" => resources.milli_cpu = quantity.milli_value(),
                "memory" => resources.memory = quantity.value(),
                "ephemeral-storage" => resources.ephemeral_storage = quantity.value(),
                "pods" => {}
                _ => {
                    resources.others.insert(name.clone(), quantity.value());
                }
            }
        }
        resources
    }

    pub fn add(&mut self, more: &Resources) {
        self.each(more, |have, more| *have += more);
    }

    pub fn sub(&mut self, less: &Resources) {
        self.each(less, |have, less| *have -= less);
    }

    /// Of each resource the larger amount.
    pub fn max(&mut self, other: &Resources) {
        self.each(other, |have, other| *have = (*have).max(other));
    }

    fn each(&mut self, other: &Resources, change: impl Fn(&mut i64, i64)) {
        change(&mut self.milli_cpu, other.milli_cpu);
        change(&mut self.memory, other.memory);
        change(&mut self.ephemeral_storage, other.ephemeral_storage);
        for (name, amount) in &other.others {
            change(self.others.entry(name.clone()).or_default(), *amount);
        }
    }
}

/// What a pod needs on a node: its containers together with its sidecars, or what an init container needs beside the
/// sidecars before it, whichever is more, and the overhead.
pub fn requests(pod: &Pod) -> Resources {
    total(pod, &|container| requested(container))
}

/// The same, but a container that asks for no CPU or memory counts as asking for a little.
pub fn nonzero_requests(pod: &Pod) -> Resources {
    total(pod, &|container| {
        let asked = container.resources.requests.clone();
        let mut resources = Resources::of(&asked);
        if !asked.contains_key("cpu") {
            resources.milli_cpu = DEFAULT_MILLI_CPU;
        }
        if !asked.contains_key("memory") {
            resources.memory = DEFAULT_MEMORY;
        }
        resources
    })
}

fn requested(container: &Container) -> Resources {
    Resources::of(&container.resources.requests)
}

fn total(pod: &Pod, of: &dyn Fn(&Container) -> Resources) -> Resources {
    let spec = &pod.spec;
    let mut running = Resources::default();
    for container in &spec.containers {
        running.add(&of(container));
    }
    let (mut sidecars, mut starting) = (Resources::default(), Resources::default());
    for container in &spec.init_containers {
        let mut at_this_point = of(container);
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars.add(&at_this_point);
            at_this_point = sidecars.clone();
        } else {
            at_this_point.add(&sidecars);
        }
        starting.max(&at_this_point);
    }
    running.add(&sidecars);
    running.max(&starting);
    if let Some(pod_level) = &spec.resources {
        let level = Resources::of(&pod_level.requests);
        if pod_level.requests.contains_key("cpu") {
            running.milli_cpu = level.milli_cpu;
        }
        if pod_level.requests.contains_key("memory") {
            running.memory = level.memory;
        }
    }
    running.add(&Resources::of(&spec.overhead));
    running
}
