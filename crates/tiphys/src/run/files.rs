//! The data directory: who holds it, and the kubeconfig in it.

use crate::config::Options;
use anyhow::{Context, bail};
use apiserver::ApiServer;
use apiserver::pki;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where kubeadm puts it, and kubectl's users look for it.
const SYSTEM_KUBECONFIG: &str = "/etc/kubernetes/admin.conf";

/// Makes the data directory.
pub fn prepare(data_dir: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.with_context(|| {
        let data_dir = data_dir.display();
        format!("cannot make {data_dir}. Run as root, or choose another directory with --data-dir")
    })
}

/// Takes the directory for this process; held as long as the file is.
pub fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let path = pid_path(data_dir);
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
    let mut file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another tiphys runs on {}; stop it with `tiphys down`, or choose another --data-dir",
                data_dir.display()
            )
        }
        Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the data directory"),
    }
    file.set_len(0)?;
    write!(file, "{}", std::process::id())?;
    file.sync_all().with_context(|| format!("cannot write {}. Is the disk full?", path.display()))?;
    Ok(file)
}

pub fn pid_path(data_dir: &Path) -> PathBuf {
    data_dir.join("tiphys.pid")
}

/// The process that holds a data directory.
pub fn running(data_dir: &Path) -> anyhow::Result<Option<i32>> {
    let path = pid_path(data_dir);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}", path.display())),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let id = fs::read_to_string(&path)?;
            Ok(Some(id.trim().parse().with_context(|| format!("{} holds no process id", path.display()))?))
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot look at the lock"),
    }
}

/// Writes the administrator's kubeconfig, and for the machine's usual instance also where everybody looks for it.
pub fn write_admin_kubeconfig(options: &Options, server: &ApiServer, now_unix_s: i64) -> anyhow::Result<()> {
    let identity = server.pki.kept_client("admin", "kubernetes-admin", &["system:masters"], now_unix_s)?;
    let text = pki::kubeconfig(&server.url, server.pki.ca(), "kubernetes-admin", &identity);
    pki::write(&options.data_dir.join("admin.conf"), text.as_bytes(), 0o600)?;
    if options.is_default_instance() {
        let system = Path::new(SYSTEM_KUBECONFIG);
        if let Some(directory) = system.parent() {
            fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        pki::write(system, text.as_bytes(), 0o600)?;
    }
    Ok(())
}
