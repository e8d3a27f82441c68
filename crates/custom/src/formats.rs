//! The formats of strings that upstream's validator knows; others are notes for readers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const KNOWN: &[&str] = &[
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8slongname",
    "k8sshortname",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];
const OF_NUMBERS: &[&str] = &["double", "float", "int32", "int64"];

fn normal(format: &str) -> String {
    format.replace('-', "")
}

/// Whether texts are checked for this format.
pub fn is_known(format: &str) -> bool {
    !format.is_empty() && KNOWN.contains(&normal(format).as_str())
}

/// Whether the format counts at all.
pub fn is_kept(format: &str) -> bool {
    is_known(format) || OF_NUMBERS.contains(&format)
}

pub fn validates(format: &str, text: &str) -> bool {
    match normal(format).as_str() {
        "bsonobjectid" => text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()),
        "byte" => is_base64(text),
        "cidr" => is_cidr(text),
        "creditcard" => is_credit_card(text),
        "date" => is_date(text),
        "datetime" => is_date_time(text),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hexcolor" => is_hex_color(text),
        "hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "isbn" => is_isbn10(text) || is_isbn13(text),
        "isbn10" => is_isbn10(text),
        "isbn13" => is_isbn13(text),
        "k8slongname" => kind::validate::dns1123_subdomain(text).is_empty(),
        "k8sshortname" => kind::validate::dns1123_label(text).is_empty(),
        "mac" => is_mac(text),
        "rgbcolor" => is_rgb_color(text),
        "ssn" => is_ssn(text),
        "uri" => is_uri(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        _ => true,
    }
}

fn is_base64(text: &str) -> bool {
    text.len().is_multiple_of(4) && schema::Bytes::from_base64(text).is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let plain =
        !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let max = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    plain && length.parse::<u32>().is_ok_and(|length| length <= max)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn is_credit_card(text: &str) -> bool {
    let digits = digits(text);
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(digit - b'0');
            match index % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
    if !shape {
        return false;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    let day = number(8..10);
    day >= 1 && day <= days_in(number(0..4), number(5..7))
}

/// As upstream's pattern: RFC 3339, the zone as `Z` or an offset.
fn is_date_time(text: &str) -> bool {
    if !text.is_ascii() || text.len() < 20 {
        return false;
    }
    let (date, rest) = text.split_at(10);
    let separated = rest.starts_with(['T', 't', ' ']);
    let time = &rest[1..];
    let (clock, zone) = time.split_at(8.min(time.len()));
    let two = |range: std::ops::Range<usize>| clock.get(range).and_then(|text| text.parse::<u32>().ok());
    let clock_fits = clock.as_bytes().get(2) == Some(&b':')
        && clock.as_bytes().get(5) == Some(&b':')
        && two(0..2).is_some_and(|hours| hours <= 23)
        && two(3..5).is_some_and(|minutes| minutes <= 59)
        && two(6..8).is_some_and(|seconds| seconds <= 60);
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => {
            let end = fraction.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(fraction.len());
            if end == 0 {
                return false;
            }
            &fraction[end..]
        }
        None => zone,
    };
    let offset = |zone: &str| {
        let bytes = zone.as_bytes();
        bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|&at| bytes[at].is_ascii_digit())
    };
    separated && is_date(date) && clock_fits && (matches!(zone, "Z" | "z") || offset(zone))
}

/// Go's durations, or words such as `3 days`.
fn is_duration(text: &str) -> bool {
    if schema::Duration::parse(text).is_ok() {
        return true;
    }
    const UNITS: &[&str] = &[
        "ns", "nano", "us", "µs", "micro", "ms", "milli", "s", "sec", "m", "min", "h", "hr", "hour", "d", "day", "w",
        "week", "wk",
    ];
    let text = text.trim();
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let unit = text[end..].trim();
    let singular = unit.strip_suffix('s').filter(|rest| !rest.is_empty()).unwrap_or(unit);
    end > 0 && (UNITS.contains(&unit) || UNITS.contains(&singular) || matches!(singular, "second" | "minute"))
}

