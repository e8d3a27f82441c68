//! `loopback`: sets `lo` of the pod up. Runtimes call it beside the network proper.

use crate::error::CniError;
use crate::netlink::Socket;
use crate::netns::Netns;
use crate::request::Request;
use crate::result::{Interface, IpConfig, Outcome};

const NAME: &str = "lo";

pub fn add(request: &Request) -> Result<Outcome, CniError> {
    let path = request.netns()?;
    let mut socket = Socket::route_in(&Netns::open(path)?)?;
    let lo = find(&mut socket)?;
    socket.set_up(lo)?;
    if let Some(previous) = &request.config.previous {
        return Ok(previous.clone());
    }
    let ips = socket.addresses(lo)?.into_iter();
    let interface =
        Interface { name: NAME.into(), mac: "00:00:00:00:00:00".into(), sandbox: Some(path.display().to_string()) };
    Ok(Outcome {
        interfaces: vec![interface],
        ips: ips.map(|address| IpConfig { address, gateway: None, interface: Some(0) }).collect(),
        ..Outcome::default()
    })
}

/// Sets `lo` down if the namespace is still there.
pub fn del(request: &Request) -> Result<(), CniError> {
    let Some(netns) = request.netns.as_ref().and_then(|path| Netns::open(path).ok()) else { return Ok(()) };
    let Ok(mut socket) = Socket::route_in(&netns) else { return Ok(()) };
    let lo = find(&mut socket)?;
    socket.set_down(lo)
}

pub fn check(request: &Request) -> Result<(), CniError> {
    let mut socket = Socket::route_in(&Netns::open(request.netns()?)?)?;
    match socket.link(NAME)? {
        Some(link) if link.is_up => Ok(()),
        _ => Err(CniError::internal("loopback interface is down")),
    }
}

fn find(socket: &mut Socket) -> Result<u32, CniError> {
    let link = socket.link(NAME)?.ok_or_else(|| CniError::internal("the namespace has no interface \"lo\""))?;
    Ok(link.index)
}
