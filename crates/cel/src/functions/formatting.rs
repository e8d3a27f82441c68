//! `"%s is %d".format([..])`, as cel-go's extension of version 2 has it: numbers by the customs of en-US.

use super::conversions::text_of;
use super::error;
use crate::eval::EvalError;
use crate::value::{List, Map, Val};

const DEFAULT_PRECISION: usize = 6;
/// Digits behind the point; a double has no more.
const MAX_PRECISION: usize = 1_000;
/// Lists in lists.
const MAX_DEPTH: u32 = 100;
/// Of the text that comes out.
const MAX_TEXT: usize = 32 << 20;

type Formatted = Result<String, EvalError>;

pub(super) fn format(template: &str, args: &List) -> Formatted {
    let mut out = String::new();
    let mut rest = template;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let Some(arg) = args.get(next) else {
            return error(format!("index {next} out of range"));
        };
        if rest.is_empty() {
            return error("unexpected end of string");
        }
        next += 1;
        let (precision, after) = precision(rest).map_err(|why| {
            EvalError::message(format!("could not parse formatting clause: error while parsing precision: {why}"))
        })?;
        let mut verbs = after.chars();
        let verb = verbs.next();
        rest = verbs.as_str();
        out.push_str(&clause(verb, precision, &arg?)?);
        if out.len() > MAX_TEXT {
            return Err(EvalError::CostExceeded);
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// `.3`, and what follows it.
fn precision(text: &str) -> Result<(Option<usize>, &str), String> {
    let Some(digits) = text.strip_prefix('.') else { return Ok((None, text)) };
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    if end == digits.len() {
        return Err("could not find end of precision specifier".to_owned());
    }
    match digits[..end].parse::<usize>() {
        Ok(precision) if precision <= MAX_PRECISION => Ok((Some(precision), &digits[end..])),
        _ => Err(format!(
            "error while converting precision to integer: strconv.Atoi: parsing {:?}: invalid syntax",
            &digits[..end]
        )),
    }
}

fn clause(verb: Option<char>, precision: Option<usize>, arg: &Val) -> Formatted {
    let precision = precision.unwrap_or(DEFAULT_PRECISION);
    let formatted = match verb {
        Some('s') => text(arg, 0),
        Some('d') => decimal(arg),
        Some('f') => double(arg, "fixed-point").map(|number| fixed(number, precision)),
        Some('e') => double(arg, "scientific").map(|number| scientific(number, precision)),
        Some('b') => binary(arg),
        Some('x') => hex(arg),
        Some('X') => hex(arg).map(|text| text.to_uppercase()),
        Some('o') => octal(arg),
        other => {
            let shown = other.map(String::from).unwrap_or_default();
            return error(format!("could not parse formatting clause: unrecognized formatting clause \"{shown}\""));
        }
    };
    formatted.map_err(|why| EvalError::message(format!("error during formatting: {why}")))
}

fn text(arg: &Val, depth: u32) -> Formatted {
    if depth > MAX_DEPTH {
        return Err(EvalError::TooDeep);
    }
    match arg {
        Val::List(list) => list_text(list, depth),
        Val::Map(map) => map_text(map, depth),
        Val::Null => Ok("null".to_owned()),
        Val::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => error("invalid UTF-8 in bytes, cannot convert to string"),
        },
        other => text_of(other).ok_or_else(|| {
            EvalError::message(format!(
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, \
                 and timestamps, was given {}",
                other.type_name()
            ))
        }),
    }
}

/// Inside a list or map, as a literal.
fn literal(arg: &Val, depth: u32) -> Formatted {
    match arg {
        Val::String(text) => Ok(go_quoted(text)),
        Val::Bytes(bytes) => Ok(format!("b{}", go_quoted(&String::from_utf8_lossy(bytes)))),
        Val::Timestamp(at) => Ok(format!("timestamp({})", go_quoted(&at.to_text()))),
        Val::Duration(_) => Ok(format!("duration({})", go_quoted(&text(arg, depth)?))),
        Val::Double(number) if number.is_finite() => Ok(format!("{number:.DEFAULT_PRECISION$}")),
        Val::Double(_) => Ok(go_quoted(&text(arg, depth)?)),
        Val::Object(_) | Val::Optional(_) | Val::Opaque(_) => {
            error(format!("no formatting function for {}", arg.type_name()))
        }
        _ => text(arg, depth + 1),
    }
}

fn list_text(list: &List, depth: u32) -> Formatted {
    let mut parts = Vec::new();
    for item in list.iter() {
        parts.push(literal(&item?, depth)?);
    }
    Ok(format!("[{}]", parts.join(", ")))
}

fn map_text(map: &Map, depth: u32) -> Formatted {
    let mut parts = Vec::new();
    for key in map.keys() {
        let value = map.get(&key).unwrap_or(Ok(Val::Null))?;
        parts.push((literal(&key.to_val(), depth)?, literal(&value, depth)?));
    }
    parts.sort();
    let parts: Vec<String> = parts.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
    Ok(format!("{{{}}}", parts.join(", ")))
}

/// As Go's `%q`.
pub(super) fn go_quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn decimal(arg: &Val) -> Formatted {
    match arg {
        Val::Int(number) => Ok(number.to_string()),
        Val::Uint(number) => Ok(number.to_string()),
        other => error(format!("decimal clause can only be used on integers, was given {}", other.type_name())),
    }
}

fn double(arg: &Val, clause: &str) -> Result<f64, EvalError> {
    match arg {
        Val::Double(number) => Ok(*number),
        Val::String(text) => match &**text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => error(format!("{clause} clause can only be used on doubles, was given string")),
        },
        other => error(format!("{clause} clause can only be used on doubles, was given {}", other.type_name())),
    }
}

