//! `portmap`: ports of the node that lead to ports of a pod, as a plugin chained after the one that made the interface.
//!
//! A container's rules stand in three chains of its own: connections that arrive (`prerouting`), connections that the node
//! itself opens (`output`), and the replies' way back (`postrouting`). The last one masquerades exactly what would
//! otherwise answer past the translation: connections from 127.0.0.1, and those of pods on the same bridge, the pod itself
//! included.

use std::collections::HashSet;
use std::fs;
use std::net::IpAddr;

use serde_json::Value;

use crate::cidr::Cidr;
use crate::error::{CniError, Code, Context};
use crate::fields::Fields;
use crate::netlink::{Socket, forget_udp_flows, nft_chain_exists, nft_chains};
use crate::nft::{self, Hook, NatChain, TABLE, family_word, stable_hash};
use crate::request::Request;
use crate::result::Outcome;

/// Keys that restrict what is mapped; passing over them would open more than was asked.
const REFUSED: [&str; 2] = ["conditionsV4", "conditionsV6"];
/// An identifier longer than this is shortened to its hash in the names of chains.
const MAX_ID_BYTES: usize = 100;

/// One port of the node that leads to the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    host_port: u16,
    container_port: u16,
    protocol: &'static str,
    /// The only address of the node on which the port is mapped; `None` is every one.
    host_ip: Option<IpAddr>,
}

pub fn add(request: &Request) -> Result<Outcome, CniError> {
    let mappings = parse(request)?;
    let previous = request.config.previous.as_ref();
    let outcome = previous.ok_or_else(|| CniError::new(Code::InvalidConfig, "must be called as chained plugin"))?;
    if mappings.is_empty() {
        return Ok(outcome.clone());
    }
    let pods = pod_addresses(outcome);
    if pods.is_empty() {
        return Err(CniError::internal("no container IP to map ports to"));
    }
    nft::apply(&nft::replace_text(&chains(request, &mappings, &pods)))?;
    let udp = mappings.iter().filter(|mapping| mapping.protocol == "udp");
    let udp_ports: Vec<u16> = udp.map(|mapping| mapping.host_port).collect();
    for pod in &pods {
        if pod.address().is_ipv4() {
            allow_local_sources(*pod)?;
        }
        if !udp_ports.is_empty() {
            forget_udp_flows(pod.address(), &udp_ports)?;
        }
    }
    Ok(outcome.clone())
}

/// Removes the container's chains, if it has any; nothing of the result or the ports needs to be known.
pub fn del(request: &Request) -> Result<(), CniError> {
    let names = chain_names(&request.config.name, &request.container_id, &request.ifname);
    if !nft_chain_exists(TABLE, &names[0])? {
        return Ok(());
    }
    nft::apply(&nft::delete_text(&names))
}

pub fn check(request: &Request) -> Result<(), CniError> {
    let names = chain_names(&request.config.name, &request.container_id, &request.ifname);
    if parse(request)?.is_empty() || nft_chain_exists(TABLE, &names[0])? {
        return Ok(());
    }
    Err(CniError::internal(format!("the port mappings of container {} are missing", request.container_id)))
}

/// Removes the chains of this network whose attachment is not among the valid ones.
pub fn gc(request: &Request) -> Result<(), CniError> {
    let network = &request.config.name;
    let valid = request.valid_attachments()?;
    let kept: HashSet<String> = valid.iter().flat_map(|(id, ifname)| chain_names(network, id, ifname)).collect();
    let mut stale = nft_chains(TABLE, &chain_prefix(network))?;
    stale.retain(|name| !kept.contains(name));
    if stale.is_empty() {
        return Ok(());
    }
    nft::apply(&nft::delete_text(&stale))
}

pub fn status(request: &Request) -> Result<(), CniError> {
    parse(request).map(drop)
}

/// The mappings that the runtime asks for; those without a port of the node are not ours to do.
fn parse(request: &Request) -> Result<Vec<Mapping>, CniError> {
    let config = request.config.fields()?;
    if let Some(name) =
        REFUSED.iter().find(|name| config.value(name).is_some_and(|value| value != &Value::Array(vec![])))
    {
        return Err(CniError::new(Code::UnsupportedField, format!("the field {name:?} is not supported")));
    }
    let runtime = config.object("runtimeConfig")?;
    let mut mappings = Vec::new();
    for value in runtime.list("portMappings")? {
        let fields = Fields::new(value, "portMappings")?;
        if fields.number("hostPort")?.unwrap_or_default() != 0 {
            mappings.push(Mapping::parse(&fields)?);
        }
    }
    Ok(mappings)
}

