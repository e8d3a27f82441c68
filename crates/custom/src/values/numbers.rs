//! Numbers: ranges of formats, multiples, bounds.

use super::{Failure, Outcome, words};
use crate::formats;
use crate::node::Node;
use kind::Path;
use kind::field::Shown;
use schema::Value;

pub fn check(node: &Node, value: &Value, path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    in_range(node, value, "Checked", path).into_iter().for_each(|failure| outcome.add(failure));
    if let Some(multiple) = node.multiple_of
        && !is_multiple(value, multiple)
    {
        outcome.add(invalid(path, value, &format!("should be a multiple of {}", shown(value, multiple))));
    }
    let number = value.as_f64().unwrap_or_default();
    if let Some(max) = node.maximum {
        let (exceeds, words) = match node.exclusive_maximum {
            true => (number >= max, "less than"),
            false => (number > max, "less than or equal to"),
        };
        if exceeds {
            outcome.add(invalid(path, value, &format!("should be {words} {}", shown(value, max))));
        }
    }
    if let Some(min) = node.minimum {
        let (falls_short, words) = match node.exclusive_minimum {
            true => (number <= min, "greater than"),
            false => (number < min, "greater than or equal to"),
        };
        if falls_short {
            outcome.add(invalid(path, value, &format!("should be {words} {}", shown(value, min))));
        }
    }
    outcome.checks += 1;
    outcome
}

fn invalid(path: &Path, value: &Value, what: &str) -> Failure {
    words::invalid(path, value.shown(), what)
}

/// A bound beside an integer is shown as one.
fn shown(value: &Value, bound: f64) -> String {
    match value {
        Value::Int(_) => (bound as i64).to_string(),
        _ => go_float(bound),
    }
}

/// As Go's `%v` writes a float64.
pub fn go_float(number: f64) -> String {
    if number != 0.0 && (number.abs() >= 1e21 || number.abs() < 1e-4) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    number.to_string()
}

fn in_range(node: &Node, value: &Value, prefix: &str, path: &Path) -> Option<Failure> {
    let ty = if node.int_or_string { "integer" } else { node.ty.as_str() };
    let format = if formats::is_kept(&node.format) { node.format.as_str() } else { "" };
    let fits = match (ty, format) {
        ("integer", "int32") => as_integer(value).is_some_and(|number| i32::try_from(number).is_ok()),
        ("integer", _) => as_integer(value).is_some(),
        (_, "float" | "float32") => value.as_f64().is_some_and(|number| number.abs() <= f64::from(f32::MAX)),
        _ => true,
    };
    let of_format = if format.is_empty() { "(default format)".to_owned() } else { format!("with format {format}") };
    (!fits).then(|| words::bare(format!("{prefix} value must be of type {ty} {of_format} in {path}")))
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.2e18 => Some(*number as i64),
        _ => None,
    }
}

fn is_multiple(value: &Value, of: f64) -> bool {
    if of <= 0.0 {
        return false;
    }
    match value {
        Value::Int(number) if of.fract() == 0.0 => number % (of as i64).max(1) == 0,
        other => {
            let quotient = other.as_f64().unwrap_or_default() / of;
            quotient.fract() == 0.0
        }
    }
}
