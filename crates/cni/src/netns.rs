//! Work inside a pod's network namespace.
//!
//! Joining a namespace is a property of one thread, so it happens on a thread of its own that ends with the work; the
//! plugin's main thread never leaves the namespace it was started in.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::sched::{CloneFlags, setns};

use crate::error::{CniError, Code, Context};

/// An open network namespace: it stays alive while this is held, even if its path is removed.
pub struct Netns {
    file: File,
    path: String,
}

impl Netns {
    pub fn open(path: &Path) -> Result<Self, CniError> {
        let shown = path.display().to_string();
        match File::open(path) {
            Ok(file) => Ok(Self { file, path: shown }),
            Err(error) => {
                let msg = format!("failed to open netns {shown:?}: {error}");
                Err(CniError::new(Code::UnknownContainer, msg))
            }
        }
    }

    /// The file that names this namespace in a netlink message.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Runs `work` inside the namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> Result<T, CniError> + Send) -> Result<T, CniError> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET)
                    .map_err(io::Error::from)
                    .context(format_args!("enter netns {:?}", self.path))?;
                work()
            });
            thread.join().unwrap_or_else(|_| Err(CniError::internal("work inside the network namespace panicked")))
        })
    }
}
