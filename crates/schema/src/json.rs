//! JSON, read and written as upstream does: the order of fields, the escapes, the form of numbers, the words of errors.
//!
//! [`decode`] reads against a type in one pass into a normal value; [`parse`] reads anything. Deliberately absent: a
//! streaming reader (bodies are limited and whole in memory) and the order of unknown keys.

mod encode;
mod error;
mod lexer;
mod parse;
mod write;

pub use encode::encode;
pub use error::JsonError;
pub use parse::{Limits, TypeMeta, parse, type_meta};
pub use write::{indent, write};

pub(crate) use lexer::Lexer;
pub(crate) use parse::type_meta_of;
pub(crate) use write::write_key;

use crate::decode::{DecodeError, DecodeOptions, Decoded, walk};
use crate::{TypeRef, Value};
use std::borrow::Cow;

/// How deep lists and maps may lie in each other. Upstream's limit of 10,000 would need a growing stack; no object that
/// anyone applies comes near this one.
pub const MAX_DEPTH: usize = 512;

/// Reads an object of a type.
pub fn decode(ty: TypeRef<'_>, bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let text = utf8(bytes);
    walk::decode(ty, Lexer::new(&text), options)
}

/// Like [`encode`], indented by two spaces.
pub fn encode_pretty(ty: TypeRef<'_>, value: &Value, out: &mut Vec<u8>) {
    let mut compact = Vec::new();
    encode(ty, value, &mut compact);
    indent(&compact, out);
}

/// A value as compact text with sorted keys.
pub fn to_string(value: &Value) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8(out).expect("the writer takes strings and adds ASCII")
}

/// The text of a body; as in Go, each byte that is not UTF-8 becomes a replacement character.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests;
