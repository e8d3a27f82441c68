//! What the objects of a namespace use of a quota.

use api_core::v1::{Container, PersistentVolumeClaim, Pod, ResourceQuota, Service};
use informer::View;
use schema::{Quantity, Time};
use std::collections::BTreeMap;

type Amounts = BTreeMap<String, Quantity>;

const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";

/// An amount for each resource that the quota limits.
pub(super) fn of(quota: &ResourceQuota, view: &View, now: Time) -> Amounts {
    let namespace = quota.metadata.namespace.as_str();
    let mut used: Amounts = quota.spec.hard.keys().map(|name| (name.clone(), Quantity::from_units(0))).collect();
    let scopes = Scopes::of(quota);
    for pod in view.list_in::<Pod>(namespace).iter().filter(|pod| is_using(pod, now) && scopes.have(pod)) {
        take(&mut used, &pod_amounts(pod));
    }
    // Scopes speak of pods only.
    if scopes.0.is_empty() {
        view.list_in::<Service>(namespace).iter().for_each(|service| take(&mut used, &service_amounts(service)));
        let claims = view.list_in::<PersistentVolumeClaim>(namespace);
        claims.iter().for_each(|claim| take(&mut used, &claim_amounts(claim)));
        count_objects(&mut used, namespace, view);
    }
    used
}

/// Adds amounts of what is limited; the rest does not matter.
fn take(used: &mut Amounts, amounts: &Amounts) {
    for (name, amount) in amounts {
        if let Some(sum) = used.get_mut(name) {
            sum.add(amount);
        }
    }
}

/// Neither finished nor dead without its kubelet knowing.
fn is_using(pod: &Pod, now: Time) -> bool {
    let finished = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
    let grace = pod.metadata.deletion_grace_period_seconds;
    let overdue = match (pod.metadata.deletion_timestamp, grace) {
        (Some(deleted), Some(grace)) => now > deleted.plus_secs(grace),
        _ => false,
    };
    !finished && !overdue
}

/// `count/pods`, `count/deployments.apps`, and the short names of old.
fn count_objects(used: &mut Amounts, namespace: &str, view: &View) {
    const SHORT: [&str; 4] = ["configmaps", "secrets", "replicationcontrollers", "resourcequotas"];
    for (name, amount) in used {
        let counted = name.strip_prefix("count/").or_else(|| SHORT.contains(&name.as_str()).then_some(name.as_str()));
        let store = counted.filter(|counted| *counted != "pods").and_then(|counted| {
            let resource = view.resources().into_iter().find(|resource| resource.qualified() == counted)?;
            view.any_store(&resource)
        });
        if let Some(store) = store {
            *amount = Quantity::from_units(i64::try_from(store.metas_in(namespace).len()).unwrap_or(i64::MAX));
        }
    }
}

fn one(names: &[&str]) -> Amounts {
    names.iter().map(|name| ((*name).to_owned(), Quantity::from_units(1))).collect()
}

fn service_amounts(service: &Service) -> Amounts {
    let mut amounts = one(&["services"]);
    let ports = i64::try_from(service.spec.ports.len()).unwrap_or(i64::MAX);
    let balanced = service.spec.type_ == "LoadBalancer";
    let node_ports = match service.spec.type_.as_str() {
        "NodePort" => ports,
        "LoadBalancer" if service.spec.allocate_load_balancer_node_ports != Some(false) => ports,
        "LoadBalancer" => {
            i64::try_from(service.spec.ports.iter().filter(|port| port.node_port != 0).count()).unwrap_or(ports)
        }
        _ => 0,
    };
    amounts.insert("services.nodeports".into(), Quantity::from_units(node_ports));
    amounts.insert("services.loadbalancers".into(), Quantity::from_units(i64::from(balanced)));
    amounts
}

fn claim_amounts(claim: &PersistentVolumeClaim) -> Amounts {
    let mut amounts = one(&["persistentvolumeclaims"]);
    let storage = claim.spec.resources.requests.get("storage").cloned().unwrap_or_default();
    if let Some(class) = claim.spec.storage_class_name.as_ref().filter(|class| !class.is_empty()) {
        amounts.insert(format!("{class}{STORAGE_CLASS}persistentvolumeclaims"), Quantity::from_units(1));
        amounts.insert(format!("{class}{STORAGE_CLASS}requests.storage"), storage.clone());
    }
    amounts.insert("requests.storage".into(), storage);
    amounts
}

