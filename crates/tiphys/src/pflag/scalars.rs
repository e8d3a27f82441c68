//! Go's notations of flags' values, with Go's words for what is none.

use super::Kind;
use std::net::IpAddr;
use std::time::Duration;

/// What is wrong with a value.
pub(super) fn check(kind: Kind, value: &str) -> Result<(), String> {
    match kind {
        Kind::Bool => boolean(value).map(drop),
        Kind::Int | Kind::Level => integer(value).map(drop),
        Kind::Float => {
            value.parse::<f64>().map(drop).map_err(|_| format!("strconv.ParseFloat: parsing {value:?}: invalid syntax"))
        }
        Kind::Duration => duration(value).map(drop),
        Kind::Ip if value.is_empty() => Ok(()),
        Kind::Ip => value.trim().parse::<IpAddr>().map(drop).map_err(|_| format!("failed to parse IP: {value:?}")),
        Kind::PortRange => port_range(value).map(drop),
        Kind::BoolMap => pairs(value, |value| {
            boolean(value).map(drop).map_err(|_| {
                format!("invalid value of {value:?}, err: strconv.ParseBool: parsing {value:?}: invalid syntax")
            })
        }),
        Kind::TextMap => pairs(value, |_| Ok(())),
        Kind::Text | Kind::Strings | Kind::StringArray => Ok(()),
    }
}

fn pairs(value: &str, check: impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
    for pair in split(value).iter().filter(|pair| !pair.is_empty()) {
        let (_, value) =
            pair.split_once('=').ok_or_else(|| format!("malformed pair, expect string=bool, but got {pair:?}"))?;
        check(value.trim())?;
    }
    Ok(())
}

/// At commas, those within quotes left alone.
pub(super) fn split(value: &str) -> Vec<String> {
    if value.is_empty() {
        return Vec::new();
    }
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for character in value.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    parts.push(part);
    parts
}

pub(super) fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {value:?}: invalid syntax")),
    }
}

pub(super) fn integer(value: &str) -> Result<i64, String> {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let digits = if digits.contains('_') { "" } else { digits };
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(format!("strconv.ParseInt: parsing {value:?}: invalid syntax"));
    }
    let magnitude = i64::from_str_radix(digits, radix)
        .map_err(|_| format!("strconv.ParseInt: parsing {value:?}: value out of range"))?;
    Ok(if value.starts_with('-') { -magnitude } else { magnitude })
}

/// `1h30m`, `1.5s`, `300ms`, `0`. Negative ones are refused: no flag means them.
pub(super) fn duration(value: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {value:?}");
    let unsigned = value.strip_prefix('+').unwrap_or(value);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let (mut rest, mut total) = (unsigned, 0f64);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| invalid())?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "" => return Err(format!("time: missing unit in duration {value:?}")),
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            unknown => return Err(format!("time: unknown unit {unknown:?} in duration {value:?}")),
        };
        rest = &rest[end..];
        total += number * unit;
    }
    // Go's durations end at 292 years.
    if total > i64::MAX as f64 / 1e9 {
        return Err(invalid());
    }
    Duration::try_from_secs_f64(total).map_err(|_| invalid())
}

/// `30000-32767`, `30000+2767`, `30000`.
pub(super) fn port_range(value: &str) -> Result<(u16, u16), String> {
    let invalid = || format!("expected hyphenated port range, got {value:?}");
    let port = |text: &str| text.parse::<u16>().map_err(|_| invalid());
    if let Some((first, last)) = value.split_once('-') {
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(format!("end port cannot be less than start port: {value}"));
        }
        return Ok((first, last));
    }
    if let Some((first, count)) = value.split_once('+') {
        let (first, count) = (port(first)?, port(count)?);
        return Ok((first, first.checked_add(count).ok_or_else(invalid)?));
    }
    Ok((port(value)?, port(value)?))
}
