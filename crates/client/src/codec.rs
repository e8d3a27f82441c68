//! Bodies: values to bytes and back, in the form that the kind allows.

use crate::ClientError;
use api_meta::v1::Status;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use kind::ApiError;
use schema::decode::DecodeOptions;
use schema::json::{self, Limits};
use schema::{Schema, TypeRef, Typed, Value, protobuf};

pub(crate) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
pub(crate) const JSON: &str = "application/json";

/// What an answer may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Whole,
    /// PartialObjectMetadata instead of objects.
    Metadata,
    /// A list of them.
    MetadataList,
}

/// The Accept header; protobuf first where the kind is built in.
pub(crate) fn accept(builtin: bool, wanted: Wanted) -> HeaderValue {
    HeaderValue::from_static(match (builtin, wanted) {
        (true, Wanted::Whole) => "application/vnd.kubernetes.protobuf, application/json",
        (false, Wanted::Whole) => JSON,
        (true, Wanted::Metadata) => {
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, \
             application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json"
        }
        (false, Wanted::Metadata) => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json",
        (true, Wanted::MetadataList) => {
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, \
             application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"
        }
        (false, Wanted::MetadataList) => {
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json"
        }
    })
}

/// The bytes of an object and their media type: protobuf for built-in kinds, JSON for all others.
pub(crate) fn encode(object: &Value) -> (Bytes, &'static str) {
    let (version, kind) = (object.str_at(&["apiVersion"]), object.str_at(&["kind"]));
    match Schema::builtin().by_kind(version, kind) {
        Some(ty) => {
            let mut body = Vec::new();
            protobuf::encode(ty, object, &mut body);
            (protobuf::envelope(version, kind, &body).into(), PROTOBUF)
        }
        None => (to_json(object), JSON),
    }
}

pub(crate) fn to_json(value: &Value) -> Bytes {
    let mut body = Vec::new();
    json::write(value, &mut body);
    body.into()
}

/// An answer's body as a normal value with apiVersion and kind.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, ClientError> {
    if protobuf::is_envelope(bytes) { decode_envelope(bytes) } else { decode_json(bytes) }
}

fn decode_envelope(bytes: &[u8]) -> Result<Value, ClientError> {
    let envelope = protobuf::open_envelope(bytes).map_err(|error| ClientError::decode("an envelope", error))?;
    let what = || format!("{}, Kind={}", envelope.api_version, envelope.kind);
    let ty = Schema::builtin()
        .by_kind(&envelope.api_version, &envelope.kind)
        .ok_or_else(|| ClientError::decode(what(), "not a built-in kind"))?;
    let mut value = protobuf::decode(ty, envelope.raw).map_err(|error| ClientError::decode(what(), error))?;
    let map = value.make_map();
    map.insert("apiVersion", envelope.api_version);
    map.insert("kind", envelope.kind);
    Ok(value)
}

fn decode_json(bytes: &[u8]) -> Result<Value, ClientError> {
    let value = json::parse(bytes, Limits::default()).map_err(|error| ClientError::decode("JSON", error))?;
    normalize(value)
}

/// Brings a value into the normal form of its kind, if that is built in.
pub(crate) fn normalize(value: Value) -> Result<Value, ClientError> {
    match type_of(&value) {
        Some(ty) => schema::decode::normalize(ty, value, &DecodeOptions::default())
            .map(|decoded| decoded.value)
            .map_err(|error| ClientError::decode(ty.def().name.as_str(), error)),
        None => Ok(value),
    }
}

fn type_of(value: &Value) -> Option<TypeRef<'static>> {
    Schema::builtin().by_kind(value.str_at(&["apiVersion"]), value.str_at(&["kind"]))
}

/// What the server said in an answer that is no success.
pub(crate) fn failure(code: StatusCode, body: &[u8]) -> ApiError {
    match decode(body) {
        Ok(value) if value.str_at(&["kind"]) == "Status" => status(&value),
        _ => {
            let text = String::from_utf8_lossy(&body[..body.len().min(1024)]).trim().to_owned();
            let reason = match code.as_u16() {
                400 => "BadRequest",
                401 => "Unauthorized",
                403 => "Forbidden",
                404 => "NotFound",
                405 => "MethodNotAllowed",
                409 => "Conflict",
                410 => "Gone",
                429 => "TooManyRequests",
                500 => "InternalError",
                503 => "ServiceUnavailable",
                504 => "Timeout",
                _ => "Unknown",
            };
            ApiError::new(code.as_u16().into(), reason, text)
        }
    }
}

pub(crate) fn status(value: &Value) -> ApiError {
    ApiError(Box::new(Status::from_value(value)))
}
