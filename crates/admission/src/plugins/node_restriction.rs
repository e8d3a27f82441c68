//! NodeRestriction: a kubelet writes its own node, its own lease, and the pods that are bound to it; nothing else.

mod labels;

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use schema::Value;

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
            ("", "nodes", _) => check_node(attributes, node),
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
        Operation::Create => check_mirror(attributes, node, lookup),
        Operation::Delete => refuse_if(!is_bound(attributes.old, node), attributes, || {
            format!("node \"{node}\" can only delete pods with spec.nodeName set to itself")
        }),
        operation => refuse_if(true, attributes, || format!("unexpected operation {:?}", operation.as_str())),
    }
}

/// A kubelet creates only the images of its static pods.
fn check_mirror(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
    let pod = &attributes.object;
    refuse_if(pod.at(&["metadata", "annotations", MIRROR]).is_null(), attributes, || {
        format!("pod does not have \"{MIRROR}\" annotation, node \"{node}\" can only create mirror pods")
    })?;
    refuse_if(!is_bound(pod, node), attributes, || {
        format!("node \"{node}\" can only create pods with spec.nodeName set to itself")
    })?;
    check_owner(attributes, node, lookup)?;
    refuse_if(!pod.str_at(&["spec", "serviceAccountName"]).is_empty(), attributes, || {
        format!("node \"{node}\" can not create pods that reference a service account")
    })?;
    let references =
        [("secret", "secrets"), ("configMap", "configmaps"), ("persistentVolumeClaim", "persistentvolumeclaims")];
    let volumes = pod.at(&["spec", "volumes"]).items();
    for (source, resource) in references {
        let projects =
            |volume: &Value| volume.at(&["projected", "sources"]).items().iter().any(|one| one.get(source).is_some());
        let refers = volumes.iter().any(|volume| volume.get(source).is_some() || projects(volume));
        refuse_if(refers, attributes, || format!("node \"{node}\" can not create pods that reference {resource}"))?;
    }
    Ok(())
}

fn check_owner(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
    let owners = attributes.object.at(&["metadata", "ownerReferences"]).items();
    let [owner] = owners else {
        return refuse_if(!owners.is_empty(), attributes, || {
            format!("node \"{node}\" can only create pods with a single owner reference set to itself")
        });
    };
    let is_itself =
        owner.str_at(&["apiVersion"]) == "v1" && owner.str_at(&["kind"]) == "Node" && owner.str_at(&["name"]) == node;
    refuse_if(!is_itself, attributes, || {
        format!("node \"{node}\" can only create pods with an owner reference set to itself")
    })?;
    refuse_if(owner.at(&["controller"]).as_bool() != Some(true), attributes, || {
        format!("node \"{node}\" can only create pods with a controller owner reference set to itself")
    })?;
    refuse_if(owner.at(&["blockOwnerDeletion"]).as_bool() == Some(true), attributes, || {
        format!("node \"{node}\" must not set blockOwnerDeletion on an owner reference")
    })?;
    let found = lookup.get("", "nodes", "", node);
    let found = found.ok_or_else(|| {
        attributes.forbidden(format!("looking up node {node} to verify uid: node \"{node}\" not found"))
    })?;
    let (expected, got) = (owner.str_at(&["uid"]), found.str_at(&["metadata", "uid"]));
    refuse_if(expected != got, attributes, || format!("node {node} UID mismatch: expected {expected} got {got}"))
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
        format!("node \"{node}\" cannot update resource claim statuses")
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
    if creates {
        return Ok(());
    }
    let differs = |path: &[&str]| new.at(path) != old.at(path);
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
