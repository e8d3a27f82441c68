//! Scalars: from a token to canonical text.

use super::source::{Chars, Token};
use crate::scalar::{Bytes, Duration, MicroTime, Quantity, QuantityError, Time};
use crate::{Scalar, Value};

/// Why a token is no scalar of a type.
pub(super) enum Wrong {
    /// Another type; Go's words for what was found.
    Type(String),
    /// The right type, but not a text that can be read.
    Text(String),
}

/// Null reads as Null. Raw, Json and FieldsV1 never come here, lists and maps only for quantities.
pub(super) fn read(scalar: Scalar, token: Token<'_>) -> Result<Value, Wrong> {
    match (scalar, token) {
        (_, Token::Null) => Ok(Value::Null),
        (Scalar::String, Token::Str(text)) => Ok(Value::Str(text.into_text())),
        (Scalar::Bool, Token::Bool(b)) => Ok(Value::Bool(b)),
        (Scalar::Int32 | Scalar::IntOrString, Token::Number(n)) => {
            match n.as_i64().filter(|&n| i32::try_from(n).is_ok()) {
                Some(n) => Ok(Value::Int(n)),
                None => Err(Wrong::Type(format!("number {}", n.text()))),
            }
        }
        (Scalar::Int64, Token::Number(n)) => match n.as_i64() {
            Some(n) => Ok(Value::Int(n)),
            None => Err(Wrong::Type(format!("number {}", n.text()))),
        },
        (Scalar::Float, Token::Number(n)) => match n.as_f64() {
            Some(n) => Ok(Value::Float(n)),
            None => Err(Wrong::Type(format!("number {}", n.text()))),
        },
        (Scalar::IntOrString, Token::Str(text)) => Ok(Value::Str(text.into_text())),
        (Scalar::Quantity, token) => quantity(token),
        (Scalar::Bytes, Token::Str(text)) => match Bytes::from_base64(&text) {
            // Only line ends and unused bits make a text differ from the canonical one.
            Ok(bytes) if text.len() % 4 == 0 && !text.contains(['\r', '\n']) && !text.ends_with('=') => {
                debug_assert_eq!(bytes.to_base64(), *text);
                Ok(Value::Str(text.into_text()))
            }
            Ok(bytes) => Ok(Value::str(bytes.to_base64())),
            Err(error) => Err(Wrong::Text(error.to_string())),
        },
        (Scalar::Time, Token::Str(text)) => text_of(text, |text| Time::parse(text).map(|time| time.to_text())),
        (Scalar::MicroTime, Token::Str(text)) => {
            text_of(text, |text| MicroTime::parse(text).map(|time| time.to_text()))
        }
        (Scalar::Duration, Token::Str(text)) => text_of(text, |text| Duration::parse(text).map(|span| span.to_text())),
        (_, token) => Err(Wrong::Type(token.name().into())),
    }
}

fn text_of<E: ToString>(
    text: Chars<'_>,
    canonical: impl FnOnce(&str) -> Result<crate::Text, E>,
) -> Result<Value, Wrong> {
    canonical(&text).map(Value::Str).map_err(|error| Wrong::Text(error.to_string()))
}

/// A bare number is taken too; anything else reads as a text that is no quantity.
fn quantity(token: Token<'_>) -> Result<Value, Wrong> {
    let parsed = match &token {
        Token::Str(text) => Quantity::parse(text.trim()),
        Token::Number(n) => Quantity::parse(&n.text()),
        _ => Err(QuantityError::Format),
    };
    parsed.map(|quantity| Value::Str(quantity.to_text())).map_err(|error| Wrong::Text(error.to_string()))
}

/// Go's zero value of a scalar in canonical form.
pub(crate) fn is_zero(scalar: Scalar, value: &Value) -> bool {
    match (scalar, value) {
        (_, Value::Null) => true,
        (Scalar::Quantity, Value::Str(text)) => text == "0",
        (Scalar::Duration, Value::Str(text)) => text == "0s",
        (Scalar::Time, Value::Str(text)) => text == "0001-01-01T00:00:00Z",
        (Scalar::MicroTime, Value::Str(text)) => text == "0001-01-01T00:00:00.000000Z",
        // An empty string is not the zero IntOrString, which is a number.
        (Scalar::IntOrString, Value::Str(_)) => false,
        (Scalar::Raw | Scalar::Json | Scalar::FieldsV1, _) => false,
        (_, value) => value.is_zero(),
    }
}

/// Go's zero value of a scalar that is an element and so cannot be absent.
pub(crate) fn zero(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Bool => Value::Bool(false),
        Scalar::Int32 | Scalar::Int64 | Scalar::IntOrString => Value::Int(0),
        Scalar::Float => Value::Float(0.0),
        Scalar::String | Scalar::Bytes => Value::Str(crate::Text::default()),
        Scalar::Quantity => Value::Str(crate::Text::const_new("0")),
        Scalar::Duration => Value::Str(crate::Text::const_new("0s")),
        Scalar::Time | Scalar::MicroTime | Scalar::Raw | Scalar::Json | Scalar::FieldsV1 => Value::Null,
    }
}
