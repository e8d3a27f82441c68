//! Amounts of resources: of containers, of whole pods.

use schema::{Quantity, Value};
use std::collections::BTreeMap;

pub type Amounts = BTreeMap<String, Quantity>;

/// What a map of quantities holds; what is none is left out.
pub fn amounts(map: &Value) -> Amounts {
    let entries = map.as_map().into_iter().flat_map(|map| map.iter());
    entries.filter_map(|(name, amount)| Some((name.to_owned(), Quantity::parse(amount.as_str()?).ok()?))).collect()
}

pub fn less(a: &Quantity, b: &Quantity) -> bool {
    let mut difference = a.clone();
    difference.sub(b);
    difference.is_negative()
}

pub fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        match sum.get_mut(name) {
            Some(sum) => sum.add(amount),
            None => drop(sum.insert(name.clone(), amount.clone())),
        }
    }
}

fn raise(most: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        match most.get_mut(name) {
            Some(most) if !less(most, amount) => {}
            _ => drop(most.insert(name.clone(), amount.clone())),
        }
    }
}

/// What a pod takes as a whole: `requests` or `limits`. Init containers run one after the other before the others, except
/// for those that stay; what the pod itself says comes before its containers.
pub fn of_pod(pod: &Value, what: &str) -> Amounts {
    let of = |container: &Value| amounts(container.at(&["resources", what]));
    let mut total = Amounts::new();
    for container in pod.at(&["spec", "containers"]).items() {
        add(&mut total, &of(container));
    }
    let (mut staying, mut peak) = (Amounts::new(), Amounts::new());
    for container in pod.at(&["spec", "initContainers"]).items() {
        if container.str_at(&["restartPolicy"]) == "Always" {
            add(&mut staying, &of(container));
            raise(&mut peak, &staying);
        } else {
            let mut now = staying.clone();
            add(&mut now, &of(container));
            raise(&mut peak, &now);
        }
    }
    add(&mut total, &staying);
    raise(&mut total, &peak);
    total.extend(amounts(pod.at(&["spec", "resources", what])));
    total
}
