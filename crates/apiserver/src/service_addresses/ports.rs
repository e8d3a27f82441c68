//! The node ports that are given out: one bitmap in the store, changed by compare and swap.
//!
//! Key and form are upstream's: a RangeAllocation with the range as text and, as `data`, the bytes of one large number,
//! highest first, whose bit n stands for the nth port.

use schema::protobuf;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Compare, Revision, Store, StoreError, TxnOutcome, Write};
use tokio::sync::{Mutex, MutexGuard};

const KEY: &str = "ranges/servicenodeports";
/// How often a change is tried against those of other servers.
const MAX_TRIES: usize = 16;
/// A bitmap of all ports there are.
const MAX_DATA_BYTES: usize = 8 * 1024;

/// The bitmap of one range.
pub struct PortRange {
    store: Arc<dyn Store>,
    key: String,
    first: u16,
    last: u16,
    /// One change at a time, of this server's.
    turn: Mutex<()>,
}

/// The bitmap as it was read, while nobody else of this server changes it.
pub struct Held<'r> {
    range: &'r PortRange,
    _turn: MutexGuard<'r, ()>,
    revision: Revision,
    taken: BTreeSet<i32>,
}

impl PortRange {
    pub fn new(store: Arc<dyn Store>, root: &str, first: u16, last: u16) -> PortRange {
        PortRange { store, key: format!("{root}{KEY}"), first, last, turn: Mutex::default() }
    }

    pub async fn hold(&self) -> Result<Held<'_>, StoreError> {
        let turn = self.turn.lock().await;
        let (revision, taken) = self.read().await?;
        Ok(Held { range: self, _turn: turn, revision, taken })
    }

    /// Writes what is taken, where nothing was written before.
    pub async fn begin(&self, taken: BTreeSet<i32>) -> Result<(), StoreError> {
        let mut held = self.hold().await?;
        if held.revision == 0 && !taken.is_empty() {
            // If another server was faster, it wrote the same.
            held.swap(taken).await?;
        }
        Ok(())
    }

    async fn read(&self) -> Result<(Revision, BTreeSet<i32>), StoreError> {
        let (found, _) = self.store.get(&self.key, None).await?;
        let Some(kv) = found else { return Ok((0, BTreeSet::new())) };
        let taken = decode(&kv.value, self.first, self.last).unwrap_or_else(|| {
            tracing::error!(
                key = self.key,
                "the node ports that are given out cannot be read; the repair finds them anew"
            );
            BTreeSet::new()
        });
        Ok((kv.mod_revision, taken))
    }

    /// Gives ports back.
    pub async fn remove(&self, ports: &[i32]) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let mut held = self.hold().await?;
            if !ports.iter().any(|port| held.taken.contains(port)) {
                return Ok(());
            }
            let left = held.taken.iter().copied().filter(|port| !ports.contains(port)).collect();
            if held.swap(left).await? {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("others changed the node ports all the time".to_owned()))
    }
}

impl Held<'_> {
    pub fn taken(&self) -> impl Iterator<Item = i32> {
        self.taken.iter().copied()
    }

    /// Takes ports that are free. False: another server was faster.
    pub async fn add(&mut self, ports: &[i32]) -> Result<bool, StoreError> {
        let mut taken = self.taken.clone();
        taken.extend(ports);
        self.swap(taken).await
    }

    /// Makes exactly these the taken ones. False: another server was faster.
    pub async fn swap(&mut self, taken: BTreeSet<i32>) -> Result<bool, StoreError> {
        let compare = if self.revision == 0 { Compare::NotExists } else { Compare::ModRevision(self.revision) };
        let value = encode(&taken, self.range.first, self.range.last).into();
        let write = Write::Put { key: self.range.key.clone(), value, lease: None };
        match self.range.store.txn(compare, write).await? {
            TxnOutcome::Done { revision, .. } => {
                self.revision = revision;
                self.taken = taken;
                Ok(true)
            }
            TxnOutcome::Conflict { .. } => Ok(false),
        }
    }
}

/// The stored object.
fn encode(taken: &BTreeSet<i32>, first: u16, last: u16) -> Vec<u8> {
    let mut bits = vec![0u8; usize::from(last.saturating_sub(first)) / 8 + 1];
    for offset in taken.iter().filter_map(|port| usize::try_from(port - i32::from(first)).ok()) {
        // The highest byte comes first.
        let byte = bits.len().checked_sub(offset / 8 + 1);
        if let Some(byte) = byte.and_then(|at| bits.get_mut(at)) {
            *byte |= 1 << (offset % 8);
        }
    }
    let leading = bits.iter().take_while(|byte| **byte == 0).count();
    let range = format!("{first}-{last}");
    let mut body = Vec::new();
    // Fields 1 (metadata, empty), 2 (range) and 3 (data), each with its length.
    for (tag, bytes) in [(0x0a, &[][..]), (0x12, range.as_bytes()), (0x1a, &bits[leading..])] {
        body.push(tag);
        let mut length = bytes.len();
        while length >= 0x80 {
            body.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        body.push(length as u8);
        body.extend_from_slice(bytes);
    }
    protobuf::envelope("v1", "RangeAllocation", &body)
}

/// None: it is none of this range. Ports that are no longer in the range are left out.
fn decode(stored: &[u8], first: u16, last: u16) -> Option<BTreeSet<i32>> {
    let envelope = protobuf::open_envelope(stored).ok()?;
    let (mut rest, mut range, mut data) = (envelope.raw, None, &[][..]);
    while let Some((tag, after)) = rest.split_first() {
        let (length, after) = varint(after)?;
        let (payload, after) = after.split_at_checked(length)?;
        match tag {
            0x12 => range = std::str::from_utf8(payload).ok(),
            0x1a => data = payload,
            _ => {}
        }
        rest = after;
    }
    let (from, _) = range?.split_once('-')?;
    let from: i32 = from.parse().ok()?;
    if data.len() > MAX_DATA_BYTES {
        return None;
    }
    let set = |(at, byte): (usize, &u8)| {
        let byte = *byte;
        (0..8).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| from + (at * 8 + bit) as i32)
    };
    let ports = data.iter().rev().enumerate().flat_map(set);
    Some(ports.filter(|port| (i32::from(first)..=i32::from(last)).contains(port)).collect())
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (mut value, mut rest) = (0usize, bytes);
    for shift in [0, 7, 14, 21] {
        let (byte, after) = rest.split_first()?;
        value |= usize::from(byte & 0x7f) << shift;
        rest = after;
        if byte & 0x80 == 0 {
            return Some((value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bitmap_is_one_large_number() {
        for ports in [&[][..], &[30000], &[30000, 30007, 30008, 30917, 32767]] {
            let taken: BTreeSet<i32> = ports.iter().copied().collect();
            assert_eq!(decode(&encode(&taken, 30000, 32767), 30000, 32767), Some(taken));
        }
        let stored = encode(&[30001, 30009].into(), 30000, 32767);
        assert!(stored.windows(4).any(|bytes| bytes == [0x1a, 2, 0b10, 0b10]), "bit 9, then bit 1: {stored:?}");
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let whole = encode(&[30001].into(), 30000, 32767);
        for end in 0..whole.len() {
            // Some prefixes are whole messages with less in them; none may panic.
            let _less: Option<BTreeSet<i32>> = decode(&whole[..end], 30000, 32767);
        }
        assert_eq!(decode(b"junk", 30000, 32767), None);
    }
}
