//! The pod of an ordinal, and the claims that stay when it goes.

use super::{REVISION, Scene};
use crate::{EventRecord, Plan, Tolerate, Write, controller_reference, managed, revisions};
use api_apps::apps::v1::{ControllerRevision, StatefulSet};
use api_core::v1::{PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, Pod, Volume};

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// Makes the claims that are missing, then the pod.
pub(super) fn create(plan: &mut Plan, scene: &Scene, ordinal: i32, revision: &ControllerRevision) {
    let set = scene.set;
    let pod = pod(set, ordinal, revision);
    let (name, set_name) = (&pod.metadata.name, &set.metadata.name);
    for template in &set.spec.volume_claim_templates {
        let claim = claim(set, template, name);
        let claim_name = &claim.metadata.name;
        if scene.view.get::<PersistentVolumeClaim>(&set.metadata.namespace, claim_name).is_some() {
            continue;
        }
        let what = format!("create Claim {claim_name} Pod {name} in StatefulSet {set_name}");
        let done = EventRecord::normal(set, "SuccessfulCreate", format!("{what} success"));
        let failed = EventRecord::warning(set, "FailedCreate", format!("{what} failed error: {{error}}"));
        plan.push(
            Write::create(&claim).tolerating(Tolerate::AlreadyExists).with_event(done).with_failure_event(failed),
        );
    }
    let what = format!("create Pod {name} in StatefulSet {set_name}");
    let done = EventRecord::normal(set, "SuccessfulCreate", format!("{what} successful"));
    let failed = EventRecord::warning(set, "FailedCreate", format!("{what} failed error: {{error}}"));
    let write = Write::create(&pod).tolerating(Tolerate::NamespaceTerminating);
    plan.push(write.with_event(done).with_failure_event(failed));
}

pub(super) fn delete(scene: &Scene, pod: &Pod) -> Write {
    let set = scene.set;
    let what = format!("delete Pod {} in StatefulSet {}", pod.metadata.name, set.metadata.name);
    Write::delete(pod)
        .with_event(EventRecord::normal(set, "SuccessfulDelete", format!("{what} successful")))
        .with_failure_event(EventRecord::warning(set, "FailedDelete", format!("{what} failed error: {{error}}")))
}

fn pod(set: &StatefulSet, ordinal: i32, revision: &ControllerRevision) -> Pod {
    let mut pod = managed::pod(set, &revisions::template_of(revision));
    let name = format!("{}-{ordinal}", set.metadata.name);
    pod.metadata.generate_name.clear();
    pod.metadata.labels.insert(POD_NAME.into(), name.clone());
    pod.metadata.labels.insert(POD_INDEX.into(), ordinal.to_string());
    pod.metadata.labels.insert(REVISION.into(), revision.metadata.name.clone());
    pod.spec.hostname = name.clone();
    pod.spec.subdomain = set.spec.service_name.clone();
    for template in &set.spec.volume_claim_templates {
        let volume_name = &template.metadata.name;
        pod.spec.volumes.retain(|volume| volume.name != *volume_name);
        let source =
            PersistentVolumeClaimVolumeSource { claim_name: format!("{volume_name}-{name}"), read_only: false };
        pod.spec.volumes.push(Volume {
            name: volume_name.clone(),
            persistent_volume_claim: Some(Box::new(source)),
            ..Volume::default()
        });
    }
    pod.metadata.name = name;
    pod
}

fn claim(set: &StatefulSet, template: &PersistentVolumeClaim, pod_name: &str) -> PersistentVolumeClaim {
    let mut claim = template.clone();
    claim.metadata.name = format!("{}-{pod_name}", template.metadata.name);
    claim.metadata.namespace = set.metadata.namespace.clone();
    let labels = set.spec.selector.iter().flat_map(|selector| selector.match_labels.clone());
    claim.metadata.labels.extend(labels);
    let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
    if policy.is_some_and(|policy| policy.when_deleted == "Delete") {
        claim.metadata.owner_references = vec![controller_reference(set)];
    }
    claim
}
