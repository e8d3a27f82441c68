//! The CNI plugins of Tiphys: `bridge`, `host-local`, `portmap` and `loopback`, one program chosen by its name.
//!
//! A container runtime starts a plugin per pod and waits for it, so everything here is made to be over quickly: no async
//! runtime, netlink spoken directly over a blocking socket, and at most one `nft` process, only when a rule is missing.
//!
//! ```text
//!   env + stdin -> Request -> bridge ---> ipam (host-local inside, or another program by its name)
//!                             portmap     |
//!                             loopback    v
//!                                      Outcome -> stdout
//!   mechanism:  netlink (links, addresses, routes, chains)   netns (work inside a pod's namespace)   nft (rule text)
//! ```
//!
//! Deliberately absent: network policy, and VLANs, port isolation and spoof checks, whose configurations are refused.

mod bridge;
mod cidr;
mod conflist;
mod error;
mod fields;
mod host_local;
mod ipam;
mod loopback;
mod netlink;
mod netns;
mod nft;
mod portmap;
mod request;
mod result;

use std::io::{Read, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

pub use cidr::{Cidr, ParseCidrError};
pub use conflist::{CONFLIST_FILE, NetworkConfig, conflist, install};
use error::{CniError, Code};
use request::{Command, Environment, Request, Version};

/// The names under which the multi-call binary is a CNI plugin. `tiphys-cni` does what the configuration's `type` says.
pub const NAMES: &[&str] =
    &["tiphys-cni", "tiphys-bridge", "tiphys-portmap", "bridge", "host-local", "portmap", "loopback"];

/// The longest configuration that is read from standard input.
const MAX_CONFIG_BYTES: u64 = 4 << 20;

/// Runs the plugin called `plugin` as the CNI specification says: parameters from the environment, configuration from
/// standard input, result or error as JSON on standard output.
pub fn main(plugin: &str) -> ExitCode {
    let mut stdin = Vec::new();
    let outcome = match std::io::stdin().lock().take(MAX_CONFIG_BYTES).read_to_end(&mut stdin) {
        Ok(_) => run(plugin, Environment::of_process(), &stdin),
        Err(error) => Err((Version::NEWEST, CniError::io("read the configuration from standard input", &error))),
    };
    let (text, code) = match outcome {
        Ok(Some(value)) => (value.to_string(), ExitCode::SUCCESS),
        Ok(None) => return ExitCode::SUCCESS,
        Err((version, error)) => (error.to_json(version).to_string(), ExitCode::FAILURE),
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Everything between reading and writing; an error comes with the version in which it is to be written.
fn run(plugin: &str, environment: Environment, stdin: &[u8]) -> Result<Option<Value>, (Version, CniError)> {
    let config = serde_json::from_slice::<Value>(stdin);
    let version = config.as_ref().ok().and_then(|config| Version::of(config).ok()).unwrap_or(Version::NEWEST);
    if environment.command.as_deref() == Some("VERSION") {
        return Ok(Some(json!({ "cniVersion": version.as_str(), "supportedVersions": Version::names() })));
    }
    let unreadable = |error| CniError::new(Code::Decode, format!("unmarshal the network configuration: {error}"));
    let config = config.map_err(|error| (version, unreadable(error)))?;
    let request = Request::parse(environment, config).map_err(|error| (version, error))?;
    dispatch(plugin, &request).map_err(|error| (version, error))
}

fn dispatch(plugin: &str, request: &Request) -> Result<Option<Value>, CniError> {
    let named_in_config = if plugin == "tiphys-cni" { request.config.kind()? } else { plugin };
    let name = named_in_config.strip_prefix("tiphys-").unwrap_or(named_in_config);
    let version = request.config.version;
    let done = |()| None;
    let render = |result: result::Outcome| Some(result.to_json(version));
    match (name, request.command) {
        ("bridge", Command::Add) => bridge::add(request).map(render),
        ("bridge", Command::Del) => bridge::del(request).map(done),
        ("bridge", Command::Check) => bridge::check(request).map(done),
        ("bridge", Command::Gc) => bridge::gc(request).map(done),
        ("bridge", Command::Status) => bridge::status(request).map(done),
        ("host-local", Command::Add) => host_local::add(request).map(render),
        ("host-local", Command::Del) => host_local::del(request).map(done),
        ("host-local", Command::Check) => host_local::check(request).map(done),
        ("host-local", Command::Gc) => host_local::gc(request).map(done),
        ("host-local", Command::Status) => host_local::status(request).map(done),
        ("portmap", Command::Add) => portmap::add(request).map(render),
        ("portmap", Command::Del) => portmap::del(request).map(done),
        ("portmap", Command::Check) => portmap::check(request).map(done),
        ("portmap", Command::Gc) => portmap::gc(request).map(done),
        ("portmap", Command::Status) => portmap::status(request).map(done),
        ("loopback", Command::Add) => loopback::add(request).map(render),
        ("loopback", Command::Del) => loopback::del(request).map(done),
        ("loopback", Command::Check) => loopback::check(request).map(done),
        ("loopback", Command::Gc | Command::Status) => Ok(None),
        _ => Err(CniError::new(Code::InvalidConfig, format!("there is no plugin {named_in_config:?} in this program"))),
    }
}
