//! `cargo xtask clients`: clients that others wrote, for the tests, into `target/clients`: Python's from PyPI, JavaScript's
//! from npm, and Debian's kubectl, which is much older than most.
//!
//! Their versions stand beside the tests that use them, in `crates/tiphys/tests/clients`. What is there already is left alone.

use crate::images::debian::Packages;
use crate::{process, root};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn run() -> anyhow::Result<()> {
    let target = root().join("target/clients");
    fs::create_dir_all(&target).with_context(|| target.display().to_string())?;
    python(&target.join("python"))?;
    javascript(&target.join("javascript"))?;
    old_kubectl(&target.join("kubectl-debian"))
}

fn sources(name: &str) -> PathBuf {
    root().join("crates/tiphys/tests/clients").join(name)
}

/// Whether `directory` was made from this file; if not, `make` makes it and the file is kept there.
fn once(file: &Path, directory: &Path, make: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let wanted = fs::read(file).with_context(|| file.display().to_string())?;
    let made_from = directory.join("made-from");
    if fs::read(&made_from).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    make()?;
    fs::write(&made_from, wanted).with_context(|| made_from.display().to_string())
}

fn python(directory: &Path) -> anyhow::Result<()> {
    let requirements = sources("python/requirements.txt");
    once(&requirements, directory, || {
        process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(directory))?;
        let mut pip = Command::new(directory.join("bin/pip"));
        process::run(pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements))
    })
}

fn javascript(directory: &Path) -> anyhow::Result<()> {
    let manifest = sources("javascript/package.json");
    once(&manifest, directory, || {
        fs::create_dir_all(directory)?;
        fs::copy(&manifest, directory.join("package.json"))?;
        let mut npm = Command::new("npm");
        process::run(npm.args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(directory))
    })
}

fn old_kubectl(link: &Path) -> anyhow::Result<()> {
    if link.exists() {
        return Ok(());
    }
    let package = Packages::in_dir(&root().join("target/images-cache"))?.get("kubernetes-client")?;
    std::os::unix::fs::symlink(package.root.join("usr/bin/kubectl"), link)
        .with_context(|| format!("link {}", link.display()))
}
