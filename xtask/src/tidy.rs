//! The home-made lint: sizes of files, manifests that miss the workspace's settings, borders that crates must not cross.

use crate::root;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines a file may have, tests not counted.
const MAX_LINES: usize = 1_000;
/// What every manifest of ours says.
const MANIFEST_LINES: &[&str] = &["edition.workspace = true", "license.workspace = true", "publish.workspace = true"];

/// A dependency that a crate must not have, itself or through others of ours.
struct Border {
    crates: &'static [&'static str],
    must_not_use: &'static [&'static str],
    why: &'static str,
}

const BORDERS: &[Border] = &[
    Border {
        crates: &[
            "stdx",
            "schema",
            "cel",
            "api-meta",
            "api-core",
            "api-apps",
            "api-misc",
            "kind",
            "policy",
            "custom",
            "kinds-core",
            "kinds-apps",
            "kinds-misc",
            "kinds",
            "patch",
            "authn",
            "authz",
            "flowcontrol",
            "encryption",
            "audit",
            "admission",
            "informer",
            "controllers",
            "scheduler",
            "kubelet-core",
        ],
        must_not_use: &["tokio", "hyper", "tonic"],
        why: "only the shells do IO",
    },
    Border {
        crates: &["registry"],
        must_not_use: &["kinds", "kinds-core", "kinds-apps", "kinds-misc", "hyper", "tonic"],
        why: "the registry names no kind and serves no HTTP",
    },
    Border {
        crates: &["controllers", "scheduler", "kubelet-core", "kubelet", "driver", "client"],
        must_not_use: &["store", "registry", "apiserver"],
        why: "controllers, scheduler and kubelet are API clients and never touch the store",
    },
    Border { crates: &["apiserver", "kubelet", "client"], must_not_use: &["axum", "serde_yaml"], why: "see DESIGN 8" },
];

pub fn run() -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let mut sources = Vec::new();
    for directory in ["crates", "xtask"] {
        walk(&root().join(directory), &mut sources)?;
    }
    for path in &sources {
        check_source(path, &mut wrong)?;
    }
    check_manifests(&mut wrong)?;
    check_borders(&mut wrong)?;
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.sort();
    bail!("{}", wrong.join("\n"));
}

fn walk(directory: &Path, sources: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                walk(&path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}

fn check_source(path: &Path, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    if shown.contains("/generated") {
        return Ok(());
    }
    let text = fs::read_to_string(path).with_context(|| shown.clone())?;
    let is_test = shown.contains("/tests/") || shown.ends_with("tests.rs");
    let lines = text.lines().count();
    if lines > MAX_LINES && !is_test {
        wrong.push(format!("{shown}: {lines} lines, {MAX_LINES} at the most"));
    }
    if path.ends_with("mod.rs") {
        wrong.push(format!("{shown}: modules stand beside their folder, not in mod.rs"));
    }
    if !is_test && lines > 1 && !text.trim_start().starts_with("//!") {
        wrong.push(format!("{shown}: no //! that says what it is"));
    }
    let unfinished = ["todo".to_owned() + "!(", "unimplemented".to_owned() + "!(", "#[".to_owned() + "ignore"];
    for word in unfinished.iter().filter(|word| text.contains(word.as_str())) {
        wrong.push(format!("{shown}: has {word}"));
    }
    Ok(())
}

/// Every crate's folder and manifest.
fn manifests() -> anyhow::Result<Vec<(String, String)>> {
    let mut all = vec![("xtask".to_owned(), fs::read_to_string(root().join("xtask/Cargo.toml"))?)];
    for entry in fs::read_dir(root().join("crates"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let manifest = path.join("Cargo.toml");
        all.push((name, fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?));
    }
    Ok(all)
}

fn check_manifests(wrong: &mut Vec<String>) -> anyhow::Result<()> {
    for (name, text) in manifests()? {
        for line in MANIFEST_LINES.iter().filter(|line| !text.contains(**line)) {
            wrong.push(format!("{name}/Cargo.toml: lacks `{line}`"));
        }
        if !text.contains("[lints]") {
            wrong.push(format!("{name}/Cargo.toml: lacks [lints]"));
        }
        if !text.contains(&format!("name = \"{name}\"")) {
            wrong.push(format!("{name}/Cargo.toml: the package has another name than its folder"));
        }
    }
    Ok(())
}

fn check_borders(wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let manifests = manifests()?;
    for border in BORDERS {
        for name in border.crates {
            let reached = reachable(name, &manifests);
            for forbidden in border.must_not_use.iter().filter(|forbidden| reached.iter().any(|r| r == **forbidden)) {
                wrong.push(format!("{name}: must not use {forbidden}: {}", border.why));
            }
        }
    }
    Ok(())
}

/// The dependencies of a crate and of those of ours that it uses; development dependencies do not count.
fn reachable(name: &str, manifests: &[(String, String)]) -> Vec<String> {
    let (mut reached, mut open) = (Vec::<String>::new(), vec![name.to_owned()]);
    while let Some(name) = open.pop() {
        let Some((_, manifest)) = manifests.iter().find(|(of, _)| *of == name) else { continue };
        for dependency in dependencies(manifest) {
            if !reached.contains(&dependency) {
                open.push(dependency.clone());
                reached.push(dependency);
            }
        }
    }
    reached
}

/// Names under `[dependencies]`; optional ones are not counted.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && !line.contains("optional = true") {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !name.is_empty() {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_followed_through_our_own_crates() {
        let manifest = |text: &str| format!("[package]\n[dependencies]\n{text}[dev-dependencies]\ntokio = \"1\"\n");
        let manifests =
            [("a".to_owned(), manifest("b.workspace = true\n")), ("b".to_owned(), manifest("hyper = \"1\"\n"))];
        assert_eq!(reachable("a", &manifests), ["b", "hyper"]);
    }
}
