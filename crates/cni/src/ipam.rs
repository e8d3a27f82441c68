//! Who gives addresses: `host-local` is called directly, any other address manager as a program from `CNI_PATH`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};

use serde_json::Value;

use crate::error::{CniError, Code, Context};
use crate::host_local;
use crate::request::{Command, Request};
use crate::result::Outcome;

/// The address manager that a configuration names.
pub enum Ipam {
    /// No `ipam`: the interface gets no address.
    None,
    HostLocal,
    Program(String),
}

impl Ipam {
    pub fn of(request: &Request) -> Result<Self, CniError> {
        match request.config.fields()?.object("ipam")?.string("type")? {
            None => Ok(Self::None),
            Some("host-local") => Ok(Self::HostLocal),
            Some(name) if name.contains('/') => {
                Err(CniError::new(Code::InvalidConfig, format!("invalid plugin name: {name:?}")))
            }
            Some(name) => Ok(Self::Program(name.to_owned())),
        }
    }

    pub fn add(&self, request: &Request) -> Result<Outcome, CniError> {
        match self {
            Self::None => Ok(Outcome::default()),
            Self::HostLocal => host_local::add(request),
            Self::Program(name) => {
                let answer = execute(name, request, "ADD")?;
                let value: Value = serde_json::from_slice(&answer)
                    .map_err(|error| CniError::new(Code::Decode, format!("result of {name:?}: {error}")))?;
                Outcome::from_json(&value)
            }
        }
    }

    pub fn del(&self, request: &Request) -> Result<(), CniError> {
        match self {
            Self::None => Ok(()),
            Self::HostLocal => host_local::del(request),
            Self::Program(name) => execute(name, request, "DEL").map(drop),
        }
    }

    pub fn check(&self, request: &Request) -> Result<(), CniError> {
        match self {
            Self::None => Ok(()),
            Self::HostLocal => host_local::check(request),
            Self::Program(name) => execute(name, request, "CHECK").map(drop),
        }
    }

    /// `GC` and `STATUS`, which need nothing of the caller but to be passed on.
    pub fn pass_on(&self, request: &Request) -> Result<(), CniError> {
        match (self, request.command) {
            (Self::None, _) => Ok(()),
            (Self::HostLocal, Command::Gc) => host_local::gc(request),
            (Self::HostLocal, _) => host_local::status(request),
            (Self::Program(name), Command::Gc) => execute(name, request, "GC").map(drop),
            (Self::Program(name), _) => execute(name, request, "STATUS").map(drop),
        }
    }
}

fn execute(name: &str, request: &Request, command: &str) -> Result<Vec<u8>, CniError> {
    let program = find(name, request)?;
    let mut child = Process::new(&program)
        .env("CNI_COMMAND", command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context(format_args!("start {}", program.display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(request.config.value.to_string().as_bytes()).context("hand over the configuration")?;
    }
    let output = child.wait_with_output().context(format_args!("wait for {name:?}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let said = answer.get("msg").and_then(Value::as_str).unwrap_or("it gave no reason");
    Err(CniError::internal(format!("plugin type={name:?} failed ({command}): {said}")))
}

fn find(name: &str, request: &Request) -> Result<PathBuf, CniError> {
    let path = request.path.clone().unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file());
    found.ok_or_else(|| {
        let msg = format!("failed to find plugin {name:?} in path {path:?}");
        CniError::internal(msg)
    })
}
