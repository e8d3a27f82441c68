//! Which addresses and ports are given out: pure bookkeeping over a range, the randomness injected.
//!
//! A range is split: numbers that are asked for by name are best taken from its lower part, which random choice uses only
//! when the upper part is full; so a static address seldom meets a random one. The sets are kept sparse: a range of
//! millions of addresses costs what is in use.

use crate::net::Cidr;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// After this many random tries that hit something taken, the search goes on in order.
const RANDOM_TRIES: usize = 16;
/// As upstream: an IPv6 range is used up to this many addresses.
const MOST_ADDRESSES: u128 = 1 << 62;
/// How much of a range is kept for static numbers: the least, the most, and what part of the range between.
const STATIC_ADDRESSES: (u128, u128, u128) = (16, 256, 16);
const STATIC_PORTS: (u128, u128, u128) = (16, 128, 32);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocateError {
    #[error("provided IP is already allocated")]
    AddressTaken,
    #[error("the provided network does not match the current range")]
    AddressOutside,
    #[error("provided port is already allocated")]
    PortTaken,
    #[error("provided port is not in the valid range. The range of valid ports is {0}-{1}")]
    PortOutside(u16, u16),
    #[error("range is full")]
    Full,
}

/// Numbers from 0 to below `size`, each given out once.
#[derive(Clone, Copy, Debug)]
struct Interval {
    size: u128,
    /// Random choice keeps below this only when all else is taken.
    reserved: u128,
}

/// Gives a number below the bound, which is not zero.
pub type Random<'a> = &'a mut dyn FnMut(u64) -> u64;

/// What is taken of an interval.
struct Taken<'t> {
    has: &'t dyn Fn(u128) -> bool,
    /// In `[from, to)`.
    count: &'t dyn Fn(u128, u128) -> usize,
}

impl Interval {
    fn new(size: u128, (least, most, part): (u128, u128, u128)) -> Interval {
        // A range that is too small is not split.
        let reserved = if size <= least { 0 } else { (size / part).clamp(least, most) };
        Interval { size, reserved }
    }

    fn next(self, taken: &Taken, random: Random) -> Option<u128> {
        let of_upper_part = find(self.reserved, self.size, taken, random);
        of_upper_part.or_else(|| find(0, self.reserved, taken, random))
    }
}

fn find(from: u128, to: u128, taken: &Taken, random: Random) -> Option<u128> {
    let count = to - from;
    if (taken.count)(from, to) as u128 >= count {
        return None;
    }
    let mut draw = || from + u128::from(random(u64::try_from(count).unwrap_or(u64::MAX))) % count;
    for _ in 0..RANDOM_TRIES {
        let number = draw();
        if !(taken.has)(number) {
            return Some(number);
        }
    }
    let start = draw();
    (start..to).chain(from..start).find(|&number| !(taken.has)(number))
}

/// The addresses of one family: of one network or of several, which may overlap.
#[derive(Clone, Debug)]
pub struct Addresses {
    is_ipv6: bool,
    /// In the order in which they are used.
    networks: Vec<Cidr>,
    taken: BTreeSet<IpAddr>,
}

impl Addresses {
    /// All of a network but its first address and, of IPv4, its last.
    pub fn new(cidr: Cidr) -> Addresses {
        Addresses { is_ipv6: cidr.is_ipv6(), networks: vec![cidr], taken: BTreeSet::new() }
    }

    /// From now on gives addresses of these; what is taken stays taken.
    pub fn set_networks(&mut self, networks: impl IntoIterator<Item = Cidr>) {
        self.networks = networks.into_iter().filter(|network| network.is_ipv6() == self.is_ipv6).collect();
    }

