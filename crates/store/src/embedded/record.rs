//! The bytes on disk: frames that are checked, and the operations inside them.
//!
//! ```text
//!   file  = frame*                         frame = magic u32 | length u32 | crc u32 | operation*
//!   every number is little-endian          crc   = CRC-32 of (file sequence, offset, length, operations)
//! ```
//!
//! One frame is one commit: it is whole or it does not exist. The checksum covers the frame's place, so a frame that
//! lies in a value, or was written to the wrong offset, is no frame.

use bytes::Bytes;

use super::index::Version;
use crate::{LeaseId, Revision};

pub(super) const FRAME_HEADER: usize = 12;
pub(super) const MAGIC: [u8; 4] = *b"tpS1";
/// The longest frame that a reader accepts; far above what a writer makes.
pub(super) const MAX_FRAME: usize = 256 << 20;
/// The version of the file format, in every file's first operation.
pub(super) const FORMAT: u32 = 1;

/// One operation, borrowed from a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Operation<'a> {
    /// First in every file.
    Header {
        format: u32,
        sequence: u64,
    },
    Put {
        revision: Revision,
        lease: Option<LeaseId>,
        key: &'a str,
        value: &'a [u8],
    },
    Delete {
        revision: Revision,
        key: &'a str,
    },
    Compact {
        revision: Revision,
    },
    Grant {
        lease: LeaseId,
        ttl_ms: u64,
        expires_ms: u64,
    },
    Revoke {
        lease: LeaseId,
    },
    /// Snapshots only: the revision that the snapshot shows and the next lease to give out.
    State {
        revision: Revision,
        next_lease: i64,
    },
    /// Snapshots only: a key as it was.
    Entry {
        modified: Revision,
        created: Revision,
        number: u64,
        lease: Option<LeaseId>,
        key: &'a str,
        value: &'a [u8],
    },
    /// Snapshots only: the last operation; without it the snapshot is not whole.
    End {
        entries: u64,
    },
}

/// Collects operations into one frame.
pub(super) struct Frame {
    buffer: Vec<u8>,
}

impl Frame {
    pub fn new() -> Self {
        Self { buffer: vec![0; FRAME_HEADER] }
    }

    pub fn is_empty(&self) -> bool {
        self.buffer.len() == FRAME_HEADER
    }

    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    pub fn push(&mut self, operation: &Operation<'_>) {
        let out = &mut self.buffer;
        out.push(tag(operation));
        match *operation {
            Operation::Header { format, sequence } => {
                out.extend_from_slice(&format.to_le_bytes());
                put_numbers(out, &[sequence]);
            }
            Operation::Put { revision, lease, key, value } => {
                put_numbers(out, &[revision, lease_number(lease)]);
                put_bytes(out, key.as_bytes());
                put_bytes(out, value);
            }
            Operation::Delete { revision, key } => {
                put_numbers(out, &[revision]);
                put_bytes(out, key.as_bytes());
            }
            Operation::Compact { revision } => put_numbers(out, &[revision]),
            Operation::Grant { lease, ttl_ms, expires_ms } => {
                put_numbers(out, &[lease_number(Some(lease)), ttl_ms, expires_ms]);
            }
            Operation::Revoke { lease } => put_numbers(out, &[lease_number(Some(lease))]),
            Operation::State { revision, next_lease } => put_numbers(out, &[revision, next_lease.cast_unsigned()]),
            Operation::Entry { modified, created, number, lease, key, value } => {
                put_numbers(out, &[modified, created, number, lease_number(lease)]);
                put_bytes(out, key.as_bytes());
                put_bytes(out, value);
            }
            Operation::End { entries } => put_numbers(out, &[entries]),
        }
    }

    /// The finished bytes for this place.
    pub fn seal(&mut self, sequence: u64, offset: u64) -> &[u8] {
        let length = u32::try_from(self.buffer.len() - FRAME_HEADER).expect("batches are bounded far below 4 GiB");
        let crc = checksum(sequence, offset, &self.buffer[FRAME_HEADER..]);
        self.buffer[..4].copy_from_slice(&MAGIC);
        self.buffer[4..8].copy_from_slice(&length.to_le_bytes());
        self.buffer[8..12].copy_from_slice(&crc.to_le_bytes());
        &self.buffer
    }

    /// Empties the frame; a buffer grown by an unusual batch is given back.
    pub fn clear(&mut self) {
        const KEEP: usize = 1 << 20;
        self.buffer.truncate(FRAME_HEADER);
        self.buffer.shrink_to(KEEP);
    }
}

