//! PersistentVolumeClaimResize: a claim grows only when it is bound and its class lets volumes grow.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::{Quantity, Value};

pub struct PersistentVolumeClaimResize;

const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
const GROUP: &str = "storage.k8s.io";
const CLASSES: &str = "storageclasses";

impl Plugin for PersistentVolumeClaimResize {
    fn name(&self) -> &'static str {
        "PersistentVolumeClaimResize"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Update
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(GROUP, CLASSES)]
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        if !attributes.is("", "persistentvolumeclaims") || !grows(&attributes.object, attributes.old) {
            return Ok(());
        }
        if attributes.old.str_at(&["status", "phase"]) != "Bound" {
            return Err(attributes.forbidden("Only bound persistent volume claims can be expanded"));
        }
        let named = attributes.old.str_at(&["metadata", "annotations", CLASS_ANNOTATION]);
        let name = if named.is_empty() { attributes.old.str_at(&["spec", "storageClassName"]) } else { named };
        let class = lookup.get(GROUP, CLASSES, "", name).filter(|_| !name.is_empty());
        if class.is_some_and(|class| class.at(&["allowVolumeExpansion"]).as_bool() == Some(true)) {
            return Ok(());
        }
        Err(attributes.forbidden(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        ))
    }
}

fn grows(new: &Value, old: &Value) -> bool {
    let size = |claim: &Value| Quantity::parse(claim.str_at(&["spec", "resources", "requests", "storage"])).ok();
    size(new) > size(old)
}
