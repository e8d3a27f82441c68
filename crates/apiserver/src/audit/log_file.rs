//! The log as a file: one line an event; full files are put aside under the time, compressed, and in the end deleted.

use crate::config::AuditLog;
use ::audit::Event;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stdx::Clock;

const STDOUT: &str = "-";
const DEFAULT_MAX_MIB: u64 = 100;
const DAY_SECONDS: i64 = 24 * 60 * 60;

pub struct LogFile {
    legacy: bool,
    /// None: standard output.
    file: Option<Mutex<Rotating>>,
}

struct Rotating {
    path: PathBuf,
    file: File,
    size: u64,
    max_size: u64,
    max_age_days: u32,
    max_backups: usize,
    compress: bool,
    clock: Arc<dyn Clock>,
}

impl LogFile {
    pub fn open(config: &AuditLog, clock: Arc<dyn Clock>) -> io::Result<LogFile> {
        let legacy = config.format == "legacy";
        let path = config.path.clone().unwrap_or_else(|| STDOUT.into());
        if path.as_os_str() == STDOUT {
            return Ok(LogFile { legacy, file: None });
        }
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let file = open(&path)?;
        let size = file.metadata()?.len();
        let max_mib = if config.max_size_mib == 0 { DEFAULT_MAX_MIB } else { u64::from(config.max_size_mib) };
        let rotating = Rotating {
            path,
            file,
            size,
            max_size: max_mib << 20,
            max_age_days: config.max_age_days,
            max_backups: config.max_backups as usize,
            compress: config.compress,
            clock,
        };
        Ok(LogFile { legacy, file: Some(Mutex::new(rotating)) })
    }

    /// The line of an event, without its end.
    pub fn encode(&self, event: &Event) -> Vec<u8> {
        if self.legacy {
            return event.legacy().into_bytes();
        }
        let mut out = Vec::new();
        event.encode(&mut out);
        out
    }

    pub fn write(&self, lines: &[Vec<u8>]) -> io::Result<()> {
        let mut text = lines.join(&b'\n');
        text.push(b'\n');
        match &self.file {
            None => io::stdout().lock().write_all(&text),
            Some(file) => file.lock().write(&text),
        }
    }
}

impl Rotating {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + text.len() as u64 > self.max_size {
            self.rotate()?;
        }
        self.file.write_all(text)?;
        self.size += text.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        let (stem, extension) = self.name();
        let backup = self.path.with_file_name(format!("{stem}-{}{extension}", stamp(now)));
        std::fs::rename(&self.path, &backup)?;
        self.file = open(&self.path)?;
        self.size = 0;
        if let Err(error) = self.tidy(now, &backup) {
            tracing::warn!(%error, "old audit logs stay as they are");
        }
        Ok(())
    }

    fn name(&self) -> (String, String) {
        let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let extension = text(self.path.extension()).map(|extension| format!(".{extension}")).unwrap_or_default();
        (text(self.path.file_stem()).unwrap_or_default(), extension)
    }

    /// Compresses what was put aside, and deletes what is too old or too much.
    fn tidy(&self, now: i64, backup: &Path) -> io::Result<()> {
        if self.compress {
            compress(backup)?;
        }
        let (stem, extension) = self.name();
        let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut backups: Vec<(String, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let plain = name.strip_suffix(".gz").unwrap_or(&name);
            let time = plain.strip_prefix(&format!("{stem}-")).and_then(|rest| rest.strip_suffix(&extension));
            if let Some(time) = time.filter(|time| is_stamp(time)) {
                backups.push((time.to_owned(), path));
            }
        }
        backups.sort_by(|one, other| other.0.cmp(&one.0));
        let oldest = stamp(now - i64::from(self.max_age_days) * DAY_SECONDS * 1_000_000_000);
        for (index, (time, path)) in backups.iter().enumerate() {
            let too_many = self.max_backups > 0 && index >= self.max_backups;
            let too_old = self.max_age_days > 0 && *time < oldest;
            if too_many || too_old {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn compress(path: &Path) -> io::Result<()> {
    let mut target = path.as_os_str().to_owned();
    target.push(".gz");
    let out = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&target)?;
    let mut encoder = GzEncoder::new(out, Compression::default());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    encoder.finish()?;
    std::fs::remove_file(path)
}

/// `2006-01-02T15-04-05.000`, in UTC.
fn stamp(nanos: i64) -> String {
    let seconds = schema::Time::from_unix(nanos.div_euclid(1_000_000_000)).to_text();
    let millis = nanos.rem_euclid(1_000_000_000) / 1_000_000;
    format!("{}.{millis:03}", seconds.trim_end_matches('Z').replace(':', "-"))
}

fn is_stamp(text: &str) -> bool {
    let shape = "0000-00-00T00-00-00.000";
    let fits = |(have, want): (u8, u8)| if want == b'0' { have.is_ascii_digit() } else { have == want };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}