impl Mapping {
    fn parse(fields: &Fields<'_>) -> Result<Self, CniError> {
        let port = |name: &str, what: &str| -> Result<u16, CniError> {
            let number = fields.number(name)?.unwrap_or_default();
            let port = u16::try_from(number).ok().filter(|port| *port != 0);
            port.ok_or_else(|| CniError::new(Code::InvalidConfig, format!("Invalid {what} port number: {number}")))
        };
        let protocol = match fields.string("protocol")?.unwrap_or("tcp").to_ascii_lowercase().as_str() {
            "tcp" => "tcp",
            "udp" => "udp",
            "sctp" => "sctp",
            other => return Err(CniError::new(Code::InvalidConfig, format!("unknown protocol {other:?}"))),
        };
        Ok(Self {
            host_port: port("hostPort", "host")?,
            container_port: port("containerPort", "container")?,
            protocol,
            host_ip: fields.parsed::<IpAddr>("hostIP", "an address")?.filter(|ip| !ip.is_unspecified()),
        })
    }
}

/// The first address of each family that is inside the pod.
fn pod_addresses(outcome: &Outcome) -> Vec<Cidr> {
    let of_family = |is_ipv4| outcome.pod_ips().map(|ip| ip.address).find(|cidr| cidr.address().is_ipv4() == is_ipv4);
    [of_family(true), of_family(false)].into_iter().flatten().collect()
}

fn chains(request: &Request, mappings: &[Mapping], pods: &[Cidr]) -> Vec<NatChain> {
    let (mut translate, mut masquerade) = (Vec::new(), Vec::new());
    for pod in pods {
        let here = |mapping: &&Mapping| mapping.host_ip.is_none_or(|ip| ip.is_ipv4() == pod.address().is_ipv4());
        for mapping in mappings.iter().filter(here) {
            translate.push(translate_rule(mapping, *pod));
            masquerade.extend(masquerade_rules(mapping, *pod));
        }
    }
    let [arriving, leaving, returning] = chain_names(&request.config.name, &request.container_id, &request.ifname);
    vec![
        NatChain { name: arriving, hook: Hook::Prerouting, rules: translate.clone() },
        NatChain { name: leaving, hook: Hook::Output, rules: translate },
        NatChain { name: returning, hook: Hook::Postrouting, rules: masquerade },
    ]
}

fn translate_rule(mapping: &Mapping, pod: Cidr) -> String {
    let Mapping { host_port, container_port, protocol, host_ip } = mapping;
    let to_node = match host_ip {
        Some(ip) => format!("{} daddr {ip}", family_word(pod)),
        None if pod.address().is_ipv4() => "meta nfproto ipv4 fib daddr type local".to_owned(),
        // The kernel cannot route ::1 out of the loopback interface, so mapping it would only break it.
        None => "ip6 daddr != ::1 fib daddr type local".to_owned(),
    };
    let (word, target) = match pod.address() {
        IpAddr::V4(ip) => ("ip", format!("{ip}:{container_port}")),
        IpAddr::V6(ip) => ("ip6", format!("[{ip}]:{container_port}")),
    };
    format!("{to_node} {protocol} dport {host_port} dnat {word} to {target}")
}

fn masquerade_rules(mapping: &Mapping, pod: Cidr) -> Vec<String> {
    let Mapping { host_port, container_port, protocol, .. } = mapping;
    let family = family_word(pod);
    let rule = |source: &str| {
        format!(
            "{family} saddr {source} {family} daddr {} {protocol} dport {container_port} \
             ct status dnat ct original proto-dst {host_port} masquerade",
            pod.address()
        )
    };
    let mut rules = vec![rule(&pod.network().to_string())];
    if pod.address().is_ipv4() {
        rules.push(rule("127.0.0.0/8"));
    }
    rules
}

/// Lets the node's 127.0.0.1 be routed towards the pod, from where it is masqueraded.
fn allow_local_sources(pod: Cidr) -> Result<(), CniError> {
    let Some(link) = Socket::route()?.link_towards(pod.address())? else { return Ok(()) };
    let path = format!("/proc/sys/net/ipv4/conf/{}/route_localnet", link.name);
    fs::write(&path, "1").context(format_args!("write {path}"))
}

fn chain_prefix(network: &str) -> String {
    format!("hp-{:08x}-", stable_hash(network) as u32)
}

fn chain_names(network: &str, container_id: &str, ifname: &str) -> [String; 3] {
    let id = match container_id.len() {
        0..=MAX_ID_BYTES => container_id.to_owned(),
        _ => format!("{:016x}", stable_hash(container_id)),
    };
    let base = format!("{}{id}-{:08x}", chain_prefix(network), stable_hash(ifname) as u32);
    ["pre", "out", "post"].map(|hook| format!("{base}-{hook}"))
}

#[cfg(test)]
mod tests;
