//! IP addresses: `net.IP`.

use super::net_text::parse_ip;
use super::{Library, error, function, member, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Opaque, Val};
use std::any::Any;
use std::net::IpAddr;

pub(super) const IP: Type = Type::Opaque("net.IP");

#[derive(Debug, PartialEq)]
pub(super) struct Ip(pub IpAddr);

impl Opaque for Ip {
    fn type_name(&self) -> &str {
        "net.IP"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }

    fn size(&self) -> u64 {
        if self.0.is_ipv4() { 4 } else { 16 }
    }
}

pub(super) fn library() -> Library {
    let test = |name, id| function(name, vec![member(id, &[IP], Type::Bool)]);
    Library {
        functions: vec![
            function("ip", vec![overload("string_to_ip", &[Type::String], IP)]),
            function("family", vec![member("ip_family", &[IP], Type::Int)]),
            function("ip.isCanonical", vec![overload("ip_is_canonical", &[Type::String], Type::Bool)]),
            test("isUnspecified", "ip_is_unspecified"),
            test("isLoopback", "ip_is_loopback"),
            test("isLinkLocalMulticast", "ip_is_link_local_multicast"),
            test("isLinkLocalUnicast", "ip_is_link_local_unicast"),
            test("isGlobalUnicast", "ip_is_global_unicast"),
            function("isIP", vec![overload("is_ip", &[Type::String], Type::Bool)]),
            function("string", vec![overload("ip_to_string", &[IP], Type::String)]),
        ],
        implementations: vec![
            ("ip", |_, args| text(args, |text| Ok(Val::opaque(Ip(parse(text)?))))),
            ("isIP", |_, args| text(args, |text| Ok(Val::Bool(parse_ip(text).is_ok())))),
            ("ip.isCanonical", |_, args| text(args, |text| Ok(Val::Bool(parse(text)?.to_string() == text)))),
            ("family", |_, args| address(args, |ip| Val::Int(if ip.is_ipv4() { 4 } else { 6 }))),
            ("string", |_, args| address(args, |ip| Val::from(ip.to_string()))),
            ("isUnspecified", |_, args| address(args, |ip| Val::Bool(ip.is_unspecified()))),
            ("isLoopback", |_, args| address(args, |ip| Val::Bool(ip.is_loopback()))),
            ("isLinkLocalMulticast", |_, args| address(args, |ip| Val::Bool(is_link_local_multicast(ip)))),
            ("isLinkLocalUnicast", |_, args| address(args, |ip| Val::Bool(is_link_local_unicast(ip)))),
            ("isGlobalUnicast", |_, args| address(args, |ip| Val::Bool(is_global_unicast(ip)))),
        ],
    }
}

pub(super) fn parse(text: &str) -> Result<IpAddr, EvalError> {
    parse_ip(text).or_else(error)
}

fn text(args: &[Val], of: fn(&str) -> Result<Val, EvalError>) -> Result<Val, EvalError> {
    match args {
        [Val::String(text)] => of(text),
        _ => no_such_overload(),
    }
}

fn address(args: &[Val], of: fn(&IpAddr) -> Val) -> Result<Val, EvalError> {
    match args {
        [value] => value.downcast::<Ip>().map(|ip| of(&ip.0)).ok_or(EvalError::NoSuchOverload),
        _ => no_such_overload(),
    }
}

fn is_link_local_multicast(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[..3] == [224, 0, 0],
        IpAddr::V6(ip) => ip.octets()[0] == 0xff && ip.octets()[1] & 0x0f == 2,
    }
}

fn is_link_local_unicast(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// As Go has it: private addresses are global too.
fn is_global_unicast(ip: &IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(broadcast || ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || is_link_local_unicast(ip))
}
