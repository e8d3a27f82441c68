//! DefaultStorageClass and StorageObjectInUseProtection.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;

/// A claim without a class gets the default one.
pub struct DefaultStorageClass;

/// Claims and volumes get the finalizer that keeps them while they are used.
pub struct StorageObjectInUseProtection;

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

impl Plugin for DefaultStorageClass {
    fn name(&self) -> &'static str {
        "DefaultStorageClass"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("storage.k8s.io", "storageclasses")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let object = &attributes.object;
        let has_class = !object.at(&["spec", "storageClassName"]).is_null()
            || !object.at(&["metadata", "annotations", CLASS_ANNOTATION]).is_null();
        if !attributes.is("", "persistentvolumeclaims") || has_class {
            return Ok(());
        }
        let classes = lookup.list("storage.k8s.io", "storageclasses", "");
        let defaults =
            classes.iter().filter(|class| class.str_at(&["metadata", "annotations", DEFAULT_CLASS]) == "true");
        // Of several, the newest; of those, the first by name.
        let newest_first = |class: &&std::sync::Arc<Value>| {
            let created = class.str_at(&["metadata", "creationTimestamp"]).to_owned();
            (std::cmp::Reverse(created), class.str_at(&["metadata", "name"]).to_owned())
        };
        if let Some(class) = defaults.min_by_key(newest_first) {
            attributes.object.set(&["spec", "storageClassName"], class.str_at(&["metadata", "name"]));
        }
        Ok(())
    }
}

impl Plugin for StorageObjectInUseProtection {
    fn name(&self) -> &'static str {
        "StorageObjectInUseProtection"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn admit(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        let finalizer = if attributes.is("", "persistentvolumes") {
            "kubernetes.io/pv-protection"
        } else if attributes.is("", "persistentvolumeclaims") {
            "kubernetes.io/pvc-protection"
        } else {
            return Ok(());
        };
        let finalizers = attributes.object.at(&["metadata", "finalizers"]).items();
        if !finalizers.iter().any(|have| have.as_str() == Some(finalizer)) {
            let mut finalizers = finalizers.to_vec();
            finalizers.push(Value::from(finalizer));
            attributes.object.set(&["metadata", "finalizers"], finalizers);
        }
        Ok(())
    }
}
