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

/// What refuses a pod, what is written to the audit log, and what warns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub enforce: Standard,
    pub audit: Standard,
    pub warn: Standard,
}

/// Where nothing is configured.
impl Default for Policy {
    fn default() -> Policy {
        let privileged = Standard { level: Level::Privileged, version: None };
        Policy { enforce: privileged, audit: privileged, warn: privileged }
    }
}

const PREFIX: &str = "pod-security.kubernetes.io/";

impl Policy {
    /// The policy, and what is wrong with the labels. A level that cannot be read refuses as the strictest one.
    pub fn of(labels: &Value, defaults: &Policy) -> (Policy, FieldErrors) {
        let mut errors = FieldErrors::new();
        let mut read = |mode: &str, fallback: Level, default: Standard| {
            let level = level(labels, mode, fallback, &mut errors);
            let version = match labels.get(&format!("{PREFIX}{mode}-version")) {
                Some(_) => version(labels, mode, &mut errors),
                None => default.version,
            };
            (level.is_some(), Standard { level: level.unwrap_or(default.level), version })
        };
        let (enforces, enforce) = read("enforce", Level::Restricted, defaults.enforce);
        let (_, audit) = read("audit", Level::Privileged, defaults.audit);
        let (warns, mut warn) = read("warn", Level::Privileged, defaults.warn);
        // Who enforces only is warned by the same standard.
        if enforces && !warns && enforce.level > warn.level {
            warn = enforce;
        }
        (Policy { enforce, audit, warn }, errors)
    }
}

impl Standard {
    /// From `enforce` and `enforce-version` of a configuration.
    pub fn configured(level: &str, version: &str) -> Result<Standard, String> {
        let level = match level {
            "" | "privileged" => Level::Privileged,
            "baseline" => Level::Baseline,
            "restricted" => Level::Restricted,
            _ => return Err("must be one of privileged, baseline, restricted".into()),
        };
        let version = match version {
            "" | "latest" => None,
            text => Some(minor_of(text).ok_or("must be \"latest\" or \"v1.x\"")?),
        };
        Ok(Standard { level, version })
    }
}

/// `v1.25`
fn minor_of(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("v1.")?;
    let canonical = digits == "0" || !digits.starts_with('0');
    (canonical && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
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
    let number = minor_of(text);
    if number.is_none() {
        errors.invalid(&Path::root("metadata").child("labels").key(&key), text, "must be \"latest\" or \"v1.x\"");
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
