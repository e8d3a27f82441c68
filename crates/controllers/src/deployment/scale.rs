//! Sizes: what a rollout may have at most, and how a change of the deployment's size is shared out.

use super::rollout::{DESIRED_REPLICAS, MAX_REPLICAS, Member, Rollout, by_creation, replicas};
use api_apps::apps::v1::{Deployment, ReplicaSet};
use schema::IntOrString;

/// What upstream's defaults are, should the server not have filled them in.
const DEFAULT_SHARE: &str = "25%";

pub(super) fn is_rolling(deployment: &Deployment) -> bool {
    deployment.spec.strategy.type_ != "Recreate"
}

/// Pods that may be there beyond the wanted number.
pub(super) fn max_surge(deployment: &Deployment) -> i32 {
    fence_posts(deployment).0
}

/// Pods that may be missing or not available.
pub(super) fn max_unavailable(deployment: &Deployment) -> i32 {
    if replicas(deployment) == 0 { 0 } else { fence_posts(deployment).1.min(replicas(deployment)) }
}

/// The surge is rounded up and the rest down; were both nothing, the rollout could not move.
fn fence_posts(deployment: &Deployment) -> (i32, i32) {
    if !is_rolling(deployment) {
        return (0, 0);
    }
    let total = replicas(deployment);
    let rolling = deployment.spec.strategy.rolling_update.as_deref().cloned().unwrap_or_default();
    let or_default = |share: Option<IntOrString>| share.unwrap_or_else(|| DEFAULT_SHARE.into());
    let surge = resolve(&or_default(rolling.max_surge), total, true);
    let unavailable = resolve(&or_default(rolling.max_unavailable), total, false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// A number, or a share of `total` in percent.
pub(crate) fn resolve(share: &IntOrString, total: i32, round_up: bool) -> i32 {
    match share {
        IntOrString::Int(n) => *n,
        IntOrString::String(text) => {
            let percent = text.strip_suffix('%').and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
            let hundredths = percent.saturating_mul(total.into());
            let whole = if round_up { hundredths.saturating_add(99).div_euclid(100) } else { hundredths / 100 };
            i32::try_from(whole).unwrap_or(i32::MAX)
        }
    }
}

fn annotated(replica_set: &ReplicaSet, key: &str) -> Option<i32> {
    replica_set.metadata.annotations.get(key)?.parse().ok()
}

impl Rollout<'_> {
    /// Has the deployment's size changed since its replica sets were last scaled?
    pub(super) fn is_scaling(&self) -> bool {
        let desired = replicas(&self.deployment);
        let active = self.all().filter(|member| member.is_active());
        active.filter_map(|member| annotated(&member.seen, DESIRED_REPLICAS)).any(|before| before != desired)
    }

    /// Brings the sizes into line with the deployment's, outside of a rollout or in the middle of one.
    pub(super) fn scale(&mut self) {
        let (deployment, desired) = (self.deployment.clone(), replicas(&self.deployment));
        if let Some(only) = self.active_or_latest() {
            if only.size() != desired {
                only.resize(desired, &deployment);
            }
            return;
        }
        if self.is_saturated() {
            for old in self.old.iter_mut().filter(|member| member.is_active()) {
                old.resize(0, &deployment);
            }
            return;
        }
        if is_rolling(&deployment) {
            self.scale_proportionally();
        }
    }

    /// The only active replica set; the new or else the latest one if none is active; none if several are.
    fn active_or_latest(&mut self) -> Option<&mut Member> {
        match self.all().filter(|member| member.is_active()).count() {
            0 if self.new.is_some() => self.new.as_mut(),
            0 => self.old.last_mut(),
            1 => self.all_mut().find(|member| member.is_active()),
            _ => None,
        }
    }

    /// Is the new replica set all that is wanted, and available?
    fn is_saturated(&self) -> bool {
        let desired = replicas(&self.deployment);
        self.new.as_ref().is_some_and(|new| {
            new.size() == desired
                && annotated(&new.seen, DESIRED_REPLICAS) == Some(desired)
                && new.available() == desired
        })
    }

    /// Shares the difference out among the active replica sets by their sizes; what rounding leaves over is the largest's.
    fn scale_proportionally(&mut self) {
        let deployment = self.deployment.clone();
        let desired = replicas(&deployment);
        let allowed = if desired > 0 { desired + max_surge(&deployment) } else { 0 };
        let mut active: Vec<&mut Member> = self.all_mut().filter(|member| member.is_active()).collect();
        let to_add = allowed - active.iter().map(|member| member.size()).sum::<i32>();
        active.sort_by(|a, b| {
            let by_age = if to_add > 0 { by_creation(b, a) } else { by_creation(a, b) };
            b.size().cmp(&a.size()).then(by_age)
        });
        let mut added = 0;
        let mut sizes = Vec::with_capacity(active.len());
        for member in &active {
            let share = share(member, &deployment, to_add, added);
            added += share;
            sizes.push(member.size() + share);
        }
        if let Some(largest) = sizes.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        for (member, size) in active.into_iter().zip(sizes) {
            member.resize(size, &deployment);
        }
    }
}

/// What one replica set gets of `to_add`, of which `added` are given away.
fn share(member: &Member, deployment: &Deployment, to_add: i32, added: i32) -> i32 {
    if member.size() == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let (fraction, allowed) = (fraction(member, deployment), to_add - added);
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

/// How much the replica set should grow if all grew alike.
fn fraction(member: &Member, deployment: &Deployment) -> i32 {
    let size = member.size();
    if replicas(deployment) == 0 {
        return -size;
    }
    let most = replicas(deployment) + max_surge(deployment);
    let most_before = annotated(&member.seen, MAX_REPLICAS).filter(|&most| most != 0);
    let most_before = most_before.unwrap_or(deployment.status.replicas);
    if most_before == 0 {
        return 0;
    }
    let exact = f64::from(size) * f64::from(most) / f64::from(most_before);
    exact.round() as i32 - size
}