/// The length and checksum that a frame's header claims.
pub(super) fn parse_header(header: &[u8; FRAME_HEADER]) -> Result<(usize, u32), &'static str> {
    let [m0, m1, m2, m3, l0, l1, l2, l3, c0, c1, c2, c3] = *header;
    if [m0, m1, m2, m3] != MAGIC {
        return Err("no frame begins here");
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > MAX_FRAME {
        return Err("a frame's length is impossible");
    }
    Ok((length, u32::from_le_bytes([c0, c1, c2, c3])))
}

pub(super) fn checksum(sequence: u64, offset: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(&offset.to_le_bytes());
    hasher.update(&(payload.len() as u64).to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// Reads the operations of one frame's payload.
pub(super) struct Operations<'a> {
    rest: &'a [u8],
}

impl<'a> Operations<'a> {
    pub fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    /// The next operation; an error is a format that this program does not know, as the checksum was right.
    pub fn next(&mut self) -> Result<Option<Operation<'a>>, &'static str> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.decode().map(Some)
    }

    fn decode(&mut self) -> Result<Operation<'a>, &'static str> {
        let [tag] = self.take()?;
        Ok(match tag {
            HEADER => Operation::Header { format: u32::from_le_bytes(self.take()?), sequence: self.number()? },
            PUT => Operation::Put {
                revision: self.number()?,
                lease: self.lease()?,
                key: self.text()?,
                value: self.bytes()?,
            },
            DELETE => Operation::Delete { revision: self.number()?, key: self.text()? },
            COMPACT => Operation::Compact { revision: self.number()? },
            GRANT => Operation::Grant {
                lease: self.lease()?.ok_or("a lease without a number")?,
                ttl_ms: self.number()?,
                expires_ms: self.number()?,
            },
            REVOKE => Operation::Revoke { lease: self.lease()?.ok_or("a lease without a number")? },
            STATE => Operation::State { revision: self.number()?, next_lease: self.number()?.cast_signed() },
            ENTRY => Operation::Entry {
                modified: self.number()?,
                created: self.number()?,
                number: self.number()?,
                lease: self.lease()?,
                key: self.text()?,
                value: self.bytes()?,
            },
            END => Operation::End { entries: self.number()? },
            _ => return Err("an operation of an unknown kind"),
        })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or("an operation is cut short")?;
        self.rest = rest;
        Ok(*head)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        self.take().map(u64::from_le_bytes)
    }

    fn lease(&mut self) -> Result<Option<LeaseId>, &'static str> {
        Ok(Some(self.number()?.cast_signed()).filter(|lease| *lease != 0).map(LeaseId))
    }

    fn bytes(&mut self) -> Result<&'a [u8], &'static str> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (head, rest) = self.rest.split_at_checked(length).ok_or("an operation is cut short")?;
        self.rest = rest;
        Ok(head)
    }

    fn text(&mut self) -> Result<&'a str, &'static str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a key is not UTF-8")
    }
}

/// The operation that writes `version` of `key` to the log.
pub(super) fn change<'a>(key: &'a str, version: &'a Version) -> Operation<'a> {
    let revision = version.modified;
    if version.deleted() {
        Operation::Delete { revision, key }
    } else {
        Operation::Put { revision, lease: version.lease, key, value: &version.value }
    }
}

/// The operation that writes `version` of `key` to a snapshot.
pub(super) fn entry<'a>(key: &'a str, version: &'a Version) -> Operation<'a> {
    let Version { modified, created, number, lease, ref value } = *version;
    Operation::Entry { modified, created, number, lease, key, value }
}

/// A value of its own allocation, so that no read buffer stays alive for it.
pub(super) fn owned(value: &[u8]) -> Bytes {
    Bytes::copy_from_slice(value)
}

const HEADER: u8 = 1;
const PUT: u8 = 2;
const DELETE: u8 = 3;
const COMPACT: u8 = 4;
const GRANT: u8 = 5;
const REVOKE: u8 = 6;
const STATE: u8 = 7;
const ENTRY: u8 = 8;
const END: u8 = 9;

fn tag(operation: &Operation<'_>) -> u8 {
    match operation {
        Operation::Header { .. } => HEADER,
        Operation::Put { .. } => PUT,
        Operation::Delete { .. } => DELETE,
        Operation::Compact { .. } => COMPACT,
        Operation::Grant { .. } => GRANT,
        Operation::Revoke { .. } => REVOKE,
        Operation::State { .. } => STATE,
        Operation::Entry { .. } => ENTRY,
        Operation::End { .. } => END,
    }
}

/// 0 is "no lease"; the engine gives out numbers from 1.
fn lease_number(lease: Option<LeaseId>) -> u64 {
    lease.map_or(0, |lease| lease.0.cast_unsigned())
}

fn put_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("requests are bounded far below 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
}
