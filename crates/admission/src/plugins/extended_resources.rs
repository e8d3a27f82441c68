//! ExtendedResourceToleration: who asks for a device may run on the nodes that are kept free for it.

use super::tolerations::is_superset;
use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::value;
use std::collections::BTreeSet;

pub struct ExtendedResourceToleration;

impl Plugin for ExtendedResourceToleration {
    fn name(&self) -> &'static str {
        "ExtendedResourceToleration"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn admit(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let pod = &attributes.object;
        let containers = ["containers", "initContainers"].into_iter().flat_map(|list| pod.at(&["spec", list]).items());
        let requested = containers.filter_map(|container| container.at(&["resources", "requests"]).as_map());
        let names: BTreeSet<String> =
            requested.flat_map(|map| map.keys()).filter(|name| is_extended(name)).map(str::to_owned).collect();
        let mut tolerations = pod.at(&["spec", "tolerations"]).items().to_vec();
        let before = tolerations.len();
        for name in &names {
            let wanted = value!({ "key": (name.as_str()), "operator": "Exists", "effect": "NoSchedule" });
            if !tolerations.iter().any(|toleration| is_superset(toleration, &wanted)) {
                tolerations.push(wanted);
            }
        }
        if tolerations.len() > before {
            attributes.object.set(&["spec", "tolerations"], tolerations);
        }
        Ok(())
    }
}

/// A resource of a vendor: with a domain that is not Kubernetes' own.
fn is_extended(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    !native && !name.starts_with("requests.") && kind::validate::qualified_name(&format!("requests.{name}")).is_empty()
}
