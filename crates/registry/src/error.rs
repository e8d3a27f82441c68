//! Failures as clients read them, made from what went wrong below.

use kind::{ApiError, Names};
use patch::PatchError;
use store::StoreError;

/// A bare error: 500 without a reason or details, as upstream sends what is no Status of its own.
pub(crate) fn bare(message: impl Into<String>) -> ApiError {
    ApiError::new(500, "", message)
}

pub(crate) fn not_found_path() -> ApiError {
    with_details(ApiError::new(404, "NotFound", "the server could not find the requested resource"))
}

pub(crate) fn method_not_allowed() -> ApiError {
    let message = "the server does not allow this method on the requested resource";
    with_details(ApiError::new(405, "MethodNotAllowed", message))
}

/// The same with (empty) details.
pub(crate) fn with_details(mut error: ApiError) -> ApiError {
    error.details();
    error
}

pub(crate) fn unsupported_media_type(accepted: &[&str]) -> ApiError {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        accepted.join(", ")
    );
    ApiError::new(415, "UnsupportedMediaType", message)
}

pub(crate) fn not_acceptable(message: impl Into<String>) -> ApiError {
    ApiError::new(406, "NotAcceptable", message)
}

pub(crate) fn too_large_body(limit: usize) -> ApiError {
    ApiError::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {limit}"))
}

/// What became of a read or a write of `name`.
pub(crate) fn from_store(error: &StoreError, names: &Names, name: &str) -> ApiError {
    match error {
        StoreError::Compacted { .. } => expired_version(),
        StoreError::FutureRevision { requested, current } => too_large_version(*requested, *current),
        StoreError::TooLarge { size, limit } => {
            let message = format!("Request is too large: {size} bytes, limit {limit}");
            ApiError::new(413, "RequestEntityTooLarge", message).about(names.group, names.plural, name)
        }
        StoreError::Overloaded(_) => {
            let message = "the server has received too many requests and has asked us to try again later";
            ApiError::new(429, "TooManyRequests", message).retry_after_seconds(1)
        }
        StoreError::Unavailable(why) => ApiError::service_unavailable(why.clone()),
        other => ApiError::internal(other),
    }
}

pub(crate) fn expired_version() -> ApiError {
    ApiError::expired("The resourceVersion for the provided watch is too old.")
}

pub(crate) fn too_old(version: u64, oldest: u64) -> ApiError {
    ApiError::expired(format!("too old resource version: {version} ({oldest})"))
}

pub(crate) fn too_large_version(version: u64, current: u64) -> ApiError {
    let message = format!("Timeout: Too large resource version: {version}, current: {current}");
    let mut error = ApiError::new(504, "Timeout", message).retry_after_seconds(1);
    error.details().causes = vec![api_meta::v1::StatusCause {
        reason: "ResourceVersionTooLarge".into(),
        message: "Too large resource version".into(),
        field: String::new(),
    }];
    error
}

pub(crate) fn from_patch(error: &PatchError) -> ApiError {
    let made = ApiError::new(error.code(), error.reason(), error.message());
    if error.has_details() { with_details(made) } else { made }
}

/// Go's words for text that is no unsigned number.
pub(crate) fn parse_uint(text: &str) -> Result<u64, String> {
    let syntax = || format!("strconv.ParseUint: parsing {}: invalid syntax", kind::field::quoted(text));
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(syntax());
    }
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {}: value out of range", kind::field::quoted(text)))
}

pub(crate) fn parse_int(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("strconv.ParseInt: parsing {}: invalid syntax", kind::field::quoted(text)));
    }
    text.parse().map_err(|_| format!("strconv.ParseInt: parsing {}: value out of range", kind::field::quoted(text)))
}
