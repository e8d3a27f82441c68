//! What the labels of a namespace ask for.

use kind::{FieldErrors, Path};
use schema::Value;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Privileged,
    Baseline,
    Restricted,
}

/// The minor version of the standard; none is the latest.
pub type Minor = Option<u32>;

/// A level of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    pub level: Level,
    pub version: Minor,
}

/// What refuses a pod, and what warns of it. What is written to the audit log is not kept: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub enforce: Standard,
    pub warn: Standard,
}

const PREFIX: &str = "pod-security.kubernetes.io/";

impl Policy {
    /// The policy, and what is wrong with the labels. A level that cannot be read refuses as the strictest one.
    pub fn of(labels: &Value) -> (Policy, FieldErrors) {
        let mut errors = FieldErrors::new();
        let mut read = |mode: &str, fallback: Level| {
            let level = level(labels, mode, fallback, &mut errors);
            let version = version(labels, mode, &mut errors);
            (level.is_some(), Standard { level: level.unwrap_or(Level::Privileged), version })
        };
        let (enforces, enforce) = read("enforce", Level::Restricted);
        read("audit", Level::Privileged);
        let (warns, mut warn) = read("warn", Level::Privileged);
        // Who enforces only is warned by the same standard.
        if enforces && !warns && enforce.level > warn.level {
            warn = enforce;
        }
        (Policy { enforce, warn }, errors)
    }
}

fn level(labels: &Value, mode: &str, fallback: Level, errors: &mut FieldErrors) -> Option<Level> {
    let key = format!("{PREFIX}{mode}");
    let text = labels.get(&key)?.as_str().unwrap_or_default();
    match text {
        "privileged" => Some(Level::Privileged),
        "baseline" => Some(Level::Baseline),
        "restricted" => Some(Level::Restricted),
        _ => {
            errors.invalid(
                &Path::root("metadata").child("labels").key(&key),
                text,
                "must be one of privileged, baseline, restricted",
            );
            Some(fallback)
        }
    }
}

fn version(labels: &Value, mode: &str, errors: &mut FieldErrors) -> Minor {
    let key = format!("{PREFIX}{mode}-version");
    let text = labels.get(&key)?.as_str().unwrap_or_default();
    if text == "latest" {
        return None;
    }
    let digits = text.strip_prefix("v1.").unwrap_or_default();
    let canonical = digits == "0" || !digits.starts_with('0');
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    if number.is_none() || !canonical {
        errors.invalid(&Path::root("metadata").child("labels").key(&key), text, "must be \"latest\" or \"v1.x\"");
        return None;
    }
    number
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        match self.version {
            Some(minor) => write!(f, "{level}:v1.{minor}"),
            None => write!(f, "{level}:latest"),
        }
    }
}
