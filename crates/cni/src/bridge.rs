//! `bridge`: a pod's interface is one end of a veth pair whose other end is a port of a bridge on the node.
//!
//! ```text
//!   pod netns                     node netns
//!   eth0 10.88.0.5/16 -- veth<h> -- cni0 10.88.0.1/16 -- routes, masquerade -- elsewhere
//! ```
//!
//! Two names are functions of what they stand for, so that nothing needs to be remembered between calls: the node's end of
//! the pair (of container and interface), and the pod's hardware address (of its IPv4 address: an address that moves to
//! another pod keeps its hardware address, and no neighbour holds a stale one).

use std::fs;
use std::net::IpAddr;

use crate::cidr::Cidr;
use crate::error::{CniError, Code, Context};
use crate::ipam::Ipam;
use crate::netlink::{Link, NewLink, Socket};
use crate::netns::Netns;
use crate::nft::{self, TABLE, masquerade_chain, stable_hash};
use crate::request::{Request, check_ifname};
use crate::result::{Interface, IpConfig, Outcome};

const DEFAULT_BRIDGE: &str = "cni0";
/// Keys that ask for separation between pods, which this plugin does not give and so must not pass over.
const REFUSED: [&str; 5] = ["vlan", "vlanTrunk", "macspoofchk", "portIsolation", "disableContainerInterface"];

struct BridgeConfig<'a> {
    bridge: &'a str,
    is_gateway: bool,
    is_default_gateway: bool,
    ip_masq: bool,
    hairpin: bool,
    promiscuous: bool,
    ip_forward: bool,
    mtu: Option<u32>,
    /// Networks, beside the pod's own, to which pods show their own addresses, such as those of pods on other nodes.
    not_masqueraded: Vec<Cidr>,
}

pub fn add(request: &Request) -> Result<Outcome, CniError> {
    let config = BridgeConfig::parse(request)?;
    let netns = Netns::open(request.netns()?)?;
    let ipam = Ipam::of(request)?;
    let given = ipam.add(request)?;
    let attached = match (&ipam, given.ips.is_empty()) {
        (Ipam::HostLocal | Ipam::Program(_), true) => Err(CniError::internal("IPAM plugin returned missing IP config")),
        _ => attach(request, &config, &netns, given),
    };
    attached.inspect_err(|_| undo(request, &ipam))
}

/// After a failed `ADD`; the failure itself is what is told, and the runtime's `DEL` comes round again.
fn undo(request: &Request, ipam: &Ipam) {
    let unlinked = Socket::route().and_then(|mut host| host.delete_link(&host_name(request)));
    if unlinked.is_ok() {
        ipam.del(request).unwrap_or_default();
    }
}

fn attach(request: &Request, config: &BridgeConfig, netns: &Netns, given: Outcome) -> Result<Outcome, CniError> {
    let mut outcome = with_gateways(config, given);
    let mut host = Socket::route()?;
    let bridge = ensure_bridge(&mut host, config, &outcome.ips)?;
    let mut pod = Socket::route_in(netns)?;
    let ends = ensure_veth(request, config, &mut host, &mut pod, netns, &bridge, &outcome.ips)?;
    configure_pod(&mut pod, netns, &ends.pod, &outcome)?;
    host.set_port(ends.host.index, bridge.index, config.hairpin)?;
    if config.is_gateway {
        set_gateway(&mut host, &bridge, &outcome.ips)?;
    }
    if config.ip_forward {
        forward(&outcome.ips)?;
    }
    if config.ip_masq {
        masquerade(config, &outcome.ips)?;
    }
    let sandbox = request.netns()?.display().to_string();
    outcome.interfaces = vec![
        Interface { name: bridge.name, mac: bridge.mac, sandbox: None },
        Interface { name: ends.host.name, mac: ends.host.mac, sandbox: None },
        Interface { name: ends.pod.name, mac: ends.pod.mac, sandbox: Some(sandbox) },
    ];
    for ip in &mut outcome.ips {
        ip.interface = Some(2);
    }
    if outcome.dns.is_none() {
        outcome.dns = request.config.fields()?.value("dns").cloned();
    }
    Ok(outcome)
}

/// Completes what the address manager gave: gateways where the bridge is one, and the default routes towards it.
fn with_gateways(config: &BridgeConfig, mut outcome: Outcome) -> Outcome {
    for ip in &mut outcome.ips {
        if config.is_gateway && ip.gateway.is_none() {
            ip.gateway = Some(crate::cidr::next(ip.address.network().address()));
        }
        if !config.is_default_gateway {
            continue;
        }
        let everything = if ip.address.address().is_ipv4() { "0.0.0.0/0" } else { "::/0" };
        let destination: Cidr = everything.parse().expect("both constants are networks");
        if !outcome.routes.iter().any(|route| route.destination == destination) {
            outcome.routes.push(crate::result::Route { destination, gateway: ip.gateway });
        }
    }
    outcome
}

