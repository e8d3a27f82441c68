//! One line of a log file, in the form that every CRI runtime writes.

use kubelet_core::{Nanos, SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// RFC 3339 with a fraction, as written.
    pub time: &'a str,
    pub at: Nanos,
    pub stream: Stream,
    /// The rest of the line comes in the next one.
    pub partial: bool,
    pub text: &'a [u8],
}

/// Reads a line without its line feed. `None`: not a line of a log.
pub(super) fn parse(line: &[u8]) -> Option<Line<'_>> {
    let (time, rest) = cut(line)?;
    let (stream, rest) = cut(rest)?;
    let (tags, text) = cut(rest)?;
    let time = std::str::from_utf8(time).ok()?;
    let stream = match stream {
        b"stdout" => Stream::Stdout,
        b"stderr" => Stream::Stderr,
        _ => return None,
    };
    // Tags are separated by colons, and the first one says this.
    let partial = match tags.split(|&byte| byte == b':').next()? {
        b"P" => true,
        b"F" => false,
        _ => return None,
    };
    Some(Line { time, at: nanos(time)?, stream, partial, text })
}

fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == b' ')?;
    Some((&text[..at], &text[at + 1..]))
}

/// A time of RFC 3339, with up to nine digits of fraction.
pub(super) fn nanos(text: &str) -> Option<Nanos> {
    let seconds = schema::Time::parse(text).ok()?.unix();
    let (digits, _) = fraction(text);
    let padded: String = digits.chars().take(9).chain("000000000".chars()).take(9).collect();
    seconds.checked_mul(SECOND)?.checked_add(padded.parse().ok()?)
}

/// The time with exactly nine digits of fraction.
pub(super) fn fixed(text: &str) -> String {
    let (digits, zone) = fraction(text);
    let seconds = &text[..text.len() - zone.len() - if digits.is_empty() { 0 } else { digits.len() + 1 }];
    format!("{seconds}.{digits:0<9}{zone}")
}

/// The digits after the point, and the zone after them.
fn fraction(text: &str) -> (&str, &str) {
    const SECONDS: usize = "2006-01-02T15:04:05".len();
    let rest = text.get(SECONDS..).unwrap_or_default();
    match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("", rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let line = parse(b"2026-01-02T15:04:05.5+01:00 stderr P:x a b ").unwrap();
        assert_eq!((line.stream, line.partial, line.text), (Stream::Stderr, true, &b"a b "[..]));
        assert_eq!(line.at, 1_767_362_645_500_000_000);
        assert_eq!(parse(b"2026-01-02T15:04:05Z stdout F ").unwrap().text, b"");
        for bad in ["", "x stdout F a", "2026-01-02T15:04:05Z stdin F a", "2026-01-02T15:04:05Z stdout X a"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn times_get_nine_digits() {
        assert_eq!(fixed("2026-01-02T15:04:05.5+01:00"), "2026-01-02T15:04:05.500000000+01:00");
        assert_eq!(fixed("2026-01-02T15:04:05Z"), "2026-01-02T15:04:05.000000000Z");
        assert_eq!(fixed("2026-01-02T15:04:05.123456789Z"), "2026-01-02T15:04:05.123456789Z");
    }
}
