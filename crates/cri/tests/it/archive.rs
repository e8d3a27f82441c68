//! A tiny OCI image archive, built from Debian's static busybox.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Debian's package busybox-static.
pub const BUSYBOX: &str = "/bin/busybox";

/// An image with one layer.
pub struct ImageArchive {
    /// What `index.json` calls the image.
    pub name: String,
    entrypoint: Vec<String>,
    layer: Vec<u8>,
}

impl ImageArchive {
    /// Busybox and links to the programs that the tests use.
    pub fn of_busybox(name: &str, entrypoint: &[&str]) -> Self {
        let mut layer = tar::Builder::new(Vec::new());
        for directory in ["bin/", "tmp/", "etc/"] {
            let mut header = header(tar::EntryType::Directory, 0, 0o755);
            layer.append_data(&mut header, directory, std::io::empty()).unwrap();
        }
        let busybox = std::fs::read(BUSYBOX).unwrap();
        let mut file = header(tar::EntryType::Regular, busybox.len(), 0o755);
        layer.append_data(&mut file, "bin/busybox", busybox.as_slice()).unwrap();
        for program in ["sh", "cat", "echo", "sleep", "tail", "mkdir"] {
            let mut link = header(tar::EntryType::Symlink, 0, 0o777);
            layer.append_link(&mut link, format!("bin/{program}"), "busybox").unwrap();
        }
        let entrypoint = entrypoint.iter().map(|word| (*word).to_owned()).collect();
        Self { name: name.to_owned(), entrypoint, layer: layer.into_inner().unwrap() }
    }

    /// Writes the archive in the OCI layout.
    pub fn write(&self, path: &Path) {
        let layer_digest = digest(&self.layer);
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": {"Entrypoint": self.entrypoint, "Env": ["PATH=/bin"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
        })
        .to_string();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest(config.as_bytes()),
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": layer_digest,
                "size": self.layer.len(),
            }],
        })
        .to_string();
        let index = json!({
            "schemaVersion": 2,
            "manifests": [{
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": digest(manifest.as_bytes()),
                "size": manifest.len(),
                "annotations": {"org.opencontainers.image.ref.name": self.name},
            }],
        })
        .to_string();
        let mut out = tar::Builder::new(std::fs::File::create(path).unwrap());
        append(&mut out, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        append(&mut out, "index.json", index.as_bytes());
        for blob in [self.layer.as_slice(), config.as_bytes(), manifest.as_bytes()] {
            append(&mut out, &format!("blobs/{}", digest(blob).replace(':', "/")), blob);
        }
        out.finish().unwrap();
    }
}

fn append(out: &mut tar::Builder<std::fs::File>, path: &str, bytes: &[u8]) {
    out.append_data(&mut header(tar::EntryType::Regular, bytes.len(), 0o644), path, bytes).unwrap();
}

fn header(kind: tar::EntryType, size: usize, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(mode);
    header
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}
