//! The wire format: varints, keys, lengths.

use crate::decode::DecodeError;

pub(super) const VARINT: u32 = 0;
pub(super) const FIXED64: u32 = 1;
pub(super) const BYTES: u32 = 2;
const FIXED32: u32 = 5;

pub(super) const TRUNCATED: DecodeError = DecodeError::Protobuf("unexpected EOF");
pub(super) const WRONG_TYPE: DecodeError = DecodeError::Protobuf("wrong wireType");
pub(super) const TOO_DEEP: DecodeError = DecodeError::Protobuf("message too deep");

#[inline]
pub(super) fn push_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[inline]
pub(super) fn push_key(tag: u32, wire: u32, out: &mut Vec<u8>) {
    push_varint(u64::from(tag << 3 | wire), out);
}

pub(super) fn push_bytes(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    push_key(tag, BYTES, out);
    push_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A message whose length is known only once it is written. Most are shorter than 128 bytes, whose length is one byte.
pub(super) fn open(tag: u32, out: &mut Vec<u8>) -> usize {
    push_key(tag, BYTES, out);
    out.push(0);
    out.len()
}

/// Ends the message that began at `start`.
pub(super) fn close(start: usize, out: &mut Vec<u8>) {
    let length = out.len() - start;
    if let Ok(length @ 0..0x80) = u8::try_from(length) {
        out[start - 1] = length;
        return;
    }
    let more = varint_len(length as u64) - 1;
    let end = out.len();
    out.resize(end + more, 0);
    out.copy_within(start..end, start + more);
    let mut rest = length;
    for slot in &mut out[start - 1..start - 1 + more] {
        *slot = rest as u8 | 0x80;
        rest >>= 7;
    }
    out[start - 1 + more] = rest as u8;
}

pub(super) fn varint_len(n: u64) -> usize {
    (64 - (n | 1).leading_zeros() as usize).div_ceil(7)
}

/// Reads a message from its start to its end.
#[derive(Clone, Copy)]
pub(super) struct Reader<'b> {
    pub(super) rest: &'b [u8],
}

/// One field: its tag and what it has.
pub(super) enum Payload<'b> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'b [u8]),
    /// Of a kind that no field of ours has.
    Other,
}

impl<'b> Reader<'b> {
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut n = 0u64;
        for (index, &byte) in self.rest.iter().enumerate().take(10) {
            n |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(n);
            }
        }
        Err(if self.rest.len() < 10 { TRUNCATED } else { DecodeError::Protobuf("integer overflow") })
    }

    fn take(&mut self, length: u64) -> Result<&'b [u8], DecodeError> {
        let length = usize::try_from(length).map_err(|_| TRUNCATED)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next field; `None` at the end.
    #[inline]
    pub(super) fn field(&mut self) -> Result<Option<(u32, Payload<'b>)>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let tag = u32::try_from(key >> 3).ok().filter(|&tag| tag > 0).ok_or(DecodeError::Protobuf("illegal tag"))?;
        let payload = match (key & 7) as u32 {
            VARINT => Payload::Varint(self.varint()?),
            BYTES => {
                let length = self.varint()?;
                Payload::Bytes(self.take(length)?)
            }
            FIXED64 => {
                let bytes = self.take(8)?.try_into().map_err(|_| TRUNCATED)?;
                Payload::Fixed64(u64::from_le_bytes(bytes))
            }
            FIXED32 => {
                self.take(4)?;
                Payload::Other
            }
            _ => return Err(DecodeError::Protobuf("illegal wireType")),
        };
        Ok(Some((tag, payload)))
    }
}

impl<'b> Payload<'b> {
    pub(super) fn bytes(self) -> Result<&'b [u8], DecodeError> {
        match self {
            Payload::Bytes(bytes) => Ok(bytes),
            _ => Err(WRONG_TYPE),
        }
    }

    pub(super) fn varint(self) -> Result<u64, DecodeError> {
        match self {
            Payload::Varint(n) => Ok(n),
            _ => Err(WRONG_TYPE),
        }
    }
}
