//! Ranges of service addresses: tells that they are ready, and keeps those that are in use from vanishing.
//!
//! A finalizer holds a ServiceCIDR until no address is left that lies in it alone.

use crate::{Controller, Plan, Watch};
use api_meta::v1::Condition;
use api_misc::networking::v1::{IPAddress, ServiceCIDR};
use informer::{Key, View};
use schema::Time;
use std::net::IpAddr;
use std::time::Duration;

const FINALIZER: &str = "networking.k8s.io/service-cidr-finalizer";
const READY: &str = "Ready";
const READY_MESSAGE: &str = "Kubernetes Service CIDR is ready";
const TERMINATING: &str = "Terminating";
const IN_USE: &str =
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
/// Servers may not know yet that the range is being deleted, and give addresses of it.
const GRACE: Duration = Duration::from_secs(10);

pub struct ServiceCidrController;

impl Controller for ServiceCidrController {
    fn name(&self) -> &'static str {
        "service-cidrs-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        // An address that goes, or a range that comes, may free another range.
        let deleted = |view: &View| {
            let all = view.list::<ServiceCIDR>();
            all.iter().filter(|cidr| cidr.metadata.deletion_timestamp.is_some()).map(|c| Key::of(&c.metadata)).collect()
        };
        vec![
            Watch::of::<ServiceCIDR, _>(move |cidr, view| {
                let mut keys: Vec<Key> = deleted(view);
                keys.push(Key::of(&cidr.metadata));
                keys
            }),
            Watch::of::<IPAddress, _>(move |_, view| deleted(view)),
        ]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        let Some(cidr) = view.get::<ServiceCIDR>("", &key.name) else { return plan };
        let Some(deleted) = cidr.metadata.deletion_timestamp else {
            return keep(&cidr, now);
        };
        if !cidr.metadata.finalizers.iter().any(|name| name == FINALIZER) {
            return plan;
        }
        if is_needed(&cidr, view) {
            let mut after = cidr.as_ref().clone();
            if set_ready(&mut after, "False", TERMINATING, IN_USE, now) {
                plan.update_status(cidr.as_ref(), &after);
            }
            return plan;
        }
        let left = GRACE.as_secs() as i64 - now.secs_since(deleted);
        if left > 0 {
            plan.look_again(Duration::from_secs(left.unsigned_abs()));
            return plan;
        }
        let mut after = cidr.as_ref().clone();
        after.metadata.finalizers.retain(|name| name != FINALIZER);
        plan.update(cidr.as_ref(), &after);
        plan
    }
}

/// A range that is wanted has the finalizer, and then is ready.
fn keep(cidr: &ServiceCIDR, now: Time) -> Plan {
    let mut plan = Plan::default();
    let mut after = cidr.clone();
    if !cidr.metadata.finalizers.iter().any(|name| name == FINALIZER) {
        after.metadata.finalizers.push(FINALIZER.to_owned());
        plan.update(cidr, &after);
        return plan;
    }
    if set_ready(&mut after, "True", "", READY_MESSAGE, now) {
        plan.update_status(cidr, &after);
    }
    plan
}

/// Whether the condition was another.
fn set_ready(cidr: &mut ServiceCIDR, status: &str, reason: &str, message: &str, now: Time) -> bool {
    let conditions = &mut cidr.status.conditions;
    let mut wanted = Condition {
        type_: READY.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        last_transition_time: Some(now),
        ..Condition::default()
    };
    match conditions.iter_mut().find(|condition| condition.type_ == READY) {
        Some(found) => {
            if found.status == wanted.status {
                wanted.last_transition_time = found.last_transition_time;
            }
            let changed =
                (&found.status, &found.reason, &found.message) != (&wanted.status, &wanted.reason, &wanted.message);
            *found = wanted;
            changed
        }
        None => {
            conditions.push(wanted);
            true
        }
    }
}

/// Whether an address lies in this range and in no other that stays.
fn is_needed(cidr: &ServiceCIDR, view: &View) -> bool {
    let networks =
        |cidr: &ServiceCIDR| cidr.spec.cidrs.iter().filter_map(|text| Network::parse(text)).collect::<Vec<_>>();
    let own = networks(cidr);
    let others: Vec<Network> = view
        .list::<ServiceCIDR>()
        .iter()
        .filter(|other| other.metadata.name != cidr.metadata.name && other.metadata.deletion_timestamp.is_none())
        .flat_map(|other| networks(other))
        .collect();
    let addresses = view.list::<IPAddress>();
    addresses.iter().filter_map(|address| address.metadata.name.parse::<IpAddr>().ok()).any(|address| {
        own.iter().any(|network| network.contains(address)) && !others.iter().any(|network| network.contains(address))
    })
}

struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = text.split_once('/')?;
        let (address, prefix): (IpAddr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
        (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some(Network { address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const ADDRESS: &str = "{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: 10.1.0.7}, spec: {parentRef: {resource: services, name: s, namespace: ns}}}";

    fn range(name: &str, network: &str, more: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {{name: {name}{more}}}, spec: {{cidrs: [{network}]}}}}"
        )
    }

    fn check(world: &[&str], expect: Expect) {
        crate::testing::check(&ServiceCidrController, &world.join("\n---\n"), Key::cluster("a"), expect);
    }

    #[test]
    fn a_range_is_held_and_then_ready() {
        check(
            &[&range("a", "10.1.0.0/24", "")],
            expect![[r#"
            update servicecidrs.networking.k8s.io a
              metadata.finalizers: + ["networking.k8s.io/service-cidr-finalizer"]
        "#]],
        );
        check(
            &[&range("a", "10.1.0.0/24", ", finalizers: [networking.k8s.io/service-cidr-finalizer]")],
            expect![[r#"
            update servicecidrs.networking.k8s.io/status a
              status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"Kubernetes Service CIDR is ready","status":"True","type":"Ready"}]}
        "#]],
        );
    }

    #[test]
    fn a_deleted_range_waits_for_its_addresses() {
        let deleted =
            ", finalizers: [networking.k8s.io/service-cidr-finalizer], deletionTimestamp: 2020-01-01T00:00:00Z";
        let own = range("a", "10.1.0.0/24", deleted);
        check(
            &[&own, ADDRESS],
            expect![[r#"
            update servicecidrs.networking.k8s.io/status a
              status: + {"conditions":[{"lastTransitionTime":"2026-01-01T12:00:00Z","message":"There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR","reason":"Terminating","status":"False","type":"Ready"}]}
        "#]],
        );
        check(
            &[&own, ADDRESS, &range("b", "10.1.0.0/16", "")],
            expect![[r#"
            update servicecidrs.networking.k8s.io a
              metadata.finalizers: - ["networking.k8s.io/service-cidr-finalizer"]
        "#]],
        );
        check(
            &[&own],
            expect![[r#"
            update servicecidrs.networking.k8s.io a
              metadata.finalizers: - ["networking.k8s.io/service-cidr-finalizer"]
        "#]],
        );
    }
}
