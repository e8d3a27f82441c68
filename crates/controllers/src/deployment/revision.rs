//! Which replica set belongs to the present template, and the numbers of revisions.

use super::conditions::{self, PROGRESSING, condition, has_progress_deadline};
use super::hash::template_hash;
use super::rollout::{Fate, Member, Rollout, note_size};
use crate::controller_reference;
use api_apps::apps::v1::{Deployment, ReplicaSet, ReplicaSetSpec};
use api_core::v1::PodTemplateSpec;
use api_meta::v1::ObjectMeta;
use std::sync::Arc;

const HASH_LABEL: &str = "pod-template-hash";
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// What the annotation of the history has at most; older revisions are dropped from it.
const MAX_HISTORY_CHARS: usize = 2000;
const MAX_NAME_CHARS: usize = 253;

/// Annotations of a deployment that its replica sets do not get.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    super::rollout::DESIRED_REPLICAS,
    super::rollout::MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

pub(super) fn revision_of(replica_set: &ReplicaSet) -> Option<i64> {
    replica_set.metadata.annotations.get(REVISION)?.parse().ok()
}

/// Equal but for the label that tells replica sets apart.
pub(super) fn same_template(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    let labels = |template: &PodTemplateSpec| {
        let mut labels = template.metadata.labels.clone();
        labels.remove(HASH_LABEL);
        labels
    };
    let rest = |template: &PodTemplateSpec| ObjectMeta { labels: Default::default(), ..template.metadata.clone() };
    a.spec == b.spec && labels(a) == labels(b) && rest(a) == rest(b)
}

impl Rollout<'_> {
    /// Finds the new replica set among all and brings it up to date with what does not make a new revision.
    pub(super) fn sync_revision(&mut self) {
        let template = &self.deployment.spec.template;
        let found = self.old.iter().position(|member| same_template(&member.seen.spec.template, template));
        let Some(at) = found else { return };
        let mut new = self.old.remove(at);
        let revision = self.next_revision();
        annotate(&self.deployment, &mut new.wanted, revision);
        new.wanted.spec.min_ready_seconds = self.deployment.spec.min_ready_seconds;
        let reached = new.wanted.metadata.annotations.get(REVISION).cloned();
        self.deployment.metadata.annotations.extend(reached.map(|revision| (REVISION.to_owned(), revision)));
        let conditions = &mut self.deployment.status.conditions;
        if has_progress_deadline(self.before) && conditions::get(conditions, PROGRESSING).is_none() {
            let message = format!("Found new replica set {:?}", new.name());
            conditions::set(conditions, condition(PROGRESSING, "True", "FoundNewReplicaSet", message, self.now));
        }
        self.new = Some(new);
    }

    /// Plans a replica set of the present template if there is none.
    pub(super) fn ensure_new(&mut self) {
        if self.new.is_some() {
            return;
        }
        let revision = self.next_revision();
        let mut new = Member::new(Arc::new(replica_set(&self.deployment)));
        new.fate = Fate::Created;
        let size = self.size_of_new(&new);
        new.wanted.spec.replicas = Some(size);
        annotate(&self.deployment, &mut new.wanted, revision);
        note_size(&mut new.wanted, &self.deployment);
        new.seen = Arc::new(new.wanted.clone());
        self.deployment.metadata.annotations.insert(REVISION.into(), revision.to_string());
        if has_progress_deadline(&self.deployment) {
            let message = format!("Created new replica set {:?}", new.name());
            let created = condition(PROGRESSING, "True", "NewReplicaSetCreated", message, self.now);
            conditions::set(&mut self.deployment.status.conditions, created);
        }
        self.new = Some(new);
    }

    fn next_revision(&self) -> i64 {
        self.old.iter().filter_map(|member| revision_of(&member.seen)).max().unwrap_or_default() + 1
    }
}

/// Without replicas and annotations yet.
fn replica_set(deployment: &Deployment) -> ReplicaSet {
    let hash = template_hash(&deployment.spec.template, deployment.status.collision_count);
    let mut template = deployment.spec.template.clone();
    template.metadata.labels.insert(HASH_LABEL.into(), hash.clone());
    let mut selector = deployment.spec.selector.clone().unwrap_or_default();
    selector.match_labels.insert(HASH_LABEL.into(), hash.clone());
    let room = MAX_NAME_CHARS.saturating_sub(hash.len() + 1);
    let prefix: String = deployment.metadata.name.chars().take(room).collect();
    ReplicaSet {
        metadata: ObjectMeta {
            name: format!("{prefix}-{hash}"),
            namespace: deployment.metadata.namespace.clone(),
            labels: template.metadata.labels.clone(),
            owner_references: vec![controller_reference(deployment)],
            ..ObjectMeta::default()
        },
        spec: ReplicaSetSpec {
            replicas: Some(0),
            min_ready_seconds: deployment.spec.min_ready_seconds,
            selector: Some(selector),
            template,
        },
        ..ReplicaSet::default()
    }
}

/// Copies the deployment's annotations, and raises the revision; a replica set that had one is being rolled back to, and
/// remembers it.
fn annotate(deployment: &Deployment, replica_set: &mut ReplicaSet, revision: i64) {
    let annotations = &mut replica_set.metadata.annotations;
    for (key, value) in &deployment.metadata.annotations {
        if !NOT_COPIED.contains(&key.as_str()) {
            annotations.insert(key.clone(), value.clone());
        }
    }
    let old = annotations.get(REVISION).cloned();
    let old_number = match old.as_deref() {
        None | Some("") => 0,
        Some(text) => match text.parse::<i64>() {
            Ok(number) => number,
            // Someone else's text: it stays.
            Err(_) => return,
        },
    };
    if old_number >= revision {
        return;
    }
    annotations.insert(REVISION.into(), revision.to_string());
    if let Some(old) = old {
        let history = annotations.entry(REVISION_HISTORY.into()).or_default();
        *history = remember(history, &old);
    }
}

/// Appends to a list with commas, dropping from its front what is too much.
fn remember(history: &str, revision: &str) -> String {
    let mut all: Vec<&str> = history.split(',').filter(|revision| !revision.is_empty()).collect();
    all.push(revision);
    let length = |all: &[&str]| all.iter().map(|revision| revision.len() + 1).sum::<usize>() - 1;
    let mut start = 0;
    while length(&all[start..]) > MAX_HISTORY_CHARS && start + 1 < all.len() {
        start += 1;
    }
    all[start..].join(",")
}
