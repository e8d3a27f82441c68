//! Values as Go's `fmt` prints them with `%v`: several messages that clients read contain such text.

use schema::Value;
use std::fmt::{self, Display, Write};

/// Displays a value as `%v` does: `map[a:1 b:[x <nil>]]`.
pub struct Go<'v>(pub &'v Value);

impl Display for Go<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => out.write_str("<nil>"),
            Value::Bool(b) => write!(out, "{b}"),
            Value::Int(n) => write!(out, "{n}"),
            Value::Float(n) => out.write_str(&float(*n)),
            Value::Str(text) => out.write_str(text),
            Value::List(items) => list(out, items),
            Value::Map(map) => {
                out.write_str("map[")?;
                for (index, (key, value)) in map.iter().enumerate() {
                    let space = if index == 0 { "" } else { " " };
                    write!(out, "{space}{key}:{}", Go(value))?;
                }
                out.write_char(']')
            }
            Value::Verbatim(verbatim) => Go(verbatim.value()).fmt(out),
        }
    }
}

/// Displays a list of values as `%v` does.
pub struct GoList<'v>(pub &'v [Value]);

impl Display for GoList<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(out, self.0)
    }
}

/// The name of the Go type that holds a decoded JSON value.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        Value::Verbatim(verbatim) => type_name(verbatim.value()),
    }
}

/// What Go's JSON decoder calls a value in its errors.
pub fn json_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Verbatim(verbatim) => json_name(verbatim.value()),
    }
}

fn list(out: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    out.write_char('[')?;
    for (index, item) in items.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        write!(out, "{space}{}", Go(item))?;
    }
    out.write_char(']')
}

/// `%v` of a float64: the shortest text that reads back, with an exponent below -4 and from 21 on.
fn float(n: f64) -> String {
    if n == 0.0 {
        return if n.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    if !n.is_finite() {
        return if n.is_nan() {
            "NaN".into()
        } else if n > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    let scientific = format!("{n:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or_default() {
        -4..21 => format!("{n}"),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}
