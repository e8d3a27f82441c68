//! NamespaceLifecycle: nothing is made in a namespace that is not there or is going, and some namespaces never go.

use crate::{Attributes, Lookup, Operation, Plugin};
use api_meta::v1::StatusCause;
use kind::ApiError;

pub struct NamespaceLifecycle;

const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

impl Plugin for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        "NamespaceLifecycle"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation != Operation::Connect
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "namespaces")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let is_namespace = attributes.group.is_empty() && attributes.resource == "namespaces";
        if is_namespace {
            if attributes.operation == Operation::Delete && IMMORTAL.contains(&attributes.name) {
                return Err(attributes.forbidden("this namespace may not be deleted"));
            }
            return Ok(());
        }
        let review = attributes.group == "authorization.k8s.io";
        if attributes.namespace.is_empty() || attributes.operation == Operation::Delete || review {
            return Ok(());
        }
        let namespace = attributes.namespace;
        let Some(found) = lookup.get("", "namespaces", "", namespace) else {
            let message = format!("namespaces \"{namespace}\" not found");
            return Err(ApiError::new(404, "NotFound", message).about("", "namespaces", namespace));
        };
        if attributes.operation == Operation::Create && found.str_at(&["status", "phase"]) == "Terminating" {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            let mut error = attributes.forbidden(why);
            error.details().causes.push(StatusCause {
                reason: "NamespaceTerminating".into(),
                message: format!("namespace {namespace} is being terminated"),
                field: "metadata.namespace".into(),
            });
            return Err(error);
        }
        Ok(())
    }
}
