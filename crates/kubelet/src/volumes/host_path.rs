//! What a hostPath volume demands of the path, in upstream's words.

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

#[derive(Debug, thiserror::Error)]
pub enum HostPathError {
    #[error("hostPath type check failed: {path} is not a {what}")]
    Check { path: String, what: &'static str },
    #[error("{0} is an invalid volume type")]
    Kind(String),
    #[error("{what} {path}: {}", go_text(source))]
    Io { what: &'static str, path: String, source: io::Error },
}

/// `no such file or directory`, where std writes `No such file or directory (os error 2)`.
fn go_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text[..1].to_lowercase() + &text[1..]
}

/// An empty `kind` demands nothing.
pub(super) fn check(path: &Path, kind: &str) -> Result<(), HostPathError> {
    let file_type = fs::metadata(path).ok().map(|metadata| metadata.file_type());
    let must = |is: fn(&FileType) -> bool, what: &'static str| match file_type.is_some_and(|found| is(&found)) {
        true => Ok(()),
        false => Err(HostPathError::Check { path: path.display().to_string(), what }),
    };
    match kind {
        "" => Ok(()),
        "DirectoryOrCreate" if file_type.is_none() => make_dir(path),
        "Directory" | "DirectoryOrCreate" => must(FileType::is_dir, "directory"),
        "FileOrCreate" if file_type.is_none() => make_file(path),
        "File" | "FileOrCreate" => must(FileType::is_file, "file"),
        "Socket" => must(FileTypeExt::is_socket, "socket file"),
        "CharDevice" => must(FileTypeExt::is_char_device, "character device"),
        "BlockDevice" => must(FileTypeExt::is_block_device, "block device"),
        other => Err(HostPathError::Kind(other.to_owned())),
    }
}

fn make_dir(path: &Path) -> Result<(), HostPathError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(path);
    made.map_err(|source| HostPathError::Io { what: "mkdir", path: path.display().to_string(), source })
}

/// The directory it lies in must be there.
fn make_file(path: &Path) -> Result<(), HostPathError> {
    let made = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o644).open(path);
    made.map(drop).map_err(|source| HostPathError::Io { what: "open", path: path.display().to_string(), source })
}