fn special(number: f64) -> Option<String> {
    if number.is_nan() {
        return Some("NaN".to_owned());
    }
    number.is_infinite().then(|| if number > 0.0 { "∞" } else { "-∞" }.to_owned())
}

/// With commas between thousands.
fn fixed(number: f64, precision: usize) -> String {
    if let Some(text) = special(number) {
        return text;
    }
    let text = format!("{:.precision$}", number.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    if number.is_sign_negative() {
        out.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

/// `1.5 × 10⁰³`, with narrow spaces that do not break.
fn scientific(number: f64, precision: usize) -> String {
    if let Some(text) = special(number) {
        return text;
    }
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let mut out = format!("{digits}\u{202f}×\u{202f}10");
    if exponent < 0 {
        out.push('⁻');
    }
    for digit in format!("{:02}", exponent.abs()).bytes() {
        out.push(['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][usize::from(digit - b'0')]);
    }
    out
}

fn signed(number: i64, digits: String) -> String {
    if number < 0 { format!("-{digits}") } else { digits }
}

fn binary(arg: &Val) -> Formatted {
    match arg {
        Val::Int(number) => Ok(signed(*number, format!("{:b}", number.unsigned_abs()))),
        Val::Uint(number) => Ok(format!("{number:b}")),
        Val::Bool(value) => Ok(u8::from(*value).to_string()),
        other => error(format!("only integers and bools can be formatted as binary, was given {}", other.type_name())),
    }
}

fn hex(arg: &Val) -> Formatted {
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match arg {
        Val::Int(number) => Ok(signed(*number, format!("{:x}", number.unsigned_abs()))),
        Val::Uint(number) => Ok(format!("{number:x}")),
        Val::String(text) => Ok(bytes(text.as_bytes())),
        Val::Bytes(value) => Ok(bytes(value)),
        other => error(format!(
            "only integers, byte buffers, and strings can be formatted as hex, was given {}",
            other.type_name()
        )),
    }
}

fn octal(arg: &Val) -> Formatted {
    match arg {
        Val::Int(number) => Ok(signed(*number, format!("{:o}", number.unsigned_abs()))),
        Val::Uint(number) => Ok(format!("{number:o}")),
        other => error(format!("octal clause can only be used on integers, was given {}", other.type_name())),
    }
}