    pub fn family(&self) -> &'static str {
        if self.is_ipv6 { "IPv6" } else { "IPv4" }
    }

    pub fn allocate(&mut self, address: IpAddr) -> Result<(), AllocateError> {
        if !self.networks.iter().any(|network| number(network, address).is_some()) {
            return Err(AllocateError::AddressOutside);
        }
        if self.taken.insert(address) { Ok(()) } else { Err(AllocateError::AddressTaken) }
    }

    pub fn allocate_next(&mut self, random: Random) -> Result<IpAddr, AllocateError> {
        for network in &self.networks {
            let at = |number: u128| network.at(number + 1);
            let taken = Taken {
                has: &|number| self.taken.contains(&at(number)),
                count: &|from, to| if from < to { self.taken.range(at(from)..=at(to - 1)).count() } else { 0 },
            };
            if let Some(found) = Interval::new(size(network), STATIC_ADDRESSES).next(&taken, random) {
                let address = at(found);
                self.taken.insert(address);
                return Ok(address);
            }
        }
        Err(AllocateError::Full)
    }

    /// Marks an address that is known to be taken, whatever the networks are.
    pub fn occupy(&mut self, address: IpAddr) {
        if address.is_ipv6() == self.is_ipv6 {
            self.taken.insert(address);
        }
    }

    pub fn release(&mut self, address: IpAddr) {
        self.taken.remove(&address);
    }

    pub fn has(&self, address: IpAddr) -> bool {
        self.taken.contains(&address)
    }

    pub fn used(&self) -> usize {
        self.taken.len()
    }

    /// Of all networks together, where they do not overlap.
    pub fn free(&self) -> u128 {
        self.networks.iter().map(size).sum::<u128>().saturating_sub(self.used() as u128)
    }
}

/// How many addresses of a network are given out.
fn size(network: &Cidr) -> u128 {
    let not_given = if network.is_ipv6() { 1 } else { 2 };
    network.size().saturating_sub(not_given).min(MOST_ADDRESSES)
}

/// Which of them an address is.
fn number(network: &Cidr, address: IpAddr) -> Option<u128> {
    let number = network.offset_of(address)?.checked_sub(1)?;
    (number < size(network)).then_some(number)
}

/// The ports of the nodes.
#[derive(Clone, Debug)]
pub struct Ports {
    first: u16,
    last: u16,
    taken: BTreeSet<i32>,
}

impl Ports {
    /// Both inclusive; `first` is not above `last`.
    pub fn new(first: u16, last: u16) -> Ports {
        Ports { first, last, taken: BTreeSet::new() }
    }

    pub fn first(&self) -> u16 {
        self.first
    }

    pub fn last(&self) -> u16 {
        self.last
    }

    pub fn allocate(&mut self, port: i32) -> Result<(), AllocateError> {
        if !self.contains(port) {
            return Err(AllocateError::PortOutside(self.first, self.last));
        }
        if self.taken.insert(port) { Ok(()) } else { Err(AllocateError::PortTaken) }
    }

    pub fn allocate_next(&mut self, random: Random) -> Result<i32, AllocateError> {
        let size = u128::from(self.last.saturating_sub(self.first)) + 1;
        let at = |number: u128| i32::from(self.first) + number as i32;
        let taken = Taken {
            has: &|number| self.taken.contains(&at(number)),
            count: &|from, to| self.taken.range(at(from)..at(to)).count(),
        };
        let found = Interval::new(size, STATIC_PORTS).next(&taken, random).ok_or(AllocateError::Full)?;
        let port = at(found);
        self.taken.insert(port);
        Ok(port)
    }

    pub fn release(&mut self, port: i32) {
        self.taken.remove(&port);
    }

    pub fn has(&self, port: i32) -> bool {
        self.taken.contains(&port)
    }

    pub fn used(&self) -> usize {
        self.taken.len()
    }

    /// What is taken, in order.
    pub fn taken(&self) -> impl Iterator<Item = i32> {
        self.taken.iter().copied()
    }

    /// From now on exactly these are taken, as far as they are in the range.
    pub fn set_taken(&mut self, ports: impl IntoIterator<Item = i32>) {
        self.taken = ports.into_iter().filter(|port| self.contains(*port)).collect();
    }

    pub fn contains(&self, port: i32) -> bool {
        (i32::from(self.first)..=i32::from(self.last)).contains(&port)
    }
}

#[cfg(test)]
mod tests;