fn pod_amounts(pod: &Pod) -> Amounts {
    let mut amounts = one(&["pods", "count/pods"]);
    for (name, amount) in totals(pod, |container| &container.resources.requests) {
        // Requests of CPU, memory and disk have a short name, too.
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-") {
            amounts.insert(name.clone(), amount.clone());
        }
        amounts.insert(format!("requests.{name}"), amount);
    }
    for (name, amount) in totals(pod, |container| &container.resources.limits) {
        amounts.insert(format!("limits.{name}"), amount);
    }
    amounts
}

/// The most that the pod's containers use together: those that run side by side, or one that prepares for them.
fn totals(pod: &Pod, of: fn(&Container) -> &Amounts) -> Amounts {
    let mut running = Amounts::new();
    let mut most = Amounts::new();
    for container in &pod.spec.init_containers {
        let mut now = running.clone();
        add(&mut now, of(container));
        if container.restart_policy.as_deref() == Some("Always") {
            running = now.clone();
        }
        raise(&mut most, &now);
    }
    pod.spec.containers.iter().for_each(|container| add(&mut running, of(container)));
    raise(&mut most, &running);
    add(&mut most, &pod.spec.overhead);
    most
}

fn add(sum: &mut Amounts, amounts: &Amounts) {
    for (name, amount) in amounts {
        sum.entry(name.clone()).or_default().add(amount);
    }
}

fn raise(most: &mut Amounts, amounts: &Amounts) {
    for (name, amount) in amounts {
        let mut difference = amount.clone();
        let known = most.get(name).cloned().unwrap_or_default();
        difference.sub(&known);
        if !difference.is_negative() {
            most.insert(name.clone(), amount.clone());
        }
    }
}

/// Which pods a quota speaks of: scope, operator and values.
struct Scopes<'q>(Vec<(&'q str, &'q str, &'q [String])>);

impl<'q> Scopes<'q> {
    fn of(quota: &'q ResourceQuota) -> Scopes<'q> {
        let plain = quota.spec.scopes.iter().map(|scope| (scope.as_str(), "Exists", &[][..]));
        let selected = quota.spec.scope_selector.iter().flat_map(|selector| &selector.match_expressions);
        let selected = selected.map(|expression| {
            (expression.scope_name.as_str(), expression.operator.as_str(), expression.values.as_slice())
        });
        Scopes(plain.chain(selected).collect())
    }

    fn have(&self, pod: &Pod) -> bool {
        self.0.iter().all(|(scope, operator, values)| match *scope {
            "Terminating" => has_deadline(pod),
            "NotTerminating" => !has_deadline(pod),
            "BestEffort" => is_best_effort(pod),
            "NotBestEffort" => !is_best_effort(pod),
            "PriorityClass" => has_class(pod, operator, values),
            "CrossNamespacePodAffinity" => crosses_namespaces(pod),
            _ => false,
        })
    }
}

fn has_deadline(pod: &Pod) -> bool {
    pod.spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0)
}

fn is_best_effort(pod: &Pod) -> bool {
    let of_containers = pod.spec.containers.iter().chain(&pod.spec.init_containers).all(|container| {
        let amounts = container.resources.requests.iter().chain(&container.resources.limits);
        !amounts.into_iter().any(|(name, amount)| matches!(name.as_str(), "cpu" | "memory") && !amount.is_zero())
    });
    of_containers && pod.spec.resources.is_none()
}

fn has_class(pod: &Pod, operator: &str, values: &[String]) -> bool {
    let class = &pod.spec.priority_class_name;
    match operator {
        "Exists" => !class.is_empty(),
        "DoesNotExist" => class.is_empty(),
        "In" => values.contains(class),
        "NotIn" => !values.contains(class),
        _ => false,
    }
}

fn crosses_namespaces(pod: &Pod) -> bool {
    let Some(affinity) = &pod.spec.affinity else { return false };
    let (near, far) = (affinity.pod_affinity.as_ref(), affinity.pod_anti_affinity.as_ref());
    let near_terms = near.into_iter().flat_map(|near| {
        let preferred = near.preferred_during_scheduling_ignored_during_execution.iter();
        near.required_during_scheduling_ignored_during_execution
            .iter()
            .chain(preferred.map(|term| &term.pod_affinity_term))
    });
    let far_terms = far.into_iter().flat_map(|far| {
        let preferred = far.preferred_during_scheduling_ignored_during_execution.iter();
        far.required_during_scheduling_ignored_during_execution
            .iter()
            .chain(preferred.map(|term| &term.pod_affinity_term))
    });
    near_terms.chain(far_terms).any(|term| !term.namespaces.is_empty() || term.namespace_selector.is_some())
}
