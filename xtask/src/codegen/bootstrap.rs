//! The objects that an API server makes by itself at its first start, from the reference's capture of such a server.
//!
//! One JSON object a line, without what a server sets: uid, versions, times, managedFields, status.

use anyhow::{Context, bail};
use schema::{Value, json, yaml};
use std::fs;
use std::path::Path;

/// Files of reference/bootstrap whose objects do not depend on a cluster's addresses or certificates.
const SOURCES: &[&str] = &[
    "namespaces",
    "priorityclasses",
    "clusterroles",
    "clusterrolebindings",
    "roles",
    "rolebindings",
    "prioritylevelconfigurations",
    "flowschemas",
    "apiservices",
];

/// What a server sets.
const SERVER_SET: &[&[&str]] = &[
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
    &["metadata", "creationTimestamp"],
    &["metadata", "managedFields"],
    &["metadata", "generation"],
    &["status"],
];

pub(super) fn write(reference: &Path) -> anyhow::Result<String> {
    let mut out = String::new();
    for source in SOURCES {
        let path = reference.join("bootstrap").join(format!("{source}.yaml"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for document in text.split("\n---\n").map(|document| document.trim_start_matches("---\n")) {
            let parsed = yaml::parse(document.as_bytes(), json::Limits::default());
            let mut object = parsed.with_context(|| path.display().to_string())?.value;
            for field in SERVER_SET {
                object.remove(field);
            }
            out.push_str(&line(&object).with_context(|| path.display().to_string())?);
        }
    }
    Ok(out)
}

fn line(object: &Value) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    json::write(object, &mut bytes);
    let mut text = String::from_utf8(bytes)?;
    if text.contains("<") {
        bail!("a placeholder is left in {text}");
    }
    text.push('\n');
    Ok(text)
}
