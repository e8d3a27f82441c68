//! What pods and volumes refer to.

use super::graph::{Id, Kind};
use schema::Value;
use std::collections::BTreeSet;

/// What a pod needs, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodReferences {
    /// Empty until the pod is bound.
    pub node: String,
    /// In the pod's namespace.
    pub objects: BTreeSet<(Kind, String)>,
}

/// What a persistent volume needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeReferences {
    /// Whose volume it is.
    pub claim: Option<Id>,
    pub secrets: BTreeSet<Id>,
}

const MIRROR: &str = "kubernetes.io/config.mirror";
/// Members under which a reference by name stands, and the member of it that is the name.
const NAMES: &[(&str, &str, Kind)] = &[
    ("secret", "secretName", Kind::Secret),
    ("secret", "name", Kind::Secret),
    ("azureFile", "secretName", Kind::Secret),
    ("secretRef", "name", Kind::Secret),
    ("secretKeyRef", "name", Kind::Secret),
    ("imagePullSecrets", "name", Kind::Secret),
    ("nodePublishSecretRef", "name", Kind::Secret),
    ("configMap", "name", Kind::ConfigMap),
    ("configMapRef", "name", Kind::ConfigMap),
    ("configMapKeyRef", "name", Kind::ConfigMap),
];
/// Parts of a pod's spec in which references stand.
const PARTS: &[&str] = &["volumes", "containers", "initContainers", "ephemeralContainers"];

impl PodReferences {
    /// What gives the pod's node rights.
    pub fn of(pod: &Value) -> PodReferences {
        // A node must not give itself rights by a pod that it has made.
        if !pod.at(&["metadata", "annotations", MIRROR]).is_null() {
            let node = pod.str_at(&["spec", "nodeName"]).to_owned();
            return PodReferences { node, objects: BTreeSet::new() };
        }
        PodReferences::of_any(pod)
    }

    /// What stands in the pod, whoever made it.
    pub fn of_any(pod: &Value) -> PodReferences {
        let spec = pod.at(&["spec"]);
        let node = spec.str_at(&["nodeName"]).to_owned();
        let mut objects = BTreeSet::new();
        let mut add = |kind: Kind, name: &str| {
            if !name.is_empty() {
                objects.insert((kind, name.to_owned()));
            }
        };
        add(Kind::ServiceAccount, spec.str_at(&["serviceAccountName"]));
        for secret in spec["imagePullSecrets"].items() {
            add(Kind::Secret, secret.str_at(&["name"]));
        }
        for part in PARTS {
            names(&spec[*part], &mut add);
        }
        let pod_name = pod.str_at(&["metadata", "name"]);
        for volume in spec["volumes"].items() {
            if volume.get("ephemeral").is_some() {
                add(Kind::Claim, &format!("{pod_name}-{}", volume.str_at(&["name"])));
            }
            add(Kind::Claim, volume.str_at(&["persistentVolumeClaim", "claimName"]));
        }
        let status = pod.at(&["status"]);
        for claim in spec["resourceClaims"].items().iter().chain(status["resourceClaimStatuses"].items()) {
            add(Kind::ResourceClaim, claim.str_at(&["resourceClaimName"]));
        }
        add(Kind::ResourceClaim, status.str_at(&["extendedResourceClaimStatus", "resourceClaimName"]));
        PodReferences { node, objects }
    }
}

/// References by name, however deep they stand. The depth is that of a stored object, which is bounded.
fn names(value: &Value, add: &mut dyn FnMut(Kind, &str)) {
    for item in value.items() {
        names(item, add);
    }
    for (key, member) in value.as_map().into_iter().flat_map(|map| map.iter()) {
        for (_, field, kind) in NAMES.iter().filter(|(under, ..)| *under == key) {
            add(*kind, member.str_at(&[field]));
        }
        names(member, add);
    }
}

impl VolumeReferences {
    pub fn of(volume: &Value) -> VolumeReferences {
        let spec = volume.at(&["spec"]);
        let claim_namespace = spec.str_at(&["claimRef", "namespace"]);
        let claim = spec.get("claimRef").map(|claim| Id::new(claim_namespace, claim.str_at(&["name"])));
        let mut secrets = BTreeSet::new();
        for (source, fields) in spec.as_map().into_iter().flat_map(|map| map.iter()) {
            let references = match source {
                "csi" => &["nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef"][..],
                "cephfs" | "flexVolume" | "rbd" | "scaleIO" | "iscsi" | "storageos" => &["secretRef"],
                "azureFile" => {
                    let namespace = fields.str_at(&["secretNamespace"]);
                    let namespace = if namespace.is_empty() { claim_namespace } else { namespace };
                    secrets.insert(Id::new(namespace, fields.str_at(&["secretName"])));
                    continue;
                }
                _ => continue,
            };
            for reference in references {
                let secret = fields.at(&[reference]);
                let namespace = secret.str_at(&["namespace"]);
                let namespace = if namespace.is_empty() { claim_namespace } else { namespace };
                if !secret.str_at(&["name"]).is_empty() {
                    secrets.insert(Id::new(namespace, secret.str_at(&["name"])));
                }
            }
        }
        VolumeReferences { claim, secrets }
    }
}
