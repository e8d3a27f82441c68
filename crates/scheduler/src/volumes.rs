//! VolumeBinding, as far as claims are bound by others: pods wait for claims that nothing has bound yet, and go only where
//! their volumes can be reached. Deliberately absent: choosing and provisioning volumes.

use crate::affinity;
use crate::around::Surroundings;
use crate::filters::Rejection;
use crate::node::NodeInfo;
use api_core::v1::{NodeSelector, PersistentVolumeClaim, Pod, Volume};
use informer::Key;

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// Where the volumes of a pod's claims can be reached.
#[derive(Default)]
pub struct Volumes<'s> {
    reachable: Vec<&'s NodeSelector>,
    lost: bool,
}

impl<'s> Volumes<'s> {
    /// An error: what keeps the pod from every node.
    pub fn new(pod: &Pod, around: &'s Surroundings) -> Result<Volumes<'s>, String> {
        let mut volumes = Volumes::default();
        let mut unbound = false;
        for volume in &pod.spec.volumes {
            let Some((name, ephemeral)) = claim_name(pod, volume) else { continue };
            let Some(claim) = around.claims.get(&Key::new(pod.metadata.namespace.as_str(), name.as_str())) else {
                return Err(match ephemeral {
                    true => format!(
                        "waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\""
                    ),
                    false => format!("persistentvolumeclaim \"{name}\" not found"),
                });
            };
            if claim.status.phase == "Lost" {
                let volume = &claim.spec.volume_name;
                return Err(format!(
                    "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
                ));
            }
            if claim.metadata.deletion_timestamp.is_some() {
                return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            if is_bound(claim) {
                volumes.add(claim, around);
            } else {
                unbound |= !waits_for_consumer(claim, around);
            }
        }
        if unbound { Err("pod has unbound immediate PersistentVolumeClaims".into()) } else { Ok(volumes) }
    }

    fn add(&mut self, claim: &PersistentVolumeClaim, around: &'s Surroundings) {
        match around.volumes.get(&Key::cluster(claim.spec.volume_name.as_str())) {
            Some(volume) => {
                let affinity = volume.spec.node_affinity.as_ref();
                self.reachable.extend(affinity.and_then(|affinity| affinity.required.as_deref()));
            }
            None => self.lost = true,
        }
    }

    pub fn reject(&self, node: &NodeInfo) -> Option<Rejection> {
        if self.lost {
            return Rejection::unresolvable(
                "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
            );
        }
        if self.reachable.iter().all(|selector| affinity::selects(selector, node)) {
            return None;
        }
        Rejection::unresolvable("node(s) didn't match PersistentVolume's node affinity")
    }
}

/// The name of the claim that a volume is of, and whether the claim is made for this pod alone.
fn claim_name(pod: &Pod, volume: &Volume) -> Option<(String, bool)> {
    if let Some(claim) = &volume.persistent_volume_claim {
        return Some((claim.claim_name.clone(), false));
    }
    volume.ephemeral.as_ref().map(|_| (format!("{}-{}", pod.metadata.name, volume.name), true))
}

fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    !claim.spec.volume_name.is_empty() && claim.metadata.annotations.contains_key(BIND_COMPLETED)
}

fn waits_for_consumer(claim: &PersistentVolumeClaim, around: &Surroundings) -> bool {
    let name = claim.spec.storage_class_name.as_deref().unwrap_or_default();
    let class = around.storage_classes.get(&Key::cluster(name));
    class.is_some_and(|class| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"))
}
