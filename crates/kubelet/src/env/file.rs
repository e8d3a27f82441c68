//! Variables from a file that an init container wrote (`fileKeyRef`): a small part of a POSIX shell's syntax.
//!
//! ```text
//! # a comment
//! NAME='value, as it stands, over
//! several lines if need be'
//! ```

use super::EnvError;
use crate::volumes::{Mounted, subpath};
use api_core::v1::FileKeySelector;
use std::io::Read;

/// Upstream reads no more of such a file.
const MAX_FILE_BYTES: u64 = 1 << 20;

pub(super) fn value(key: &FileKeySelector, volumes: &Mounted) -> Result<Option<String>, EnvError> {
    let volume = volumes.get(&key.volume_name);
    let volume = volume.ok_or_else(|| EnvError::NoVolume { volume: key.volume_name.clone() })?;
    let path = volume.path.join(&key.path);
    let read = || -> std::io::Result<String> {
        // The file is the work of a container, which may have made it a link to anywhere.
        let file = subpath::open_beneath(&volume.path, &key.path)?;
        let mut text = String::new();
        file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|error| {
        tracing::info!(path = %path.display(), %error, "cannot read an env file");
        EnvError::File
    })?;
    match find(&text, &key.key)? {
        Some(value) if !value.is_empty() => Ok(Some(value)),
        _ if key.optional == Some(true) => Ok(None),
        _ => Err(EnvError::NoFileKey { key: key.key.clone(), path: path.display().to_string() }),
    }
}

/// The value of the first declaration of `key`; everything up to there must be well-formed.
fn find(text: &str, key: &str) -> Result<Option<String>, EnvError> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = line.trim_start();
        if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
            rest = after;
            continue;
        }
        let start = rest.len() - rest.trim_start().len();
        let (name, declared) = rest[start..].split_once('=').ok_or(EnvError::File)?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace()) {
            return Err(EnvError::File);
        }
        let (value, tail) = quoted(declared)?;
        if name == key {
            return Ok(Some(value.to_owned()));
        }
        rest = tail;
    }
    Ok(None)
}

/// A value in single quotes, and what follows its line.
fn quoted(text: &str) -> Result<(&str, &str), EnvError> {
    let (value, tail) = text.strip_prefix('\'').and_then(|text| text.split_once('\'')).ok_or(EnvError::File)?;
    let (end_of_line, tail) = tail.split_once('\n').unwrap_or((tail, ""));
    let end_of_line = end_of_line.trim();
    if !end_of_line.is_empty() && !end_of_line.starts_with('#') {
        return Err(EnvError::File);
    }
    Ok((value, tail))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn values_stand_in_single_quotes() {
        let text = "# comment\n\n  A='a b'\nB='two\nlines' # why\nC=''\nD='d'";
        let get = |key| find(text, key).unwrap();
        assert_eq!(get("A").as_deref(), Some("a b"));
        assert_eq!(get("B").as_deref(), Some("two\nlines"));
        assert_eq!(get("C").as_deref(), Some(""));
        assert_eq!(get("D").as_deref(), Some("d"));
        assert_eq!(get("E"), None);
        for bad in ["A=a", "A='a", "A='a'b", "A B='a'", "nothing"] {
            assert!(find(bad, "Z").is_err(), "{bad}");
        }
    }
}
