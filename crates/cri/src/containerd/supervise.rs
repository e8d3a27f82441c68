//! The supervision: who serves the socket, and what to do when it ends.

use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::sync::{oneshot, watch};

use super::config::render;
use super::machine::{Machine, find_program};
use super::process;
use super::{ContainerdConfig, ContainerdError, ContainerdState, Decided, Origin};

/// Finds or starts containerd; what comes back is ready to be watched.
pub(super) async fn begin(
    config: ContainerdConfig,
) -> Result<(Decided, Supervisor, watch::Receiver<ContainerdState>), ContainerdError> {
    let machine = Machine::detect();
    let decided = machine.decide(&config);
    let running = match answering(&config).await? {
        Some(pid) if process::is_ours(&config, pid) => adopt(&config, machine, decided, pid).await?,
        Some(pid) => Running::Foreign { pid },
        None => start(&config, machine, decided).await?,
    };
    let (pid, socket) = (running.pid(), config.socket.display());
    tracing::info!(pid, origin = ?running.origin(), %socket, "containerd is ready");
    let (state, watcher) = watch::channel(running.ready());
    Ok((decided, Supervisor { config, machine, decided, running, state }, watcher))
}

/// One containerd under supervision.
pub(super) struct Supervisor {
    config: ContainerdConfig,
    machine: Machine,
    decided: Decided,
    running: Running,
    state: watch::Sender<ContainerdState>,
}

impl Supervisor {
    /// Keeps containerd running until told to stop it. A dropped `stop` only ends the supervision.
    pub async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Result<(), ContainerdError> {
        let mut backoff = Backoff::default();
        loop {
            let up_since = Instant::now();
            let mut reason = tokio::select! {
                told = &mut stop => return self.stop_if(told.is_ok()).await,
                reason = self.running.ended(&self.config) => reason,
            };
            backoff.ran_for(up_since.elapsed());
            self.running = loop {
                tracing::warn!(%reason, "containerd is down");
                self.state.send_replace(ContainerdState::Down { reason, attempts: backoff.failures });
                tokio::select! {
                    told = &mut stop => return self.stop_if(told.is_ok()).await,
                    () = tokio::time::sleep(backoff.next()) => {}
                }
                let again = tokio::select! {
                    told = &mut stop => return self.stop_if(told.is_ok()).await,
                    again = self.again() => again,
                };
                match again {
                    Ok(running) => break running,
                    Err(error) => reason = error.to_string(),
                }
            };
            tracing::info!(pid = self.running.pid(), "containerd is ready again");
            self.state.send_replace(self.running.ready());
        }
    }

    /// One attempt to have a containerd again.
    async fn again(&self) -> Result<Running, ContainerdError> {
        let foreign = matches!(self.running, Running::Foreign { .. });
        if foreign {
            // The system's containerd has a supervisor of its own, which we give time.
            process::wait_ready(&self.config, &mut || None).await?;
        }
        match answering(&self.config).await? {
            Some(pid) => Ok(Running::found(&self.config, pid)),
            None if foreign => Err(process::not_ready(&self.config, "it went away again".to_owned())),
            None => start(&self.config, self.machine, self.decided).await,
        }
    }

    async fn stop_if(mut self, told: bool) -> Result<(), ContainerdError> {
        if !told {
            return Ok(());
        }
        // A restart that was cut short has left its pid in the file.
        let restarted = process::from_pid_file(&self.config);
        let pid = self.running.pid();
        match &mut self.running {
            Running::Child { child, .. } => process::end(&self.config, pid, Some(child)).await?,
            Running::Adopted { .. } => process::end(&self.config, pid, None).await?,
            Running::Foreign { .. } => {}
        }
        if let Some(restarted) = restarted {
            process::end(&self.config, restarted, None).await?;
        }
        self.state.send_replace(ContainerdState::Stopped);
        Ok(())
    }
}

/// The containerd that serves the socket.
enum Running {
    Child { child: Box<Child>, pid: u32 },
    Adopted { pid: u32 },
    Foreign { pid: u32 },
}

impl Running {
    fn found(config: &ContainerdConfig, pid: u32) -> Self {
        if process::is_ours(config, pid) { Self::Adopted { pid } } else { Self::Foreign { pid } }
    }

    fn pid(&self) -> u32 {
        match self {
            Self::Child { pid, .. } | Self::Adopted { pid } | Self::Foreign { pid } => *pid,
        }
    }

