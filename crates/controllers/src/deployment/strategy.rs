//! What to scale next, by the strategy of the deployment.

use super::rollout::{Member, Rollout, replicas};
use super::scale::{is_rolling, max_surge, max_unavailable};
use super::status::is_complete;
use api_core::v1::Pod;
use informer::controller_of;
use std::sync::Arc;

impl Rollout<'_> {
    /// Rolling: up by what the surge allows, or else down by what availability allows.
    pub(super) fn roll(&mut self) {
        self.ensure_new();
        if self.scale_new() || self.scale_old() {
            return;
        }
        if is_complete(&self.deployment, &self.deployment.status) {
            self.clean_up();
        }
    }

    /// Recreate: all old pods have to be gone before the first new one.
    pub(super) fn recreate(&mut self, pods: &[Arc<Pod>]) {
        let deployment = self.deployment.clone();
        let mut scaled = false;
        for old in self.old.iter_mut().filter(|member| member.is_active()) {
            scaled |= old.resize(0, &deployment);
        }
        if scaled || self.old_pods_run(pods) {
            return;
        }
        self.ensure_new();
        if let Some(new) = &mut self.new
            && new.size() != replicas(&deployment)
        {
            new.resize(replicas(&deployment), &deployment);
        }
        if is_complete(&self.deployment, &self.deployment.status) {
            self.clean_up();
        }
    }

    fn old_pods_run(&self, pods: &[Arc<Pod>]) -> bool {
        let is_old = |pod: &Pod| {
            let owner = controller_of(&pod.metadata).map(|owner| owner.uid.as_str());
            self.old.iter().any(|member| Some(member.seen.metadata.uid.as_str()) == owner)
        };
        self.old.iter().any(|member| member.seen.status.replicas > 0)
            || pods.iter().any(|pod| !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed") && is_old(pod))
    }

    /// What the new replica set may have now.
    pub(super) fn size_of_new(&self, new: &Member) -> i32 {
        let desired = replicas(&self.deployment);
        if !is_rolling(&self.deployment) {
            return desired;
        }
        let most = desired + max_surge(&self.deployment);
        let present = self.old.iter().map(Member::size).sum::<i32>() + new.size();
        if present >= most {
            return new.size();
        }
        new.size() + (most - present).min(desired - new.size())
    }

    fn scale_new(&mut self) -> bool {
        let (deployment, desired) = (self.deployment.clone(), replicas(&self.deployment));
        let Some(new) = &self.new else { return false };
        let size = if new.size() > desired { desired } else { self.size_of_new(new) };
        match &mut self.new {
            Some(new) if new.size() != size => new.resize(size, &deployment),
            _ => false,
        }
    }

    /// Takes away first what is not available anyway.
    fn scale_old(&mut self) -> bool {
        let deployment = self.deployment.clone();
        let total: i32 = self.all().map(Member::size).sum();
        let old_total: i32 = self.old.iter().map(Member::size).sum();
        let Some(new) = self.new.as_ref().filter(|_| old_total > 0) else { return false };
        let least_available = replicas(&deployment) - max_unavailable(&deployment);
        let new_unavailable = new.size() - new.available();
        let spare = total - least_available - new_unavailable;
        if spare <= 0 {
            return false;
        }
        let mut scaled = 0;
        for old in &mut self.old {
            let unavailable = old.size() - old.available();
            let less = unavailable.min(spare - scaled).max(0);
            if old.is_active() && less > 0 {
                old.resize(old.size() - less, &deployment);
                scaled += less;
            }
        }
        let mut surplus = self.all().map(Member::available).sum::<i32>() - least_available;
        for old in self.old.iter_mut().filter(|member| member.is_active()) {
            let less = old.size().min(surplus);
            if less <= 0 {
                break;
            }
            old.resize(old.size() - less, &deployment);
            surplus -= less;
            scaled += less;
        }
        scaled > 0
    }
}
