//! Files out of Debian packages, downloaded and unpacked but not installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Packages are kept here between runs: the `.deb` files, and each one unpacked beside it.
pub struct Packages {
    cache: PathBuf,
}

/// A package on this disk.
pub struct Package {
    /// The file's name, which tells the version.
    pub file: String,
    /// What it contains.
    pub root: PathBuf,
    deb: PathBuf,
}

impl Packages {
    pub fn in_dir(cache: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(cache).with_context(|| format!("create {}", cache.display()))?;
        Ok(Self { cache: cache.canonicalize()? })
    }

    /// The package `name`, downloaded unless it was before.
    pub fn get(&self, name: &str) -> anyhow::Result<Package> {
        let deb = match self.find(name)? {
            Some(deb) => deb,
            None => {
                self.download(name)?;
                self.find(name)?.with_context(|| format!("apt-get downloaded no file for {name}"))?
            }
        };
        let root = deb.with_extension("");
        if !root.is_dir() {
            let fresh = deb.with_extension(format!("{}.new", std::process::id()));
            run("dpkg-deb", Command::new("dpkg-deb").arg("-x").arg(&deb).arg(&fresh))?;
            // Another run may have been first; then its copy is as good.
            if fs::rename(&fresh, &root).is_err() {
                fs::remove_dir_all(&fresh)?;
            }
        }
        let file = deb.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Package { file, root, deb })
    }

    /// The package `name` and every library package that it needs, directly or not.
    pub fn with_libraries(&self, name: &str) -> anyhow::Result<Vec<Package>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut wanted = vec![name.to_owned()];
        while let Some(name) = wanted.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let package = self.get(&name)?;
            wanted.extend(package.libraries()?);
            found.push(package);
        }
        found.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(found)
    }

    fn find(&self, name: &str) -> anyhow::Result<Option<PathBuf>> {
        let mut found = None;
        for entry in fs::read_dir(&self.cache)? {
            let path = entry?.path();
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if file.starts_with(&format!("{name}_")) && file.ends_with(".deb") {
                found = found.max(Some(path));
            }
        }
        Ok(found)
    }

    fn download(&self, name: &str) -> anyhow::Result<()> {
        let download =
            || run("apt-get", Command::new("apt-get").args(["-q", "download", name]).current_dir(&self.cache));
        if download().is_ok() {
            return Ok(());
        }
        let update = run("apt-get", Command::new("apt-get").args(["-q", "update"]));
        update.and_then(|()| download()).with_context(|| {
            format!("the Debian package {name} is needed: put its .deb file into {}", self.cache.display())
        })
    }
}

impl Package {
    /// Reads the file at `path` inside the package.
    pub fn read(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.root.join(path);
        fs::read(&path).with_context(|| format!("read {}", path.display()))
    }

    fn libraries(&self) -> anyhow::Result<Vec<String>> {
        let text = run_for_text("dpkg-deb", Command::new("dpkg-deb").arg("-f").arg(&self.deb).arg("Depends"))?;
        Ok(library_names(&text))
    }
}

/// The packages of a `Depends` field that hold shared libraries; of alternatives the first.
fn library_names(depends: &str) -> Vec<String> {
    let names = depends.split(',').filter_map(|item| item.split(['|', '(', ':']).next()).map(str::trim);
    names.filter(|name| name.starts_with("lib") || name.starts_with("zlib")).map(str::to_owned).collect()
}

/// The shared libraries that `program` loads, by name, and its loader, by the path that the program asks for.
pub fn shared_libraries(program: &Path, packages: &[Package]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let loader = interpreter();
    let find = |relative: &str| packages.iter().map(|package| package.root.join(relative)).find(|path| path.exists());
    let in_usr = format!("usr{loader}");
    let loader_file = find(loader.trim_start_matches('/')).or_else(|| find(&in_usr));
    let loader_file = loader_file.with_context(|| format!("no package holds the loader {loader}"))?;
    let dirs = ["lib", "usr/lib"].iter().flat_map(|dir| {
        let dir = format!("{dir}/{}-linux-gnu", std::env::consts::ARCH);
        packages.iter().map(move |package| package.root.join(&dir)).filter(|path| path.is_dir())
    });
    let path: Vec<String> = dirs.map(|dir| dir.to_string_lossy().into_owned()).collect();
    // The loader is named by its target, which stands beside the C library whatever the link says.
    let target = fs::canonicalize(&loader_file).or_else(|_| follow(&loader_file, packages))?;
    let mut list = Command::new(&target);
    let listed = run_for_text("ld.so", list.arg("--library-path").arg(path.join(":")).arg("--list").arg(program))?;
    let mut found = parse_loader_list(&listed)?;
    found.insert(loader.to_owned(), target);
    Ok(found)
}

/// Where an absolute link leads among the packages rather than on this machine.
fn follow(link: &Path, packages: &[Package]) -> anyhow::Result<PathBuf> {
    let target = fs::read_link(link)?;
    let relative = target.strip_prefix("/").unwrap_or(&target);
    let found = packages.iter().map(|package| package.root.join(relative)).find(|path| path.exists());
    found.with_context(|| format!("no package holds {}", target.display()))
}

/// Reads `name => path (address)` lines; the kernel's own object and the loader have no arrow.
fn parse_loader_list(text: &str) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let Some((name, place)) = line.trim().split_once(" => ") else { continue };
        let path = place.split(" (").next().unwrap_or_default().trim();
        if path == "not found" {
            bail!("the library {name} is in none of the packages");
        }
        if !name.starts_with('/') {
            found.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(found)
}

fn interpreter() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        _ => "/lib64/ld-linux-x86-64.so.2",
    }
}

fn run(program: &str, command: &mut Command) -> anyhow::Result<()> {
    run_for_text(program, command).map(drop)
}

/// The output of a program that must succeed.
pub fn run_for_text(program: &str, command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("run {program} (is it installed?)"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} failed ({}): {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_are_followed() {
        let depends = "libc6 (>= 2.34), libssl3 | libssl1.1 (>= 3), zlib1g:any (>= 1), iproute2, nginx-common (= 1)";
        assert_eq!(library_names(depends), ["libc6", "libssl3", "zlib1g"]);
    }

    #[test]
    fn the_loaders_list_is_read() {
        let text =
            "\tlinux-vdso.so.1 (0x7ffd)\n\tlibz.so.1 => /c/libz.so.1 (0x7f)\n\t/lib64/ld.so => /c/ld.so (0x7f)\n";
        let found = parse_loader_list(text).unwrap();
        assert_eq!(found, BTreeMap::from([("libz.so.1".to_owned(), PathBuf::from("/c/libz.so.1"))]));
        assert!(parse_loader_list("libz.so.1 => not found\n").is_err());
    }
}
