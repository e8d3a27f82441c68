//! What can go wrong with a request.

use kind::ApiError;

#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// The server says no.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The server could not be asked, or the answer broke off.
    #[error("{method} {path}: {why}")]
    Transport { method: String, path: String, why: String },
    #[error("{method} {path}: no answer within {seconds} s")]
    Timeout { method: String, path: String, seconds: u64 },
    /// An answer that is not what was asked for.
    #[error("decoding {what}: {why}")]
    Decode { what: String, why: String },
    #[error("a body of more than {limit} bytes")]
    TooLarge { limit: usize },
}

impl ClientError {
    pub(crate) fn decode(what: impl Into<String>, why: impl std::fmt::Display) -> ClientError {
        ClientError::Decode { what: what.into(), why: why.to_string() }
    }

    /// The server's own words, if it was the server.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            ClientError::Api(error) => Some(error),
            _ => None,
        }
    }

    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    pub fn is_conflict(&self) -> bool {
        self.api().is_some_and(ApiError::is_conflict)
    }

    pub fn is_already_exists(&self) -> bool {
        self.api().is_some_and(ApiError::is_already_exists)
    }

    /// The version asked for is no longer held: list again.
    pub fn is_expired(&self) -> bool {
        self.api().is_some_and(|error| error.code() == 410 || matches!(error.reason(), "Expired" | "Gone"))
    }

    /// The same as an API error, for those who only tell of it.
    pub fn into_api(self) -> ApiError {
        match self {
            ClientError::Api(error) => error,
            other => ApiError::service_unavailable(other.to_string()),
        }
    }
}
