//! The one error of a plugin: a code of the CNI specification and a sentence for people.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::request::Version;

/// What went wrong, in the shape that the runtime reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{msg}{}{details}", if details.is_empty() { "" } else { ": " })]
pub struct CniError {
    pub code: Code,
    pub msg: String,
    pub details: String,
}

/// The codes of the specification; [`Code::Internal`] is upstream's number for everything that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    IncompatibleVersion = 1,
    UnsupportedField = 2,
    UnknownContainer = 3,
    InvalidEnvironment = 4,
    Io = 5,
    Decode = 6,
    InvalidConfig = 7,
    Internal = 999,
}

impl CniError {
    pub fn new(code: Code, msg: impl Into<String>) -> Self {
        Self { code, msg: msg.into(), details: String::new() }
    }

    pub fn internal(msg: impl Into<String>) -> Self {
        Self::new(Code::Internal, msg)
    }

    /// `what` was tried and the system refused with `error`.
    pub fn io(what: impl Display, error: &std::io::Error) -> Self {
        Self::new(Code::Io, format!("failed to {what}: {error}"))
    }

    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }

    pub fn to_json(&self, version: Version) -> Value {
        let mut value = json!({ "cniVersion": version.as_str(), "code": self.code as u32, "msg": self.msg });
        if !self.details.is_empty() {
            value["details"] = json!(self.details);
        }
        value
    }
}

/// Says what was being done when a system call failed.
pub trait Context<T> {
    fn context(self, what: impl Display) -> Result<T, CniError>;
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, what: impl Display) -> Result<T, CniError> {
        self.map_err(|error| CniError::io(what, &error))
    }
}
