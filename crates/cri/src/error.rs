//! What a call to the runtime can fail with, in the words that clients of the API read in pod events.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tonic::Code;

/// A failed call to the container runtime.
///
/// The text of [`CriError::Rpc`] goes into pod events and container statuses, so it has the form that Go's gRPC prints:
/// `rpc error: code = NotFound desc = ...`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CriError {
    /// The runtime, or the way to it, answered with an error.
    #[error("rpc error: code = {} desc = {message}", GoCode(*code))]
    Rpc { code: Code, message: String },
    /// The runtime answered with success, but without what the answer must hold.
    #[error("{0}")]
    BadAnswer(String),
    /// The path cannot be the address of a unix socket.
    #[error(
        "the socket path {path} has {length} bytes, but the kernel allows {maximum}: choose a shorter data directory",
        path = path.display(),
        maximum = crate::client::MAX_SOCKET_PATH_BYTES
    )]
    SocketPathTooLong { path: PathBuf, length: usize },
    /// The runtime could not be reached when connecting for the first time.
    #[error("validate CRI v1 runtime API for endpoint \"unix://{}\": {source}", path.display())]
    Validate { path: PathBuf, source: Box<CriError> },
}

impl CriError {
    /// The gRPC code, as `status.Code(err)` tells it: what is not a gRPC error is `Unknown`.
    pub fn code(&self) -> Code {
        match self {
            Self::Rpc { code, .. } => *code,
            Self::Validate { source, .. } => source.code(),
            Self::BadAnswer(_) | Self::SocketPathTooLong { .. } => Code::Unknown,
        }
    }

    /// The description alone, without the code.
    pub fn message(&self) -> String {
        match self {
            Self::Rpc { message, .. } => message.clone(),
            other => other.to_string(),
        }
    }

    pub fn is_not_found(&self) -> bool {
        self.code() == Code::NotFound
    }

    /// The runtime is older than the call: containerd 1.6 knows neither `RuntimeConfig` nor `GetContainerEvents`.
    pub fn is_unimplemented(&self) -> bool {
        self.code() == Code::Unimplemented
    }

    pub fn is_deadline_exceeded(&self) -> bool {
        self.code() == Code::DeadlineExceeded
    }

    /// The runtime does not answer on its socket (being restarted, or gone): the same call may succeed later.
    pub fn is_unavailable(&self) -> bool {
        self.code() == Code::Unavailable
    }

    /// Our own deadline ran out, which reads exactly as in Go.
    pub(crate) fn deadline_exceeded() -> Self {
        Self::Rpc { code: Code::DeadlineExceeded, message: "context deadline exceeded".to_owned() }
    }

    /// Reads a status, putting right what our transport says in other words than Go's.
    pub(crate) fn from_status(status: &tonic::Status, elapsed: Duration, deadline: Option<Duration>) -> Self {
        let ran_out = deadline.is_some_and(|deadline| elapsed >= deadline);
        if ran_out && matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded) {
            return Self::deadline_exceeded();
        }
        let message = match innermost_io_error(status) {
            Some(error) => format!("connection error: desc = \"transport: {error}\""),
            None => status.message().to_owned(),
        };
        Self::Rpc { code: transport_code(status), message }
    }
}

/// A broken connection comes from tonic as `Unknown` in some versions; Go calls it `Unavailable`.
fn transport_code(status: &tonic::Status) -> Code {
    let broken = status.code() == Code::Unknown && innermost_io_error(status).is_some();
    if broken { Code::Unavailable } else { status.code() }
}

/// The operating system's word for a failed connection, which says more than "transport error".
fn innermost_io_error(status: &tonic::Status) -> Option<String> {
    let mut source = std::error::Error::source(status);
    let mut found = None;
    while let Some(error) = source {
        if let Some(io_error) = error.downcast_ref::<std::io::Error>() {
            found = Some(io_error.to_string());
        }
        source = error.source();
    }
    found
}

/// A gRPC code in Go's spelling.
struct GoCode(Code);

impl fmt::Display for GoCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Code::Ok => formatter.write_str("OK"),
            Code::Cancelled => formatter.write_str("Canceled"),
            code => write!(formatter, "{code:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_go_prints_it() {
        let table = [
            (Code::NotFound, "no such thing", "rpc error: code = NotFound desc = no such thing"),
            (Code::Cancelled, "context canceled", "rpc error: code = Canceled desc = context canceled"),
            (Code::Ok, "", "rpc error: code = OK desc = "),
            (Code::FailedPrecondition, "x", "rpc error: code = FailedPrecondition desc = x"),
        ];
        for (code, message, expected) in table {
            let error = CriError::from_status(&tonic::Status::new(code, message), Duration::ZERO, None);
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.code(), code);
        }
    }

    #[test]
    fn a_cancellation_after_the_deadline_is_the_deadline() {
        let status = tonic::Status::new(Code::Cancelled, "Timeout expired");
        let second = Duration::from_secs(1);
        assert!(CriError::from_status(&status, second, Some(second)).is_deadline_exceeded());
        assert_eq!(CriError::from_status(&status, Duration::ZERO, Some(second)).code(), Code::Cancelled);
    }
}
