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
#[derive(Clone, Debug)]
struct Interval {
    size: u128,
    /// Random choice keeps below this only when all else is taken.
    reserved: u128,
    taken: BTreeSet<u128>,
}

/// Gives a number below the bound, which is not zero.
pub type Random<'a> = &'a mut dyn FnMut(u64) -> u64;

impl Interval {
    fn new(size: u128, (least, most, part): (u128, u128, u128)) -> Interval {
        // A range that is too small is not split.
        let reserved = if size <= least { 0 } else { (size / part).clamp(least, most) };
        Interval { size, reserved, taken: BTreeSet::new() }
    }

    fn take(&mut self, number: u128) -> bool {
        self.taken.insert(number)
    }

    fn next(&mut self, random: Random) -> Option<u128> {
        let found = self.find(self.reserved, self.size, random).or_else(|| self.find(0, self.reserved, random))?;
        self.taken.insert(found);
        Some(found)
    }

    fn find(&self, from: u128, to: u128, random: Random) -> Option<u128> {
        let count = to - from;
        if self.taken.range(from..to).count() as u128 >= count {
            return None;
        }
        let mut draw = || from + u128::from(random(u64::try_from(count).unwrap_or(u64::MAX))) % count;
        for _ in 0..RANDOM_TRIES {
            let number = draw();
            if !self.taken.contains(&number) {
                return Some(number);
            }
        }
        let start = draw();
        (start..to).chain(from..start).find(|number| !self.taken.contains(number))
    }
}

/// The addresses of one family.
#[derive(Clone, Debug)]
pub struct Addresses {
    cidr: Cidr,
    interval: Interval,
}

impl Addresses {
    /// All of a network but its first address and, of IPv4, its last.
    pub fn new(cidr: Cidr) -> Addresses {
        let last = if cidr.is_ipv6() { 1 } else { 2 };
        let size = cidr.size().saturating_sub(last).min(MOST_ADDRESSES);
        Addresses { cidr, interval: Interval::new(size, STATIC_ADDRESSES) }
    }

    pub fn family(&self) -> &'static str {
        if self.cidr.is_ipv6() { "IPv6" } else { "IPv4" }
    }

    pub fn allocate(&mut self, address: IpAddr) -> Result<(), AllocateError> {
        let number = self.number(address).ok_or(AllocateError::AddressOutside)?;
        if self.interval.take(number) { Ok(()) } else { Err(AllocateError::AddressTaken) }
    }

    pub fn allocate_next(&mut self, random: Random) -> Result<IpAddr, AllocateError> {
        let number = self.interval.next(random).ok_or(AllocateError::Full)?;
        Ok(self.cidr.at(number + 1))
    }

    pub fn release(&mut self, address: IpAddr) {
        if let Some(number) = self.number(address) {
            self.interval.taken.remove(&number);
        }
    }

    pub fn has(&self, address: IpAddr) -> bool {
        self.number(address).is_some_and(|number| self.interval.taken.contains(&number))
    }

    pub fn used(&self) -> usize {
        self.interval.taken.len()
    }

    pub fn free(&self) -> u128 {
        self.interval.size - self.used() as u128
    }

    fn number(&self, address: IpAddr) -> Option<u128> {
        let number = self.cidr.offset_of(address)?.checked_sub(1)?;
        (number < self.interval.size).then_some(number)
    }
}

/// The ports of the nodes.
#[derive(Clone, Debug)]
pub struct Ports {
    first: u16,
    last: u16,
    interval: Interval,
}

impl Ports {
    /// Both inclusive; `first` is not above `last`.
    pub fn new(first: u16, last: u16) -> Ports {
        let size = u128::from(last.saturating_sub(first)) + 1;
        Ports { first, last, interval: Interval::new(size, STATIC_PORTS) }
    }

    pub fn allocate(&mut self, port: i32) -> Result<(), AllocateError> {
        let number = self.number(port).ok_or(AllocateError::PortOutside(self.first, self.last))?;
        if self.interval.take(number) { Ok(()) } else { Err(AllocateError::PortTaken) }
    }

    pub fn allocate_next(&mut self, random: Random) -> Result<i32, AllocateError> {
        let number = self.interval.next(random).ok_or(AllocateError::Full)?;
        Ok(i32::from(self.first) + number as i32)
    }

    pub fn release(&mut self, port: i32) {
        if let Some(number) = self.number(port) {
            self.interval.taken.remove(&number);
        }
    }

    pub fn has(&self, port: i32) -> bool {
        self.number(port).is_some_and(|number| self.interval.taken.contains(&number))
    }

    pub fn used(&self) -> usize {
        self.interval.taken.len()
    }

    fn number(&self, port: i32) -> Option<u128> {
        let inside = (i32::from(self.first)..=i32::from(self.last)).contains(&port);
        inside.then(|| (port - i32::from(self.first)) as u128)
    }
}

#[cfg(test)]
mod tests;
