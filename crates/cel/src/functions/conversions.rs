//! Conversions between types.

use super::{CallContext, Library, error, function, no_such_overload, overload};
use crate::decl::Function;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Timestamp, Val, duration_seconds_text, parse_timestamp};

pub(super) fn library() -> Library {
    Library {
        functions: declarations(),
        implementations: vec![
            ("type", |_, args| match args {
                [value] => Ok(Val::Type(value.type_of())),
                _ => no_such_overload(),
            }),
            ("dyn", |_, args| args.first().cloned().ok_or(EvalError::NoSuchOverload)),
            ("bool", to_bool),
            ("bytes", to_bytes),
            ("double", to_double),
            ("duration", to_duration),
            ("int", to_int),
            ("string", to_string),
            ("timestamp", to_timestamp),
            ("uint", to_uint),
        ],
    }
}

fn declarations() -> Vec<Function> {
    use Type::{Bool, Bytes, Double, Duration, Int, String, Timestamp, Uint};
    let a = Type::Param("A");
    let to = |name, result: Type, from: &[(&'static str, Type)]| {
        function(name, from.iter().map(|(id, ty)| overload(id, std::slice::from_ref(ty), result.clone())).collect())
    };
    vec![
        to("type", Type::Type(std::sync::Arc::new(a.clone())), &[("type", a.clone())]),
        to("dyn", Type::Dyn, &[("to_dyn", a)]),
        to("bool", Bool, &[("bool_to_bool", Bool), ("string_to_bool", String)]),
        to("bytes", Bytes, &[("bytes_to_bytes", Bytes), ("string_to_bytes", String)]),
        to(
            "double",
            Double,
            &[
                ("double_to_double", Double),
                ("int64_to_double", Int),
                ("string_to_double", String),
                ("uint64_to_double", Uint),
            ],
        ),
        to(
            "duration",
            Duration,
            &[("duration_to_duration", Duration), ("int64_to_duration", Int), ("string_to_duration", String)],
        ),
        to(
            "int",
            Int,
            &[
                ("int64_to_int64", Int),
                ("double_to_int64", Double),
                ("duration_to_int64", Duration),
                ("string_to_int64", String),
                ("timestamp_to_int64", Timestamp),
                ("uint64_to_int64", Uint),
            ],
        ),
        to(
            "string",
            String,
            &[
                ("string_to_string", String),
                ("bool_to_string", Bool),
                ("bytes_to_string", Bytes),
                ("double_to_string", Double),
                ("duration_to_string", Duration),
                ("int64_to_string", Int),
                ("timestamp_to_string", Timestamp),
                ("uint64_to_string", Uint),
            ],
        ),
        to(
            "timestamp",
            Timestamp,
            &[("timestamp_to_timestamp", Timestamp), ("int64_to_timestamp", Int), ("string_to_timestamp", String)],
        ),
        to(
            "uint",
            Uint,
            &[
                ("uint64_to_uint64", Uint),
                ("double_to_uint64", Double),
                ("int64_to_uint64", Int),
                ("string_to_uint64", String),
            ],
        ),
    ]
}

/// A scalar as `string()` shows it; the name of the type of anything else.
pub fn plain_text(value: &Val) -> String {
    text_of(value).unwrap_or_else(|| value.type_name())
}

/// As `string()` has it; `None` for what it has no text for.
pub(super) fn text_of(value: &Val) -> Option<String> {
    Some(match value {
        Val::String(text) => text.to_string(),
        Val::Bool(value) => value.to_string(),
        Val::Int(value) => value.to_string(),
        Val::Uint(value) => value.to_string(),
        Val::Double(value) => double_text(*value),
        Val::Duration(nanos) => duration_seconds_text(*nanos),
        Val::Timestamp(at) => at.to_text(),
        Val::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.to_owned(),
        Val::Type(ty) => crate::value::runtime_name(ty).to_owned(),
        _ => return None,
    })
}

/// As C's `%g` with as few digits as tell the number.
pub(super) fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    // `d.ddde-x` with the fewest digits.
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

fn cannot_convert<T>(from: &str, to: &str) -> Result<T, EvalError> {
    error(format!("type conversion error from '{from}' to '{to}'"))
}

fn to_bool(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Bool(value)] => Ok(Val::Bool(*value)),
        [Val::String(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Val::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Val::Bool(false)),
            _ => cannot_convert("string", "bool"),
        },
        _ => no_such_overload(),
    }
}