    fn origin(&self) -> Origin {
        match self {
            Self::Child { .. } => Origin::Started,
            Self::Adopted { .. } => Origin::Adopted,
            Self::Foreign { .. } => Origin::Foreign,
        }
    }

    fn ready(&self) -> ContainerdState {
        ContainerdState::Ready { origin: self.origin(), pid: self.pid() }
    }

    /// Waits for its end and tells it in words.
    async fn ended(&mut self, config: &ContainerdConfig) -> String {
        match self {
            Self::Child { child, .. } => match child.wait().await {
                Ok(status) => format!("containerd ended: {status}"),
                Err(error) => format!("containerd cannot be waited for: {error}"),
            },
            Self::Adopted { .. } | Self::Foreign { .. } => {
                process::wait_gone(&config.socket).await;
                format!("containerd no longer listens at {}", config.socket.display())
            }
        }
    }
}

/// The process that answers CRI calls at the socket. One of ours that does not answer in time is ended.
async fn answering(config: &ContainerdConfig) -> Result<Option<u32>, ContainerdError> {
    let listening = process::listener(&config.socket).await;
    // One that does not listen is either still starting, or on its way out.
    let Some(pid) = listening.or_else(|| process::from_pid_file(config)) else { return Ok(None) };
    let ours = process::is_ours(config, pid);
    let mut gone = || (ours && !process::is_ours(config, pid)).then(|| "it went away".to_owned());
    match process::wait_ready(config, &mut gone).await {
        Ok(()) => Ok(Some(pid)),
        Err(error) if ours => {
            tracing::warn!(pid, %error, "ending a containerd of an earlier run that does not answer");
            process::end(config, pid, None).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Takes over what an earlier Tiphys left running, or replaces it when it runs with another configuration.
async fn adopt(
    config: &ContainerdConfig,
    machine: Machine,
    decided: Decided,
    pid: u32,
) -> Result<Running, ContainerdError> {
    let runc = require(&config.runc_program, "runc")?;
    let wanted = render(config, decided, machine, &runc);
    if std::fs::read_to_string(config.config_file()).is_ok_and(|current| current == wanted) {
        return Ok(Running::Adopted { pid });
    }
    tracing::info!(pid, "the configuration of containerd changed: replacing it; pods keep running");
    process::end(config, pid, None).await?;
    start(config, machine, decided).await
}

async fn start(config: &ContainerdConfig, machine: Machine, decided: Decided) -> Result<Running, ContainerdError> {
    let program = require(&config.containerd_program, "containerd")?;
    let runc = require(&config.runc_program, "runc")?;
    let (socket_dir, log_dir) = (config.socket.parent(), config.log_file.parent());
    for directory in [Some(config.root.as_path()), Some(&config.state), socket_dir, log_dir].into_iter().flatten() {
        process::create_dir(directory)?;
    }
    process::write_file(&config.config_file(), &render(config, decided, machine, &runc))?;
    let mut child = Box::new(process::spawn(config, &program)?);
    let pid = child.id().unwrap_or_default();
    let mut ended = || match child.try_wait() {
        Ok(status) => status.map(|status| status.to_string()),
        Err(error) => Some(error.to_string()),
    };
    if let Err(error) = process::wait_ready(config, &mut ended).await {
        process::end(config, pid, Some(&mut child)).await?;
        return Err(error);
    }
    Ok(Running::Child { child, pid })
}

fn require(program: &std::path::Path, package: &'static str) -> Result<std::path::PathBuf, ContainerdError> {
    let missing = || ContainerdError::ProgramMissing { program: program.display().to_string(), package };
    find_program(program).ok_or_else(missing)
}

/// The pause before the next restart: it doubles with every failure and starts anew after a good run.
#[derive(Debug, Default)]
struct Backoff {
    failures: u32,
}

impl Backoff {
    fn ran_for(&mut self, up: Duration) {
        if up >= GOOD_RUN {
            self.failures = 0;
        }
    }

    fn next(&mut self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        pause
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// After this long, an end is no longer taken for a failure to start.
const GOOD_RUN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit_and_starts_anew_after_a_good_run() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u128> = (0..11).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
        backoff.ran_for(GOOD_RUN / 2);
        assert_eq!(backoff.next(), LONGEST_PAUSE);
        backoff.ran_for(GOOD_RUN);
        assert_eq!(backoff.next(), FIRST_PAUSE);
    }
}
