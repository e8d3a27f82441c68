//! Rules of nftables: their text, and handing it to `nft` in one transaction.
//!
//! Everything stands in a table of our own. A network and a container each own chains named after them, hooked on their
//! own: adding is "make the chain, empty it, fill it" and removing is "delete the chain", so neither needs to read or
//! number rules, both can be repeated, and two calls at once cannot harm each other.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cidr::Cidr;
use crate::error::{CniError, Context};

/// The table, of family `inet`, that holds every rule of the plugins.
pub const TABLE: &str = "tiphys-cni";

/// Where `nft` is looked for besides `PATH`, which a runtime may have set without them.
const SYSTEM_DIRS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// A base chain of type `nat` to be put in place of whatever it was.
pub struct NatChain {
    pub name: String,
    pub hook: Hook,
    pub rules: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    Prerouting,
    Output,
    Postrouting,
}

impl Hook {
    /// The hook and its priority, as a number because old versions of `nft` know the name `dstnat` only in prerouting.
    fn text(self) -> &'static str {
        match self {
            Self::Prerouting => "hook prerouting priority -100",
            Self::Output => "hook output priority -100",
            Self::Postrouting => "hook postrouting priority 100",
        }
    }
}

/// The commands that put `chains` in place.
pub fn replace_text(chains: &[NatChain]) -> String {
    let mut text = format!("add table inet {TABLE}\n");
    for NatChain { name, hook, rules } in chains {
        text += &format!("add chain inet {TABLE} {name} {{ type nat {}; policy accept; }}\n", hook.text());
        text += &format!("flush chain inet {TABLE} {name}\n");
        for rule in rules {
            text += &format!("add rule inet {TABLE} {name} {rule}\n");
        }
    }
    text
}

/// The commands that remove the chains `names`, which must exist.
pub fn delete_text(names: &[String]) -> String {
    names.iter().map(|name| format!("delete chain inet {TABLE} {name}\n")).collect()
}

/// The chain that masquerades what leaves `network`. Its name tells its content, so that its existence is the whole check.
pub fn masquerade_chain(network: Cidr, kept: &[Cidr]) -> NatChain {
    let network = network.network();
    let family = family_word(network);
    let multicast = if network.address().is_ipv4() { "224.0.0.0/4" } else { "ff00::/8" };
    let mut inside = vec![network.to_string(), multicast.to_owned()];
    let same_family = kept.iter().filter(|cidr| cidr.address().is_ipv4() == network.address().is_ipv4());
    inside.extend(same_family.map(|cidr| cidr.network().to_string()));
    let excluded: String = inside.iter().map(|cidr| format!("{family} daddr != {cidr} ")).collect();
    let rule = format!("{family} saddr {network} {excluded}masquerade");
    let name = format!("masq-{:016x}", stable_hash(&rule));
    NatChain { name, hook: Hook::Postrouting, rules: vec![rule] }
}

/// The word for addresses of this family in a rule.
pub fn family_word(cidr: Cidr) -> &'static str {
    if cidr.address().is_ipv4() { "ip" } else { "ip6" }
}

/// Runs `commands` as one transaction: all of them take effect or none.
pub fn apply(commands: &str) -> Result<(), CniError> {
    let mut child = Command::new(program("nft"))
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("start nft (is nftables installed?)")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(commands.as_bytes()).context("hand rules to nft")?;
    }
    let output = child.wait_with_output().context("wait for nft")?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(CniError::internal(format!("nft failed ({})", output.status)).with_details(complaint))
}

fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::env::split_paths(&path).chain(SYSTEM_DIRS.iter().map(PathBuf::from));
    let mut candidates = dirs.map(|dir| dir.join(name));
    candidates.find(|candidate| candidate.is_file()).unwrap_or_else(|| Path::new(name).to_owned())
}

/// FNV-1a: the same in every build, since names that outlive a process are made from it.
pub fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
