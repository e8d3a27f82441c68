//! Cron's five fields: minute, hour, day of the month, month, day of the week.

use schema::Time;

const DAY: i64 = 86_400;
/// A schedule that names no day within so many is never due (February 30).
const MAX_DAYS: i64 = 5 * 366;

/// Bits of the values at which the schedule is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// With a star in one of the two, both sorts of days have to hold; otherwise one of them.
    any_day: bool,
    /// `@every`: so many seconds after the time before.
    every_seconds: Option<i64>,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    pub(super) fn parse(text: &str) -> Result<Schedule, String> {
        let text = text.trim();
        if let Some(every) = text.strip_prefix("@every ") {
            let duration =
                schema::Duration::parse(every.trim()).map_err(|_| format!("failed to parse duration {text}"))?;
            let seconds = duration.to_std().map_or(1, |duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
            let never = Schedule::parse("0 0 1 1 *")?;
            return Ok(Schedule { every_seconds: Some(seconds.max(1)), ..never });
        }
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other if other.starts_with('@') => return Err(format!("unrecognized descriptor: {other}")),
            other => other,
        };
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        };
        let (days, any_of_month) = field(day, 1, 31, &[])?;
        let (weekdays, any_of_week) = field(weekday, 0, 6, &WEEKDAYS)?;
        Ok(Schedule {
            minutes: field(minute, 0, 59, &[])?.0,
            hours: field(hour, 0, 23, &[])?.0,
            days,
            months: field(month, 1, 12, &MONTHS)?.0,
            weekdays,
            any_day: any_of_month || any_of_week,
            every_seconds: None,
        })
    }

    /// The first time after `time`.
    pub(super) fn after(&self, time: Time) -> Option<Time> {
        if let Some(every) = self.every_seconds {
            return Some(time.plus_secs(every));
        }
        let start = (time.unix().div_euclid(60) + 1) * 60;
        let first_day = start.div_euclid(DAY);
        (first_day..first_day + MAX_DAYS).filter(|day| self.has_day(*day)).find_map(|day| {
            let from = if day == first_day { start.rem_euclid(DAY) / 60 } else { 0 };
            let minute = (from..DAY / 60).find(|minute| self.has_minute(*minute))?;
            Some(Time::from_unix(day * DAY + minute * 60))
        })
    }

    /// The last time at or before `time`.
    pub(super) fn before(&self, time: Time) -> Option<Time> {
        if self.every_seconds.is_some() {
            return None;
        }
        let last_day = time.unix().div_euclid(DAY);
        (0..MAX_DAYS).map(|back| last_day - back).filter(|day| self.has_day(*day)).find_map(|day| {
            let to = if day == last_day { time.unix().rem_euclid(DAY) / 60 } else { DAY / 60 - 1 };
            let minute = (0..=to).rev().find(|minute| self.has_minute(*minute))?;
            Some(Time::from_unix(day * DAY + minute * 60))
        })
    }

    fn has_minute(&self, of_day: i64) -> bool {
        self.hours >> (of_day / 60) & 1 == 1 && self.minutes >> (of_day % 60) & 1 == 1
    }

    fn has_day(&self, since_1970: i64) -> bool {
        let (month, day) = month_and_day(since_1970);
        // 1970 began on a Thursday.
        let weekday = (since_1970 + 4).rem_euclid(7);
        let (by_month, by_week) = (self.days >> day & 1 == 1, self.weekdays >> weekday & 1 == 1);
        self.months >> month & 1 == 1 && if self.any_day { by_month && by_week } else { by_month || by_week }
    }
}

/// In the Gregorian calendar, with years that begin in March, so that the leap day is a year's last.
fn month_and_day(since_1970: i64) -> (i64, i64) {
    let days = since_1970 + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    (if month < 10 { month + 3 } else { month - 9 }, of_year - (153 * month + 2) / 5 + 1)
}

/// The bits of a field, and whether it has a star.
fn field(text: &str, min: u32, max: u32, names: &[&str]) -> Result<(u64, bool), String> {
    let (mut bits, mut star) = (0, false);
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (first, last) = match range {
            "*" | "?" => {
                star |= step.is_none();
                (min, max)
            }
            range => match range.split_once('-') {
                Some((first, last)) => (number(first, min, names)?, number(last, min, names)?),
                None if step.is_some() => (number(range, min, names)?, max),
                None => (number(range, min, names)?, number(range, min, names)?),
            },
        };
        let step = step.map_or(Ok(1), |step| number(step, 0, &[]))?;
        if first < min {
            return Err(format!("beginning of range ({first}) below minimum ({min}): {part}"));
        }
        if last > max {
            return Err(format!("end of range ({last}) above maximum ({max}): {part}"));
        }
        if first > last {
            return Err(format!("beginning of range ({first}) beyond end of range ({last}): {part}"));
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        bits |= (first..=last).step_by(step as usize).fold(0, |bits, value| bits | 1_u64 << value);
    }
    Ok((bits, star))
}

fn number(text: &str, min: u32, names: &[&str]) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = names.iter().position(|name| *name == lower) {
        return Ok(min + u32::try_from(at).unwrap_or_default());
    }
    text.parse()
        .map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax"))
}
