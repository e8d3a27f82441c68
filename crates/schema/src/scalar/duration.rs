//! Go's durations: `1h2m3.5s`.

use super::push_padded;
use crate::Text;

/// A span of time in nanoseconds; Go's `time.Duration` in a `metav1.Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration(i64);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit { unit: String, text: String },
}

const SECOND: u64 = 1_000_000_000;

impl Duration {
    pub const fn from_nanos(nanos: i64) -> Duration {
        Duration(nanos)
    }

    /// Saturates at about 292 years.
    pub const fn from_secs(seconds: i64) -> Duration {
        Duration(seconds.saturating_mul(SECOND as i64))
    }

    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Toward zero.
    pub const fn as_secs(self) -> i64 {
        self.0 / SECOND as i64
    }

    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// `None` where it is negative.
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0).ok().map(std::time::Duration::from_nanos)
    }

    /// Follows `time.ParseDuration`.
    pub fn parse(text: &str) -> Result<Duration, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut sum = 0u64;
        while !rest.is_empty() {
            let (term, after) = term(rest, text)?;
            rest = after;
            sum = sum.checked_add(term).filter(|&sum| sum <= 1 << 63).ok_or_else(invalid)?;
        }
        match (negative, i64::try_from(sum)) {
            (false, Ok(nanos)) => Ok(Duration(nanos)),
            (true, Ok(nanos)) => Ok(Duration(-nanos)),
            (true, Err(_)) => Ok(Duration(i64::MIN)),
            (false, Err(_)) => Err(invalid()),
        }
    }

    /// Follows `Duration.String`.
    pub fn to_text(&self) -> Text {
        let mut out = Text::default();
        let nanos = self.0.unsigned_abs();
        if nanos == 0 {
            return Text::const_new("0s");
        }
        if self.0 < 0 {
            out.push('-');
        }
        if nanos < SECOND {
            let (unit, name) = match nanos {
                0..1_000 => (1, "ns"),
                1_000..1_000_000 => (1_000, "µs"),
                _ => (1_000_000, "ms"),
            };
            push_decimal(&mut out, nanos, unit);
            out.push_str(name);
            return out;
        }
        let minutes = nanos / (60 * SECOND);
        if minutes >= 60 {
            push_padded(&mut out, minutes / 60, 1);
            out.push('h');
        }
        if minutes > 0 {
            push_padded(&mut out, minutes % 60, 1);
            out.push('m');
        }
        push_decimal(&mut out, nanos % (60 * SECOND), SECOND);
        out.push('s');
        out
    }
}

impl From<std::time::Duration> for Duration {
    fn from(span: std::time::Duration) -> Duration {
        Duration(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// One number with its unit, in nanoseconds, and what follows it.
fn term<'t>(rest: &'t str, whole: &str) -> Result<(u64, &'t str), DurationError> {
    let invalid = || DurationError::Invalid(whole.to_owned());
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let count = digits(rest);
    let (number, mut rest) = rest.split_at(count);
    let mut value = 0u64;
    for digit in number.bytes() {
        value = value.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0'))).ok_or_else(invalid)?;
        if value > 1 << 63 {
            return Err(invalid());
        }
    }
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        (fraction, rest) = after.split_at(digits(after));
        if number.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
    } else if number.is_empty() {
        return Err(invalid());
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(whole.to_owned()));
    }
    let scale = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        _ => return Err(DurationError::UnknownUnit { unit: unit.to_owned(), text: whole.to_owned() }),
    };
    let value = value.checked_mul(scale).filter(|&value| value <= 1 << 63).ok_or_else(invalid)?;
    // More than 18 digits cannot change a number of nanoseconds.
    let (mut part, mut power) = (0u64, 1u64);
    for digit in fraction.bytes().take(18) {
        part = part * 10 + u64::from(digit - b'0');
        power *= 10;
    }
    let part = (u128::from(part) * u128::from(scale) / u128::from(power)) as u64;
    Ok((value.checked_add(part).ok_or_else(invalid)?, rest))
}

/// `n / unit` with as many decimals as it has.
fn push_decimal(out: &mut Text, n: u64, unit: u64) {
    push_padded(out, n / unit, 1);
    let fraction = n % unit;
    if fraction == 0 {
        return;
    }
    out.push('.');
    push_padded(out, fraction, unit.ilog10() as usize);
    while out.ends_with('0') {
        out.pop();
    }
}
