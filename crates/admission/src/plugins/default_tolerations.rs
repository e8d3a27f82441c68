//! DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or cannot be reached, unless it says otherwise.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::{Value, value};

#[derive(Clone, Copy, Debug)]
pub struct DefaultTolerationSeconds {
    pub not_ready_seconds: i64,
    pub unreachable_seconds: i64,
}

impl Default for DefaultTolerationSeconds {
    fn default() -> DefaultTolerationSeconds {
        DefaultTolerationSeconds { not_ready_seconds: 300, unreachable_seconds: 300 }
    }
}

impl Plugin for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn admit(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let taints = [
            ("node.kubernetes.io/not-ready", self.not_ready_seconds),
            ("node.kubernetes.io/unreachable", self.unreachable_seconds),
        ];
        for (taint, seconds) in taints {
            let tolerations = attributes.object.at(&["spec", "tolerations"]).items();
            if tolerations.iter().any(|toleration| tolerates(toleration, taint)) {
                continue;
            }
            let mut tolerations = tolerations.to_vec();
            tolerations.push(value!({
                "key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds
            }));
            attributes.object.set(&["spec", "tolerations"], tolerations);
        }
        Ok(())
    }
}

fn tolerates(toleration: &Value, taint: &str) -> bool {
    let (key, effect) = (toleration.str_at(&["key"]), toleration.str_at(&["effect"]));
    (key == taint || key.is_empty()) && (effect == "NoExecute" || effect.is_empty())
}
