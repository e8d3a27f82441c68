//! The directory of a network's reserved addresses, in upstream's layout:
//!
//! ```text
//! <dataDir>/<network>/lock                 held, with flock, by whoever reads or changes the directory
//!                     10.88.0.5            "<container>\r\n<interface>": who holds the address
//!                     last_reserved_ip.0   the address given last out of range set 0
//! ```
//!
//! A reservation appears whole or not at all: it is written under another name and renamed. There is no fsync: after a
//! power failure the namespaces are gone too, and a file that came back empty counts as free.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::error::{CniError, Context};

const LINE_BREAK: &str = "\r\n";

/// The directory, locked while this is held.
pub struct Store {
    dir: PathBuf,
    _lock: File,
}

/// An address and who holds it.
struct Reservation {
    address: IpAddr,
    path: PathBuf,
    container_id: String,
    /// Absent in files of very old plugins, which then hold for every interface.
    ifname: Option<String>,
}

impl Store {
    /// Makes the directory if it is missing and waits for its lock.
    pub fn open(data_dir: &Path, network: &str) -> Result<Self, CniError> {
        let dir = data_dir.join(network);
        fs::create_dir_all(&dir).context(format_args!("create {}", dir.display()))?;
        let path = dir.join("lock");
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = open.context(format_args!("open {}", path.display()))?;
        lock.lock().context(format_args!("lock {}", path.display()))?;
        Ok(Self { dir, _lock: lock })
    }

    pub fn taken(&self) -> Result<HashSet<IpAddr>, CniError> {
        Ok(self.reservations()?.iter().map(|reservation| reservation.address).collect())
    }

    pub fn addresses_of(&self, container_id: &str, ifname: &str) -> Result<Vec<IpAddr>, CniError> {
        let all = self.reservations()?;
        Ok(all.iter().filter(|held| held.is_of(container_id, ifname)).map(|held| held.address).collect())
    }

    /// The address given last out of the range set `index`, if that is known and makes sense.
    pub fn last_reserved(&self, index: usize) -> Option<IpAddr> {
        fs::read_to_string(self.last_path(index)).ok()?.trim().parse().ok()
    }

    pub fn reserve(&self, address: IpAddr, container_id: &str, ifname: &str, index: usize) -> Result<(), CniError> {
        let text = format!("{}{LINE_BREAK}{ifname}", container_id.trim());
        self.write(&self.dir.join(address.to_string()), &text)?;
        self.write(&self.last_path(index), &address.to_string())
    }

    pub fn release(&self, container_id: &str, ifname: &str) -> Result<(), CniError> {
        self.remove_where(|held| held.is_of(container_id, ifname))
    }

    /// Undoes a reservation after another error, which is the one worth telling.
    pub fn release_quietly(&self, container_id: &str, ifname: &str) {
        self.release(container_id, ifname).unwrap_or_default();
    }

    /// Frees what no attachment in `valid` holds.
    pub fn retain(&self, valid: &[(String, String)]) -> Result<(), CniError> {
        self.remove_where(|held| !valid.iter().any(|(id, ifname)| held.is_of(id, ifname)))
    }

    fn remove_where(&self, mut condemned: impl FnMut(&Reservation) -> bool) -> Result<(), CniError> {
        for held in self.reservations()? {
            if condemned(&held) {
                fs::remove_file(&held.path).context(format_args!("free {}", held.address))?;
            }
        }
        Ok(())
    }

    fn reservations(&self) -> Result<Vec<Reservation>, CniError> {
        let entries = fs::read_dir(&self.dir).context(format_args!("list {}", self.dir.display()))?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.context(format_args!("list {}", self.dir.display()))?;
            let Some(address) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let path = entry.path();
            match fs::read_to_string(&path) {
                Ok(text) if text.trim().is_empty() => {}
                Ok(text) => found.push(Reservation::parse(address, path, &text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(CniError::io(format_args!("read {}", path.display()), &error)),
            }
        }
        Ok(found)
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), CniError> {
        let temporary = self.dir.join(".new");
        fs::write(&temporary, text).context(format_args!("write {}", temporary.display()))?;
        fs::rename(&temporary, path).context(format_args!("write {}", path.display()))
    }

    fn last_path(&self, index: usize) -> PathBuf {
        self.dir.join(format!("last_reserved_ip.{index}"))
    }
}

impl Reservation {
    fn parse(address: IpAddr, path: PathBuf, text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        let container_id = lines.next().unwrap_or_default().to_owned();
        Self { address, path, container_id, ifname: lines.next().map(str::to_owned) }
    }

    fn is_of(&self, container_id: &str, ifname: &str) -> bool {
        self.container_id == container_id.trim() && self.ifname.as_deref().is_none_or(|own| own == ifname)
    }
}