fn ensure_bridge(host: &mut Socket, config: &BridgeConfig, ips: &[IpConfig]) -> Result<Link, CniError> {
    let link = match host.link(config.bridge)? {
        Some(link) => link,
        None => {
            // A bridge without an address of its own takes on the lowest one of its ports, and changes with them.
            let mac = ips.iter().find_map(|ip| ip.gateway.and_then(mac_of));
            host.add_bridge(NewLink { name: config.bridge, mtu: config.mtu, mac })?;
            let made = host.link(config.bridge)?;
            made.ok_or_else(|| CniError::internal(format!("the bridge {:?} vanished", config.bridge)))?
        }
    };
    if link.kind != "bridge" {
        return Err(CniError::internal(format!("{:?} already exists but is not a bridge", config.bridge)));
    }
    if !link.is_up {
        host.set_up(link.index)?;
    }
    if config.promiscuous && !link.is_promiscuous {
        host.set_promiscuous(link.index)?;
    }
    Ok(link)
}

struct Ends {
    host: Link,
    pod: Link,
}

/// The pair for this container, made now or, when the same `ADD` came before, found.
fn ensure_veth(
    request: &Request,
    config: &BridgeConfig,
    host: &mut Socket,
    pod: &mut Socket,
    netns: &Netns,
    bridge: &Link,
    ips: &[IpConfig],
) -> Result<Ends, CniError> {
    let name = host_name(request);
    match (host.link(&name)?, pod.link(&request.ifname)?) {
        (Some(host_end), Some(pod_end)) => return Ok(Ends { host: host_end, pod: pod_end }),
        (None, Some(_)) => {
            let msg = format!("container veth name provided ({}) already exists", request.ifname);
            return Err(CniError::internal(msg));
        }
        (Some(_), None) => drop(host.delete_link(&name)?),
        (None, None) => {}
    }
    let mac = ips.iter().find_map(|ip| mac_of(ip.address.address()));
    host.add_veth(
        NewLink { name: &name, mtu: config.mtu, mac: None },
        bridge.index,
        NewLink { name: &request.ifname, mtu: config.mtu, mac },
        netns.file(),
    )?;
    match (host.link(&name)?, pod.link(&request.ifname)?) {
        (Some(host), Some(pod)) => Ok(Ends { host, pod }),
        _ => Err(CniError::internal(format!("the veth pair of {:?} vanished", request.ifname))),
    }
}

fn configure_pod(pod: &mut Socket, netns: &Netns, link: &Link, outcome: &Outcome) -> Result<(), CniError> {
    if outcome.ips.iter().any(|ip| ip.address.address().is_ipv6()) {
        netns.run(|| enable_ipv6(&link.name))?;
    }
    pod.set_up(link.index)?;
    for ip in &outcome.ips {
        pod.add_address(link.index, ip.address)?;
    }
    for route in &outcome.routes {
        let same_family = |gateway: &IpAddr| gateway.is_ipv4() == route.destination.address().is_ipv4();
        let of_addresses = || outcome.ips.iter().filter_map(|ip| ip.gateway).find(same_family);
        pod.add_route(link.index, route.destination, route.gateway.or_else(of_addresses))?;
    }
    Ok(())
}

fn set_gateway(host: &mut Socket, bridge: &Link, ips: &[IpConfig]) -> Result<(), CniError> {
    for ip in ips {
        let gateway = ip.gateway.and_then(|address| Cidr::new(address, ip.address.prefix()));
        let Some(gateway) = gateway else { continue };
        if gateway.address().is_ipv6() {
            enable_ipv6(&bridge.name)?;
        }
        host.add_address(bridge.index, gateway)?;
    }
    Ok(())
}

fn enable_ipv6(link: &str) -> Result<(), CniError> {
    let path = format!("/proc/sys/net/ipv6/conf/{link}/disable_ipv6");
    fs::write(&path, "0").context(format_args!("write {path}"))
}

fn forward(ips: &[IpConfig]) -> Result<(), CniError> {
    let switches = [(true, "/proc/sys/net/ipv4/ip_forward"), (false, "/proc/sys/net/ipv6/conf/all/forwarding")];
    for (is_ipv4, path) in switches {
        if ips.iter().any(|ip| ip.address.address().is_ipv4() == is_ipv4) {
            fs::write(path, "1").context(format_args!("write {path}"))?;
        }
    }
    Ok(())
}

