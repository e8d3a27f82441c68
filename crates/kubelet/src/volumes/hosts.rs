//! A pod's `/etc/hosts`.

use api_core::v1::{HostAlias, Pod};
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const HEADER: &str = "# Kubernetes-managed hosts file.\n";
const HEADER_OF_HOST: &str = "# Kubernetes-managed hosts file (host network).\n";
pub(super) const PATH: &str = "/etc/hosts";

/// The file of a pod with addresses of its own. An empty `domain`: the pod has no subdomain.
pub fn managed_hosts(ips: &[String], hostname: &str, domain: &str, aliases: &[HostAlias]) -> String {
    let mut text = format!(
        "{HEADER}127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n\
         fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
    );
    for ip in ips {
        let names = if domain.is_empty() { hostname.to_owned() } else { format!("{hostname}.{domain}\t{hostname}") };
        writeln!(text, "{ip}\t{names}").expect("writing to a string cannot fail");
    }
    push_aliases(&mut text, aliases);
    text
}

fn push_aliases(text: &mut String, aliases: &[HostAlias]) {
    if aliases.is_empty() {
        return;
    }
    text.push_str("\n# Entries added by HostAliases.\n");
    for alias in aliases {
        writeln!(text, "{}\t{}", alias.ip, alias.hostnames.join("\t")).expect("writing to a string cannot fail");
    }
}

/// Writes the pod's file and tells where it is.
pub(super) fn write(pod_dir: &Path, pod: &Pod, ips: &[String], hostname: &str, domain: &str) -> io::Result<PathBuf> {
    let path = pod_dir.join("etc-hosts");
    let text = if pod.spec.host_network {
        let mut text = format!("{HEADER_OF_HOST}{}", fs::read_to_string(PATH)?);
        push_aliases(&mut text, &pod.spec.host_aliases);
        text
    } else {
        managed_hosts(ips, hostname, domain, &pod.spec.host_aliases)
    };
    fs::create_dir_all(pod_dir)?;
    // Written in place: running containers have this very file mounted.
    fs::write(&path, text)?;
    fs::set_permissions(&path, Permissions::from_mode(0o644))?;
    Ok(path)
}