fn to_bytes(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Bytes(bytes)] => Ok(Val::Bytes(bytes.clone())),
        [Val::String(text)] => Ok(Val::Bytes(text.as_bytes().into())),
        _ => no_such_overload(),
    }
}

fn to_double(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Double(value)] => Ok(Val::Double(*value)),
        [Val::Int(value)] => Ok(Val::Double(*value as f64)),
        [Val::Uint(value)] => Ok(Val::Double(*value as f64)),
        [Val::String(text)] => match text.parse() {
            Ok(value) if f64::is_finite(value) || !text.bytes().any(|byte| byte.is_ascii_digit()) => {
                Ok(Val::Double(value))
            }
            _ => cannot_convert("string", "double"),
        },
        _ => no_such_overload(),
    }
}

fn to_duration(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Duration(nanos)] | [Val::Int(nanos)] => Ok(Val::Duration(*nanos)),
        [Val::String(text)] => match schema::Duration::parse(text) {
            Ok(duration) => Ok(Val::Duration(duration.as_nanos())),
            Err(_) => cannot_convert("string", "google.protobuf.Duration"),
        },
        _ => no_such_overload(),
    }
}

fn to_int(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Int(value)] | [Val::Duration(value)] => Ok(Val::Int(*value)),
        [Val::Uint(value)] => i64::try_from(*value).map(Val::Int).or_else(|_| error("integer overflow")),
        [Val::Double(value)] if *value > -9_223_372_036_854_775_808.0 && *value < 9_223_372_036_854_775_808.0 => {
            Ok(Val::Int(*value as i64))
        }
        [Val::Double(_)] => error("integer overflow"),
        [Val::Timestamp(at)] => Ok(Val::Int(at.seconds)),
        [Val::String(text)] => text.parse().map(Val::Int).or_else(|_| cannot_convert("string", "int")),
        _ => no_such_overload(),
    }
}

fn to_string(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::String(text)] => Ok(Val::String(text.clone())),
        [Val::Bytes(bytes)] if std::str::from_utf8(bytes).is_err() => {
            error("invalid UTF-8 in bytes, cannot convert to string")
        }
        [Val::Type(_)] => no_such_overload(),
        [value] => text_of(value).map(Val::from).ok_or(EvalError::NoSuchOverload),
        _ => no_such_overload(),
    }
}

fn to_timestamp(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Timestamp(at)] => Ok(Val::Timestamp(*at)),
        [Val::Int(seconds)] => {
            Timestamp::new(*seconds, 0).map(Val::Timestamp).map_or_else(|| error("timestamp overflow"), Ok)
        }
        [Val::String(text)] => match parse_timestamp(text) {
            Some(at) => Ok(Val::Timestamp(at)),
            None => cannot_convert("string", "google.protobuf.Timestamp"),
        },
        _ => no_such_overload(),
    }
}

fn to_uint(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Uint(value)] => Ok(Val::Uint(*value)),
        [Val::Int(value)] => u64::try_from(*value).map(Val::Uint).or_else(|_| error("unsigned integer overflow")),
        [Val::Double(value)] if *value > -1.0 && *value < 18_446_744_073_709_551_616.0 => Ok(Val::Uint(*value as u64)),
        [Val::Double(_)] => error("unsigned integer overflow"),
        [Val::String(text)] if !text.starts_with('+') => {
            text.parse().map(Val::Uint).or_else(|_| cannot_convert("string", "uint"))
        }
        [Val::String(_)] => cannot_convert("string", "uint"),
        _ => no_such_overload(),
    }
}
