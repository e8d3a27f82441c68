//! NodeRestriction: a kubelet writes its own node, its own lease, and the pods that are bound to it; nothing else.

mod labels;
mod mirror;
mod tokens;

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;
use std::sync::Arc;

pub struct NodeRestriction;

const USER_PREFIX: &str = "system:node:";
const NODES: &str = "system:nodes";
const MIRROR: &str = "kubernetes.io/config.mirror";
const LEASES: &str = "kube-node-lease";

impl Plugin for NodeRestriction {
    fn name(&self) -> &'static str {
        "NodeRestriction"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update | Operation::Delete)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "nodes")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let Some(node) = attributes.user.name.strip_prefix(USER_PREFIX).filter(|_| attributes.user.in_group(NODES))
        else {
            return Ok(());
        };
        match (attributes.group, attributes.resource, attributes.subresource) {
            ("", "pods", "") => check_pod(attributes, node, lookup),
            ("", "pods", "status") => check_pod_status(attributes, node),
            ("", "pods", "eviction") => check_eviction(attributes, node, lookup),
            ("", "pods", other) => {
                let why = format!("unexpected pod subresource {other:?}, only 'status' and 'eviction' are allowed");
                Err(attributes.forbidden(why))
            }
            ("", "nodes", _) => check_node(attributes, node),
            ("", "persistentvolumeclaims", "status") => check_claim_status(attributes, node),
            ("", "persistentvolumeclaims", _) => Err(attributes.forbidden("may only update PVC status")),
            ("", "serviceaccounts", "token") => tokens::check(attributes, node, lookup),
            ("coordination.k8s.io", "leases", _) => check_lease(attributes, node),
            ("storage.k8s.io", "csinodes", _) if attributes.name != node => {
                Err(attributes.forbidden("can only access CSINode with the same name as the requesting node"))
            }
            ("resource.k8s.io", "resourceslices", _) => check_slice(attributes, node),
            _ => Ok(()),
        }
    }
}

fn refuse_if(bad: bool, attributes: &Attributes, why: impl FnOnce() -> String) -> Result<(), ApiError> {
    if bad { Err(attributes.forbidden(why())) } else { Ok(()) }
}

fn is_bound(pod: &Value, node: &str) -> bool {
    pod.str_at(&["spec", "nodeName"]) == node
}

fn check_pod(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
    match attributes.operation {
        Operation::Create => mirror::check(attributes, node, lookup),
        Operation::Delete => refuse_if(!is_bound(attributes.old, node), attributes, || {
            format!("node \"{node}\" can only delete pods with spec.nodeName set to itself")
        }),
        operation => refuse_if(true, attributes, || {
            let operation = operation.as_str();
            format!("unexpected operation {operation:?}, node {node:?} can only create and delete mirror pods")
        }),
    }
}

fn check_pod_status(attributes: &Attributes, node: &str) -> Result<(), ApiError> {
    let (new, old) = (&attributes.object, attributes.old);
    refuse_if(!is_bound(old, node), attributes, || {
        format!("node \"{node}\" can only update pod status for pods with spec.nodeName set to itself")
    })?;
    let differs = |path: &[&str]| new.at(path) != old.at(path);
    refuse_if(differs(&["metadata", "labels"]), attributes, || {
        format!("node \"{node}\" cannot update labels through pod status")
    })?;
    refuse_if(differs(&["status", "resourceClaimStatuses"]), attributes, || {
        format!("node \"{node}\" cannot update resource claim statues")
    })?;
    refuse_if(differs(&["status", "extendedResourceClaimStatus"]), attributes, || {
        format!("node \"{node}\" cannot update extended resource claim status")
    })
}

