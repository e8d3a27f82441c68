//! `cargo xtask images [DIR]`: the images that tests run, as OCI archives, since no registry may be reachable.
//!
//! Their definitions stand in `images/` at the root: a configuration file or two, and our own pause. Everything else comes
//! from Debian packages, which are downloaded once and never installed. An archive whose inputs have not changed is left
//! alone.

pub mod debian;
mod oci;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use debian::{Package, Packages, run_for_text};
use oci::{Image, Tree};

const PATH_ENV: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PAUSE_SOURCE: &str = include_str!("../../images/pause/pause.rs");
const PASSWD: &str = include_str!("../../images/busybox/passwd");
const GROUP: &str = include_str!("../../images/busybox/group");
const NGINX_CONF: &str = include_str!("../../images/nginx/nginx.conf");
const NGINX_INDEX: &str = include_str!("../../images/nginx/index.html");

/// What turns the pause program's source into a static executable without a C library or a second target installed.
const PAUSE_FLAGS: [&str; 12] = [
    "--edition=2024",
    "--crate-type=bin",
    "--crate-name=pause",
    "-Cpanic=abort",
    "-Copt-level=s",
    "-Ccodegen-units=1",
    "-Cstrip=symbols",
    "-Crelocation-model=static",
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-nostdlib",
    "-Clink-arg=-static",
    "-Clink-arg=-Wl,--build-id=none,-z,norelro,-n",
];

/// Builds every image into `out_dir`, by default `target/images`, as `<name>-<tag>.tar`.
pub fn run(out_dir: Option<&Path>) -> anyhow::Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let default = target.join("images");
    let out_dir = out_dir.unwrap_or(&default);
    fs::create_dir_all(out_dir).with_context(|| format!("create {}", out_dir.display()))?;
    let packages = Packages::in_dir(&target.join("images-cache"))?;
    let shell = Shell::new(&packages)?;
    let work = Work { out_dir, shell };
    work.pause()?;
    work.busybox()?;
    let nginx = packages.with_libraries("nginx")?;
    for version in ["1", "2"] {
        work.nginx(version, &nginx)?;
    }
    Ok(())
}

struct Work<'a> {
    out_dir: &'a Path,
    shell: Shell,
}

/// The packages that every image with a shell is made of. Bash is there because busybox's shell drops variables whose
/// names are not its own kind of word, such as `data-1`.
struct Shell {
    busybox: Package,
    bash: Package,
}

impl Shell {
    fn new(packages: &Packages) -> anyhow::Result<Self> {
        Ok(Self { busybox: packages.get("busybox-static")?, bash: packages.get("bash-static")? })
    }

    /// A root with every applet of busybox, bash, accounts and the usual directories.
    fn tree(&self) -> anyhow::Result<Tree> {
        let mut tree = Tree::default();
        tree.file("bin/busybox", 0o755, self.busybox.read("bin/busybox")?);
        let bash = self.bash.read("bin/bash-static").or_else(|_| self.bash.read("usr/bin/bash-static"))?;
        tree.file("bin/bash", 0o755, bash);
        let list = run_for_text("busybox", Command::new(self.busybox.root.join("bin/busybox")).arg("--list"))?;
        for applet in list.lines().filter(|applet| !applet.is_empty()) {
            let path = format!("bin/{applet}");
            if !tree.contains(&path) {
                tree.link(&path, "busybox");
            }
        }
        tree.link("usr/bin/env", "/bin/busybox");
        tree.file("etc/passwd", 0o644, PASSWD);
        tree.file("etc/group", 0o644, GROUP);
        for (path, mode) in [("tmp", 0o1777), ("root", 0o700), ("var/tmp", 0o1777), ("run", 0o755), ("home", 0o755)] {
            tree.dir(path, mode);
        }
        tree.link("var/run", "/run");
        Ok(tree)
    }

    fn inputs(&self) -> String {
        format!("{}\n{}\n{PASSWD}\n{GROUP}", self.busybox.file, self.bash.file)
    }
}

