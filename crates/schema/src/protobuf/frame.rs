//! Envelopes, lists made of stored buffers, and the one change that is made to stored bytes.

use super::encode;
use super::wire::{BYTES, Payload, Reader, close, open, push_bytes, push_key, push_varint, varint_len};
use crate::decode::DecodeError;
use crate::{Schema, Value};

const MAGIC: &[u8] = b"k8s\0";
/// What follows the object in an envelope: no content encoding, no content type.
pub const LIST_TAIL: &[u8] = &[0x1a, 0, 0x22, 0];
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const METADATA: u32 = 1;
const ITEMS: u32 = 2;
const RESOURCE_VERSION: u32 = 6;

/// An object in its envelope, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'b> {
    pub api_version: String,
    pub kind: String,
    /// The object as a message, or what `content_type` says.
    pub raw: &'b [u8],
    pub content_type: String,
}

pub fn is_envelope(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Puts an encoded object into an envelope.
pub fn envelope(api_version: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + api_version.len() + kind.len() + 32);
    push_head(api_version, kind, body.len(), &mut out);
    out.extend_from_slice(body);
    out.extend_from_slice(LIST_TAIL);
    out
}

fn push_head(api_version: &str, kind: &str, body: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    let start = open(1, out);
    push_bytes(1, api_version.as_bytes(), out);
    push_bytes(2, kind.as_bytes(), out);
    close(start, out);
    push_key(2, BYTES, out);
    push_varint(body as u64, out);
}

pub fn open_envelope(bytes: &[u8]) -> Result<Envelope<'_>, DecodeError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(DecodeError::Protobuf("not an envelope"))?;
    let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut envelope =
        Envelope { api_version: String::new(), kind: String::new(), raw: &[], content_type: String::new() };
    let mut reader = Reader { rest };
    while let Some((tag, payload)) = reader.field()? {
        match tag {
            1 => {
                let mut meta = Reader { rest: payload.bytes()? };
                while let Some((tag, payload)) = meta.field()? {
                    match tag {
                        1 => envelope.api_version = string(payload.bytes()?),
                        2 => envelope.kind = string(payload.bytes()?),
                        _ => {}
                    }
                }
            }
            2 => envelope.raw = payload.bytes()?,
            4 => envelope.content_type = string(payload.bytes()?),
            _ => {}
        }
    }
    Ok(envelope)
}

/// The start of a list in its envelope, up to the first item. After it comes, for each item, its [`item_head`] and its
/// bytes; then [`LIST_TAIL`]. `meta` is the normal value of the ListMeta, `items` the length of each encoded item.
pub fn list_head(api_version: &str, kind: &str, meta: &Value, items: impl Iterator<Item = usize>) -> Vec<u8> {
    let mut head = Vec::with_capacity(64);
    let start = open(METADATA, &mut head);
    if let Some(ty) = Schema::builtin().by_name(LIST_META) {
        encode(ty, meta, &mut head);
    }
    close(start, &mut head);
    let body = head.len() + items.map(|length| item_head(length).as_ref().len() + length).sum::<usize>();
    let mut out = Vec::with_capacity(head.len() + api_version.len() + kind.len() + 32);
    push_head(api_version, kind, body, &mut out);
    out.extend_from_slice(&head);
    out
}

/// Key and length that stand before an item of a list.
#[derive(Clone, Copy, Debug)]
pub struct ItemHead {
    bytes: [u8; 11],
    length: usize,
}

impl AsRef<[u8]> for ItemHead {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The head of an item of `length` bytes.
pub fn item_head(length: usize) -> ItemHead {
    let mut bytes = [0; 11];
    bytes[0] = (ITEMS << 3 | BYTES) as u8;
    let size = varint_len(length as u64);
    let mut rest = length as u64;
    for slot in &mut bytes[1..size] {
        *slot = rest as u8 | 0x80;
        rest >>= 7;
    }
    bytes[size] = rest as u8;
    ItemHead { bytes, length: size + 1 }
}

/// Copies an encoded object (without its envelope) with another `metadata.resourceVersion`.
pub fn set_resource_version(object: &[u8], resource_version: &str) -> Result<Vec<u8>, DecodeError> {
    let mut out = Vec::with_capacity(object.len() + 24);
    let mut reader = Reader { rest: object };
    let mut done = false;
    while !reader.rest.is_empty() {
        let before = reader.rest;
        let Some((tag, payload)) = reader.field()? else { break };
        match payload {
            Payload::Bytes(metadata) if tag == METADATA && !done => {
                done = true;
                let start = open(METADATA, &mut out);
                push_metadata(metadata, resource_version, &mut out)?;
                close(start, &mut out);
            }
            _ => out.extend_from_slice(&before[..before.len() - reader.rest.len()]),
        }
    }
    if !done {
        let start = open(METADATA, &mut out);
        push_bytes(RESOURCE_VERSION, resource_version.as_bytes(), &mut out);
        close(start, &mut out);
    }
    Ok(out)
}

/// The resource version stands where its tag has its place, so that the bytes are those of a fresh encoding.
fn push_metadata(metadata: &[u8], resource_version: &str, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut reader = Reader { rest: metadata };
    let mut done = false;
    while !reader.rest.is_empty() {
        let before = reader.rest;
        let Some((tag, _)) = reader.field()? else { break };
        if !done && tag >= RESOURCE_VERSION {
            done = true;
            push_bytes(RESOURCE_VERSION, resource_version.as_bytes(), out);
        }
        if tag != RESOURCE_VERSION {
            out.extend_from_slice(&before[..before.len() - reader.rest.len()]);
        }
    }
    if !done {
        push_bytes(RESOURCE_VERSION, resource_version.as_bytes(), out);
    }
    Ok(())
}