fn masquerade(config: &BridgeConfig, ips: &[IpConfig]) -> Result<(), CniError> {
    let mut missing = Vec::new();
    for ip in ips {
        let chain = masquerade_chain(ip.address, &config.not_masqueraded);
        if !crate::netlink::nft_chain_exists(TABLE, &chain.name)? {
            missing.push(chain);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    nft::apply(&nft::replace_text(&missing))
}

/// Takes the pod off the bridge, then frees its addresses; a namespace that is gone has taken its end of the pair along.
pub fn del(request: &Request) -> Result<(), CniError> {
    BridgeConfig::parse(request)?;
    let ours = Socket::route()?.delete_link(&host_name(request))?;
    let netns = request.netns.as_deref().filter(|_| !ours).and_then(|path| Netns::open(path).ok());
    if let Some(netns) = netns {
        delete_in(&netns, &request.ifname)?;
    }
    Ipam::of(request)?.del(request)
}

/// Removes an interface that another bridge plugin made, under a name that is not known here.
fn delete_in(netns: &Netns, ifname: &str) -> Result<(), CniError> {
    // What is at the path may be an ordinary file by now: a namespace that was unmounted leaves one.
    let Ok(mut pod) = Socket::route_in(netns) else { return Ok(()) };
    match pod.link(ifname)? {
        Some(link) if link.kind == "veth" => pod.delete_link(ifname).map(drop),
        _ => Ok(()),
    }
}

pub fn check(request: &Request) -> Result<(), CniError> {
    let config = BridgeConfig::parse(request)?;
    let netns = Netns::open(request.netns()?)?;
    Ipam::of(request)?.check(request)?;
    let previous = request.config.previous.as_ref();
    let expected = previous.ok_or_else(|| CniError::new(Code::InvalidConfig, "Required prevResult missing"))?;
    let mut host = Socket::route()?;
    let bridge = host.link(config.bridge)?.filter(|link| link.kind == "bridge");
    let bridge = bridge.ok_or_else(|| CniError::internal(format!("bridge {:?} is missing", config.bridge)))?;
    let port = host.link(&host_name(request))?.filter(|port| port.master == Some(bridge.index));
    if port.is_none() {
        return Err(CniError::internal(format!("{} is not connected to {:?}", request.ifname, config.bridge)));
    }
    let mut pod = Socket::route_in(&netns)?;
    let link = pod.link(&request.ifname)?.filter(|link| link.is_up);
    let link = link.ok_or_else(|| CniError::internal(format!("interface {:?} is missing or down", request.ifname)))?;
    let present = pod.addresses(link.index)?;
    match expected.pod_ips().find(|ip| !present.contains(&ip.address)) {
        Some(ip) => Err(CniError::internal(format!("Failed to match addr {} on interface {}", ip.address, link.name))),
        None => Ok(()),
    }
}

pub fn gc(request: &Request) -> Result<(), CniError> {
    BridgeConfig::parse(request)?;
    Ipam::of(request)?.pass_on(request)
}

pub fn status(request: &Request) -> Result<(), CniError> {
    gc(request)
}

impl<'a> BridgeConfig<'a> {
    fn parse(request: &'a Request) -> Result<Self, CniError> {
        let fields = request.config.fields()?;
        let invalid = |msg: &str| CniError::new(Code::InvalidConfig, msg);
        let asks = |name: &&&str| {
            fields.value(name).is_some_and(|value| !matches!(value.to_string().as_str(), "false" | "0" | "[]"))
        };
        if let Some(name) = REFUSED.iter().find(asks) {
            return Err(CniError::new(Code::UnsupportedField, format!("the field {name:?} is not supported")));
        }
        let bridge = fields.string("bridge")?.unwrap_or(DEFAULT_BRIDGE);
        check_ifname(bridge).map_err(|error| invalid(&error.msg).with_details(bridge))?;
        let mtu = fields.number("mtu")?.filter(|mtu| *mtu != 0);
        let mtu = mtu.map(u32::try_from).transpose().map_err(|_| invalid("invalid MTU"))?;
        let mut not_masqueraded = Vec::new();
        for value in fields.list("noMasqueradeCIDRs")? {
            let cidr = value.as_str().and_then(|text| text.parse().ok());
            not_masqueraded.push(cidr.ok_or_else(|| invalid("noMasqueradeCIDRs: expected networks"))?);
        }
        let config = Self {
            bridge,
            is_default_gateway: fields.flag("isDefaultGateway")?,
            is_gateway: fields.flag("isGateway")? || fields.flag("isDefaultGateway")?,
            ip_masq: fields.flag("ipMasq")?,
            hairpin: fields.flag("hairpinMode")?,
            promiscuous: fields.flag("promiscMode")?,
            ip_forward: fields.flag("ipForward")?,
            mtu,
            not_masqueraded,
        };
        if config.hairpin && config.promiscuous {
            return Err(invalid("cannot set hairpin mode and promiscuous mode at the same time"));
        }
        Ok(config)
    }
}

/// The node's end of the pair: 44 bits of a hash, which is what the kernel's 15 characters leave room for.
fn host_name(request: &Request) -> String {
    let hash = stable_hash(&format!("{}/{}/{}", request.config.name, request.container_id, request.ifname));
    format!("veth{:011x}", hash >> 20)
}

/// A locally administered hardware address made of an IPv4 address.
fn mac_of(address: IpAddr) -> Option<[u8; 6]> {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            Some([0x0a, 0x58, a, b, c, d])
        }
        IpAddr::V6(_) => None,
    }
}
