//! `cargo xtask codegen`: makes the descriptor of the built-in types and the typed structs from the reference data.
//!
//! ```text
//!   go-emptiness.json --+
//!   proto-tags.json  ---+--> facts --> model --+--> crates/schema/data/builtin.schema   (text)
//!   openapi v2 and v3 --+                      +--> crates/api-*/src                    (structs)
//! ```
//!
//! Everything it makes is committed; `--check` says which of the committed files are stale. Deliberately absent: facts that
//! stand in one place only, in a kind's own file (short names, categories, columns).

mod bootstrap;
mod facts;
mod kinds;
mod model;
mod names;
mod structs;
mod text;

use anyhow::{Context, bail};
use facts::Facts;
use model::Model;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Path from the workspace's root to content.
type Files = BTreeMap<PathBuf, String>;

/// Where nothing but generated files stands.
const GENERATED_DIRS: [&str; 4] =
    ["crates/api-meta/src", "crates/api-core/src", "crates/api-apps/src", "crates/api-misc/src"];

pub fn run(check: bool) -> anyhow::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in the workspace")?;
    let facts = Facts::read(&reference_dir(workspace))?;
    let model = Model::build(&facts)?;
    let mut files = Files::new();
    let descriptor = text::write(&model);
    schema::Schema::parse(&descriptor).context("the descriptor that was made does not parse")?;
    files.insert("crates/schema/data/builtin.schema".into(), descriptor);
    structs::write(&facts, &model, &mut files)?;
    files.insert("crates/apiserver/data/bootstrap.jsonl".into(), bootstrap::write(&reference_dir(workspace))?);
    let stale = stale(workspace, &files)?;
    if !check {
        return update(workspace, &files, &stale);
    }
    if !stale.is_empty() {
        let list: Vec<String> = stale.iter().map(|path| path.display().to_string()).collect();
        bail!("stale, run `cargo xtask codegen`:\n{}", list.join("\n"));
    }
    Ok(())
}

/// The reference data stands beside the repository, in `../shared/reference`, unless `TIPHYS_REFERENCE` says otherwise.
fn reference_dir(workspace: &Path) -> PathBuf {
    std::env::var_os("TIPHYS_REFERENCE").map_or_else(|| workspace.join("../shared/reference"), PathBuf::from)
}

/// Files that differ from what was made, are missing, or should not be there.
fn stale(workspace: &Path, files: &Files) -> anyhow::Result<Vec<PathBuf>> {
    let mut stale: Vec<PathBuf> = Vec::new();
    for (path, content) in files {
        if !std::fs::read_to_string(workspace.join(path)).is_ok_and(|committed| committed == *content) {
            stale.push(path.clone());
        }
    }
    let mut dirs: Vec<PathBuf> = GENERATED_DIRS.iter().map(PathBuf::from).collect();
    while let Some(dir) = dirs.pop() {
        let full = workspace.join(&dir);
        for entry in std::fs::read_dir(&full).with_context(|| format!("cannot list {}", full.display()))? {
            let entry = entry?;
            let path = dir.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                dirs.push(path);
            } else if !files.contains_key(&path) {
                stale.push(path);
            }
        }
    }
    stale.sort();
    Ok(stale)
}

fn update(workspace: &Path, files: &Files, stale: &[PathBuf]) -> anyhow::Result<()> {
    for path in stale {
        let full = workspace.join(path);
        let done = match files.get(path) {
            Some(content) => {
                if let Some(parent) = full.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::fs::write(&full, content)
            }
            None => std::fs::remove_file(&full),
        };
        done.with_context(|| format!("cannot write {}", full.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}
