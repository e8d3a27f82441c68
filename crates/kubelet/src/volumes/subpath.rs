//! Parts of volumes. A volume's content is the work of containers, which may swap a directory for a link while we look.
//!
//! Two things hold against that: the kernel resolves a path beneath the volume (`openat2`, so no link and no `..` leads out),
//! and what was resolved is bound through its descriptor, so that nothing is resolved a second time. The regression tests are
//! named after CVE-2017-1002101 (links) and CVE-2021-25741 (a swap between check and use).

use super::mount_table;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, fchmod, fstat, mkdirat};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// A busy file system lets `openat2` fail with EAGAIN when a component is renamed meanwhile.
const MAX_TRIES: usize = 32;

/// Opens a file for reading, wherever in the volume links may lead.
pub(crate) fn open_beneath(volume: &Path, path: &str) -> io::Result<File> {
    let root = root(volume)?;
    let file = resolve(&root, Path::new(path), OFlag::O_RDONLY | OFlag::O_NONBLOCK)?;
    Ok(File::from(file))
}

/// Makes the directories that are missing, with the volume's own mode.
pub(super) fn make_dirs(volume: &Path, path: &Path) -> io::Result<()> {
    let root = root(volume)?;
    match resolve(&root, path, OFlag::O_PATH) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.map(drop),
    }
    let mode = Mode::from_bits_truncate(fstat(&root)?.st_mode & 0o7777);
    let mut prefix = PathBuf::new();
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        let parent = if prefix.as_os_str().is_empty() { Path::new(".") } else { &prefix };
        let parent = resolve(&root, parent, OFlag::O_DIRECTORY | OFlag::O_RDONLY)?;
        prefix.push(name);
        match mkdirat(&parent, name, mode) {
            Err(Errno::EEXIST) => {}
            Ok(()) => {
                // The umask has had its say.
                let made = resolve(&parent, Path::new(name), OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_NOFOLLOW)?;
                fchmod(&made, mode)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Binds the file or directory at `path` in the volume to `target`, which is made. A mount that is there is replaced.
pub(super) fn bind(volume: &Path, path: &Path, target: &Path) -> io::Result<()> {
    let root = root(volume)?;
    let source = resolve(&root, path, OFlag::O_PATH)?;
    let kind = SFlag::from_bits_truncate(fstat(&source)?.st_mode & SFlag::S_IFMT.bits());
    mount_table::unmount(target)?;
    make_target(target, kind == SFlag::S_IFDIR)?;
    let through = format!("/proc/self/fd/{}", source.as_fd().as_raw_fd());
    let bound = mount(Some(through.as_str()), target, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>);
    Ok(bound?)
}

/// An empty file or directory to mount upon; what an earlier run left may be of the other type.
fn make_target(target: &Path, directory: bool) -> io::Result<()> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() == directory => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir(target)?,
        Ok(_) => fs::remove_file(target)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if directory { fs::create_dir(target) } else { File::create(target).map(drop) }
}

/// The volume itself; where it lies is the administrator's word, links and all.
fn root(volume: &Path) -> io::Result<OwnedFd> {
    Ok(OwnedFd::from(File::open(volume)?))
}

fn resolve(root: &OwnedFd, path: &Path, flags: OFlag) -> io::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    for _ in 0..MAX_TRIES {
        match openat2(root, path, how) {
            Err(Errno::EAGAIN) => {}
            done => return Ok(done?),
        }
    }
    Err(Errno::EAGAIN.into())
}

#[cfg(test)]
mod tests;
