//! Gives each node its part of the cluster's range of pod addresses.
//!
//! There is one key for the whole cluster: two nodes must never get the same part, and one plan after another cannot give
//! it twice. Deliberately absent: taking parts back (a part is free when no node has it), ranges told by services.

use crate::{Controller, EventRecord, PatchKind, Plan, Watch, Write};
use api_core::v1::Node;
use informer::{Key, View};
use schema::{Time, Value, value};
use std::collections::BTreeSet;
use std::net::IpAddr;

const IPV4_PART: u8 = 24;
const IPV6_PART: u8 = 64;
/// Parts of one range that are looked at; upstream's limit of an IPv6 range is the same.
const MAX_PARTS: u128 = 1 << 16;

pub struct NodeIpamController {
    ranges: Vec<Range>,
}

/// A range of addresses that is cut into parts of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    base: u128,
    ipv6: bool,
    prefix: u8,
}

impl NodeIpamController {
    /// Ranges such as `10.244.0.0/16`; what is no range is passed over.
    pub fn new(cluster_cidrs: &[String]) -> NodeIpamController {
        NodeIpamController { ranges: cluster_cidrs.iter().filter_map(|text| Range::parse(text)).collect() }
    }
}

impl Controller for NodeIpamController {
    fn name(&self) -> &'static str {
        "node-ipam-controller"
    }

    fn event_source(&self) -> &'static str {
        "cidrAllocator"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::of::<Node, _>(|_, _| vec![Key::cluster("nodes")])]
    }

    fn workers(&self) -> usize {
        1
    }

    fn reconcile(&self, _key: &Key, view: &View, _now: Time) -> Plan {
        let mut plan = Plan::default();
        let nodes = view.list::<Node>();
        let mut taken: BTreeSet<String> = nodes.iter().flat_map(|node| node_parts(node)).collect();
        let mut writes = Vec::new();
        let wanting = nodes.iter().filter(|node| node.spec.pod_cidr.is_empty());
        for node in wanting.filter(|node| node.metadata.deletion_timestamp.is_none() && !self.ranges.is_empty()) {
            let parts: Option<Vec<String>> = self.ranges.iter().map(|range| range.free(&taken)).collect();
            match parts {
                Some(parts) => {
                    taken.extend(parts.iter().cloned());
                    writes.push(assign(node, &parts));
                }
                None => {
                    let message = format!("Node {} status is now: CIDRNotAvailable", node.metadata.name);
                    plan.event(EventRecord::normal(node.as_ref(), "CIDRNotAvailable", message));
                }
            }
        }
        plan.together(writes);
        plan
    }
}

fn node_parts(node: &Node) -> Vec<String> {
    let mut parts = node.spec.pod_cidrs.clone();
    if !node.spec.pod_cidr.is_empty() {
        parts.push(node.spec.pod_cidr.clone());
    }
    parts
}

fn assign(node: &Node, parts: &[String]) -> Write {
    let all = Value::List(parts.iter().map(|part| Value::str(part.as_str())).collect());
    let first = parts.first().map(String::as_str).unwrap_or_default();
    let body = value!({ "spec": { "podCIDR": first, "podCIDRs": all } });
    Write::patch(node, PatchKind::StrategicMerge, body).tolerating(crate::Tolerate::NotFound)
}

impl Range {
    fn parse(text: &str) -> Option<Range> {
        let (address, prefix) = text.split_once('/')?;
        let (base, ipv6) = match address.parse().ok()? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), false),
            IpAddr::V6(address) => (address.to_bits(), true),
        };
        let range = Range { base, ipv6, prefix: prefix.parse().ok()? };
        (range.prefix <= range.part()).then_some(range)
    }

    /// The prefix of a part.
    fn part(&self) -> u8 {
        if self.ipv6 { IPV6_PART } else { IPV4_PART }
    }

    /// The first part that is not taken.
    fn free(&self, taken: &BTreeSet<String>) -> Option<String> {
        let (bits, part) = (if self.ipv6 { 128 } else { 32 }, self.part());
        let count = 1_u128.checked_shl(u32::from(part - self.prefix)).unwrap_or(MAX_PARTS).min(MAX_PARTS);
        (0..count)
            .map(|at| self.base + (at << (bits - part)))
            .map(|base| self.text(base))
            .find(|text| !taken.contains(text))
    }

    fn text(&self, base: u128) -> String {
        let address = match self.ipv6 {
            true => IpAddr::V6(base.into()),
            // The base and its parts lie below 2^32.
            false => IpAddr::V4((base as u32).into()),
        };
        format!("{address}/{}", self.part())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(ranges: &[&str], nodes: &str, expect: Expect) {
        let ranges: Vec<String> = ranges.iter().map(|range| range.to_string()).collect();
        let controller = NodeIpamController::new(&ranges);
        crate::testing::check(&controller, nodes, Key::cluster("nodes"), expect);
    }

    const NODES: &str = "{apiVersion: v1, kind: Node, metadata: {name: a}}
---
{apiVersion: v1, kind: Node, metadata: {name: b}, spec: {podCIDR: 10.244.0.0/24, podCIDRs: [10.244.0.0/24]}}
---
{apiVersion: v1, kind: Node, metadata: {name: c}}
";

    #[test]
    fn each_node_gets_a_part_that_no_other_has() {
        check(
            &["10.244.0.0/16"],
            NODES,
            expect![[r#"
            together:
            patch nodes a {"spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24"]}}
            patch nodes c {"spec":{"podCIDR":"10.244.2.0/24","podCIDRs":["10.244.2.0/24"]}}
        "#]],
        );
    }

    #[test]
    fn two_families_give_two_parts() {
        check(
            &["10.0.0.0/8", "fd00::/48"],
            "{apiVersion: v1, kind: Node, metadata: {name: a}}",
            expect![[r#"
            together:
            patch nodes a {"spec":{"podCIDR":"10.0.0.0/24","podCIDRs":["10.0.0.0/24","fd00::/64"]}}
        "#]],
        );
    }

    #[test]
    fn a_range_that_is_used_up_is_told_of() {
        check(
            &["10.244.0.0/23"],
            NODES,
            expect![[r#"
            together:
            patch nodes a {"spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24"]}}
            event Normal CIDRNotAvailable on Node c: Node c status is now: CIDRNotAvailable
        "#]],
        );
        check(&[], NODES, expect![""]);
    }
}
