//! Images from a directory: every archive in it is imported into containerd before pods ask for it.
//!
//! The import itself is `ctr`'s, which comes with containerd; this module decides which archives need it, puts the
//! images under the references that the kubelet will ask for, and waits until CRI sees them. A marker file remembers
//! what was imported, but only CRI is believed about what is there: an image that was removed is imported again.
//!
//! Deliberately absent: pulling from registries (CRI does that) and unpacking layers ourselves.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::client::CriClient;
use crate::containerd::find_program;
use crate::error::CriError;
use crate::v1;

mod archive;
mod marker;
mod reference;

pub use archive::{Archive, ArchiveError, NamedImage};
pub use reference::normalize;

use marker::{FileState, Markers};

/// What to import and into which containerd.
#[derive(Debug, Clone)]
pub struct ImportConfig {
    /// Holds the archives: `*.tar`, `*.tar.gz`, `*.tgz`, in the OCI or docker layout. It need not exist.
    pub directory: PathBuf,
    /// Remembers what was imported; lies in the data directory of the containerd that has the images.
    pub marker_file: PathBuf,
    /// A name that is looked up in `PATH`, or a path.
    pub ctr_program: PathBuf,
    /// containerd's name of the snapshotter into which layers are unpacked; containerd's default when absent.
    pub snapshotter: Option<String>,
}

impl ImportConfig {
    pub fn new(directory: &Path, marker_file: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            marker_file: marker_file.to_owned(),
            ctr_program: PathBuf::from("ctr"),
            snapshotter: None,
        }
    }
}

/// What became of the archives, in the order of their names.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// Imported now, with the references under which CRI has them.
    pub imported: Vec<(PathBuf, Vec<String>)>,
    /// Imported earlier and still there.
    pub present: Vec<(PathBuf, Vec<String>)>,
    /// One bad archive does not keep the others out.
    pub failed: Vec<(PathBuf, ImportError)>,
}

/// Why an archive, or the whole directory, could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{program} is not in PATH: install it (Debian and Ubuntu: apt-get install containerd)")]
    ProgramMissing { program: String },
    #[error("cannot read {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}: {source}", path = path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{directory} holds more than {MAX_ARCHIVES} archives", directory = directory.display())]
    TooMany { directory: PathBuf },
    #[error("ctr {action} failed: {message}")]
    Ctr { action: &'static str, message: String },
    #[error("the runtime does not see {reference} {VISIBLE_DEADLINE:?} after its import")]
    NotVisible { reference: String },
    #[error(transparent)]
    Cri(#[from] CriError),
}

/// Imports every archive of the directory that the runtime does not have yet.
pub async fn import_directory(cri: &CriClient, config: &ImportConfig) -> Result<ImportReport, ImportError> {
    let archives = list_archives(&config.directory)?;
    let mut report = ImportReport::default();
    if archives.is_empty() {
        return Ok(report);
    }
    let missing = || ImportError::ProgramMissing { program: config.ctr_program.display().to_string() };
    let ctr_program = find_program(&config.ctr_program).ok_or_else(missing)?;
    let importer = Importer { cri, config, ctr_program };
    let mut markers = Markers::load(&config.marker_file);
    let mut changed = false;
    // One after the other: containerd locks an archive's parts by names that all archives share (`tar-index.json`), so
    // imports at the same time only wait for each other, and longer than they take.
    for path in archives {
        match importer.import_if_needed(&path, &markers).await {
            Ok(Outcome::Present(references)) => report.present.push((path, references)),
            Ok(Outcome::Imported(state, references)) => {
                tracing::info!(archive = %path.display(), ?references, "imported images");
                markers.remember(&path, state, references.clone());
                changed = true;
                report.imported.push((path, references));
            }
            Err(error) => {
                tracing::warn!(archive = %path.display(), %error, "cannot import images");
                report.failed.push((path, error));
            }
        }
    }
    if changed {
        markers.store(&config.marker_file)?;
    }
    Ok(report)
}

enum Outcome {
    Present(Vec<String>),
    Imported(FileState, Vec<String>),
}

struct Importer<'a> {
    cri: &'a CriClient,
    config: &'a ImportConfig,
    ctr_program: PathBuf,
}

