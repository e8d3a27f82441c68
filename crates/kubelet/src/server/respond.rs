//! Answers, and what goes wrong: plain text, which the API server puts into a Status.

use bytes::Bytes;
use cri::CriError;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serve::Body;

/// A refusal with its text.
#[derive(Debug)]
pub(super) struct Failure {
    pub status: StatusCode,
    pub text: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Failure {
        Failure { status, text: text.into() }
    }

    pub(super) fn bad_request(text: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn not_found(text: impl Into<String>) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, text)
    }

    pub(super) fn internal(text: impl Into<String>) -> Failure {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = with_type(self.text.into(), "text/plain; charset=utf-8");
        *response.status_mut() = self.status;
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<CriError> for Failure {
    fn from(error: CriError) -> Failure {
        let status = if error.is_not_found() { StatusCode::NOT_FOUND } else { StatusCode::INTERNAL_SERVER_ERROR };
        Failure::new(status, error.message())
    }
}

impl From<streaming::Error> for Failure {
    fn from(error: streaming::Error) -> Failure {
        Failure::new(error.http_status(), error.to_string())
    }
}

pub(super) fn text(text: impl Into<Bytes>) -> Response<Body> {
    with_type(text.into(), "text/plain; charset=utf-8")
}

pub(super) fn json(value: &serde_json::Value) -> Response<Body> {
    with_type(value.to_string().into(), "application/json")
}

pub(super) fn with_type(bytes: Bytes, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::new(bytes).map_err(|never| match never {}).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
