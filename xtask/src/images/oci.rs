//! Writing an image as an OCI archive, the form that `ctr images import` reads.
//!
//! The same tree and configuration give the same bytes: entries are sorted, times are zero, owners are root. The one layer
//! is not compressed, since these images travel no further than to the container runtime of this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The files of an image, by path without a leading slash; directories above them come by themselves.
#[derive(Default)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

enum Node {
    File { bytes: Vec<u8>, mode: u32 },
    Dir { mode: u32 },
    Link { target: String },
}

/// How an image is called and run.
pub struct Image<'a> {
    /// The full reference under which the runtime knows it, such as `tiphys.test/busybox:1`.
    pub reference: &'a str,
    pub command: &'a [&'a str],
    pub entrypoint: &'a [&'a str],
    /// `NAME=value`.
    pub env: &'a [&'a str],
    /// Empty for root.
    pub user: &'a str,
    /// Ports that the image listens on, such as `80/tcp`.
    pub ports: &'a [&'a str],
}

impl Tree {
    pub fn file(&mut self, path: &str, mode: u32, bytes: impl Into<Vec<u8>>) {
        self.put(path, Node::File { bytes: bytes.into(), mode });
    }

    pub fn dir(&mut self, path: &str, mode: u32) {
        self.put(path, Node::Dir { mode });
    }

    pub fn link(&mut self, path: &str, target: &str) {
        self.put(path, Node::Link { target: target.to_owned() });
    }

    pub fn contains(&self, path: &str) -> bool {
        self.nodes.contains_key(path)
    }

    fn put(&mut self, path: &str, node: Node) {
        for (at, _) in path.match_indices('/') {
            self.nodes.entry(path[..at].to_owned()).or_insert(Node::Dir { mode: 0o755 });
        }
        self.nodes.insert(path.to_owned(), node);
    }

    /// The layer's bytes.
    fn to_tar(&self) -> anyhow::Result<Vec<u8>> {
        let mut tar = Builder::new(Vec::new());
        for (path, node) in &self.nodes {
            match node {
                Node::File { bytes, mode } => append(&mut tar, path, *mode, bytes)?,
                Node::Dir { mode } => {
                    let mut header = header(EntryType::Directory, *mode, 0);
                    tar.append_data(&mut header, format!("{path}/"), &[][..])?;
                }
                Node::Link { target } => {
                    let mut header = header(EntryType::Symlink, 0o777, 0);
                    tar.append_link(&mut header, path, target)?;
                }
            }
        }
        Ok(tar.into_inner()?)
    }
}

/// Writes the archive at `path`, whole or not at all.
pub fn write(path: &Path, image: &Image<'_>, tree: &Tree) -> anyhow::Result<()> {
    let mut blobs = BTreeMap::new();
    let layer = tree.to_tar()?;
    let diff_id = digest(&layer);
    let layer = add_blob(&mut blobs, LAYER, layer);
    let config = serde_json::to_vec(&config(image, &diff_id))?;
    let config = add_blob(&mut blobs, CONFIG, config);
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    let mut manifest = add_blob(&mut blobs, MANIFEST, serde_json::to_vec(&manifest)?);
    manifest["annotations"] = json!({
        "io.containerd.image.name": image.reference,
        "org.opencontainers.image.ref.name": image.reference,
    });
    manifest["platform"] = json!({ "os": "linux", "architecture": architecture() });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest] });

    let mut tar = Builder::new(Vec::new());
    append(&mut tar, "oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    append(&mut tar, "index.json", 0o644, &serde_json::to_vec(&index)?)?;
    for (name, bytes) in &blobs {
        append(&mut tar, &format!("blobs/sha256/{name}"), 0o644, bytes)?;
    }
    replace(path, &tar.into_inner()?)
}

/// Puts `bytes` at `path` in one step, so that a reader sees the old file or the new one.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// The SHA-256 of `bytes` in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Go's name of this machine's architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn config(image: &Image<'_>, diff_id: &str) -> Value {
    let mut run = json!({ "Env": image.env, "WorkingDir": "/" });
    for (name, words) in [("Cmd", image.command), ("Entrypoint", image.entrypoint)] {
        if !words.is_empty() {
            run[name] = json!(words);
        }
    }
    if !image.user.is_empty() {
        run["User"] = json!(image.user);
    }
    for port in image.ports {
        run["ExposedPorts"][port] = json!({});
    }
    json!({
        "architecture": architecture(),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": run,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{diff_id}")] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "cargo xtask images" }],
    })
}

/// Keeps the blob under its digest and returns its descriptor.
fn add_blob(blobs: &mut BTreeMap<String, Vec<u8>>, media_type: &str, bytes: Vec<u8>) -> Value {
    let name = digest(&bytes);
    let descriptor = json!({ "mediaType": media_type, "digest": format!("sha256:{name}"), "size": bytes.len() });
    blobs.insert(name, bytes);
    descriptor
}

fn append(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
    let mut header = header(EntryType::Regular, mode, bytes.len() as u64);
    Ok(tar.append_data(&mut header, path, bytes)?)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests;
