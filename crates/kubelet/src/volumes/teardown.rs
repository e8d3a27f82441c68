//! Takes a pod's directory down, knowing nothing but where it is.

use super::mount_table;
use std::fs;
use std::io;
use std::path::Path;

/// Unmounts all below a pod's directory and removes it. Nothing is removed while anything is mounted: a volume may be
/// somebody else's data.
pub(super) fn teardown(dir: &Path) -> io::Result<()> {
    let dir = match dir.canonicalize() {
        Ok(dir) => dir,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if dir.components().count() < 3 {
        return Err(io::Error::other(format!("{} cannot be a pod's directory", dir.display())));
    }
    mount_table::unmount_below(&dir)?;
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn pods_on_disk(pods: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(pods) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut uids = Vec::new();
    for entry in entries {
        if let Ok(uid) = entry?.file_name().into_string() {
            uids.push(uid);
        }
    }
    Ok(uids)
}
