//! LimitPodHardAntiAffinityTopology: a pod may demand to be kept apart from others by hosts only.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;

pub struct LimitPodHardAntiAffinityTopology;

const HOSTNAME: &str = "kubernetes.io/hostname";
const REQUIRED: &[&str] = &["spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];

impl Plugin for LimitPodHardAntiAffinityTopology {
    fn name(&self) -> &'static str {
        "LimitPodHardAntiAffinityTopology"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "pods") {
            return Ok(());
        }
        let keys = attributes.object.at(REQUIRED).items().iter().map(|term| term.str_at(&["topologyKey"]));
        match keys.into_iter().find(|key| *key != HOSTNAME) {
            None => Ok(()),
            Some(key) => Err(attributes.forbidden(format!(
                "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key {HOSTNAME} is allowed"
            ))),
        }
    }
}
