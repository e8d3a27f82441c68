//! Forgetting tracked flows. A UDP flow has no end, so while its sender goes on it keeps following the translation it
//! began with, to a pod that may be gone.

use std::io;
use std::net::IpAddr;

use nix::sys::socket::SockProtocol;

use super::message::{Message, attribute};
use super::{NFGENMSG_BYTES, NLM_F_DUMP, Socket};
use crate::error::{CniError, Context};

const NFNL_SUBSYS_CTNETLINK: u16 = 1;
const IPCTNL_MSG_CT_GET: u16 = 1;
const IPCTNL_MSG_CT_DELETE: u16 = 2;
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_DST_PORT: u16 = 3;
const NESTED: u16 = 0x8000;
const IPPROTO_UDP: u8 = 17;

/// Forgets every UDP flow of the family of `like` that was sent to one of `ports`.
pub fn forget_udp_flows(like: IpAddr, ports: &[u16]) -> Result<(), CniError> {
    let family = super::link::family(like);
    let mut socket = Socket::open(SockProtocol::NetlinkNetFilter)?;
    let flows = socket.request(request(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family)).context("list tracked flows")?;
    for (_, flow) in flows {
        let tuple = flow.get(NFGENMSG_BYTES..).and_then(|attributes| attribute(attributes, CTA_TUPLE_ORIG));
        let Some(tuple) = tuple.filter(|tuple| udp_port(tuple).is_some_and(|port| ports.contains(&port))) else {
            continue;
        };
        let mut delete = request(IPCTNL_MSG_CT_DELETE, 0, family);
        delete.attribute(CTA_TUPLE_ORIG | NESTED, tuple);
        match socket.request(delete) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CniError::io("forget a tracked flow", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn request(kind: u16, flags: u16, family: u8) -> Message {
    let mut message = Message::new(NFNL_SUBSYS_CTNETLINK << 8 | kind, flags);
    message.put(&[family, 0, 0, 0]);
    message
}

/// The port that a flow was sent to, if it is one of UDP.
fn udp_port(tuple: &[u8]) -> Option<u16> {
    let protocol = attribute(tuple, CTA_TUPLE_PROTO)?;
    if attribute(protocol, CTA_PROTO_NUM)? != [IPPROTO_UDP] {
        return None;
    }
    let port = attribute(protocol, CTA_PROTO_DST_PORT)?;
    Some(u16::from_be_bytes(port.try_into().ok()?))
}
