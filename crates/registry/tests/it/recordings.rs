//! Conversations of the real server with configmaps, had again with the registry.

use crate::replay;
use std::path::Path;

const RECORDINGS: &str = "../../../shared/recordings";
const TOPICS: &[(&str, &str)] = &[
    ("kind-core", "configmap-"),
    ("lists", ""),
    ("watch", ""),
    ("http", "accept-1"),
    ("http", "accept-3"),
    ("http", "bad-body"),
    ("http", "methods-1"),
    ("http", "methods-2"),
    ("apply", "uid-precondition"),
    ("apply", "finalizers-owners"),
];

#[test]
fn the_registry_answers_as_recorded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDINGS);
    if !root.is_dir() {
        return;
    }
    let mut failures = Vec::new();
    let mut played = 0;
    for (topic, prefix) in TOPICS {
        let files = std::fs::read_dir(root.join(topic)).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(prefix)) {
            played += 1;
            failures.extend(replay::play(file));
        }
    }
    assert!(played > 35, "only {played} recordings were found");
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
