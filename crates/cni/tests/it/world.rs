//! A node and its pods as network namespaces, and calls of the plugins in them.
//!
//! Every world has a directory and namespaces of its own, removed when it goes; the machine's own namespace is only where
//! the tests themselves run.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use serde_json::{Value, json};

const NETWORK_DEADLINE: Duration = Duration::from_secs(5);

pub struct World {
    dir: PathBuf,
    prefix: String,
    namespaces: std::sync::Mutex<Vec<String>>,
}

/// The namespaces' names: where `ip netns` keeps them.
fn path_of(namespace: &str) -> PathBuf {
    Path::new("/run/netns").join(namespace)
}

impl World {
    pub fn new() -> Self {
        assert!(nix::unistd::geteuid().is_root(), "these tests make network namespaces: run them as root");
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("tcni-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(&prefix);
        fs::create_dir_all(&dir).unwrap();
        let exe = Path::new(env!("CARGO_BIN_EXE_tiphys-cni"));
        cni::install(&dir.join("bin"), exe).unwrap();
        let world = Self { dir, prefix, namespaces: Default::default() };
        let host = world.namespace("host");
        run_in(&host, || ip(&["link", "set", "lo", "up"]));
        world
    }

    pub fn host(&self) -> String {
        format!("{}-host", self.prefix)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub fn bin_dir(&self) -> PathBuf {
        self.dir.join("bin")
    }

    /// Makes a namespace and returns its full name.
    pub fn namespace(&self, name: &str) -> String {
        let full = format!("{}-{name}", self.prefix);
        ip(&["netns", "add", &full]);
        self.namespaces.lock().unwrap().push(full.clone());
        full
    }

    pub fn delete_namespace(&self, full: &str) {
        ip(&["netns", "del", full]);
        self.namespaces.lock().unwrap().retain(|name| name != full);
    }

    /// A bridge's configuration for this world; `extra` is laid over it.
    pub fn bridge_config(&self, subnet: &str, extra: Value) -> Value {
        let mut config = json!({
            "cniVersion": "1.0.0", "name": "pods", "type": "bridge", "bridge": "tiphys0",
            "isDefaultGateway": true, "hairpinMode": true,
            "ipam": { "type": "host-local", "ranges": [[{ "subnet": subnet }]], "dataDir": self.data_dir() },
        });
        for (key, value) in extra.as_object().unwrap() {
            config[key] = value.clone();
        }
        config
    }

    pub fn call<'a>(&'a self, plugin: &'a str, command: &'a str, config: &'a Value) -> Call<'a> {
        Call { world: self, plugin, command, config, container: "c1", netns: None, args: "" }
    }

    /// `ADD` of a new pod called `name` by the bridge; returns its namespace and the result.
    pub fn add_pod(&self, name: &str, config: &Value) -> (String, Value) {
        let netns = self.namespace(name);
        let result = self.call("bridge", "ADD", config).container(name).netns(&netns).succeed();
        (netns, result)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for name in self.namespaces.lock().unwrap().iter() {
            Command::new("ip").args(["netns", "del", name]).status().ok();
        }
        fs::remove_dir_all(&self.dir).ok();
    }
}

/// One call of a plugin, in the node's namespace.
pub struct Call<'a> {
    world: &'a World,
    plugin: &'a str,
    command: &'a str,
    config: &'a Value,
    container: &'a str,
    netns: Option<&'a str>,
    args: &'a str,
}

impl<'a> Call<'a> {
    pub fn container(self, container: &'a str) -> Self {
        Self { container, ..self }
    }

    pub fn netns(self, netns: &'a str) -> Self {
        Self { netns: Some(netns), ..self }
    }

    pub fn args(self, args: &'a str) -> Self {
        Self { args, ..self }
    }

    pub fn output(&self) -> Output {
        run_in(&self.world.host(), || {
            let mut command = Command::new(self.world.bin_dir().join(self.plugin));
            command
                .env("CNI_COMMAND", self.command)
                .env("CNI_CONTAINERID", self.container)
                .env("CNI_IFNAME", "eth0")
                .env("CNI_ARGS", self.args)
                .env("CNI_PATH", self.world.bin_dir())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            if let Some(netns) = self.netns {
                command.env("CNI_NETNS", path_of(netns));
            }
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(self.config.to_string().as_bytes()).unwrap();
            child.wait_with_output().unwrap()
        })
    }

    /// The result of a call that must succeed; null when there is none, as of `DEL`.
    pub fn succeed(&self) -> Value {
        let output = self.output();
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {}: {said} {complaint}", self.plugin, self.command);
        if said.is_empty() { Value::Null } else { serde_json::from_str(&said).unwrap() }
    }

    /// The error of a call that must fail, with this world's names replaced by their meaning.
    pub fn fail(&self) -> String {
        let output = self.output();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!output.status.success(), "{} {} succeeded: {said}", self.plugin, self.command);
        said.replace(&self.world.prefix, "W")
    }
}

/// Runs `work` on a thread inside the namespace `full`.
pub fn run_in<T: Send>(full: &str, work: impl FnOnce() -> T + Send) -> T {
    let file = File::open(path_of(full)).unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(&file, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

/// Listens in the namespace `full` and answers every connection with the address of who is calling.
pub fn serve(full: &str, address: &str) {
    let address: SocketAddr = address.parse().unwrap();
    let listener = run_in(full, || TcpListener::bind(address).unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let caller = stream.peer_addr().unwrap().ip().to_string();
            stream.write_all(caller.as_bytes()).ok();
        }
    });
}

/// Connects from the namespace `full` and returns what the server answers, or what is wrong.
pub fn connect(full: &str, address: &str) -> Result<String, String> {
    let address: SocketAddr = address.parse().unwrap();
    run_in(full, || {
        let connect = || {
            let mut stream = TcpStream::connect_timeout(&address, NETWORK_DEADLINE)?;
            stream.set_read_timeout(Some(NETWORK_DEADLINE))?;
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text)
        };
        connect().map_err(|error: std::io::Error| error.kind().to_string())
    })
}

pub fn ip(args: &[&str]) -> String {
    tool("ip", args)
}

/// The output of a program that must succeed.
pub fn tool(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap_or_else(|error| {
        panic!("these tests need the program {program:?} (iproute2, nftables, busybox-static): {error}")
    });
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The first address of a result, without its prefix.
pub fn address_of(result: &Value) -> String {
    let address = result["ips"][0]["address"].as_str().unwrap();
    address.split('/').next().unwrap().to_owned()
}