/// A kubelet evicts the pods that are bound to it.
fn check_eviction(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
    let name = match attributes.name {
        "" => attributes.object.str_at(&["metadata", "name"]),
        name => name,
    };
    refuse_if(name.is_empty(), attributes, || "could not determine pod from request data".to_owned())?;
    let pod = found_pod(attributes, name, lookup)?;
    refuse_if(!is_bound(&pod, node), attributes, || {
        format!("node {node} can only evict pods with spec.nodeName set to itself")
    })
}

fn found_pod(attributes: &Attributes, name: &str, lookup: &dyn Lookup) -> Result<Arc<Value>, ApiError> {
    lookup
        .get("", "pods", attributes.namespace, name)
        .ok_or_else(|| ApiError::new(404, "NotFound", format!("pods \"{name}\" not found")).about("", "pods", name))
}

/// Of a claim, a kubelet writes how a resize went.
fn check_claim_status(attributes: &Attributes, node: &str) -> Result<(), ApiError> {
    let rest = |claim: &Value| {
        let mut claim = claim.clone();
        for path in [
            &["metadata", "resourceVersion"][..],
            &["metadata", "managedFields"],
            &["status", "capacity"],
            &["status", "conditions"],
            &["status", "allocatedResources"],
            &["status", "allocatedResourceStatuses"],
        ] {
            claim.remove(path);
        }
        // A status that holds nothing else is none.
        if claim.at(&["status"]).is_zero() {
            claim.remove(&["status"]);
        }
        claim
    };
    refuse_if(rest(&attributes.object) != rest(attributes.old), attributes, || {
        format!("node \"{node}\" is not allowed to update fields other than status.capacity and status.conditions")
    })
}

fn check_node(attributes: &Attributes, node: &str) -> Result<(), ApiError> {
    refuse_if(attributes.name != node, attributes, || {
        format!("node \"{node}\" is not allowed to modify node \"{}\"", attributes.name)
    })?;
    let (new, old) = (&attributes.object, attributes.old);
    if attributes.operation == Operation::Delete {
        return Ok(());
    }
    let forbidden = labels::forbidden(labels::modified(&new["metadata"]["labels"], &old["metadata"]["labels"]));
    let creates = attributes.operation == Operation::Create;
    refuse_if(!forbidden.is_empty(), attributes, || {
        let verb = if creates { "set the following labels" } else { "modify labels" };
        format!("is not allowed to {verb}: {}", forbidden.join(", "))
    })?;
    let differs = |path: &[&str]| new.at(path) != old.at(path);
    // What a node's configuration names, the node could read.
    refuse_if(!new.at(&["spec", "configSource"]).is_null() && differs(&["spec", "configSource"]), attributes, || {
        let verb = if creates {
            "create pods with a non-nil configSource"
        } else {
            "update configSource to a new non-nil configSource"
        };
        format!("node \"{node}\" is not allowed to {verb}")
    })?;
    if creates {
        return Ok(());
    }
    refuse_if(differs(&["spec", "taints"]), attributes, || format!("node \"{node}\" is not allowed to modify taints"))?;
    refuse_if(differs(&["metadata", "ownerReferences"]), attributes, || {
        format!("node \"{node}\" is not allowed to modify ownerReferences")
    })
}

fn check_lease(attributes: &Attributes, node: &str) -> Result<(), ApiError> {
    refuse_if(attributes.namespace != LEASES, attributes, || {
        format!("can only access leases in the \"{LEASES}\" system namespace")
    })?;
    refuse_if(attributes.name != node, attributes, || {
        "can only access node lease with the same name as the requesting node".to_owned()
    })
}

fn check_slice(attributes: &Attributes, node: &str) -> Result<(), ApiError> {
    let (slice, verb) = match attributes.operation {
        Operation::Create => (&attributes.object, "create"),
        Operation::Delete => (attributes.old, "delete"),
        _ => return Ok(()),
    };
    refuse_if(slice.str_at(&["spec", "nodeName"]) != node, attributes, || {
        format!("can only {verb} ResourceSlice with the same NodeName as the requesting node")
    })
}

#[cfg(test)]
mod tests;
