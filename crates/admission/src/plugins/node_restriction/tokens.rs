//! Tokens that a kubelet asks for: for pods that run on it, and for the audiences that those name.

use super::found_pod;
use crate::{Attributes, Lookup, Operation};
use kind::ApiError;
use schema::Value;

pub fn check(attributes: &Attributes, node: &str, lookup: &dyn Lookup) -> Result<(), ApiError> {
    if attributes.operation != Operation::Create {
        return Ok(());
    }
    let spec = attributes.object.at(&["spec"]);
    let bound = |field: &str| spec.str_at(&["boundObjectRef", field]);
    if bound("apiVersion") != "v1" || bound("kind") != "Pod" || bound("name").is_empty() {
        return Err(attributes.forbidden("node requested token not bound to a pod"));
    }
    if bound("uid").is_empty() {
        return Err(attributes.forbidden("node requested token with a pod binding without a uid"));
    }
    let pod = found_pod(attributes, bound("name"), lookup)?;
    if pod.str_at(&["metadata", "uid"]) != bound("uid") {
        let why = format!(
            "the UID in the bound object reference ({}) does not match the UID in record. The object might have been \
             deleted and then recreated",
            bound("uid")
        );
        return Err(attributes.forbidden(why));
    }
    if pod.str_at(&["spec", "nodeName"]) != node {
        return Err(attributes.forbidden("node requested token bound to a pod scheduled on a different node"));
    }
    check_audiences(attributes, &pod, lookup)
}

/// The server's own, those that a projected volume names, and those that a volume's driver names.
fn check_audiences(attributes: &Attributes, pod: &Value, lookup: &dyn Lookup) -> Result<(), ApiError> {
    let asked = match attributes.object.at(&["spec", "audiences"]).items() {
        [] => return Ok(()),
        [one] => one.as_str().unwrap_or_default(),
        _ => return Err(attributes.forbidden("node may only request 0 or 1 audiences")),
    };
    let volumes = pod.at(&["spec", "volumes"]).items();
    let projected = volumes.iter().flat_map(|volume| volume.at(&["projected", "sources"]).items());
    let mut tokens = projected.filter_map(|source| source.get("serviceAccountToken"));
    if asked.is_empty() || tokens.any(|token| token.str_at(&["audience"]) == asked) {
        return Ok(());
    }
    let named_by_driver = |driver: &str| {
        let found = lookup.get("storage.k8s.io", "csidrivers", "", driver);
        found.is_some_and(|driver| {
            driver.at(&["spec", "tokenRequests"]).items().iter().any(|one| one.str_at(&["audience"]) == asked)
        })
    };
    let inline = volumes.iter().map(|volume| volume.str_at(&["csi", "driver"]));
    let claimed = volumes.iter().filter_map(|volume| driver_of_claim(volume, attributes.namespace, pod, lookup));
    let mut drivers = inline.map(str::to_owned).chain(claimed).filter(|driver| !driver.is_empty());
    if drivers.any(|driver| named_by_driver(&driver)) {
        return Ok(());
    }
    let user = &attributes.user.name;
    let why = format!(
        "audience {asked:?} not found in pod spec volume, {user} is not authorized to request tokens for this audience"
    );
    Err(attributes.forbidden(why))
}

/// The driver of the volume that a pod's claim is bound to.
fn driver_of_claim(volume: &Value, namespace: &str, pod: &Value, lookup: &dyn Lookup) -> Option<String> {
    let name = match volume.str_at(&["persistentVolumeClaim", "claimName"]) {
        "" if volume.get("ephemeral").is_some() => {
            format!("{}-{}", pod.str_at(&["metadata", "name"]), volume.str_at(&["name"]))
        }
        "" => return None,
        name => name.to_owned(),
    };
    let claim = lookup.get("", "persistentvolumeclaims", namespace, &name)?;
    let volume = lookup.get("", "persistentvolumes", "", claim.str_at(&["spec", "volumeName"]))?;
    Some(volume.str_at(&["spec", "csi", "driver"]).to_owned())
}
