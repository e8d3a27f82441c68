//! Numbers that may be percentages, and counts in a status.

use kind::field::{Bare, quoted};
use kind::{FieldErrors, Path, validate};
use schema::IntOrString;

const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/// As messages show it.
pub fn shown(amount: &IntOrString) -> Bare<String> {
    match amount {
        IntOrString::Int(number) => Bare(number.to_string()),
        IntOrString::String(text) => Bare(quoted(text)),
    }
}

/// As messages show one that may be absent.
pub fn shown_or_null(amount: Option<&IntOrString>) -> String {
    amount.map_or_else(|| "null".into(), |amount| shown(amount).0)
}

fn percent(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%')?;
    let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.parse().unwrap_or(i64::MAX))
}

/// A count that is not negative, or a percentage.
pub fn validate_amount(amount: &IntOrString, path: &Path, errors: &mut FieldErrors) {
    match amount {
        IntOrString::Int(number) => validate::not_negative(i64::from(*number), path, errors),
        IntOrString::String(text) if percent(text).is_none() => errors.invalid(path, shown(amount), PERCENT),
        IntOrString::String(_) => {}
    }
}

pub fn validate_at_most_all(amount: &IntOrString, path: &Path, errors: &mut FieldErrors) {
    if let IntOrString::String(text) = amount
        && percent(text).is_some_and(|percent| percent > 100)
    {
        errors.invalid(path, shown(amount), "must not be greater than 100%");
    }
}

/// Absent, 0, 0 % and what is no percentage.
pub fn is_none(amount: Option<&IntOrString>) -> bool {
    match amount {
        None => true,
        Some(IntOrString::Int(number)) => *number == 0,
        Some(IntOrString::String(text)) => percent(text).unwrap_or_default() == 0,
    }
}

/// Numbers below `status`, none negative.
pub fn validate_counts(counts: &[(&str, i64)], errors: &mut FieldErrors) {
    let status = Path::root("status");
    for (field, count) in counts {
        validate::not_negative(*count, &status.child(field), errors);
    }
}

/// Numbers below `status` that are not greater than another.
pub fn validate_not_greater(counts: &[(&str, i32)], limit: i32, of: &str, errors: &mut FieldErrors) {
    let status = Path::root("status");
    for (field, count) in counts {
        if *count > limit {
            errors.invalid(&status.child(field), *count, format!("cannot be greater than {of}"));
        }
    }
}

/// How often names collided is never taken back.
pub fn validate_collisions(new: Option<i32>, old: Option<i32>, errors: &mut FieldErrors) {
    let status = Path::root("status");
    let path = status.child("collisionCount");
    if let Some(count) = new {
        validate::not_negative(i64::from(count), &path, errors);
    }
    if old.is_some_and(|old| new.unwrap_or_default() < old) {
        errors.invalid(&path, new.unwrap_or_default(), "cannot be decremented");
    }
}
