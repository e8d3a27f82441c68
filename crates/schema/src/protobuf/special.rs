//! Scalars that are messages of their own.

use super::wire::{Payload, Reader, VARINT, WRONG_TYPE, push_bytes, push_key, push_varint};
use super::{MAX_DEPTH, frame};
use crate::decode::DecodeError;
use crate::scalar::{Bytes, Duration, MicroTime, Quantity, Time};
use crate::{Scalar, Schema, Text, Value, Verbatim, json};

const MICROS: i64 = 1_000_000;

/// The fields of the message for a value; Null is the zero value.
pub(super) fn push(scalar: Scalar, value: &Value, out: &mut Vec<u8>) {
    match scalar {
        Scalar::Time => {
            if let Some(time) = value.as_str().and_then(|text| Time::parse(text).ok()).filter(|time| !time.is_zero()) {
                push_time(time.unix(), 0, out);
            }
        }
        Scalar::MicroTime => {
            let time = value.as_str().and_then(|text| MicroTime::parse(text).ok());
            if let Some(time) = time.filter(|time| !time.is_zero()) {
                let micros = time.unix_micros();
                push_time(micros.div_euclid(MICROS), micros.rem_euclid(MICROS) as u64 * 1_000, out);
            }
        }
        Scalar::Duration => {
            let span = value.as_str().and_then(|text| Duration::parse(text).ok()).unwrap_or_default();
            push_key(1, VARINT, out);
            push_varint(span.as_nanos() as u64, out);
        }
        Scalar::Quantity => push_bytes(1, value.as_str().unwrap_or("0").as_bytes(), out),
        Scalar::IntOrString => {
            push_key(1, VARINT, out);
            push_varint(value.as_str().is_some().into(), out);
            push_key(2, VARINT, out);
            push_varint(value.as_i64().unwrap_or_default() as u64, out);
            push_bytes(3, value.as_str().unwrap_or_default().as_bytes(), out);
        }
        Scalar::Raw | Scalar::Json | Scalar::FieldsV1 => {
            if let Value::Verbatim(verbatim) = value {
                push_bytes(1, verbatim.text().as_bytes(), out);
            } else if !value.is_null() {
                let mut text = Vec::new();
                json::write(value, &mut text);
                push_bytes(1, &text, out);
            }
        }
        Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::Float | Scalar::String | Scalar::Bytes => {}
    }
}

fn push_time(seconds: i64, nanos: u64, out: &mut Vec<u8>) {
    push_key(1, VARINT, out);
    push_varint(seconds as u64, out);
    push_key(2, VARINT, out);
    push_varint(nanos, out);
}

/// The bytes behind base64.
pub(super) fn push_base64(text: &str, out: &mut Vec<u8>) {
    if let Ok(bytes) = Bytes::from_base64(text) {
        out.extend_from_slice(&bytes);
    }
}

/// The value of a message; Null for a zero time and an empty Raw.
pub(super) fn read(scalar: Scalar, bytes: &[u8], depth: usize) -> Result<Value, DecodeError> {
    let wrong = |error: &dyn std::fmt::Display| DecodeError::Scalar(error.to_string());
    let mut reader = Reader { rest: bytes };
    let (mut first, mut second, mut text): (Option<u64>, u64, Option<&[u8]>) = (None, 0, None);
    while let Some((tag, payload)) = reader.field()? {
        match (tag, payload) {
            (1, Payload::Varint(n)) => first = Some(n),
            (2, Payload::Varint(n)) => second = n,
            (1 | 3, Payload::Bytes(bytes)) => text = Some(bytes),
            (1..=3, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    let text_or = |default: &'static str| text.map_or(default.into(), String::from_utf8_lossy);
    Ok(match scalar {
        Scalar::Time | Scalar::MicroTime if bytes.is_empty() => Value::Null,
        Scalar::Time => Value::Str(year_checked(first.unwrap_or(0) as i64)?.to_text()),
        Scalar::MicroTime => {
            let seconds = year_checked(first.unwrap_or(0) as i64)?.unix();
            let micros = i64::from(second as i32) / 1_000;
            Value::Str(MicroTime::from_unix_micros(seconds * MICROS + micros).to_text())
        }
        Scalar::Duration => Value::Str(Duration::from_nanos(first.unwrap_or(0) as i64).to_text()),
        Scalar::Quantity => {
            let quantity = Quantity::parse(&text_or("0")).map_err(|error| wrong(&error))?;
            Value::Str(quantity.to_text())
        }
        Scalar::IntOrString if first == Some(1) => Value::Str(text_or("").into()),
        Scalar::IntOrString => Value::Int((second as i32).into()),
        _ => match text {
            None | Some([]) => Value::Null,
            Some(text) if frame::is_envelope(text) => embedded(text, depth)?,
            Some(text) => {
                let value = json::parse(text, json::Limits { depth: MAX_DEPTH })?;
                match std::str::from_utf8(text) {
                    Ok(text) if scalar == Scalar::Raw => Verbatim::keep(text, value),
                    _ => value,
                }
            }
        },
    })
}

/// JSON can write the years 0 to 9999.
fn year_checked(seconds: i64) -> Result<Time, DecodeError> {
    const YEARS: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;
    if YEARS.contains(&seconds) {
        Ok(Time::from_unix(seconds))
    } else {
        Err(DecodeError::Protobuf("year out of range"))
    }
}

/// An object in protobuf inside of a Raw field: only built-in kinds can be read.
fn embedded(bytes: &[u8], depth: usize) -> Result<Value, DecodeError> {
    let envelope = frame::open_envelope(bytes)?;
    let unknown = DecodeError::Protobuf("embedded object of an unknown kind");
    let ty = Schema::builtin().by_kind(&envelope.api_version, &envelope.kind).ok_or(unknown)?;
    let mut value = super::decode::decode_at(ty, envelope.raw, depth)?;
    let map = value.make_map();
    map.insert("apiVersion", Text::from(envelope.api_version));
    map.insert("kind", Text::from(envelope.kind));
    Ok(value)
}
