//! Ranges of addresses and the choice of the next one: pure, the directory stands in [`super::store`].

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use super::range_fields;
use crate::cidr::{Cidr, next, previous};
use crate::error::{CniError, Code};
use crate::fields::Fields;
use crate::result::IpConfig;

/// Ranges of which an interface gets one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeSet {
    ranges: Vec<Range>,
}

/// The addresses of `subnet` from `start` to `end`, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    subnet: Cidr,
    start: IpAddr,
    end: IpAddr,
    gateway: IpAddr,
}

impl RangeSet {
    /// Reads `ranges`: a list of sets, each a list of ranges.
    pub fn parse_all(sets: &[Value]) -> Result<Vec<Self>, CniError> {
        let parse = |set: &Value| {
            let list = set.as_array().ok_or_else(|| CniError::new(Code::Decode, "ranges: expected a list of lists"))?;
            let ranges: Vec<Range> =
                list.iter().map(|range| Range::parse(&range_fields(range)?)).collect::<Result<_, _>>()?;
            Self::new(ranges)
        };
        sets.iter().map(parse).collect()
    }

    /// Reads the older form: one range whose fields stand in `ipam` itself.
    pub fn parse_single(ipam: &Fields<'_>) -> Result<Self, CniError> {
        Self::new(vec![Range::parse(ipam)?])
    }

    fn new(ranges: Vec<Range>) -> Result<Self, CniError> {
        let Some(first) = ranges.first() else {
            return Err(CniError::new(Code::InvalidConfig, "invalid range set 0: empty range set"));
        };
        if ranges.iter().any(|range| range.subnet.address().is_ipv4() != first.subnet.address().is_ipv4()) {
            return Err(CniError::new(Code::InvalidConfig, "mixed address families"));
        }
        let set = Self { ranges };
        for (at, range) in set.ranges.iter().enumerate() {
            if let Some(other) = set.ranges[at + 1..].iter().find(|other| other.overlaps(range)) {
                return Err(CniError::new(Code::InvalidConfig, format!("subnets {range} and {other} overlap")));
            }
        }
        Ok(set)
    }

    /// No address may belong to two sets, or one interface could be given it twice.
    pub fn check_disjoint(sets: &[Self]) -> Result<(), CniError> {
        for (at, set) in sets.iter().enumerate() {
            for other in &sets[at + 1..] {
                if set.ranges.iter().any(|range| other.ranges.iter().any(|their| their.overlaps(range))) {
                    let msg = format!("range sets {set} and {other} overlap");
                    return Err(CniError::new(Code::InvalidConfig, msg));
                }
            }
        }
        Ok(())
    }

    pub fn range_of(&self, address: IpAddr) -> Option<&Range> {
        self.ranges.iter().find(|range| range.contains(address))
    }

    pub fn is_gateway(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.gateway == address)
    }

    /// `address` as a result tells it, with its network's prefix and gateway.
    pub fn describe(&self, address: IpAddr) -> IpConfig {
        let range = self.range_of(address).unwrap_or(&self.ranges[0]);
        let with_prefix = Cidr::new(address, range.subnet.prefix()).unwrap_or(range.subnet);
        IpConfig { address: with_prefix, gateway: Some(range.gateway), interface: None }
    }

    /// The first free address after `last`, going round through all ranges once.
    pub fn next_free(&self, last: Option<IpAddr>, taken: &HashSet<IpAddr>) -> Option<IpAddr> {
        let last = last.filter(|ip| self.range_of(*ip).is_some());
        let first = last.map_or(self.ranges[0].start, |ip| self.after(ip));
        let mut candidate = first;
        loop {
            if !taken.contains(&candidate) && !self.is_gateway(candidate) {
                return Some(candidate);
            }
            candidate = self.after(candidate);
            if candidate == first {
                return None;
            }
        }
    }

    fn after(&self, address: IpAddr) -> IpAddr {
        let at = self.ranges.iter().position(|range| range.contains(address)).unwrap_or(0);
        if address == self.ranges[at].end { self.ranges[(at + 1) % self.ranges.len()].start } else { next(address) }
    }
}

impl Range {
    fn parse(fields: &Fields<'_>) -> Result<Self, CniError> {
        let invalid = |msg: String| CniError::new(Code::InvalidConfig, msg);
        let subnet: Cidr = fields
            .parsed("subnet", "a network such as 10.88.0.0/16")?
            .ok_or_else(|| invalid("a range needs a subnet".to_owned()))?;
        let host_bits = if subnet.address().is_ipv4() { 32 } else { 128 } - subnet.prefix();
        if host_bits < 2 {
            return Err(invalid(format!("Network {subnet} too small to allocate from")));
        }
        let network = subnet.network();
        if network != subnet {
            let msg = format!(
                "Network has host bits set. For a subnet mask of length {} the network address is {}",
                subnet.prefix(),
                network.address()
            );
            return Err(invalid(msg));
        }
        let first = next(network.address());
        let last = if subnet.address().is_ipv4() { previous(network.last()) } else { network.last() };
        let in_subnet = |name: &str| -> Result<Option<IpAddr>, CniError> {
            let address: Option<IpAddr> = fields.parsed(name, "an address")?;
            match address {
                Some(ip) if !network.contains(ip) => Err(invalid(format!("{name} {ip} not in network {network}"))),
                other => Ok(other),
            }
        };
        let start = in_subnet("rangeStart")?.unwrap_or(first);
        let end = in_subnet("rangeEnd")?.unwrap_or(last);
        if start > end {
            return Err(invalid(format!("rangeStart {start} is after rangeEnd {end}")));
        }
        let gateway = fields.parsed("gateway", "an address")?.unwrap_or(first);
        Ok(Self { subnet: network, start, end, gateway })
    }

    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.start.is_ipv4() && self.start <= address && address <= self.end
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.start) || self.contains(other.end) || other.contains(self.start)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

impl fmt::Display for RangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges: Vec<String> = self.ranges.iter().map(Range::to_string).collect();
        f.write_str(&ranges.join(","))
    }
}
