//! The images of a node's static pods: the only pods that a kubelet creates. They refer to nothing of the API, for the node
//! could then read it.

use super::{MIRROR, is_bound, refuse_if};
use crate::{Attributes, Lookup};
use authz::node::graph::Kind;
use authz::node::references::PodReferences;
use kind::ApiError;
use schema::Value;

/// A kubelet creates only the images of its static pods.
pub fn check(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
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
    let references = PodReferences::of_any(pod).objects;
    for (kind, resource) in
        [(Kind::Secret, "secrets"), (Kind::ConfigMap, "configmaps"), (Kind::Claim, "persistentvolumeclaims")]
    {
        let refers = references.iter().any(|(other, _)| *other == kind);
        refuse_if(refers, attributes, || format!("node \"{node}\" can not create pods that reference {resource}"))?;
    }
    for (source, resource) in [("clusterTrustBundle", "clustertrustbundles"), ("podCertificate", "podcertificates")] {
        let refers = projects(pod, source);
        refuse_if(refers, attributes, || format!("node \"{node}\" can not create pods that reference {resource}"))?;
    }
    refuse_if(!pod.at(&["spec", "resourceClaims"]).is_zero(), attributes, || {
        format!("node \"{node}\" can not create pods that reference resourceclaims")
    })
}

fn projects(pod: &Value, source: &str) -> bool {
    let volumes = pod.at(&["spec", "volumes"]).items().iter();
    volumes.flat_map(|volume| volume.at(&["projected", "sources"]).items()).any(|one| one.get(source).is_some())
}

fn check_owner(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
    let owners = attributes.object.at(&["metadata", "ownerReferences"]).items();
    let [owner] = owners else {
        let single = if owners.is_empty() { "an" } else { "a single" };
        return refuse_if(true, attributes, || {
            format!("node \"{node}\" can only create pods with {single} owner reference set to itself")
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
