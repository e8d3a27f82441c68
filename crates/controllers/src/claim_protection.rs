//! Keeps claims while a pod uses them and volumes while a claim is bound to them: each by a finalizer.

use crate::{Controller, Plan, Watch};
use api_core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use api_meta::v1::ObjectMeta;
use informer::{Key, View};
use schema::Time;

const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";

pub struct ClaimProtectionController;

impl Controller for ClaimProtectionController {
    fn name(&self) -> &'static str {
        "persistentvolumeclaim-protection-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        let pods = |pod: &Pod, _: &View| {
            let namespace = pod.metadata.namespace.as_str();
            claims_of(pod).into_iter().map(|name| Key::new(namespace, name)).collect()
        };
        vec![Watch::own::<PersistentVolumeClaim>(), Watch::of::<Pod, _>(pods)]
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let mut plan = Plan::default();
        if let Some(claim) = view.get::<PersistentVolumeClaim>(&key.namespace, &key.name) {
            let mut after = claim.as_ref().clone();
            protect(&mut after.metadata, CLAIM_FINALIZER, || {
                let pods = view.list_in::<Pod>(&key.namespace);
                pods.iter().any(|pod| uses(pod, &key.name))
            });
            plan.update(claim.as_ref(), &after);
        }
        plan
    }
}

pub struct VolumeProtectionController;

impl Controller for VolumeProtectionController {
    fn name(&self) -> &'static str {
        "persistentvolume-protection-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::own::<PersistentVolume>()]
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let mut plan = Plan::default();
        if let Some(volume) = view.get::<PersistentVolume>("", &key.name) {
            let mut after = volume.as_ref().clone();
            protect(&mut after.metadata, VOLUME_FINALIZER, || volume.status.phase == "Bound");
            plan.update(volume.as_ref(), &after);
        }
        plan
    }
}

/// Puts the finalizer on what lives, and takes it off what is to go and is not used.
fn protect(meta: &mut ObjectMeta, finalizer: &str, is_used: impl FnOnce() -> bool) {
    let protected = meta.finalizers.iter().any(|have| have == finalizer);
    match meta.deletion_timestamp {
        None if !protected => meta.finalizers.push(finalizer.to_owned()),
        Some(_) if protected && !is_used() => meta.finalizers.retain(|have| have != finalizer),
        _ => {}
    }
}

/// Claims that the pod names, and those made for its ephemeral volumes.
fn claims_of(pod: &Pod) -> Vec<String> {
    let volumes = pod.spec.volumes.iter().filter_map(|volume| match &volume.persistent_volume_claim {
        Some(claim) => Some(claim.claim_name.clone()),
        None => volume.ephemeral.as_ref().map(|_| format!("{}-{}", pod.metadata.name, volume.name)),
    });
    volumes.collect()
}

/// A pod without a node uses nothing yet, a finished one no more.
fn uses(pod: &Pod, claim: &str) -> bool {
    let finished = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
    !finished && !pod.spec.node_name.is_empty() && claims_of(pod).iter().any(|name| name == claim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(claim: &str, pod: &str, expect: Expect) {
        let world = format!(
            "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: c, namespace: a{claim}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: a}}
spec: {{{pod}}}
"
        );
        crate::testing::check(&ClaimProtectionController, &world, Key::new("a", "c"), expect);
    }

    #[test]
    fn a_claim_is_kept_while_a_pod_uses_it() {
        const GOING: &str = ", deletionTimestamp: 2026-01-01T11:59:00Z, finalizers: [kubernetes.io/pvc-protection]";
        const USING: &str = "nodeName: n1, volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]";
        check(
            "",
            "",
            expect![[r#"
            update persistentvolumeclaims a/c
              metadata.finalizers: + ["kubernetes.io/pvc-protection"]
        "#]],
        );
        check(GOING, USING, expect![""]);
        check(
            GOING,
            &USING.replace("nodeName: n1, ", ""),
            expect![[r#"
            update persistentvolumeclaims a/c
              metadata.finalizers: - ["kubernetes.io/pvc-protection"]
        "#]],
        );
    }

    #[test]
    fn a_volume_is_kept_while_it_is_bound() {
        let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v, finalizers: [kubernetes.io/pv-protection], deletionTimestamp: '2026-01-01T11:59:00Z'}, status: {phase: Bound}}";
        crate::testing::check(&VolumeProtectionController, volume, Key::cluster("v"), expect![""]);
        crate::testing::check(
            &VolumeProtectionController,
            &volume.replace("Bound", "Released"),
            Key::cluster("v"),
            expect![[r#"
            update persistentvolumes v
              metadata.finalizers: - ["kubernetes.io/pv-protection"]
        "#]],
        );
    }
}
