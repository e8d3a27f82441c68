//! What is mounted, as the kernel tells it.

use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const TABLE: &str = "/proc/self/mountinfo";
/// Mounts may lie on top of each other; more rounds than this mean that somebody mounts as fast as we unmount.
const MAX_ROUNDS: usize = 32;

/// Whether another file system begins here. (A bind mount within one file system is not seen; volumes have none.)
pub(super) fn is_mount_point(path: &Path) -> bool {
    let device = |path: &Path| std::fs::symlink_metadata(path).map(|metadata| metadata.dev());
    match (device(path), path.parent().map(device)) {
        (Ok(own), Some(Ok(parent))) => own != parent,
        _ => false,
    }
}

/// Mount points at or below a directory, the outermost first.
pub(super) fn below(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let table = std::fs::read(TABLE)?;
    let mut found: Vec<PathBuf> = table
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b' ').nth(4))
        .map(unescape)
        .filter(|point| point.starts_with(dir))
        .collect();
    found.sort();
    Ok(found)
}

/// Unmounts everything at or below a directory, the innermost first. When it returns without an error, nothing is
/// mounted there.
pub(super) fn unmount_below(dir: &Path) -> io::Result<()> {
    for _ in 0..MAX_ROUNDS {
        let mounts = below(dir)?;
        if mounts.is_empty() {
            return Ok(());
        }
        for point in mounts.iter().rev() {
            unmount(point)?;
        }
    }
    Err(io::Error::other(format!("mounts keep appearing below {}", dir.display())))
}

/// Not being mounted is no error.
pub(super) fn unmount(point: &Path) -> io::Result<()> {
    match umount2(point, MntFlags::UMOUNT_NOFOLLOW) {
        // Somebody still uses it, a process that is about to die most likely: it goes when its last user does.
        Err(Errno::EBUSY) => {}
        Err(Errno::EINVAL | Errno::ENOENT) => return Ok(()),
        done => return Ok(done?),
    }
    match umount2(point, MntFlags::UMOUNT_NOFOLLOW | MntFlags::MNT_DETACH) {
        Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        done => Ok(done?),
    }
}

/// The table writes spaces, tabs, line feeds and backslashes as `\040`.
fn unescape(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|digits| byte == b'\\' && digits.iter().all(|d| (b'0'..=b'7').contains(d)));
        match octal {
            Some(digits) => {
                let value = digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                out.push(value as u8);
                rest = &tail[3..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    PathBuf::from(OsString::from_vec(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_table_are_escaped() {
        assert_eq!(unescape(br"/a\040b\134c\011"), PathBuf::from("/a b\\c\t"));
        assert_eq!(unescape(br"/a\9"), PathBuf::from(r"/a\9"));
    }
}
