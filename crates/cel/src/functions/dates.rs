//! Parts of points in time and of durations, in UTC or in a zone.

use super::{Library, error, function, member, no_such_overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Civil, Timestamp, Val};

pub(super) fn library() -> Library {
    let timestamp = |name, id, with_zone| {
        vec![member(id, &[Type::Timestamp], Type::Int), member(with_zone, &[Type::Timestamp, Type::String], Type::Int)]
            .into_iter()
            .fold(function(name, Vec::new()), |mut function, overload| {
                function.overloads.push(overload);
                function
            })
    };
    let span = |mut function: crate::decl::Function, id| {
        function.overloads.push(member(id, &[Type::Duration], Type::Int));
        function
    };
    Library {
        functions: vec![
            timestamp("getFullYear", "timestamp_to_year", "timestamp_to_year_with_tz"),
            timestamp("getMonth", "timestamp_to_month", "timestamp_to_month_with_tz"),
            timestamp("getDayOfYear", "timestamp_to_day_of_year", "timestamp_to_day_of_year_with_tz"),
            timestamp("getDayOfMonth", "timestamp_to_day_of_month", "timestamp_to_day_of_month_with_tz"),
            timestamp("getDate", "timestamp_to_day_of_month_1_based", "timestamp_to_day_of_month_1_based_with_tz"),
            timestamp("getDayOfWeek", "timestamp_to_day_of_week", "timestamp_to_day_of_week_with_tz"),
            span(timestamp("getHours", "timestamp_to_hours", "timestamp_to_hours_with_tz"), "duration_to_hours"),
            span(
                timestamp("getMinutes", "timestamp_to_minutes", "timestamp_to_minutes_with_tz"),
                "duration_to_minutes",
            ),
            span(timestamp("getSeconds", "timestamp_to_seconds", "timestamp_to_seconds_tz"), "duration_to_seconds"),
            span(
                timestamp("getMilliseconds", "timestamp_to_milliseconds", "timestamp_to_milliseconds_with_tz"),
                "duration_to_milliseconds",
            ),
        ],
        implementations: vec![
            ("getFullYear", |_, args| part(args, |at, _| at.year, None)),
            ("getMonth", |_, args| part(args, |at, _| i64::from(at.month) - 1, None)),
            ("getDayOfYear", |_, args| part(args, |at, _| at.day_of_year.into(), None)),
            ("getDayOfMonth", |_, args| part(args, |at, _| i64::from(at.day) - 1, None)),
            ("getDate", |_, args| part(args, |at, _| at.day.into(), None)),
            ("getDayOfWeek", |_, args| part(args, |at, _| at.weekday.into(), None)),
            ("getHours", |_, args| part(args, |at, _| at.hour.into(), Some(3_600_000_000_000))),
            ("getMinutes", |_, args| part(args, |at, _| at.minute.into(), Some(60_000_000_000))),
            ("getSeconds", |_, args| part(args, |at, _| at.second.into(), Some(1_000_000_000))),
            ("getMilliseconds", |_, args| part(args, |_, nanos| i64::from(nanos / 1_000_000), Some(1_000_000))),
        ],
    }
}

/// A part of a point in time, or the whole of a duration in units of so many nanoseconds.
fn part(args: &[Val], take: fn(&Civil, u32) -> i64, unit: Option<i64>) -> Result<Val, EvalError> {
    match (args, unit) {
        ([Val::Timestamp(at)], _) => Ok(Val::Int(take(&at.civil(0), at.nanos))),
        ([Val::Timestamp(at), Val::String(zone)], _) => Ok(Val::Int(take(&at.civil(offset(at, zone)?), at.nanos))),
        ([Val::Duration(nanos)], Some(unit)) => Ok(Val::Int(nanos / unit)),
        _ => no_such_overload(),
    }
}

/// East of UTC, at that time.
fn offset(at: &Timestamp, zone: &str) -> Result<i32, EvalError> {
    if let Some((hours, minutes)) = zone.split_once(':') {
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        let minutes = if zone.starts_with('-') { hours * 60 - minutes } else { hours * 60 + minutes };
        return Ok(minutes * 60);
    }
    if zone.is_empty() || zone == "UTC" {
        return Ok(0);
    }
    let Ok(zone_info) = jiff::tz::TimeZoneDatabase::bundled().get(zone) else {
        return error(format!("unknown time zone {zone}"));
    };
    let instant = jiff::Timestamp::from_second(at.seconds).map_err(|_| EvalError::message("timestamp overflow"))?;
    Ok(zone_info.to_offset(instant).seconds())
}

/// Go's Atoi, of what may be a part of a day.
fn number(text: &str) -> Result<i32, EvalError> {
    match text.parse::<i32>() {
        Ok(number) if number.abs() < 10_000 => Ok(number),
        _ => error(format!("strconv.Atoi: parsing {text:?}: invalid syntax")),
    }
}
