//! YAML, read and written as upstream does: YAML 1.1 scalars, through JSON.
//!
//! Upstream turns YAML into JSON and decodes that, so that [`parse`] gives the value which the JSON would have, and
//! [`write`] prints a value with sorted keys. Deliberately absent: comments, styles, more than the first document.

mod emit;
mod resolve;
mod tree;

pub use emit::write;

use crate::{TypeRef, Value, json};

/// What a document held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    pub value: Value,
    /// Keys that came twice, in upstream's words: `line 3: key "a" already set in map`. Of their values, the last stays.
    pub duplicates: Vec<String>,
}

/// Upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    #[error("yaml: {}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Syntax {
        /// Absent on the first line.
        line: Option<usize>,
        what: String,
    },
    #[error("yaml: {0}")]
    Content(String),
    /// A value that JSON does not have.
    #[error("json: unsupported value: {0}")]
    Unsupported(&'static str),
    #[error("unsupported map key")]
    Key,
}

/// Reads the first document; an empty text reads as null.
pub fn parse(bytes: &[u8], limits: json::Limits) -> Result<Parsed, YamlError> {
    let text = std::str::from_utf8(bytes).map_err(|_| YamlError::Content("invalid leading UTF-8 octet".into()))?;
    tree::Document::read(text, limits.depth)?.into_value()
}

/// Writes an object of a type, with what Go always writes.
pub fn encode(ty: TypeRef<'_>, value: &Value, out: &mut Vec<u8>) {
    let mut text = Vec::new();
    json::encode(ty, value, &mut text);
    let full = json::parse(&text, json::Limits::default());
    out.extend_from_slice(write(full.as_ref().unwrap_or(value)).as_bytes());
}

#[cfg(test)]
mod tests;