impl Work<'_> {
    fn pause(&self) -> anyhow::Result<()> {
        let image = Image {
            reference: "tiphys.test/pause:1",
            command: &[],
            entrypoint: &["/pause"],
            env: &[PATH_ENV],
            user: "65535:65535",
            ports: &[],
        };
        self.build(&image, &format!("{PAUSE_SOURCE}{PAUSE_FLAGS:?}"), || {
            let mut tree = Tree::default();
            tree.file("pause", 0o755, compile_pause(self.out_dir)?);
            Ok(tree)
        })
    }

    fn busybox(&self) -> anyhow::Result<()> {
        let image = Image {
            reference: "tiphys.test/busybox:1",
            command: &["sh"],
            entrypoint: &[],
            env: &[PATH_ENV],
            user: "",
            ports: &[],
        };
        self.build(&image, &self.shell.inputs(), || self.shell.tree())
    }

    fn nginx(&self, version: &str, packages: &[Package]) -> anyhow::Result<()> {
        let reference = format!("tiphys.test/nginx:{version}");
        let image = Image {
            reference: &reference,
            command: &["nginx", "-g", "daemon off;"],
            entrypoint: &[],
            env: &[PATH_ENV],
            user: "",
            ports: &["80/tcp"],
        };
        let files: Vec<&str> = packages.iter().map(|package| package.file.as_str()).collect();
        let inputs = format!("{}\n{files:?}\n{NGINX_CONF}\n{NGINX_INDEX}", self.shell.inputs());
        self.build(&image, &inputs, || {
            let index = NGINX_INDEX.replace("REFERENCE", &reference).replace("VERSION", version);
            self.nginx_tree(&index, packages)
        })
    }

    fn nginx_tree(&self, index: &str, packages: &[Package]) -> anyhow::Result<Tree> {
        let mut tree = self.shell.tree()?;
        let program = packages.iter().map(|package| package.root.join("usr/sbin/nginx")).find(|path| path.is_file());
        let program = program.context("no package holds usr/sbin/nginx")?;
        let libraries = debian::shared_libraries(&program, packages)?;
        for (name, file) in libraries {
            let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
            let path = match name.strip_prefix('/') {
                Some(loader) => loader.to_owned(),
                None => format!("lib/{}-linux-gnu/{name}", env::consts::ARCH),
            };
            tree.file(&path, 0o755, bytes);
        }
        tree.file("usr/sbin/nginx", 0o755, fs::read(&program)?);
        tree.file("etc/nginx/nginx.conf", 0o644, NGINX_CONF);
        tree.file("usr/share/nginx/html/index.html", 0o644, index);
        for path in ["var/lib/nginx", "var/log/nginx"] {
            tree.dir(path, 0o755);
        }
        Ok(tree)
    }

    /// Writes the archive of `image` unless it was made of the same `inputs` by the same program.
    fn build(
        &self,
        image: &Image<'_>,
        inputs: &str,
        tree: impl FnOnce() -> anyhow::Result<Tree>,
    ) -> anyhow::Result<()> {
        let name = image.reference.rsplit('/').next().unwrap_or(image.reference).replace(':', "-");
        let archive = self.out_dir.join(format!("{name}.tar"));
        let stamp = self.out_dir.join(format!(".{name}.inputs"));
        let sources =
            concat!(include_str!("images.rs"), include_str!("images/oci.rs"), include_str!("images/debian.rs"));
        let key = oci::digest(format!("{sources}\n{}\n{inputs}", image.reference).as_bytes());
        if archive.is_file() && fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == key) {
            println!("{}: unchanged", archive.display());
            return Ok(());
        }
        oci::write(&archive, image, &tree()?).with_context(|| format!("build {}", image.reference))?;
        oci::replace(&stamp, key.as_bytes())?;
        println!("{}: built {}", archive.display(), image.reference);
        Ok(())
    }
}

/// Compiles the pause program with the compiler that compiles us.
fn compile_pause(scratch: &Path) -> anyhow::Result<Vec<u8>> {
    let compiler = env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
    let source = scratch.join(format!(".pause-{}.rs", std::process::id()));
    let program = source.with_extension("");
    fs::write(&source, PAUSE_SOURCE)?;
    let compiled = run_for_text("rustc", Command::new(compiler).args(PAUSE_FLAGS).arg(&source).arg("-o").arg(&program));
    fs::remove_file(&source)?;
    compiled?;
    let bytes = fs::read(&program)?;
    fs::remove_file(&program)?;
    Ok(bytes)
}
