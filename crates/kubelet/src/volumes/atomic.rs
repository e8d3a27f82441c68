//! Replaces the files of a volume all at once, so that a container sees either the old or the new ones.
//!
//! ```text
//! ..2026_01_02_15_04_05.77   the files
//! ..data -> ..2026_...77     one rename of this link is the whole update
//! dir  -> ..data/dir         one link for each first part of a path
//! ```
//!
//! A crash before the rename leaves an unused directory, which the next write removes; after it, links that lead nowhere,
//! which the next write removes too. What a user put there under names of their own is left alone.

use super::VolumeError;
use super::payload::Payload;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Component, Path, PathBuf};

const DATA: &str = "..data";
const NEW_DATA: &str = "..data_tmp";
const MAX_NAME_TRIES: u32 = 1000;

/// Makes the files below `dir` those of the payload. `finish` sees `dir` before the new files become visible.
pub(super) fn write(
    dir: &Path,
    payload: &Payload,
    now_unix: i64,
    finish: impl FnOnce(&Path) -> Result<(), VolumeError>,
) -> Result<(), VolumeError> {
    payload.keys().try_for_each(|path| check_path(path))?;
    let data = dir.join(DATA);
    let old = fs::read_link(&data).ok().filter(|target| is_plain(target)).map(|target| dir.join(target));
    let stands = old.as_deref().is_some_and(|old| is_written(old, payload));
    if stands {
        // An earlier write may have stopped between the rename and the links.
        link_names(dir, payload)?;
        return clean(dir, payload, old.as_deref());
    }
    let fresh = make_fresh(dir, now_unix)?;
    write_files(&fresh, payload)?;
    finish(dir)?;
    // Links to files that are not there yet do no harm; files without links would be missed.
    link_names(dir, payload)?;
    let new_data = dir.join(NEW_DATA);
    let _absent_most_of_the_time = fs::remove_file(&new_data);
    let name = fresh.file_name().unwrap_or_default();
    symlink(name, &new_data).map_err(VolumeError::io("symlink", &new_data))?;
    fs::rename(&new_data, &data).map_err(VolumeError::io("rename", &new_data))?;
    clean(dir, payload, Some(&fresh))
}

/// Paths stay below the volume and out of the way of our own names.
fn check_path(path: &str) -> Result<(), VolumeError> {
    let invalid = |why: &str| Err(VolumeError::Path(format!("{why}: {path:?}")));
    if path.is_empty() {
        return invalid("must not be empty");
    }
    if path.starts_with('/') {
        return invalid("must be relative path");
    }
    if path.starts_with("..") {
        return invalid("must not start with '..'");
    }
    match Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        true => Ok(()),
        false => invalid("must not contain '..'"),
    }
}

/// A name and nothing more: the target of our own link.
fn is_plain(target: &Path) -> bool {
    matches!(target.components().collect::<Vec<_>>().as_slice(), [Component::Normal(_)])
}

/// Whether a directory holds exactly the payload.
fn is_written(dir: &Path, payload: &Payload) -> bool {
    let mut found = BTreeSet::new();
    if files_below(dir, Path::new(""), &mut found).is_err() {
        return false;
    }
    let wanted: BTreeSet<PathBuf> = payload.keys().map(|path| Path::new(path).components().collect()).collect();
    found == wanted
        && payload.iter().all(|(path, file)| {
            let path = dir.join(path);
            // A pod's group may have widened the mode since.
            let mode = fs::metadata(&path).map(|metadata| metadata.permissions().mode() & file.mode == file.mode);
            mode.unwrap_or(false) && fs::read(&path).is_ok_and(|data| data == file.data)
        })
}

fn files_below(dir: &Path, below: &Path, found: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files_below(dir, &path, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

fn make_fresh(dir: &Path, now_unix: i64) -> Result<PathBuf, VolumeError> {
    let time = schema::Time::from_unix(now_unix).to_text();
    let time: String = time.trim_end_matches('Z').replace(['-', ':', 'T'], "_");
    for number in 0..MAX_NAME_TRIES {
        let path = dir.join(format!("..{time}.{number}"));
        match fs::create_dir(&path) {
            Ok(()) => {
                let open = fs::Permissions::from_mode(0o755);
                fs::set_permissions(&path, open).map_err(VolumeError::io("chmod", &path))?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(VolumeError::io("create", &path)(error)),
        }
    }
    Err(VolumeError::io("create", dir)(io::ErrorKind::AlreadyExists.into()))
}

fn write_files(dir: &Path, payload: &Payload) -> Result<(), VolumeError> {
    for (name, file) in payload {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(VolumeError::io("create", parent))?;
        }
        let mut options = fs::OpenOptions::new();
        let open = options.write(true).create_new(true).mode(file.mode).open(&path);
        let mut open = open.map_err(VolumeError::io("create", &path))?;
        open.write_all(&file.data).map_err(VolumeError::io("write", &path))?;
        // The umask has had its say.
        open.set_permissions(fs::Permissions::from_mode(file.mode)).map_err(VolumeError::io("chmod", &path))?;
        if let Some(user) = file.user {
            chown(&path, Some(user), None).map_err(VolumeError::io("chown", &path))?;
        }
    }
    Ok(())
}

fn first_parts(payload: &Payload) -> BTreeSet<&str> {
    payload.keys().filter_map(|path| path.split('/').find(|part| !part.is_empty() && *part != ".")).collect()
}

fn link_names(dir: &Path, payload: &Payload) -> Result<(), VolumeError> {
    for name in first_parts(payload) {
        let link = dir.join(name);
        match symlink(Path::new(DATA).join(name), &link) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(VolumeError::io("symlink", &link)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Removes links into the data that lead nowhere now, and all sets of files but the present one.
fn clean(dir: &Path, payload: &Payload, present: Option<&Path>) -> Result<(), VolumeError> {
    let names = first_parts(payload);
    for entry in fs::read_dir(dir).map_err(VolumeError::io("read", dir))? {
        let path = entry.map_err(VolumeError::io("read", dir))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name == DATA || Some(path.as_path()) == present {
            continue;
        }
        let is_link = fs::read_link(&path);
        let removed = match (is_link, name.starts_with("..")) {
            (Ok(target), false) if target.starts_with(DATA) && !names.contains(name) => fs::remove_file(&path),
            (Ok(_), true) => fs::remove_file(&path),
            (Err(_), true) => fs::remove_dir_all(&path),
            _ => Ok(()),
        };
        removed.map_err(VolumeError::io("remove", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
