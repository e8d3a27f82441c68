//! What can be wrong with an object of a type.

use crate::json::JsonError;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Type(Box<TypeError>),
    /// A text that its scalar type does not take: a quantity, a time, base64.
    #[error("{0}")]
    Scalar(String),
    /// Bytes that are no message of the type.
    #[error("proto: {0}")]
    Protobuf(&'static str),
}

/// A value of a wrong type, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// What was there: `string`, `object`, `number 1.5`.
    pub found: String,
    /// The innermost struct around it; empty at the top.
    pub structure: String,
    /// Names of fields from the top, joined by dots, without indices and map keys.
    pub path: String,
    /// What should have been there: `[]v1.Container`.
    pub wanted: String,
}

impl std::error::Error for TypeError {}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TypeError { found, structure, path, wanted } = self;
        if path.is_empty() {
            return write!(f, "json: cannot unmarshal {found} into Go value of type {wanted}");
        }
        write!(f, "json: cannot unmarshal {found} into Go struct field {structure}.{path} of type {wanted}")
    }
}

/// A field that strict decoding refuses and other decoding warns of, by its path (`spec.containers[0].foo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strict {
    Unknown(String),
    Duplicate(String),
}

impl fmt::Display for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strict::Unknown(path) => write!(f, "unknown field {path:?}"),
            Strict::Duplicate(path) => write!(f, "duplicate field {path:?}"),
        }
    }
}
