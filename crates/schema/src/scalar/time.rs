//! Points in time, in UTC.

use super::push_padded;
use crate::Text;

/// A time with seconds precision, in seconds since 1970. The default is Go's zero time (year 1), which means "not set".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

/// A time with microseconds, in microseconds since 1970. The default is Go's zero time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MicroTime(i64);

/// Go's words for text that is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {element:?}")]
    Syntax { text: String, layout: &'static str, rest: String, element: &'static str },
    #[error("parsing time {text:?}: {what} out of range")]
    Range { text: String, what: &'static str },
    #[error("parsing time {text:?}: extra text: {rest:?}")]
    Extra { text: String, rest: String },
}

/// Seconds from 1970 back to year 1.
const YEAR_ONE: i64 = -62_135_596_800;
const MICROS: i64 = 1_000_000;
const SECONDS_LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const MICROS_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

impl Default for Time {
    fn default() -> Time {
        Time(YEAR_ONE)
    }
}

impl Time {
    pub const fn from_unix(seconds: i64) -> Time {
        Time(seconds)
    }

    /// Seconds since 1970.
    pub const fn unix(self) -> i64 {
        self.0
    }

    pub const fn is_zero(&self) -> bool {
        self.0 == YEAR_ONE
    }

    pub const fn plus_secs(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this.
    pub const fn secs_since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 as Go reads it; fractions of a second are dropped.
    pub fn parse(text: &str) -> Result<Time, TimeError> {
        Reader { text, rest: text, layout: SECONDS_LAYOUT }.read(false).map(|(seconds, _)| Time(seconds))
    }

    /// `2006-01-02T15:04:05Z`
    pub fn to_text(&self) -> Text {
        let mut out = Text::default();
        push_seconds(&mut out, self.0);
        out.push('Z');
        out
    }
}

impl Default for MicroTime {
    fn default() -> MicroTime {
        MicroTime(YEAR_ONE * MICROS)
    }
}

impl MicroTime {
    pub const fn from_unix_micros(micros: i64) -> MicroTime {
        MicroTime(micros)
    }

    /// Microseconds since 1970.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    pub const fn is_zero(&self) -> bool {
        self.0 == YEAR_ONE * MICROS
    }

    pub const fn plus_micros(self, micros: i64) -> MicroTime {
        MicroTime(self.0.saturating_add(micros))
    }

    /// Six digits of a second are needed, as in Go's layout; more are dropped.
    pub fn parse(text: &str) -> Result<MicroTime, TimeError> {
        let (seconds, nanos) = Reader { text, rest: text, layout: MICROS_LAYOUT }.read(true)?;
        Ok(MicroTime(seconds * MICROS + i64::from(nanos) / 1_000))
    }

    /// `2006-01-02T15:04:05.000000Z`
    pub fn to_text(&self) -> Text {
        let mut out = Text::default();
        push_seconds(&mut out, self.0.div_euclid(MICROS));
        out.push('.');
        push_padded(&mut out, self.0.rem_euclid(MICROS) as u64, 6);
        out.push('Z');
        out
    }
}

impl From<Time> for MicroTime {
    fn from(time: Time) -> MicroTime {
        MicroTime(time.0.saturating_mul(MICROS))
    }
}

impl From<MicroTime> for Time {
    fn from(time: MicroTime) -> Time {
        Time(time.0.div_euclid(MICROS))
    }
}

fn push_seconds(out: &mut Text, unix: i64) {
    let (year, month, day) = civil(unix.div_euclid(86_400));
    let second = unix.rem_euclid(86_400) as u64;
    if year < 0 {
        out.push('-');
    }
    for (n, digits, after) in [
        (year.unsigned_abs(), 4, "-"),
        (month, 2, "-"),
        (day, 2, "T"),
        (second / 3600, 2, ":"),
        (second / 60 % 60, 2, ":"),
        (second % 60, 2, ""),
    ] {
        push_padded(out, n, digits);
        out.push_str(after);
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar. Years start in March here, so that the leap day
/// is the last of a year.
fn civil(day: i64) -> (i64, u64, u64) {
    let day = day.saturating_add(719_468);
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month as u64, day as u64)
}

/// Days since 1970.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Reads the parts of a layout one by one, as `time.Parse` does.
struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
    layout: &'static str,
}

impl Reader<'_> {
    /// Seconds since 1970, and nanoseconds.
    fn read(mut self, micros: bool) -> Result<(i64, u32), TimeError> {
        let year = self.number("2006", 4, 4)?;
        self.literal("-")?;
        let month = self.number("01", 2, 2)?;
        if !(1..=12).contains(&month) {
            return Err(self.range("month"));
        }
        self.literal("-")?;
        let day = self.number("02", 2, 2)?;
        self.literal("T")?;
        let hour = self.number("15", 1, 2)?;
        if hour > 23 {
            return Err(self.range("hour"));
        }
        self.literal(":")?;
        let minute = self.number("04", 2, 2)?;
        if minute > 59 {
            return Err(self.range("minute"));
        }
        self.literal(":")?;
        let second = self.number("05", 2, 2)?;
        if second > 59 {
            return Err(self.range("second"));
        }
        let nanos = self.fraction(micros)?;
        let offset = self.offset()?;
        if !self.rest.is_empty() {
            return Err(TimeError::Extra { text: self.text.to_owned(), rest: self.rest.to_owned() });
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=last).contains(&day) {
            return Err(self.range("day"));
        }
        Ok((days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset, nanos))
    }

    fn syntax(&self, element: &'static str) -> TimeError {
        TimeError::Syntax { text: self.text.to_owned(), layout: self.layout, rest: self.rest.to_owned(), element }
    }

    fn range(&self, what: &'static str) -> TimeError {
        TimeError::Range { text: self.text.to_owned(), what }
    }

    fn literal(&mut self, wanted: &'static str) -> Result<(), TimeError> {
        self.rest = self.rest.strip_prefix(wanted).ok_or_else(|| self.syntax(wanted))?;
        Ok(())
    }

    fn number(&mut self, element: &'static str, least: usize, most: usize) -> Result<i64, TimeError> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return Err(self.syntax(element));
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(digits.bytes().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
    }

    fn fraction(&mut self, micros: bool) -> Result<u32, TimeError> {
        let count = match self.rest.as_bytes() {
            [b'.' | b',', digits @ ..] => digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
            _ => 0,
        };
        if micros && count != 6 {
            return Err(self.syntax(".000000"));
        }
        if count == 0 {
            return Ok(0);
        }
        let digits = &self.rest[1..=count];
        let nanos = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
        let nanos = nanos.fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
        self.rest = &self.rest[1 + count..];
        Ok(nanos)
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Result<i64, TimeError> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let two = |bytes: [u8; 2]| {
            bytes.iter().all(u8::is_ascii_digit).then(|| i64::from(bytes[0] - b'0') * 10 + i64::from(bytes[1] - b'0'))
        };
        let &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] = self.rest.as_bytes() else {
            return Err(self.syntax("Z07:00"));
        };
        let (Some(hours), Some(minutes)) = (two([h1, h2]), two([m1, m2])) else {
            return Err(self.syntax("Z07:00"));
        };
        if hours > 24 {
            return Err(self.range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(self.range("time zone offset minute"));
        }
        self.rest = &self.rest[6..];
        let offset = hours * 3600 + minutes * 60;
        Ok(if sign == b'-' { -offset } else { offset })
    }
}
