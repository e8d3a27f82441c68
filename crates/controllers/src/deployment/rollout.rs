//! A rollout: the deployment and its replica sets, as they are and as they are to be.

use super::conditions::{self, PAUSED, PROGRESSING, TIMED_OUT, condition, has_progress_deadline};
use super::scale::max_surge;
use crate::{EventRecord, Plan, Write};
use api_apps::apps::v1::{Deployment, ReplicaSet};
use schema::Time;
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

pub(super) const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

pub(super) struct Rollout<'v> {
    pub(super) before: &'v Deployment,
    /// Of this only annotations and status change.
    pub(super) deployment: Deployment,
    /// Of the present template.
    pub(super) new: Option<Member>,
    /// Of other templates, the oldest first.
    pub(super) old: Vec<Member>,
    pub(super) now: Time,
    pub(super) requeue_after: Option<Duration>,
}

/// A replica set.
#[derive(Clone)]
pub(super) struct Member {
    /// As it is; for one that is to be created, as it will be. Counts of the status are taken from here.
    pub(super) seen: Arc<ReplicaSet>,
    /// As it is to be.
    pub(super) wanted: ReplicaSet,
    pub(super) fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Created,
    Deleted,
}

impl Member {
    pub(super) fn new(seen: Arc<ReplicaSet>) -> Member {
        let wanted = seen.as_ref().clone();
        Member { seen, wanted, fate: Fate::Kept }
    }

    pub(super) fn name(&self) -> &str {
        &self.seen.metadata.name
    }

    /// Replicas as they are to be.
    pub(super) fn size(&self) -> i32 {
        self.wanted.spec.replicas.unwrap_or(1)
    }

    pub(super) fn available(&self) -> i32 {
        self.seen.status.available_replicas
    }

    pub(super) fn is_active(&self) -> bool {
        self.size() > 0
    }

    /// Sets the size, and the annotations that tell later of which deployment's size it was a share; says whether the size
    /// has changed.
    pub(super) fn resize(&mut self, size: i32, deployment: &Deployment) -> bool {
        let resized = self.size() != size;
        self.wanted.spec.replicas = Some(size);
        note_size(&mut self.wanted, deployment);
        resized
    }
}

/// Returns whether the annotations have changed.
pub(super) fn note_size(replica_set: &mut ReplicaSet, deployment: &Deployment) -> bool {
    let desired = replicas(deployment);
    let mut changed = false;
    for (key, number) in [(DESIRED_REPLICAS, desired), (MAX_REPLICAS, desired + max_surge(deployment))] {
        let old = replica_set.metadata.annotations.insert(key.into(), number.to_string());
        changed |= old != Some(number.to_string());
    }
    changed
}

pub(super) fn replicas(deployment: &Deployment) -> i32 {
    deployment.spec.replicas.unwrap_or(1)
}

pub(super) fn by_creation(a: &Member, b: &Member) -> Ordering {
    let key = |member: &Member| (member.seen.metadata.creation_timestamp, member.seen.metadata.name.clone());
    key(a).cmp(&key(b))
}

impl<'v> Rollout<'v> {
    pub(super) fn new(deployment: &'v Deployment, replica_sets: Vec<Arc<ReplicaSet>>, now: Time) -> Rollout<'v> {
        let mut old: Vec<Member> = replica_sets.into_iter().map(Member::new).collect();
        old.sort_by(by_creation);
        Rollout { before: deployment, deployment: deployment.clone(), new: None, old, now, requeue_after: None }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Member> {
        self.old.iter().chain(&self.new)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.old.iter_mut().chain(&mut self.new)
    }

    /// Keeps the Progressing condition of a paused deployment from running out.
    pub(super) fn check_paused(&mut self) {
        if !has_progress_deadline(&self.deployment) {
            return;
        }
        let conditions = &mut self.deployment.status.conditions;
        let reason = conditions::get(conditions, PROGRESSING).map_or("", |condition| condition.reason.as_str());
        let (reason, message) = match (self.deployment.spec.paused, reason) {
            (_, TIMED_OUT) | (true, PAUSED) => return,
            (true, _) => (PAUSED, "Deployment is paused"),
            (false, PAUSED) => ("DeploymentResumed", "Deployment is resumed"),
            (false, _) => return,
        };
        conditions::set(conditions, condition(PROGRESSING, "Unknown", reason, message, self.now));
    }

    /// Deletes what is left of old rollouts beyond the history limit, the oldest revisions first.
    pub(super) fn clean_up(&mut self) {
        let Some(limit) = self.deployment.spec.revision_history_limit.filter(|&limit| limit != i32::MAX) else {
            return;
        };
        let mut cleanable: Vec<&mut Member> =
            self.old.iter_mut().filter(|member| member.seen.metadata.deletion_timestamp.is_none()).collect();
        let surplus = cleanable.len().saturating_sub(limit.max(0) as usize);
        // Stable: of equal revisions, or none, the older first.
        cleanable.sort_by_key(|member| super::revision::revision_of(&member.seen).unwrap_or_default());
        for member in cleanable.into_iter().take(surplus) {
            let (spec, status, meta) = (&member.seen.spec, &member.seen.status, &member.seen.metadata);
            let empty = status.replicas == 0 && spec.replicas == Some(0) && !member.is_active();
            if empty && meta.generation <= status.observed_generation {
                member.fate = Fate::Deleted;
            }
        }
    }

    /// One write for each object that is to be otherwise.
    pub(super) fn write(mut self, plan: &mut Plan) {
        let deployment = self.deployment.clone();
        for member in self.new.iter().chain(&self.old) {
            match member.fate {
                Fate::Created => plan.push(with_event(Write::create(&member.wanted), member, 0, &deployment)),
                Fate::Kept if *member.seen != member.wanted => {
                    let was = member.seen.spec.replicas.unwrap_or(1);
                    let write = Write::update(member.seen.as_ref(), &member.wanted);
                    plan.push(with_event(write, member, was, &deployment));
                }
                Fate::Kept | Fate::Deleted => {}
            }
        }
        let gone: Vec<Write> = self.old.iter().filter(|member| member.fate == Fate::Deleted).map(delete).collect();
        plan.together(gone);
        plan.update_status(self.before, &self.deployment);
        if let Some(wait) = self.requeue_after.take() {
            plan.look_again(wait);
        }
    }
}

fn delete(member: &Member) -> Write {
    Write::delete(member.seen.as_ref())
}

/// Tells of a change of size.
fn with_event(write: Write, member: &Member, was: i32, deployment: &Deployment) -> Write {
    let is = member.size();
    let direction = match is.cmp(&was) {
        Ordering::Greater => "up",
        Ordering::Less => "down",
        Ordering::Equal => return write,
    };
    let message = format!("Scaled {direction} replica set {} from {was} to {is}", member.name());
    write.with_event(EventRecord::normal(deployment, "ScalingReplicaSet", message))
}