fn is_email(text: &str) -> bool {
    let text = match (text.find('<'), text.strip_suffix('>')) {
        (Some(open), Some(rest)) => &rest[open + 1..],
        _ => text,
    };
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let local_fits = !local.is_empty()
        && local.chars().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    local_fits && !domain.is_empty() && domain.split('.').all(|label| !label.is_empty()) && domain.chars().all(atom)
}

fn is_hex_color(text: &str) -> bool {
    let text = text.strip_prefix('#').unwrap_or(text);
    matches!(text.len(), 3 | 6) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    !text.is_empty() && text.len() <= 255 && text.split('.').all(label)
}

fn is_isbn10(text: &str) -> bool {
    let text: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if text.len() != 10 {
        return false;
    }
    let mut sum = 0;
    for (index, c) in text.iter().enumerate() {
        let digit = match (c, index) {
            ('X', 9) => 10,
            (c, _) => match c.to_digit(10) {
                Some(digit) => digit,
                None => return false,
            },
        };
        sum += (index as u32 + 1) * digit;
    }
    sum % 11 == 0
}

fn is_isbn13(text: &str) -> bool {
    let text: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let digits: Option<Vec<u32>> = text.iter().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|digits| {
        let sum: u32 = digits.iter().enumerate().map(|(index, digit)| digit * if index % 2 == 0 { 1 } else { 3 }).sum();
        digits.len() == 13 && sum.is_multiple_of(10)
    })
}

fn is_mac(text: &str) -> bool {
    let groups = |separator: char, width: usize, counts: &[usize]| {
        let parts: Vec<&str> = text.split(separator).collect();
        counts.contains(&parts.len())
            && parts.iter().all(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    groups(':', 2, &[6, 8, 20]) || groups('-', 2, &[6, 8, 20]) || groups('.', 4, &[3, 4, 10])
}

fn is_rgb_color(text: &str) -> bool {
    let inner = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(|inner| {
        let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u8>().is_ok() && !part.starts_with('+'))
    })
}

fn is_ssn(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', ' ']).collect();
    let shape = match parts.as_slice() {
        [a, b, c] => a.len() == 3 && b.len() == 2 && c.len() == 4,
        _ => false,
    };
    shape && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b' '))
}

/// As Go's `url.ParseRequestURI`: absolute, or a path from the root.
pub fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.chars().any(char::is_control) {
        return false;
    }
    if text.starts_with('/') {
        return escapes_are_whole(text);
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let rooted = rest.starts_with('/');
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host_fits = host.is_none_or(|host| !host.contains(' ') && port_fits(host));
    scheme_fits && (rooted || !rest.is_empty()) && host_fits && escapes_are_whole(rest)
}

fn port_fits(host: &str) -> bool {
    let after_brackets = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    match after_brackets.rsplit_once(':') {
        Some((_, port)) => port.bytes().all(|b| b.is_ascii_digit()),
        None => true,
    }
}

fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().filter(|(_, b)| **b == b'%').all(|(at, _)| {
        bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit) && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit)
    })
}

/// With or without dashes, in any case; of a version, if one is named.
fn is_uuid(text: &str, version: Option<char>) -> bool {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    let dashes_fit = {
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        groups.as_slice() == [8, 4, 4, 4, 12] || !text.contains('-')
    };
    let of_version = match version {
        None => true,
        Some('3') => plain.chars().nth(12) == Some('3'),
        Some(version) => {
            plain.chars().nth(12) == Some(version) && plain.chars().nth(16).is_some_and(|c| "89abAB".contains(c))
        }
    };
    plain.len() == 32 && plain.bytes().all(|b| b.is_ascii_hexdigit()) && dashes_fit && of_version
}
