//! Addresses and networks as texts: what several kinds check and Rust's own parsers do not say in upstream's words.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const CIDR_WORDS: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// An address and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Cidr {
    /// `10.0.0.0/8`; bits beyond the prefix may be set.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let digits = !prefix.is_empty() && prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = prefix.len() > 1 && prefix.starts_with('0');
        let prefix: u8 = prefix.parse().ok().filter(|_| digits && !leading_zero)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Cidr { address, prefix })
    }

    pub fn is_ipv6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// How many addresses it has; as many as fit.
    pub fn size(&self) -> u128 {
        let bits = if self.is_ipv6() { 128 } else { 32 } - u32::from(self.prefix);
        1u128.checked_shl(bits).unwrap_or(u128::MAX)
    }

    /// Its first address.
    pub fn base(&self) -> IpAddr {
        let mask = !(self.size() - 1);
        match self.address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask as u32)),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask)),
        }
    }

    /// How far from the first address; none outside.
    pub fn offset_of(&self, address: IpAddr) -> Option<u128> {
        let offset = match (self.base(), address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => u128::from(address.to_bits().checked_sub(base.to_bits())?),
            (IpAddr::V6(base), IpAddr::V6(address)) => address.to_bits().checked_sub(base.to_bits())?,
            _ => return None,
        };
        (offset < self.size()).then_some(offset)
    }

    /// The address at an offset below [`Cidr::size`].
    pub fn at(&self, offset: u128) -> IpAddr {
        match self.base() {
            IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from_bits(base.to_bits().wrapping_add(offset as u32))),
            IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from_bits(base.to_bits().wrapping_add(offset))),
        }
    }
}

/// What is wrong with a CIDR; nothing: it is good.
pub fn cidr_problems(text: &str) -> Vec<String> {
    if Cidr::parse(text).is_some() { Vec::new() } else { vec![CIDR_WORDS.into()] }
}

/// Whether both families occur; texts that are no addresses count for none.
pub fn is_dual_stack<'a>(addresses: impl Iterator<Item = &'a str>) -> bool {
    let (mut v4, mut v6) = (false, false);
    for address in addresses.filter_map(|text| text.parse::<IpAddr>().ok()) {
        v4 |= address.is_ipv4();
        v6 |= address.is_ipv6();
    }
    v4 && v6
}

/// An address that other hosts can be reached at: what is wrong with it.
pub fn not_special(address: IpAddr) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    if address.is_unspecified() {
        wrong.push("may not be unspecified (0.0.0.0 or ::)".into());
    }
    if address.is_loopback() {
        wrong.push("may not be in the loopback range (127.0.0.0/8, ::1/128)".into());
    }
    let (link_local, link_local_multicast) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.segments()[0] & 0xff0f == 0xff02),
    };
    if link_local {
        wrong.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)".into());
    }
    if link_local_multicast {
        wrong.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".into());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let net = Cidr::parse("10.96.3.4/16").unwrap();
        assert_eq!((net.base().to_string().as_str(), net.size()), ("10.96.0.0", 65_536));
        assert_eq!(net.offset_of("10.96.1.0".parse().unwrap()), Some(256));
        assert_eq!(net.offset_of("10.97.0.0".parse().unwrap()), None);
        assert_eq!(net.at(257).to_string(), "10.96.1.1");
        let six = Cidr::parse("fd00::/108").unwrap();
        assert_eq!((six.size(), six.at(5).to_string().as_str()), (1 << 20, "fd00::5"));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "x/8", "10.0.0.0/-1", "::/129"] {
            assert!(Cidr::parse(bad).is_none(), "{bad}");
        }
        assert!(is_dual_stack(["10.0.0.0", "fd00::"].into_iter()));
    }
}
