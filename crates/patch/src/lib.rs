//! Changing an object by a patch: the four patch types of the API, as pure functions over [`schema::Value`].
//!
//! ```text
//!   json_patch   RFC 6902, as the JSON library of kube-apiserver reads it
//!   merge        RFC 7386
//!   strategic    merge by the descriptor's patch strategies and merge keys, with `$patch` and its relatives
//!   managed      server-side apply, and who manages which field (`metadata.managedFields`)
//! ```
//!
//! The first three work on the *written* form of an object ([`written::form`]): what its JSON text says, with the zero
//! values that Go always writes, because that is the document a client sees and patches. Their result is a free value that
//! the caller decodes against the type again.
//!
//! Deliberately absent: IO, clocks, decoding, defaults, validation, and any knowledge of particular kinds. The depth of
//! values is bounded by the decoders that made them; nothing here nests deeper than its arguments.

pub mod error;
pub mod go_format;
pub mod json_patch;
pub mod managed;
pub mod merge;
pub mod strategic;
pub mod written;

pub use error::PatchError;
