//! What the pods of a node refer to, read from the pods that the registry has.

use crate::late::Late;
use authz::node::Graph;
use schema::Value;
use std::sync::Arc;

impl Graph for Late {
    fn refers(&self, node: &str, resource: &str, namespace: &str, name: &str) -> bool {
        match resource {
            "persistentvolumes" => self.pods_of(node, "").iter().any(|pod| self.claims_volume(pod, name)),
            "volumeattachments" => self.attachment_is_for(node, name),
            _ => self.pods_of(node, namespace).iter().any(|pod| pod_refers(pod, resource, name)),
        }
    }

    fn has_pod(&self, node: &str, namespace: &str, name: &str) -> bool {
        let pod = self.find("pods", namespace, name);
        // One that is gone is nobody's secret: the answer is that it is not there.
        pod.is_ok_and(|pod| pod.is_none_or(|pod| pod.str_at(&["spec", "nodeName"]) == node))
    }
}

impl Late {
    fn pods_of(&self, node: &str, namespace: &str) -> Vec<Arc<Value>> {
        let Ok(registry) = self.get() else { return Vec::new() };
        let pods = registry.lookup_all("", "pods", namespace);
        pods.into_iter().filter(|pod| pod.str_at(&["spec", "nodeName"]) == node).collect()
    }

    fn claims_volume(&self, pod: &Value, volume: &str) -> bool {
        let namespace = pod.str_at(&["metadata", "namespace"]);
        claims(pod).any(|claim| {
            let claim = self.find("persistentvolumeclaims", namespace, &claim);
            claim.is_ok_and(|claim| claim.is_some_and(|claim| claim.str_at(&["spec", "volumeName"]) == volume))
        })
    }

    fn attachment_is_for(&self, node: &str, name: &str) -> bool {
        let Ok(registry) = self.get() else { return false };
        let attachment = registry.lookup("storage.k8s.io", "volumeattachments", "", name);
        attachment.is_some_and(|attachment| attachment.str_at(&["spec", "nodeName"]) == node)
    }
}

fn pod_refers(pod: &Value, resource: &str, name: &str) -> bool {
    match resource {
        "serviceaccounts" => pod.str_at(&["spec", "serviceAccountName"]) == name,
        "persistentvolumeclaims" => claims(pod).any(|claim| claim == name),
        "resourceclaims" => {
            let statuses = pod.at(&["status", "resourceClaimStatuses"]).items();
            let named = pod.at(&["spec", "resourceClaims"]).items();
            statuses.iter().chain(named).any(|claim| claim.str_at(&["resourceClaimName"]) == name)
        }
        "secrets" => any_reference(pod, &SECRET_REFERENCES, name),
        _ => any_reference(pod, &CONFIG_MAP_REFERENCES, name),
    }
}

/// The names of a pod's claims, those made for it included.
fn claims(pod: &Value) -> impl Iterator<Item = String> {
    let pod_name = pod.str_at(&["metadata", "name"]);
    pod.at(&["spec", "volumes"]).items().iter().filter_map(move |volume| {
        if volume.get("ephemeral").is_some() {
            return Some(format!("{pod_name}-{}", volume.str_at(&["name"])));
        }
        volume.at(&["persistentVolumeClaim", "claimName"]).as_str().map(str::to_owned)
    })
}

/// Members under which a reference by name stands, and the member of it that is the name.
type References = [(&'static str, &'static str)];

const SECRET_REFERENCES: [(&str, &str); 6] = [
    ("secret", "secretName"),
    ("secret", "name"),
    ("secretRef", "name"),
    ("secretKeyRef", "name"),
    ("imagePullSecrets", "name"),
    ("nodePublishSecretRef", "name"),
];
const CONFIG_MAP_REFERENCES: [(&str, &str); 3] =
    [("configMap", "name"), ("configMapRef", "name"), ("configMapKeyRef", "name")];

/// Whether such a reference stands anywhere in the pod's spec.
fn any_reference(pod: &Value, references: &References, name: &str) -> bool {
    fn walk(value: &Value, references: &References, name: &str) -> bool {
        if let Some(map) = value.as_map() {
            return map.iter().any(|(key, member)| {
                let here = references.iter().filter(|(under, _)| *under == key).any(|(_, field)| {
                    member.str_at(&[field]) == name || member.items().iter().any(|item| item.str_at(&[field]) == name)
                });
                here || walk(member, references, name)
            });
        }
        value.items().iter().any(|item| walk(item, references, name))
    }
    walk(pod.at(&["spec"]), references, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::value;

    #[test]
    fn references_are_found_wherever_they_stand() {
        let pod = value!({
            "metadata": { "name": "p" },
            "spec": {
                "serviceAccountName": "sa",
                "imagePullSecrets": [{ "name": "reg" }],
                "volumes": [
                    { "name": "v", "secret": { "secretName": "s1" } },
                    { "name": "w", "projected": { "sources": [{ "configMap": { "name": "c1" } }] } },
                    { "name": "e", "ephemeral": {} }
                ],
                "containers": [{ "env": [{ "valueFrom": { "secretKeyRef": { "name": "s2" } } }] }]
            }
        });
        for (resource, name, expected) in [
            ("secrets", "s1", true),
            ("secrets", "s2", true),
            ("secrets", "reg", true),
            ("secrets", "c1", false),
            ("configmaps", "c1", true),
            ("serviceaccounts", "sa", true),
            ("persistentvolumeclaims", "p-e", true),
        ] {
            assert_eq!(pod_refers(&pod, resource, name), expected, "{resource} {name}");
        }
    }
}
