//! PodTopologyLabels: a pod that gets its node gets the zone and region of the node as labels.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;

pub struct PodTopologyLabels;

const LABELS: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

impl Plugin for PodTopologyLabels {
    fn name(&self) -> &'static str {
        "PodTopologyLabels"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "nodes")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let object = &attributes.object;
        let node = match (attributes.group, attributes.resource, attributes.subresource) {
            ("", "pods", "binding") if matches!(object.str_at(&["target", "kind"]), "" | "Node") => {
                object.str_at(&["target", "name"])
            }
            ("", "pods", "") => object.str_at(&["spec", "nodeName"]),
            _ => "",
        };
        // A node that is not there gives none, as it always did.
        let Some(node) = Some(node).filter(|name| !name.is_empty()).and_then(|name| lookup.get("", "nodes", "", name))
        else {
            return Ok(());
        };
        for label in LABELS {
            if let Some(value) = node.at(&["metadata", "labels"]).get(label) {
                attributes.object.set(&["metadata", "labels", label], value.clone());
            }
        }
        Ok(())
    }
}
