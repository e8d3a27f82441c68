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

/// Plays the topics that must pass, on each engine of the store.
pub fn guard() -> anyhow::Result<Replayed> {
    let listed = passing_topics()?;
    let mut replayed = Replayed { count: Count::default(), trouble: Vec::new() };
    for engine in [Engine::Embedded, Engine::Etcd] {
        if engine == Engine::Etcd && process::find("etcd").is_none() {
            replayed.trouble.push("etcd is not installed, so the recordings were not played on it".to_owned());
            continue;
        }
        let topics = play(&listed, engine)?;
        for count in topics.values() {
            replayed.count.passed += count.passed;
            replayed.count.failed += count.failed;
        }
        let missing = listed.iter().filter(|topic| !topics.contains_key(*topic));
        replayed
            .trouble
            .extend(missing.map(|topic| format!("topic {topic} is listed but was not played on {engine:?}")));
    }
    Ok(replayed)
}

/// `cargo xtask recordings [--etcd] [TOPIC...]`: plays these topics, or all, and says which may be added to the list.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let (engine, wanted) = match arguments {
        ["--etcd", rest @ ..] => (Engine::Etcd, rest),
        all => (Engine::Embedded, all),
    };
    let wanted: Vec<String> = match wanted {
        [] => all_topics()?,
        some => some.iter().map(|&topic| topic.to_owned()).collect(),
    };
    let listed = passing_topics()?;
    let (mut passed, mut all) = (0, 0);
    for (topic, count) in play(&wanted, engine)? {
        passed += count.passed;
        all += count.passed + count.failed;
        let note = if count.failed == 0 && !listed.contains(&topic) { "  may be added to passing-topics" } else { "" };
        println!("{topic:32} {:4} of {:4}{note}", count.passed, count.passed + count.failed);
    }
    println!("{passed} of {all} scenarios pass");
    Ok(())
}

/// Starts a server of its own and plays these topics against it.
fn play(wanted: &[String], engine: Engine) -> anyhow::Result<Topics> {
    let server = Server::start(engine)?;
    let mut command = Command::new("python3");
    command.arg(shared().join("tools/apireplay")).arg("check").arg("--kubeconfig").arg(server.kubeconfig());
    command.args(["--summary", "--jobs", "4"]).args(wanted.iter().map(|topic| shared().join("recordings").join(topic)));
    let output = process::output(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.starts_with("FAIL")).for_each(|line| println!("{line}"));
    let topics = topics(&text);
    if topics.is_empty() && !wanted.is_empty() {
        bail!("apireplay counted nothing: {text}{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(topics)
}

fn all_topics() -> anyhow::Result<Vec<String>> {
    let mut topics = Vec::new();
    for entry in fs::read_dir(shared().join("recordings"))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            topics.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    topics.sort();
    Ok(topics)
}

/// Passed and failed scenarios by topic.
type Topics = BTreeMap<String, Count>;

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

/// Where the recorded server said that it is reached; discovery shows it.
const RECORDED_ADDRESS: &str = "10.99.0.1";
const RECORDED_PORT: u16 = 26443;

/// Where the server keeps its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Embedded,
    /// A real one, started for this and ended with the server.
    Etcd,
}

/// A control plane alone, as the recordings want it, ended with this value.
pub struct Server {
    child: Child,
    etcd: Option<Child>,
    directory: PathBuf,
}

impl Server {
    pub fn start(engine: Engine) -> anyhow::Result<Server> {
        let binary = root().join("target/debug/tiphys");
        Server::launch(&std::env::var_os("TIPHYS").map_or(binary, PathBuf::from), engine)
    }

    pub fn start_binary(binary: &Path) -> anyhow::Result<Server> {
        Server::launch(binary, Engine::Embedded)
    }

    fn launch(binary: &Path, engine: Engine) -> anyhow::Result<Server> {
        let directory = std::env::temp_dir().join(format!("tiphys-replay-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        // Where another program has the recorded port, the one scenario that shows it fails.
        let recorded = TcpListener::bind(("127.0.0.1", RECORDED_PORT));
        let port = recorded.or_else(|_| TcpListener::bind("127.0.0.1:0"))?.local_addr()?.port();
        let log = fs::File::create(directory.join("log"))?;
        let mut command = Command::new(binary);
        command
            .arg("--data-dir")
            .arg(directory.join("data"))
            .args(["--roles", "apiserver", "--bind-address", "127.0.0.1", "--secure-port", &port.to_string()])
            .args(["--advertise-address", RECORDED_ADDRESS])
            .stdout(Stdio::null())
            .stderr(log);
        let etcd = match engine {
            Engine::Embedded => None,
            Engine::Etcd => {
                let (etcd, url) = start_etcd(&directory)?;
                command.args(["--etcd-servers", &url]);
                Some(etcd)
            }
        };
        let child = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Server { child, etcd, directory };
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

/// An etcd on free ports of the loopback interface, and its address.
fn start_etcd(directory: &Path) -> anyhow::Result<(Child, String)> {
    // Both are held until both are known, so that they differ.
    let (client, peer) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let url = format!("http://{}", client.local_addr()?);
    let peers = format!("http://{}", peer.local_addr()?);
    drop((client, peer));
    let log = fs::File::create(directory.join("etcd.log"))?;
    let etcd = Command::new("etcd")
        .arg("--data-dir")
        .arg(directory.join("etcd"))
        .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
        .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("default={peers}"), "--log-level", "error"])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("cannot start etcd (Debian: etcd-server)")?;
    Ok((etcd, url))
}

impl Drop for Server {
    fn drop(&mut self) {
        for (name, child) in [("tiphys", Some(&mut self.child)), ("etcd", self.etcd.as_mut())] {
            let Some(child) = child else { continue };
            if let Err(error) = child.kill().and_then(|()| child.wait().map(drop)) {
                eprintln!("cannot end {name}: {error}");
            }
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
    fn the_summary_is_read() {
        let text =
            "FAIL kind-core/x: step 1\nkind-core   3 passed   1 failed\nhttp  2 passed  0 failed\n5 passed, 1 failed\n";
        let topics = topics(text);
        assert_eq!(topics["kind-core"], Count { passed: 3, failed: 1 });
        assert_eq!(topics["http"], Count { passed: 2, failed: 0 });
        assert_eq!(topics.len(), 2);
    }
}
