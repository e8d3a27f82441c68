//! Interfaces, their addresses and routes.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use super::message::{Message, attribute, attribute_string, read_u32};
use super::{NLM_F_DUMP, Socket};
use crate::cidr::Cidr;
use crate::error::{CniError, Context};

const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;

const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_BRPORT_MODE: u16 = 4;
const VETH_INFO_PEER: u16 = 1;
const IFF_UP: u32 = 1;
const IFF_PROMISC: u32 = 0x100;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_F_NODAD: u8 = 2;

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IFINFOMSG_BYTES: usize = 16;
const IFADDRMSG_BYTES: usize = 8;
const RTMSG_BYTES: usize = 12;

/// An interface as the kernel knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    pub mac: String,
    /// `bridge`, `veth`, ...; empty for hardware and loopback.
    pub kind: String,
    /// The index of the bridge this is a port of.
    pub master: Option<u32>,
    pub is_up: bool,
    pub is_promiscuous: bool,
}

/// An interface to be made.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewLink<'a> {
    pub name: &'a str,
    pub mtu: Option<u32>,
    pub mac: Option<[u8; 6]>,
}

impl Socket {
    /// The interface `name`, or `None` if there is none.
    pub fn link(&mut self, name: &str) -> Result<Option<Link>, CniError> {
        let mut message = Message::new(RTM_GETLINK, 0);
        message.put(&ifinfomsg(0, 0, 0));
        message.string(IFLA_IFNAME, name);
        self.one_link(message, name)
    }

    /// The interface with the number `index`, or `None` if there is none.
    pub fn link_by_index(&mut self, index: u32) -> Result<Option<Link>, CniError> {
        let mut message = Message::new(RTM_GETLINK, 0);
        message.put(&ifinfomsg(index, 0, 0));
        self.one_link(message, index)
    }

    fn one_link(&mut self, message: Message, shown: impl std::fmt::Display) -> Result<Option<Link>, CniError> {
        match self.request(message) {
            Ok(replies) => Ok(replies.first().and_then(|(_, payload)| parse_link(payload))),
            Err(error) if is_no_device(&error) => Ok(None),
            Err(error) => Err(CniError::io(format_args!("look up the interface {shown}"), &error)),
        }
    }

    /// Makes a bridge, already up. One that exists is left as it is.
    pub fn add_bridge(&mut self, bridge: NewLink<'_>) -> Result<(), CniError> {
        let mut message = Message::new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        message.put(&ifinfomsg(0, IFF_UP, IFF_UP));
        put_new_link(&mut message, bridge);
        message.nest(IFLA_LINKINFO, |info| info.string(IFLA_INFO_KIND, "bridge"));
        unless_exists(self.request(message)).context(format_args!("create the bridge {:?}", bridge.name))
    }

    /// Makes a pair of connected interfaces in one step: `host` here as a port of the bridge `master`, `pod` in `netns`.
    pub fn add_veth(&mut self, host: NewLink<'_>, master: u32, pod: NewLink<'_>, netns: &File) -> Result<(), CniError> {
        let mut message = Message::new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        message.put(&ifinfomsg(0, 0, 0));
        put_new_link(&mut message, host);
        message.number(IFLA_MASTER, master);
        message.nest(IFLA_LINKINFO, |info| {
            info.string(IFLA_INFO_KIND, "veth");
            info.nest(IFLA_INFO_DATA, |data| {
                data.nest(VETH_INFO_PEER, |peer| {
                    peer.put(&ifinfomsg(0, 0, 0));
                    put_new_link(peer, pod);
                    peer.number(IFLA_NET_NS_FD, netns.as_raw_fd() as u32);
                });
            });
        });
        let what = format_args!("create the veth pair {:?} and {:?}", host.name, pod.name).to_string();
        self.request(message).map(drop).context(what)
    }

    /// Removes the interface `name`; whether there was one.
    pub fn delete_link(&mut self, name: &str) -> Result<bool, CniError> {
        let mut message = Message::new(RTM_DELLINK, 0);
        message.put(&ifinfomsg(0, 0, 0));
        message.string(IFLA_IFNAME, name);
        match self.request(message) {
            Ok(_) => Ok(true),
            Err(error) if is_no_device(&error) => Ok(false),
            Err(error) => Err(CniError::io(format_args!("delete the interface {name:?}"), &error)),
        }
    }

    pub fn set_up(&mut self, index: u32) -> Result<(), CniError> {
        let mut message = Message::new(RTM_NEWLINK, 0);
        message.put(&ifinfomsg(index, IFF_UP, IFF_UP));
        self.request(message).map(drop).context(format_args!("set interface {index} up"))
    }

    pub fn set_down(&mut self, index: u32) -> Result<(), CniError> {
        let mut message = Message::new(RTM_NEWLINK, 0);
        message.put(&ifinfomsg(index, 0, IFF_UP));
        self.request(message).map(drop).context(format_args!("set interface {index} down"))
    }

    pub fn set_promiscuous(&mut self, index: u32) -> Result<(), CniError> {
        let mut message = Message::new(RTM_NEWLINK, 0);
        message.put(&ifinfomsg(index, IFF_PROMISC, IFF_PROMISC));
        self.request(message).map(drop).context(format_args!("set interface {index} promiscuous"))
    }

