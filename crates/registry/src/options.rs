//! The options of requests: read from the query (and a DELETE's body), checked in upstream's words.

mod list;
mod writes;

pub(crate) use list::invalid_version;
pub use list::{ContinueToken, ListOptions, VersionMatch};
pub use writes::{DeleteOptions, FieldValidation, Preconditions, Propagation, WriteOptions};

#[cfg(test)]
mod tests;
