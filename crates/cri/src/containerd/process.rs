//! containerd as a process: starting it apart from us, knowing it again, waiting for its end, ending it.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::machine::search_path;
use super::{ContainerdConfig, ContainerdError};
use crate::client::{CriClient, CriTimeouts};

/// Starts containerd in a process group of its own, so that neither our end nor a terminal's Ctrl-C reaches it.
pub(super) fn spawn(config: &ContainerdConfig, program: &Path) -> Result<Child, ContainerdError> {
    keep_log_small(&config.log_file)?;
    let log = OpenOptions::new().create(true).append(true).open(&config.log_file);
    let log = log.map_err(|source| file_error("open", &config.log_file, source))?;
    let log_too = log.try_clone().map_err(|source| file_error("open", &config.log_file, source))?;
    let child = Command::new(program)
        .arg("--config")
        .arg(config.config_file())
        .env("PATH", search_path())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too)
        .process_group(0)
        .kill_on_drop(false)
        .spawn()
        .map_err(|source| file_error("start", program, source))?;
    if let Some(pid) = child.id() {
        write_file(&config.pid_file(), &format!("{pid}\n"))?;
    }
    Ok(child)
}

/// The process that listens at the socket, if one does.
pub(super) async fn listener(socket: &Path) -> Option<u32> {
    let stream = UnixStream::connect(socket).await.ok()?;
    u32::try_from(stream.peer_cred().ok()?.pid()?).ok()
}

/// The containerd that we, or an earlier Tiphys, started last, if it still lives.
pub(super) fn from_pid_file(config: &ContainerdConfig) -> Option<u32> {
    let pid = std::fs::read_to_string(config.pid_file()).ok()?.trim().parse().ok()?;
    is_ours(config, pid).then_some(pid)
}

/// Whether the process is a containerd that runs with our config file. A pid alone proves nothing after a reboot.
pub(super) fn is_ours(config: &ContainerdConfig, pid: u32) -> bool {
    let Ok(command_line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let config_file = config.config_file();
    command_line.split(|byte| *byte == 0).any(|argument| argument == config_file.as_os_str().as_bytes())
}

/// Waits until the CRI service answers, or until `ended` says how the process ended that was to answer.
pub(super) async fn wait_ready(
    config: &ContainerdConfig,
    ended: &mut (dyn FnMut() -> Option<String> + Send),
) -> Result<(), ContainerdError> {
    let client = CriClient::connect_lazy(&config.socket, CriTimeouts::default())?;
    let started = Instant::now();
    loop {
        let last_error = match tokio::time::timeout(PROBE_DEADLINE, client.version()).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {PROBE_DEADLINE:?}"),
        };
        if let Some(status) = ended() {
            let log_file = config.log_file.clone();
            return Err(ContainerdError::EndedAtStart { status, log_tail: log_tail(&log_file), log_file });
        }
        if started.elapsed() > config.start_deadline {
            return Err(not_ready(config, last_error));
        }
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
}

pub(super) fn not_ready(config: &ContainerdConfig, last_error: String) -> ContainerdError {
    ContainerdError::NotReady {
        socket: config.socket.clone(),
        deadline: config.start_deadline,
        last_error,
        log_file: config.log_file.clone(),
    }
}

/// Waits for the end of a containerd that is not our child, by holding a connection to it.
///
/// The server closes a connection that says nothing after a while, so an end of the connection only means that it is
/// time to look again.
pub(super) async fn wait_gone(socket: &Path) {
    while let Ok(mut stream) = UnixStream::connect(socket).await {
        let mut sink = [0; 256];
        while stream.read(&mut sink).await.is_ok_and(|count| count > 0) {}
        // Bounds the rate of reconnecting to a server that closes every connection at once.
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
}

/// Ends our containerd: SIGTERM, and SIGKILL when it takes too long. Its shims and their containers stay.
pub(super) async fn end(
    config: &ContainerdConfig,
    pid: u32,
    mut child: Option<&mut Child>,
) -> Result<(), ContainerdError> {
    if is_ours(config, pid) {
        signal(pid, Signal::SIGTERM)?;
    }
    let deadline = Instant::now() + STOP_DEADLINE;
    let mut killed = false;
    loop {
        // Reaps our own child, which otherwise stays as a zombie.
        let reaped = child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))));
        if reaped || !is_ours(config, pid) {
            break;
        }
        if !killed && Instant::now() > deadline {
            tracing::warn!(pid, "containerd did not end on SIGTERM within {STOP_DEADLINE:?}");
            signal(pid, Signal::SIGKILL)?;
            killed = true;
        }
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
    let pid_file = config.pid_file();
    match std::fs::remove_file(&pid_file) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(file_error("remove", &pid_file, source)),
        _ => Ok(()),
    }
}

fn signal(pid: u32, signal: Signal) -> Result<(), ContainerdError> {
    let target = Pid::from_raw(pid.try_into().expect("a pid of the kernel's fits its own type"));
    match kill(target, signal) {
        // It ended by itself in the meantime.
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(ContainerdError::Signal { pid, source: errno.into() }),
    }
}

pub(super) fn create_dir(path: &Path) -> Result<(), ContainerdError> {
    std::fs::create_dir_all(path).map_err(|source| file_error("create", path, source))
}

pub(super) fn write_file(path: &Path, text: &str) -> Result<(), ContainerdError> {
    std::fs::write(path, text).map_err(|source| file_error("write", path, source))
}

fn file_error(action: &'static str, path: &Path, source: std::io::Error) -> ContainerdError {
    ContainerdError::File { action, path: path.to_owned(), source }
}

/// Puts a large log aside before it is appended to; one old log is kept.
fn keep_log_small(log_file: &Path) -> Result<(), ContainerdError> {
    let large = std::fs::metadata(log_file).is_ok_and(|metadata| metadata.len() > MAX_LOG_BYTES);
    if !large {
        return Ok(());
    }
    let old = log_file.with_extension("log.old");
    std::fs::rename(log_file, &old).map_err(|source| file_error("rename", log_file, source))
}

/// The last lines of the log, where containerd says why it ended.
fn log_tail(log_file: &Path) -> String {
    let tail = read_end(log_file).unwrap_or_else(|error| format!("(cannot be read: {error})").into_bytes());
    let text = String::from_utf8_lossy(&tail);
    let mut lines: Vec<&str> = text.lines().rev().take(LOG_TAIL_LINES).collect();
    lines.reverse();
    lines.join("\n")
}

fn read_end(log_file: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(log_file)?;
    let length_bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(length_bytes.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut tail)?;
    Ok(tail)
}

/// How often a starting or ending containerd is looked at.
const PROBE_INTERVAL: Duration = Duration::from_millis(10);
/// How long one look at a starting containerd may take.
const PROBE_DEADLINE: Duration = Duration::from_secs(5);
/// How long containerd may take to end after SIGTERM.
const STOP_DEADLINE: Duration = Duration::from_secs(10);
/// The size beyond which containerd's log is put aside at the next start.
const MAX_LOG_BYTES: u64 = 32 * 1024 * 1024;
/// How much of the log an error quotes.
const LOG_TAIL_LINES: usize = 5;
const LOG_TAIL_BYTES: u64 = 8 * 1024;
