//! Whether a text is a schedule in cron's five fields, in the words of the parser that upstream uses.

/// Smallest and greatest value and the names of a field.
struct Field {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 5] = [
    Field { min: 0, max: 59, names: &[] },
    Field { min: 0, max: 23, names: &[] },
    Field { min: 1, max: 31, names: &[] },
    Field { min: 1, max: 12, names: MONTHS },
    Field { min: 0, max: 6, names: DAYS },
];
const DESCRIPTORS: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const ZONES: &[&str] = &["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"];

/// What is wrong with a schedule.
pub fn check(schedule: &str) -> Result<(), String> {
    if schedule.starts_with('@') {
        let every = schedule.strip_prefix("@every ");
        return match every {
            Some(text) if schema::Duration::parse(text).is_ok() => Ok(()),
            Some(_) => Err(format!("failed to parse duration {schedule}")),
            None if DESCRIPTORS.contains(&schedule) => Ok(()),
            None => Err(format!("unrecognized descriptor: {schedule}")),
        };
    }
    let parts: Vec<&str> = schedule.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", parts.len(), parts.join(" ")));
    }
    parts.iter().zip(&FIELDS).try_for_each(|(text, field)| check_field(text, field))
}

fn check_field(text: &str, field: &Field) -> Result<(), String> {
    text.split(',').filter(|part| !part.is_empty()).try_for_each(|part| check_range(part, field))
}

/// `*`, `3`, `1-5`, each with a `/step`.
fn check_range(text: &str, field: &Field) -> Result<(), String> {
    let pieces: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = pieces[0].split('-').collect();
    let (start, mut end) = match ends.as_slice() {
        ["*" | "?"] => (field.min, field.max),
        [one] => {
            let value = number_or_name(one, field)?;
            (value, value)
        }
        [low, high] => (number_or_name(low, field)?, number_or_name(high, field)?),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = match pieces.as_slice() {
        [_] => 1,
        [_, step] => {
            if ends.len() == 1 {
                end = field.max;
            }
            number(step)?
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    match () {
        () if start < field.min => Err(format!("beginning of range ({start}) below minimum ({}): {text}", field.min)),
        () if end > field.max => Err(format!("end of range ({end}) above maximum ({}): {text}", field.max)),
        () if start > end => Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}")),
        () if step == 0 => Err(format!("step of range should be a positive number: {text}")),
        () => Ok(()),
    }
}

fn number_or_name(text: &str, field: &Field) -> Result<u32, String> {
    let lower = text.to_lowercase();
    match field.names.iter().position(|name| *name == lower) {
        Some(index) => Ok(field.min + index as u32),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u32, String> {
    let why = |error: &str| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {error}");
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => u32::try_from(number).map_err(|_| why("value out of range")),
        Err(_) => Err(why("invalid syntax")),
    }
}

/// Whether the machine knows the zone; without a database of zones, whether it looks like one.
pub fn is_time_zone(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'));
    let safe = plain && !name.starts_with('/') && !name.ends_with('/');
    let databases: Vec<&&str> = ZONES.iter().filter(|folder| std::path::Path::new(folder).is_dir()).collect();
    let looks_so = || name.split('/').next().is_some_and(|area| AREAS.contains(&area));
    safe && (name == "UTC"
        || if databases.is_empty() {
            looks_so()
        } else {
            databases.iter().any(|folder| std::path::Path::new(folder).join(name).is_file())
        })
}

const AREAS: &[&str] = &[
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Etc",
    "Europe",
    "GMT",
    "Indian",
    "Pacific",
    "US",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for good in ["* * * * *", "*/5 1-3,7 1 jan-MAR sun", "@hourly", "@every 1h30m", "0 0 1/2 * ?"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(check("bogus").unwrap_err(), "expected exactly 5 fields, found 1: [bogus]");
        assert_eq!(check("60 * * * *").unwrap_err(), "end of range (60) above maximum (59): 60");
        assert!(check("* * 0 * *").unwrap_err().starts_with("beginning of range (0) below minimum (1)"));
        for bad in ["a * * * *", "1-2-3 * * * *", "*/0 * * * *", "@nope", "5-1 * * * *", "-1 * * * *"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn time_zones() {
        assert!(is_time_zone("UTC"));
        assert!(!is_time_zone("Nowhere/Land") && !is_time_zone("../etc/passwd"));
    }
}
