//! Networks: `net.CIDR`.

use super::ip::{IP, Ip, parse};
use super::net_text::{mask, parse_network};
use super::{CallContext, Library, error, function, member, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Opaque, Val};
use std::any::Any;
use std::net::IpAddr;

const CIDR: Type = Type::Opaque("net.CIDR");

/// As it was written, with the bits behind the prefix.
#[derive(Debug, PartialEq)]
struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Opaque for Cidr {
    fn type_name(&self) -> &str {
        "net.CIDR"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }

    fn size(&self) -> u64 {
        u64::from(self.bits).div_ceil(8)
    }
}

pub(super) fn library() -> Library {
    Library {
        functions: vec![
            function("cidr", vec![overload("string_to_cidr", &[Type::String], CIDR)]),
            function(
                "containsIP",
                vec![
                    member("cidr_contains_ip_string", &[CIDR, Type::String], Type::Bool),
                    member("cidr_contains_ip_ip", &[CIDR, IP], Type::Bool),
                ],
            ),
            function(
                "containsCIDR",
                vec![
                    member("cidr_contains_cidr_string", &[CIDR, Type::String], Type::Bool),
                    member("cidr_contains_cidr", &[CIDR, CIDR], Type::Bool),
                ],
            ),
            function("ip", vec![member("cidr_ip", &[CIDR], IP)]),
            function("prefixLength", vec![member("cidr_prefix_length", &[CIDR], Type::Int)]),
            function("masked", vec![member("cidr_masked", &[CIDR], CIDR)]),
            function("isCIDR", vec![overload("is_cidr", &[Type::String], Type::Bool)]),
            function("string", vec![overload("cidr_to_string", &[CIDR], Type::String)]),
        ],
        implementations: vec![
            ("cidr", |_, args| match args {
                [Val::String(text)] => network(text).map(Val::opaque),
                _ => no_such_overload(),
            }),
            ("isCIDR", |_, args| match args {
                [Val::String(text)] => Ok(Val::Bool(parse_network(text).is_ok())),
                _ => no_such_overload(),
            }),
            ("containsIP", contains_ip),
            ("containsCIDR", contains_cidr),
            ("ip", |_, args| one(args, |cidr| Val::opaque(Ip(cidr.address)))),
            ("prefixLength", |_, args| one(args, |cidr| Val::Int(cidr.bits.into()))),
            ("masked", |_, args| {
                one(args, |cidr| Val::opaque(Cidr { address: mask(cidr.address, cidr.bits), bits: cidr.bits }))
            }),
            ("string", |_, args| one(args, |cidr| Val::from(format!("{}/{}", cidr.address, cidr.bits)))),
        ],
    }
}

fn network(text: &str) -> Result<Cidr, EvalError> {
    match parse_network(text) {
        Ok((address, bits)) => Ok(Cidr { address, bits }),
        Err(why) => error(format!("network address parse error during conversion from string: {why}")),
    }
}

fn one(args: &[Val], of: fn(&Cidr) -> Val) -> Result<Val, EvalError> {
    match args {
        [value] => value.downcast::<Cidr>().map(of).ok_or(EvalError::NoSuchOverload),
        _ => no_such_overload(),
    }
}

fn contains_ip(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [own, other] = args else { return no_such_overload() };
    let Some(own) = own.downcast::<Cidr>() else { return no_such_overload() };
    let address = match other {
        Val::String(text) => parse(text)?,
        other => other.downcast::<Ip>().ok_or(EvalError::NoSuchOverload)?.0,
    };
    let same_family = own.address.is_ipv4() == address.is_ipv4();
    Ok(Val::Bool(same_family && mask(address, own.bits) == mask(own.address, own.bits)))
}

/// Upstream does not mask the other's address: a network that does not begin where this one does is not found inside.
/// The table of tests of the libraries pins it.
fn contains_cidr(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [own, other] = args else { return no_such_overload() };
    let Some(own) = own.downcast::<Cidr>() else { return no_such_overload() };
    let contains = |other: &Cidr| mask(own.address, own.bits) == other.address && own.bits <= other.bits;
    match other {
        Val::String(text) => Ok(Val::Bool(contains(&network(text)?))),
        other => other.downcast::<Cidr>().map(|other| Val::Bool(contains(other))).ok_or(EvalError::NoSuchOverload),
    }
}
