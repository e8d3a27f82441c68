//! NamespaceExists and NamespaceAutoProvision: a namespace that is not there refuses writes, or is made.

use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation, Plugin};
use kind::ApiError;
use std::sync::Arc;

/// Refuses every write in a namespace that is not there.
pub struct NamespaceExists;

/// Makes the namespace of a new object.
pub struct NamespaceAutoProvision {
    pub namespaces: Arc<dyn NamespaceStore>,
}

/// Makes namespaces.
pub trait NamespaceStore: Send + Sync {
    /// Makes a namespace; one that is there already is no error.
    fn ensure<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), ApiError>>;
}

const NAMESPACES: &[(&str, &str)] = &[("", "namespaces")];

/// The namespace of a write, if it is not there.
fn missing<'a>(attributes: &Attributes<'a>, lookup: &dyn Lookup) -> Option<&'a str> {
    let is_namespace = (attributes.group, attributes.resource) == ("", "namespaces");
    let namespace = Some(attributes.namespace).filter(|namespace| !namespace.is_empty() && !is_namespace)?;
    lookup.get("", "namespaces", "", namespace).is_none().then_some(namespace)
}

impl Plugin for NamespaceExists {
    fn name(&self) -> &'static str {
        "NamespaceExists"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation != Operation::Connect
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        NAMESPACES
    }

    fn validate(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        match missing(attributes, lookup) {
            None => Ok(()),
            Some(namespace) => {
                let message = format!("namespaces \"{namespace}\" not found");
                Err(ApiError::new(404, "NotFound", message).about("", "namespaces", namespace))
            }
        }
    }
}

impl AsyncPlugin for NamespaceAutoProvision {
    fn name(&self) -> &'static str {
        "NamespaceAutoProvision"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        NAMESPACES
    }

    fn admit<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        let missing = missing(attributes, lookup).filter(|_| !attributes.dry_run);
        Box::pin(async move {
            let Some(namespace) = missing else { return Ok(()) };
            self.namespaces.ensure(namespace).await.map_err(|error| attributes.forbidden(error))
        })
    }
}
