//! Playing the recordings of the real API server against ours.
//!
//! The topics that must pass wholly stand in `xtask/data/passing-topics`; the list only grows.

use crate::{process, root, shared, test::Count};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Replayed {
    pub count: Count,
    /// A sentence for each thing that should have been otherwise.
    pub trouble: Vec<String>,
}

/// Plays everything; scenarios of topics that are not listed count neither way.
pub fn run() -> anyhow::Result<Replayed> {
    let server = Server::start()?;
    let output = process::output(
        Command::new("python3")
            .arg(shared().join("tools/apireplay"))
            .arg("check")
            .arg("--kubeconfig")
            .arg(server.kubeconfig())
            .args(["--summary", "--jobs", "4"])
            .arg(shared().join("recordings")),
    )?;
    let text = String::from_utf8_lossy(&output.stdout);
    let topics = topics(&text);
    if topics.is_empty() {
        bail!("apireplay counted nothing: {text}{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(judge(&topics, &passing_topics()?))
}

/// Passed and failed scenarios by topic.
type Topics = BTreeMap<String, Count>;

fn judge(topics: &Topics, listed: &[String]) -> Replayed {
    let mut replayed = Replayed { count: Count::default(), trouble: Vec::new() };
    let (mut passed, mut all) = (0, 0);
    for (topic, count) in topics {
        passed += count.passed;
        all += count.passed + count.failed;
        let whole = count.failed == 0;
        if listed.contains(topic) {
            replayed.count.passed += count.passed;
            replayed.count.failed += count.failed;
        } else if whole {
            println!("topic {topic} passes wholly and may be added to xtask/data/passing-topics");
        }
    }
    let missing = listed.iter().filter(|topic| !topics.contains_key(*topic));
    replayed.trouble.extend(missing.map(|topic| format!("topic {topic} is listed but was not played")));
    println!("recordings: {passed} of {all} scenarios pass");
    replayed
}

/// Lines `topic 3 passed 1 failed`, which apireplay prints at its end.
fn topics(text: &str) -> Topics {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [topic, passed, "passed", failed, "failed"] = words[..] else { return None };
        Some((topic.to_owned(), Count { passed: passed.parse().ok()?, failed: failed.parse().ok()? }))
    };
    text.lines().filter_map(line).collect()
}

fn passing_topics() -> anyhow::Result<Vec<String>> {
    let path = root().join("xtask/data/passing-topics");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
}

/// A control plane alone, as the recordings want it, ended with this value.
pub struct Server {
    child: Child,
    directory: PathBuf,
}

impl Server {
    pub fn start() -> anyhow::Result<Server> {
        let binary = root().join("target/debug/tiphys");
        Server::start_binary(&std::env::var_os("TIPHYS").map_or(binary, PathBuf::from))
    }

    pub fn start_binary(binary: &Path) -> anyhow::Result<Server> {
        let directory = std::env::temp_dir().join(format!("tiphys-replay-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = fs::File::create(directory.join("log"))?;
        let child = Command::new(binary)
            .arg("--data-dir")
            .arg(directory.join("data"))
            .args(["--roles", "apiserver", "--bind-address", "127.0.0.1", "--secure-port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Server { child, directory };
        server.wait_until_ready(port)?;
        Ok(server)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.directory.join("data/admin.conf")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_ready(&mut self, port: u16) -> anyhow::Result<()> {
        let url = format!("https://127.0.0.1:{port}/readyz");
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let asked = process::output(Command::new("curl").args(["-sk", "--max-time", "2", &url]))?;
            if asked.stdout == b"ok" {
                return Ok(());
            }
            let log = || fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            if let Some(status) = self.child.try_wait()? {
                bail!("tiphys ended with {status}:\n{}", log());
            }
            if Instant::now() > deadline {
                bail!("tiphys was not ready after {START_TIMEOUT:?}:\n{}", log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("cannot end tiphys: {error}");
        }
        if let Err(error) = fs::remove_dir_all(&self.directory) {
            eprintln!("cannot remove {}: {error}", self.directory.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_read_and_judged() {
        let topics = topics(
            "FAIL kind-core/x: step 1\nkind-core   3 passed   1 failed\nhttp  2 passed  0 failed\n5 passed, 1 failed\n",
        );
        assert_eq!(topics["kind-core"], Count { passed: 3, failed: 1 });
        let judged = judge(&topics, &["http".into(), "gone".into()]);
        assert_eq!(judged.count, Count { passed: 2, failed: 0 });
        assert_eq!(judged.trouble.len(), 1);
    }
}
