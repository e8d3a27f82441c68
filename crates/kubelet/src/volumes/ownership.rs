//! Gives a volume to the pod's `fsGroup`.

use super::VolumeError;
use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

/// How deep a volume may be nested; payloads are far below, and nobody else has written yet.
const MAX_DEPTH: usize = 64;

const GROUP_MAY_READ: u32 = 0o440;
const GROUP_MAY_WRITE: u32 = 0o660;
const GROUP_MAY_ENTER: u32 = 0o110;
const SET_GROUP: u32 = 0o2000;

/// The group owns all files and may read them, and write them unless `read_only`; new files in directories will be the
/// group's as well.
pub(super) fn set(dir: &Path, group: u32, read_only: bool) -> Result<(), VolumeError> {
    walk(dir, group, read_only, 0)
}

/// Whether the root already looks as [`set`] leaves it (`fsGroupChangePolicy: OnRootMismatch`).
pub(super) fn root_matches(dir: &Path, group: u32) -> bool {
    let wanted = GROUP_MAY_WRITE | GROUP_MAY_ENTER | SET_GROUP;
    fs::symlink_metadata(dir).is_ok_and(|found| found.gid() == group && found.mode() & wanted == wanted)
}

fn walk(path: &Path, group: u32, read_only: bool, depth: usize) -> Result<(), VolumeError> {
    let metadata = fs::symlink_metadata(path).map_err(VolumeError::io("stat", path))?;
    change(path, &metadata, group, read_only)?;
    if !metadata.is_dir() || depth == MAX_DEPTH {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(VolumeError::io("read", path))? {
        walk(&entry.map_err(VolumeError::io("read", path))?.path(), group, read_only, depth + 1)?;
    }
    Ok(())
}

fn change(path: &Path, metadata: &Metadata, group: u32, read_only: bool) -> Result<(), VolumeError> {
    if metadata.gid() != group {
        lchown(path, None, Some(group)).map_err(VolumeError::io("chown", path))?;
    }
    if metadata.is_symlink() {
        return Ok(());
    }
    let mut wanted = if read_only { GROUP_MAY_READ } else { GROUP_MAY_WRITE };
    if metadata.is_dir() {
        wanted |= SET_GROUP | GROUP_MAY_ENTER;
    }
    let mode = (metadata.mode() & 0o7777) | wanted;
    // Changing the owner may have cleared bits, so the mode is set even where it looked right.
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(VolumeError::io("chmod", path))
}
