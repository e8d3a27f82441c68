//! Points in time of the years 1 to 9999, with nanoseconds, and Go's text of them.

use std::cmp::Ordering;

/// Compares by the instant; the offset is only for text.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    /// Since 1970.
    pub seconds: i64,
    pub nanos: u32,
    /// East of UTC, as it was written.
    pub offset_seconds: i32,
}

/// The parts of a point in time in some zone.
#[derive(Clone, Copy, Debug)]
pub struct Civil {
    pub year: i64,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// From 0.
    pub day_of_year: u32,
}

const MIN_SECONDS: i64 = -62_135_596_800;
const MAX_SECONDS: i64 = 253_402_300_799;
const NANOS: i128 = 1_000_000_000;
const DAY: i64 = 86_400;

impl Timestamp {
    /// `None` outside the years 1 to 9999.
    pub fn new(seconds: i64, nanos: u32) -> Option<Timestamp> {
        (MIN_SECONDS..=MAX_SECONDS).contains(&seconds).then_some(Timestamp { seconds, nanos, offset_seconds: 0 })
    }

    pub fn plus_nanos(&self, nanos: i64) -> Option<Timestamp> {
        let sum = self.total_nanos() + i128::from(nanos);
        let seconds = i64::try_from(sum.div_euclid(NANOS)).ok()?;
        let moved = Timestamp::new(seconds, sum.rem_euclid(NANOS) as u32)?;
        Some(Timestamp { offset_seconds: self.offset_seconds, ..moved })
    }

    /// From `earlier` to this; `None` where a duration cannot say it.
    pub fn nanos_since(&self, earlier: &Timestamp) -> Option<i64> {
        i64::try_from(self.total_nanos() - earlier.total_nanos()).ok()
    }

    /// In a zone so far east of UTC.
    pub fn civil(&self, offset_seconds: i32) -> Civil {
        let local = self.seconds + i64::from(offset_seconds);
        let days = local.div_euclid(DAY);
        let second = local.rem_euclid(DAY);
        let (year, month, day) = civil_of(days);
        Civil {
            year,
            month,
            day,
            hour: (second / 3600) as u32,
            minute: (second / 60 % 60) as u32,
            second: (second % 60) as u32,
            weekday: (days + 4).rem_euclid(7) as u32,
            day_of_year: (days - days_of(year, 1, 1)) as u32,
        }
    }

    /// RFC 3339 with as many decimals as there are.
    pub fn to_text(&self) -> String {
        let at = self.civil(self.offset_seconds);
        let mut out =
            format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", at.year, at.month, at.day, at.hour, at.minute, at.second);
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            out.push('.');
            out.push_str(digits.trim_end_matches('0'));
        }
        let minutes = self.offset_seconds / 60;
        if minutes == 0 {
            out.push('Z');
        } else {
            let sign = if minutes < 0 { '-' } else { '+' };
            out.push_str(&format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60));
        }
        out
    }

    fn total_nanos(&self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanos)
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Timestamp) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Timestamp) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Timestamp) -> Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}

/// RFC 3339, as Go reads it.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    // The one reader of RFC 3339 checks all but the fraction, which it does not keep.
    let whole = schema::Time::parse(text).ok()?.unix();
    let nanos = match text.find(['.', ',']) {
        Some(at) => {
            let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit);
            digits.chain(std::iter::repeat(b'0')).take(9).fold(0, |n, digit| n * 10 + u32::from(digit - b'0'))
        }
        None => 0,
    };
    let timestamp = Timestamp::new(whole, nanos)?;
    Some(Timestamp { offset_seconds: offset_of(text).unwrap_or(0), ..timestamp })
}

/// Of a text that has been read already: what its last six bytes say, unless it ends in Z.
fn offset_of(text: &str) -> Option<i32> {
    let tail = text.get(text.len().checked_sub(6)?..)?;
    let hours: i32 = tail.get(1..3)?.parse().ok()?;
    let minutes: i32 = tail.get(4..6)?.parse().ok()?;
    match tail.as_bytes()[0] {
        b'+' => Some(hours * 3600 + minutes * 60),
        b'-' => Some(-(hours * 3600 + minutes * 60)),
        _ => None,
    }
}

/// `1.5s`, as CEL writes a duration.
pub fn duration_seconds_text(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let (seconds, rest) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    let digits = format!("{rest:09}");
    format!("{sign}{seconds}.{}s", digits.trim_end_matches('0'))
}

/// Year, month and day of a day since 1970; years begin in March here, so that the leap day is the last of one.
fn civil_of(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month as u32, day as u32)
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