impl Importer<'_> {
    async fn import_if_needed(&self, path: &Path, markers: &Markers) -> Result<Outcome, ImportError> {
        let state = FileState::of(path)?;
        if let Some(references) = markers.references_of(path, state)
            && self.all_present(references).await?
        {
            return Ok(Outcome::Present(references.to_vec()));
        }
        let archive = read_archive(path).await?;
        self.import(path).await?;
        let references = self.name_images(&archive).await?;
        for reference in &references {
            self.wait_visible(reference).await?;
        }
        Ok(Outcome::Imported(state, references))
    }

    async fn import(&self, path: &Path) -> Result<(), ImportError> {
        let mut command = self.ctr();
        command.args(["images", "import"]);
        if let Some(snapshotter) = &self.config.snapshotter {
            command.args(["--snapshotter", snapshotter]);
        }
        run_ctr(command.arg(path), "images import").await
    }

    /// Gives each image the full reference that the kubelet asks for and, where it is known, the one by digest, so that
    /// the image has a repository digest as if it had been pulled.
    async fn name_images(&self, archive: &Archive) -> Result<Vec<String>, ImportError> {
        let mut references = Vec::with_capacity(archive.images.len());
        for image in &archive.images {
            let full = normalize(&image.name);
            let mut aliases = Vec::new();
            if full != image.name {
                aliases.push(full.clone());
            }
            if let Some(digest) = &image.digest
                && !full.contains('@')
            {
                aliases.push(format!("{}@{digest}", reference::repository(&full)));
            }
            if !aliases.is_empty() {
                let mut command = self.ctr();
                command.args(["images", "tag", "--force", &image.name]).args(aliases);
                run_ctr(&mut command, "images tag").await?;
            }
            references.push(full);
        }
        Ok(references)
    }

    /// CRI learns of an import through an event, so it may be a moment late.
    async fn wait_visible(&self, reference: &str) -> Result<(), ImportError> {
        let started = Instant::now();
        while !self.present(reference).await? {
            if started.elapsed() > VISIBLE_DEADLINE {
                return Err(ImportError::NotVisible { reference: reference.to_owned() });
            }
            tokio::time::sleep(VISIBLE_INTERVAL).await;
        }
        Ok(())
    }

    async fn all_present(&self, references: &[String]) -> Result<bool, ImportError> {
        for reference in references {
            if !self.present(reference).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn present(&self, reference: &str) -> Result<bool, ImportError> {
        let image = v1::ImageSpec { image: reference.to_owned(), ..Default::default() };
        Ok(self.cri.image_status(image).await?.is_some())
    }

    fn ctr(&self) -> Command {
        let mut command = Command::new(&self.ctr_program);
        command.arg("--address").arg(self.cri.socket()).args(["--namespace", CRI_NAMESPACE]);
        command
    }
}

async fn run_ctr(command: &mut Command, action: &'static str) -> Result<(), ImportError> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let failed = |message: String| ImportError::Ctr { action, message };
    let output = match tokio::time::timeout(CTR_DEADLINE, command.output()).await {
        Ok(output) => output.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("no end within {CTR_DEADLINE:?}"))),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("{} ({})", said.trim(), output.status)))
}

async fn read_archive(path: &Path) -> Result<Archive, ImportError> {
    let owned = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || Archive::read(&owned));
    let joined = reading.await.map_err(|error| ImportError::Read {
        path: path.to_owned(),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(joined?)
}

/// The archives of the directory in the order of their names; a directory that is not there has none.
fn list_archives(directory: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let failed = |source| ImportError::Read { path: directory.to_owned(), source };
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut archives = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let archive = ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending));
        if archive && path.is_file() {
            archives.push(path);
        }
        if archives.len() > MAX_ARCHIVES {
            return Err(ImportError::TooMany { directory: directory.to_owned() });
        }
    }
    archives.sort();
    Ok(archives)
}

/// The containerd namespace in which CRI keeps everything.
const CRI_NAMESPACE: &str = "k8s.io";
const ARCHIVE_ENDINGS: [&str; 3] = [".tar", ".tar.gz", ".tgz"];
const MAX_ARCHIVES: usize = 1000;
const CTR_DEADLINE: Duration = Duration::from_secs(600);
const VISIBLE_DEADLINE: Duration = Duration::from_secs(10);
const VISIBLE_INTERVAL: Duration = Duration::from_millis(10);
