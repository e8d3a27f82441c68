//! What the runtime asks: the environment and the configuration, parsed and checked once.

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::Value;

use crate::error::{CniError, Code};
use crate::fields::Fields;
use crate::result::Outcome;

/// One call of a plugin.
#[derive(Debug)]
pub struct Request {
    pub command: Command,
    /// Empty for `GC` and `STATUS`, which are about the network and not about one container.
    pub container_id: String,
    /// The pod's network namespace; it may be absent or gone at `DEL`.
    pub netns: Option<PathBuf>,
    pub ifname: String,
    /// `CNI_ARGS`, in order.
    pub args: Vec<(String, String)>,
    /// Where plugins that this one delegates to are looked for.
    pub path: Option<OsString>,
    pub config: Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Add,
    Del,
    Check,
    Gc,
    Status,
}

/// The network configuration of this plugin.
#[derive(Debug)]
pub struct Config {
    pub version: Version,
    pub name: String,
    pub value: Value,
    /// The result of the plugins before this one in the chain.
    pub previous: Option<Outcome>,
}

/// The versions of the specification that are spoken, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V0_3_0,
    V0_3_1,
    V0_4_0,
    V1_0_0,
    V1_1_0,
}

/// The variables of the process that CNI gives a meaning.
#[derive(Debug, Default, Clone)]
pub struct Environment {
    pub command: Option<String>,
    pub container_id: Option<String>,
    pub netns: Option<String>,
    pub ifname: Option<String>,
    pub args: Option<String>,
    pub path: Option<OsString>,
}

/// The longest name the kernel gives an interface.
const MAX_IFNAME_BYTES: usize = 15;

impl Environment {
    pub fn of_process() -> Self {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            command: read("CNI_COMMAND"),
            container_id: read("CNI_CONTAINERID"),
            netns: read("CNI_NETNS"),
            ifname: read("CNI_IFNAME"),
            args: read("CNI_ARGS"),
            path: std::env::var_os("CNI_PATH"),
        }
    }

    fn require(&self, command: Command) -> Result<(), CniError> {
        let of_container = matches!(command, Command::Add | Command::Del | Command::Check);
        let in_netns = matches!(command, Command::Add | Command::Check);
        let needed = [
            ("CNI_CONTAINERID", of_container && self.container_id.is_none()),
            ("CNI_NETNS", in_netns && self.netns.is_none()),
            ("CNI_IFNAME", of_container && self.ifname.is_none()),
        ];
        let missing: Vec<&str> = needed.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let msg = format!("required env variables [{}] missing", missing.join(","));
        Err(CniError::new(Code::InvalidEnvironment, msg))
    }
}

impl Request {
    pub fn parse(environment: Environment, config: Value) -> Result<Self, CniError> {
        let command = Command::parse(environment.command.as_deref())?;
        environment.require(command)?;
        let container_id = environment.container_id.unwrap_or_default();
        let ifname = environment.ifname.unwrap_or_default();
        if matches!(command, Command::Add | Command::Del | Command::Check) {
            check_container_id(&container_id)?;
            check_ifname(&ifname)?;
        }
        let config = Config::parse(config)?;
        command.check_version(config.version)?;
        Ok(Self {
            command,
            container_id,
            netns: environment.netns.map(PathBuf::from),
            ifname,
            args: parse_args(environment.args.as_deref().unwrap_or_default())?,
            path: environment.path,
            config,
        })
    }

    /// The namespace, which `ADD` and `CHECK` are known to have.
    pub fn netns(&self) -> Result<&PathBuf, CniError> {
        self.netns.as_ref().ok_or_else(|| CniError::new(Code::InvalidEnvironment, "CNI_NETNS is missing"))
    }

    /// The attachments that a `GC` must keep, as (container, interface).
    pub fn valid_attachments(&self) -> Result<Vec<(String, String)>, CniError> {
        let mut kept = Vec::new();
        for value in self.config.fields()?.list("cni.dev/valid-attachments")? {
            let attachment = Fields::new(value, "cni.dev/valid-attachments")?;
            let id = attachment.string("containerID")?.unwrap_or_default();
            let ifname = attachment.string("ifname")?.unwrap_or_default();
            kept.push((id.to_owned(), ifname.to_owned()));
        }
        Ok(kept)
    }
}