    /// Sets the port `index` of the bridge `master` up; with `hairpin` the bridge may send a frame back where it came from.
    pub fn set_port(&mut self, index: u32, master: u32, hairpin: bool) -> Result<(), CniError> {
        let mut message = Message::new(RTM_NEWLINK, 0);
        message.put(&ifinfomsg(index, IFF_UP, IFF_UP));
        message.number(IFLA_MASTER, master);
        message.nest(IFLA_LINKINFO, |info| {
            info.string(IFLA_INFO_SLAVE_KIND, "bridge");
            info.nest(IFLA_INFO_SLAVE_DATA, |data| data.attribute(IFLA_BRPORT_MODE, &[u8::from(hairpin)]));
        });
        self.request(message).map(drop).context(format_args!("set up port {index} of the bridge"))
    }

    /// Gives the interface an address; one it already has is fine. IPv6 addresses are usable at once.
    pub fn add_address(&mut self, index: u32, address: Cidr) -> Result<(), CniError> {
        let ip = octets(address.address());
        let flags = if address.address().is_ipv6() { IFA_F_NODAD } else { 0 };
        let mut message = Message::new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
        message.put(&[family(address.address()), address.prefix(), flags, RT_SCOPE_UNIVERSE]);
        message.put(&index.to_ne_bytes());
        message.attribute(IFA_LOCAL, &ip);
        message.attribute(IFA_ADDRESS, &ip);
        if address.address().is_ipv4() && address.prefix() < 31 {
            message.attribute(IFA_BROADCAST, &octets(address.last()));
        }
        unless_exists(self.request(message)).context(format_args!("add the address {address} to interface {index}"))
    }

    /// The addresses of the interface.
    pub fn addresses(&mut self, index: u32) -> Result<Vec<Cidr>, CniError> {
        let mut message = Message::new(RTM_GETADDR, NLM_F_DUMP);
        message.put(&[0; IFADDRMSG_BYTES]);
        let replies = self.request(message).context("list the addresses")?;
        let of_link = replies.iter().filter(|(_, payload)| read_u32(payload, 4) == Some(index));
        Ok(of_link.filter_map(|(_, payload)| parse_address(payload)).collect())
    }

    /// Adds a route in the main table; one that exists is fine.
    pub fn add_route(&mut self, index: u32, to: Cidr, gateway: Option<IpAddr>) -> Result<(), CniError> {
        let scope = if gateway.is_some() || to.address().is_ipv6() { RT_SCOPE_UNIVERSE } else { RT_SCOPE_LINK };
        let network = to.network();
        let mut message = Message::new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
        let (family, prefix) = (family(network.address()), network.prefix());
        message.put(&[family, prefix, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, scope, RTN_UNICAST]);
        message.put(&[0; 4]);
        if prefix > 0 {
            message.attribute(RTA_DST, &octets(network.address()));
        }
        if let Some(gateway) = gateway {
            message.attribute(RTA_GATEWAY, &octets(gateway));
        }
        message.number(RTA_OIF, index);
        unless_exists(self.request(message)).context(format_args!("add the route to {to}"))
    }

    /// The interface through which `address` is reached, if it can be.
    pub fn link_towards(&mut self, address: IpAddr) -> Result<Option<Link>, CniError> {
        let ip = octets(address);
        let mut message = Message::new(RTM_GETROUTE, 0);
        message.put(&[family(address), (ip.len() * 8) as u8, 0, 0, 0, 0, 0, 0]);
        message.put(&[0; 4]);
        message.attribute(RTA_DST, &ip);
        let Ok(replies) = self.request(message) else { return Ok(None) };
        let index =
            replies.first().and_then(|(_, payload)| read_u32(attribute(payload.get(RTMSG_BYTES..)?, RTA_OIF)?, 0));
        match index {
            Some(index) => self.link_by_index(index),
            None => Ok(None),
        }
    }
}

/// A hardware address in the usual notation.
pub fn mac_text(mac: &[u8]) -> String {
    let parts: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}

fn ifinfomsg(index: u32, flags: u32, change: u32) -> [u8; IFINFOMSG_BYTES] {
    let mut bytes = [0; IFINFOMSG_BYTES];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..16].copy_from_slice(&change.to_ne_bytes());
    bytes
}

fn put_new_link(message: &mut Message, link: NewLink<'_>) {
    message.string(IFLA_IFNAME, link.name);
    if let Some(mtu) = link.mtu {
        message.number(IFLA_MTU, mtu);
    }
    if let Some(mac) = link.mac {
        message.attribute(IFLA_ADDRESS, &mac);
    }
}

fn parse_link(payload: &[u8]) -> Option<Link> {
    let flags = read_u32(payload, 8)?;
    let attributes = payload.get(IFINFOMSG_BYTES..)?;
    let kind = attribute(attributes, IFLA_LINKINFO).and_then(|info| attribute(info, IFLA_INFO_KIND));
    Some(Link {
        index: read_u32(payload, 4)?,
        name: attribute_string(attribute(attributes, IFLA_IFNAME)?),
        mac: attribute(attributes, IFLA_ADDRESS).map(mac_text).unwrap_or_default(),
        kind: kind.map(attribute_string).unwrap_or_default(),
        master: attribute(attributes, IFLA_MASTER).and_then(|value| read_u32(value, 0)),
        is_up: flags & IFF_UP != 0,
        is_promiscuous: flags & IFF_PROMISC != 0,
    })
}

fn parse_address(payload: &[u8]) -> Option<Cidr> {
    let attributes = payload.get(IFADDRMSG_BYTES..)?;
    let value = attribute(attributes, IFA_LOCAL).or_else(|| attribute(attributes, IFA_ADDRESS))?;
    let address = match value.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
    };
    Cidr::new(address, payload[1])
}

/// The kernel's number of the address's family.
pub fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { AF_INET } else { AF_INET6 }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn is_no_device(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::ENODEV as i32)
}

fn unless_exists<T>(result: io::Result<T>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}
