//! What a plain scalar means in YAML 1.1, as go-yaml v2 sees it.

use super::YamlError;
use crate::{Text, Value};

/// The meaning of a scalar without quotes.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    Null,
    Bool(bool),
    /// A number as JSON would have it.
    Number(Value),
    Infinite(&'static str),
    /// Text that looks like a time; it stays text, but is quoted when written.
    Timestamp,
    Merge,
    Str,
}

pub(super) fn resolve(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Meaning::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Meaning::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Meaning::Infinite("NaN"),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Meaning::Infinite("+Inf"),
        "-.inf" | "-.Inf" | "-.INF" => return Meaning::Infinite("-Inf"),
        "<<" => return Meaning::Merge,
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => float(text).map_or(Meaning::Str, Meaning::Number),
        b'0'..=b'9' | b'+' | b'-' => {
            if is_timestamp(text) {
                return Meaning::Timestamp;
            }
            number(&text.replace('_', "")).map_or(Meaning::Str, Meaning::Number)
        }
        _ => Meaning::Str,
    }
}

/// A scalar without quotes as a value.
pub(super) fn value(text: &str) -> Result<Value, YamlError> {
    Ok(match resolve(text) {
        Meaning::Null => Value::Null,
        Meaning::Bool(b) => Value::Bool(b),
        Meaning::Number(number) => number,
        Meaning::Infinite(name) => return Err(YamlError::Unsupported(name)),
        Meaning::Timestamp | Meaning::Merge | Meaning::Str => Value::str(text),
    })
}

/// A scalar as a key: JSON has strings only.
pub(super) fn key(text: &str) -> Result<Text, YamlError> {
    Ok(match resolve(text) {
        Meaning::Null => return Err(YamlError::Key),
        Meaning::Bool(b) => Text::const_new(if b { "true" } else { "false" }),
        Meaning::Number(Value::Int(n)) => Text::from(itoa::Buffer::new().format(n)),
        Meaning::Number(number) => crate::json::to_string(&number).into(),
        Meaning::Infinite("+Inf") => Text::const_new(".inf"),
        Meaning::Infinite("-Inf") => Text::const_new("-.inf"),
        Meaning::Infinite(_) => Text::const_new(".nan"),
        Meaning::Timestamp | Meaning::Merge | Meaning::Str => text.into(),
    })
}

fn number(plain: &str) -> Option<Value> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.is_empty() && digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return match i128::from_str_radix(digits, radix) {
            Ok(n) => {
                let n = if negative { -n } else { n };
                Some(i64::try_from(n).map_or(Value::Float(n as f64), Value::Int))
            }
            Err(_) if radix == 10 => float(plain),
            Err(_) => None,
        };
    }
    is_float(plain).then(|| float(plain))?
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A float as it comes out of JSON: whole numbers are integers there.
fn float(text: &str) -> Option<Value> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    let n: f64 = text.parse().ok()?;
    if !n.is_finite() {
        return None;
    }
    let whole = n.fract() == 0.0 && n.abs() < i64::MAX as f64;
    Some(if whole { Value::Int(n as i64) } else { Value::Float(n) })
}

/// `2006-1-2`, alone or with a time of day.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.iter().take_while(|byte| byte.is_ascii_digit()).count() != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = &text[5..];
    let mut part = |max: u32, least: u32, after: &[char]| -> Option<char> {
        let count = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let n: u32 = rest[..count].parse().ok()?;
        rest = &rest[count..];
        let next = rest.chars().next().unwrap_or('\0');
        if !(least..=max).contains(&n) || !after.contains(&next) {
            return None;
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    };
    let Some('-') = part(12, 1, &['-']) else { return false };
    let Some(separator) = part(31, 1, &['\0', 'T', 't', ' ']) else { return false };
    if separator == '\0' {
        return true;
    }
    let day_time = part(23, 0, &[':']).is_some() && part(59, 0, &[':']).is_some();
    if !day_time {
        return false;
    }
    let Some(mut next) = part(59, 0, &['\0', '.', ',', 'Z', '+', '-']) else { return false };
    if matches!(next, '.' | ',') {
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        next = rest[count..].chars().next().unwrap_or('\0');
        rest = rest.get(count + next.len_utf8()..).unwrap_or_default();
        if count == 0 {
            return false;
        }
    }
    match next {
        '\0' => separator == ' ',
        'Z' => separator != ' ' && rest.is_empty(),
        '+' | '-' => separator != ' ' && rest.len() == 5 && rest.as_bytes()[2] == b':',
        _ => false,
    }
}