impl Command {
    fn parse(text: Option<&str>) -> Result<Self, CniError> {
        match text {
            Some("ADD") => Ok(Self::Add),
            Some("DEL") => Ok(Self::Del),
            Some("CHECK") => Ok(Self::Check),
            Some("GC") => Ok(Self::Gc),
            Some("STATUS") => Ok(Self::Status),
            Some(other) => Err(CniError::new(Code::InvalidEnvironment, format!("unknown CNI_COMMAND: {other}"))),
            None => Err(CniError::new(Code::InvalidEnvironment, "required env variables [CNI_COMMAND] missing")),
        }
    }

    /// A configuration of an older version cannot ask for what that version did not have.
    fn check_version(self, version: Version) -> Result<(), CniError> {
        let (name, since) = match self {
            Self::Add | Self::Del => return Ok(()),
            Self::Check => ("CHECK", Version::V0_4_0),
            Self::Gc => ("GC", Version::V1_1_0),
            Self::Status => ("STATUS", Version::V1_1_0),
        };
        if version >= since {
            return Ok(());
        }
        Err(CniError::new(Code::IncompatibleVersion, format!("config version does not allow {name}")))
    }
}

impl Config {
    fn parse(value: Value) -> Result<Self, CniError> {
        let fields = Fields::new(&value, "network configuration")?;
        let version = Version::of(&value)?;
        let name = fields.string("name")?.unwrap_or_default().to_owned();
        check_network_name(&name)?;
        let previous = fields.value("prevResult").map(Outcome::from_json).transpose()?;
        Ok(Self { version, name, previous, value })
    }

    pub fn fields(&self) -> Result<Fields<'_>, CniError> {
        Fields::new(&self.value, "network configuration")
    }

    pub fn kind(&self) -> Result<&str, CniError> {
        self.fields()?.string("type")?.ok_or_else(|| CniError::new(Code::InvalidConfig, "missing plugin type"))
    }
}

impl Version {
    pub const NEWEST: Self = Self::V1_1_0;
    const ALL: [Self; 5] = [Self::V0_3_0, Self::V0_3_1, Self::V0_4_0, Self::V1_0_0, Self::V1_1_0];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_3_0 => "0.3.0",
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }

    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|version| version.as_str()).collect()
    }

    /// The version a configuration is written in. One that says nothing is of 0.1.0, which is not spoken here.
    pub fn of(config: &Value) -> Result<Self, CniError> {
        let text = config.get("cniVersion").and_then(Value::as_str).filter(|text| !text.is_empty()).unwrap_or("0.1.0");
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or_else(|| {
            CniError::new(Code::IncompatibleVersion, "incompatible CNI versions")
                .with_details(format!("config is {text:?}, plugin supports {:?}", Self::names()))
        })
    }
}

fn parse_args(text: &str) -> Result<Vec<(String, String)>, CniError> {
    let pairs = text.split(';').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(CniError::new(Code::InvalidEnvironment, format!("CNI_ARGS: invalid pair {pair:?}"))),
        })
        .collect()
}

fn is_plain_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn check_container_id(id: &str) -> Result<(), CniError> {
    if is_plain_name(id) {
        return Ok(());
    }
    Err(CniError::new(Code::InvalidEnvironment, "invalid characters in containerID").with_details(id))
}

fn check_network_name(name: &str) -> Result<(), CniError> {
    if name.is_empty() {
        return Err(CniError::new(Code::InvalidConfig, "missing network name:"));
    }
    if is_plain_name(name) {
        return Ok(());
    }
    Err(CniError::new(Code::InvalidConfig, "invalid characters found in network name").with_details(name))
}

/// Whether `name` can name an interface; also asked of the bridge's name.
pub fn check_ifname(name: &str) -> Result<(), CniError> {
    let msg = if name.is_empty() {
        "interface name is empty"
    } else if name.len() > MAX_IFNAME_BYTES {
        "interface name is too long"
    } else if name == "." || name == ".." {
        "interface name is . or .."
    } else if name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace()) {
        "interface name contains / or : or whitespace characters"
    } else {
        return Ok(());
    };
    Err(CniError::new(Code::InvalidEnvironment, msg).with_details(name))
}

#[cfg(test)]
mod tests;
