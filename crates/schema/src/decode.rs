//! From what came in to a normal value of a type.
//!
//! ```text
//!   JSON text --json::Lexer---+
//!                             +--> Source --walk--> normal Value, and what was unknown or came twice
//!   Value -----source::Tree---+
//! ```
//!
//! One set of rules for both sources. Errors are worded as by Go's decoder, which clients read: the first value of a wrong
//! type is reported, but only if the whole text is well formed.

mod error;
mod scalars;
pub(crate) use scalars::zero;
pub(crate) mod source;
pub(crate) mod walk;
mod words;

pub use error::{DecodeError, Strict, TypeError};

use crate::{TypeRef, Value};

/// Unknown and duplicate fields that are named; more are passed over in silence, as upstream does.
pub const MAX_STRICT: usize = 100;

#[derive(Clone, Copy, Debug, Default)]
pub struct DecodeOptions {
    /// Report unknown fields, and fields that come twice.
    pub strict: bool,
    /// The type is that of a custom resource: nothing but unknown fields is left out, and a value of a wrong type stays,
    /// for validation to report.
    pub custom: bool,
}

/// What a source held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// In normal form.
    pub value: Value,
    /// In the order of the source; empty unless asked for.
    pub strict: Vec<Strict>,
}

impl Decoded {
    /// Upstream's words: `unknown field "spec.foo"`.
    pub fn unknown(&self) -> impl Iterator<Item = String> {
        self.strict.iter().filter(|found| matches!(found, Strict::Unknown(_))).map(Strict::to_string)
    }

    /// Upstream's words: `duplicate field "spec.containers[0].image"`.
    pub fn duplicate(&self) -> impl Iterator<Item = String> {
        self.strict.iter().filter(|found| matches!(found, Strict::Duplicate(_))).map(Strict::to_string)
    }
}

/// Brings a parsed value (YAML, the result of a patch) into the normal form of a type.
pub fn normalize(ty: TypeRef<'_>, value: Value, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    walk::decode(ty, source::Tree::new(value), options)
}

/// `apiVersion` and `kind` of a parsed value, with the errors of [`crate::json::type_meta`].
pub fn type_meta(value: &Value) -> Result<crate::json::TypeMeta, String> {
    crate::json::type_meta_of(value)
}

#[cfg(test)]
mod tests;
