//! An address with its prefix length, such as `10.88.0.5/16`: host bits are kept, since CNI writes interface addresses so.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 or IPv6 address and the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// The text is not an address, a slash and a prefix length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid CIDR address: {0}")]
pub struct ParseCidrError(String);

impl Cidr {
    /// `None` when the prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        (prefix <= width(address)).then_some(Self { address, prefix })
    }

    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The same network with the host bits zero.
    pub fn network(&self) -> Cidr {
        Self { address: from_bits(self.address, to_bits(self.address) & !self.host_mask()), prefix: self.prefix }
    }

    /// The last address of the network; in IPv4 the broadcast address.
    pub fn last(&self) -> IpAddr {
        from_bits(self.address, to_bits(self.address) | self.host_mask())
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && to_bits(address) & !self.host_mask() == to_bits(self.address) & !self.host_mask()
    }

    fn host_mask(&self) -> u128 {
        let bits = u32::from(width(self.address) - self.prefix);
        1u128.checked_shl(bits).map_or(u128::MAX, |bit| bit - 1)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = ParseCidrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (address, prefix) = text.split_once('/')?;
            Cidr::new(address.parse().ok()?, prefix.parse().ok()?)
        };
        parse().ok_or_else(|| ParseCidrError(text.to_owned()))
    }
}

/// The address after `address`, staying in its family; the last one is followed by itself.
pub fn next(address: IpAddr) -> IpAddr {
    let limit = if address.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
    from_bits(address, to_bits(address).saturating_add(1).min(limit))
}

/// The address before `address`; the first one is preceded by itself.
pub fn previous(address: IpAddr) -> IpAddr {
    from_bits(address, to_bits(address).saturating_sub(1))
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn to_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// `bits` as an address of the family of `like`; bits beyond the family's width are dropped.
fn from_bits(like: IpAddr, bits: u128) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

#[cfg(test)]
mod tests;
