//! The scalar types that JSON writes as text: quantities, times, durations, base64, and a number or a string.
//!
//! Each parses what Go parses, with Go's error texts (clients read them), and prints the one canonical form that a
//! [`crate::Value`] holds. Deliberately absent: a clock ([`Time`] comes from `stdx::Clock` or from a request).

mod duration;
mod quantity;
mod time;

pub use duration::{Duration, DurationError};
pub use quantity::{Format, Quantity, QuantityError};
pub use time::{MicroTime, Time, TimeError};

use crate::typed::Part;
use crate::{Text, Value};
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use std::fmt;

/// Go's StdEncoding: padding is needed, the unused bits of the last digit are not looked at.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// A port, a count or a percentage: a number, or a string with a meaning of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IntOrString {
    Int(i32),
    String(String),
}

impl Default for IntOrString {
    fn default() -> IntOrString {
        IntOrString::Int(0)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(n) => write!(f, "{n}"),
            IntOrString::String(text) => f.write_str(text),
        }
    }
}

impl From<i32> for IntOrString {
    fn from(n: i32) -> IntOrString {
        IntOrString::Int(n)
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> IntOrString {
        IntOrString::String(text.to_owned())
    }
}

impl Part for IntOrString {
    fn read(value: &Value) -> IntOrString {
        match value {
            Value::Str(text) => IntOrString::String(text.as_str().to_owned()),
            other => IntOrString::Int(i32::read(other)),
        }
    }
    fn write(&self) -> Value {
        match self {
            IntOrString::Int(n) => Value::Int((*n).into()),
            IntOrString::String(text) => Value::str(text.as_str()),
        }
    }
    fn is_zero(&self) -> bool {
        *self == IntOrString::Int(0)
    }
}

/// Bytes, in base64 wherever there is text.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

/// Go's words for text that is not base64.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {at}")]
pub struct Base64Error {
    pub at: usize,
}

impl Bytes {
    /// Line ends inside are passed over, as Go does.
    pub fn from_base64(text: &str) -> Result<Bytes, Base64Error> {
        match LENIENT.decode(text) {
            Ok(bytes) => Ok(Bytes(bytes)),
            Err(_) => decode_slowly(text.as_bytes()),
        }
    }

    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

/// Appends the base64 of `bytes`.
pub(crate) fn push_base64(bytes: &[u8], out: &mut String) {
    STANDARD.encode_string(bytes, out);
}

/// For text that has line ends or is wrong: finds the byte that Go names.
fn decode_slowly(text: &[u8]) -> Result<Bytes, Base64Error> {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let digits: Vec<u8> = text.iter().copied().filter(|byte| !is_end(byte)).collect();
    if digits.len() < text.len()
        && let Ok(bytes) = LENIENT.decode(&digits)
    {
        return Ok(Bytes(bytes));
    }
    let mut in_group = 0;
    let mut rest = text.iter().enumerate().filter(|(_, byte)| !is_end(byte));
    while let Some((at, &byte)) = rest.next() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => in_group = (in_group + 1) % 4,
            b'=' if in_group == 2 => {
                // A second padding character has to follow, and nothing after it.
                return Err(Base64Error {
                    at: match rest.next() {
                        Some((_, b'=')) => rest.next().map_or(at, |(at, _)| at),
                        Some((at, _)) => at,
                        None => text.len(),
                    },
                });
            }
            b'=' if in_group == 3 => return Err(Base64Error { at: rest.next().map_or(at, |(at, _)| at) }),
            _ => return Err(Base64Error { at }),
        }
    }
    Err(Base64Error { at: digits.len() - in_group })
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.to_base64())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Bytes {
        Bytes(bytes.to_vec())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Part for Bytes {
    fn read(value: &Value) -> Bytes {
        value.as_str().and_then(|text| Bytes::from_base64(text).ok()).unwrap_or_default()
    }
    fn write(&self) -> Value {
        Value::str(self.to_base64())
    }
    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}

/// A scalar that is text in a value: `Display` and `parse`.
macro_rules! part_as_text {
    ($($scalar:ty),*) => { $(
        impl Part for $scalar {
            fn read(value: &Value) -> $scalar {
                value.as_str().and_then(|text| <$scalar>::parse(text).ok()).unwrap_or_default()
            }
            fn write(&self) -> Value {
                Value::Str(self.to_text())
            }
            fn is_zero(&self) -> bool {
                <$scalar>::is_zero(self)
            }
        }

        impl std::fmt::Display for $scalar {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.to_text())
            }
        }
    )* };
}
part_as_text!(Quantity, Time, MicroTime, Duration);

/// Appends a number with leading zeros.
fn push_padded(out: &mut Text, mut n: u64, digits: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while n > 0 || buffer.len() - at < digits {
        at -= 1;
        buffer[at] = b'0' + (n % 10) as u8;
        n /= 10;
    }
    out.push_str(std::str::from_utf8(&buffer[at..]).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests;
