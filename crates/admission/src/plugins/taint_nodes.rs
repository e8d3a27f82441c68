//! TaintNodesByCondition: a node begins as not ready, until its conditions say otherwise.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::value;

pub struct TaintNodesByCondition;

const NOT_READY: &str = "node.kubernetes.io/not-ready";

impl Plugin for TaintNodesByCondition {
    fn name(&self) -> &'static str {
        "TaintNodesByCondition"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn admit(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "nodes") {
            return Ok(());
        }
        let taints = attributes.object.at(&["spec", "taints"]).items();
        let has =
            |taint: &schema::Value| taint.str_at(&["key"]) == NOT_READY && taint.str_at(&["effect"]) == "NoSchedule";
        if !taints.iter().any(has) {
            let mut taints = taints.to_vec();
            taints.push(value!({ "key": NOT_READY, "effect": "NoSchedule" }));
            attributes.object.set(&["spec", "taints"], taints);
        }
        Ok(())
    }
}
