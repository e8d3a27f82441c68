//! DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or cannot be reached, unless it says otherwise.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::{Value, value};

pub struct DefaultTolerationSeconds;

const SECONDS: i64 = 300;

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
        for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let tolerations = attributes.object.at(&["spec", "tolerations"]).items();
            if tolerations.iter().any(|toleration| tolerates(toleration, taint)) {
                continue;
            }
            let mut tolerations = tolerations.to_vec();
            tolerations.push(value!({
                "key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS
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
