use super::*;
use crate::volumes::testdir::TestDir;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

struct Volume {
    /// The volume is below it, and so is what must not be reached.
    dir: TestDir,
}

impl Volume {
    fn new() -> Volume {
        let dir = TestDir::new();
        fs::create_dir(dir.path().join("volume")).unwrap();
        fs::create_dir(dir.path().join("secret")).unwrap();
        fs::write(dir.path().join("secret/key"), "secret").unwrap();
        Volume { dir }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("volume")
    }

    fn target(&self) -> std::path::PathBuf {
        self.dir.path().join("targets/0")
    }

    fn bind(&self, path: &str) -> io::Result<()> {
        make_dirs(&self.path(), Path::new(path))?;
        bind(&self.path(), Path::new(path), &self.target())
    }
}

#[test]
fn directories_and_files_are_bound() {
    let volume = Volume::new();
    volume.bind("a/b").unwrap();
    fs::write(volume.target().join("x"), "1").unwrap();
    assert_eq!(fs::read_to_string(volume.path().join("a/b/x")).unwrap(), "1");
    volume.bind("a/b/x").unwrap();
    assert_eq!(fs::read_to_string(volume.target()).unwrap(), "1", "the mount was replaced, its target too");
    symlink("a/b/x", volume.path().join("link")).unwrap();
    volume.bind("link").unwrap();
    assert_eq!(fs::read_to_string(volume.target()).unwrap(), "1", "links within the volume are good");
}

#[test]
fn cve_2017_1002101_links_do_not_lead_out_of_the_volume() {
    let volume = Volume::new();
    symlink("/", volume.path().join("root")).unwrap();
    symlink("../secret", volume.path().join("up")).unwrap();
    symlink(volume.dir.path().join("secret/key"), volume.path().join("file")).unwrap();
    symlink("/proc/self/root", volume.path().join("magic")).unwrap();
    fs::create_dir(volume.path().join("a")).unwrap();
    symlink("../../secret", volume.path().join("a/up")).unwrap();
    for path in
        ["root", "root/etc", "up", "up/key", "file", "magic", "a/up", "a/up/new", "a/../../secret", "root/new/x"]
    {
        assert!(volume.bind(path).is_err(), "{path}");
        assert!(open_beneath(&volume.path(), path).is_err(), "{path}");
    }
    assert!(!volume.dir.path().join("secret/new").exists() && !Path::new("/new").exists());
}

#[test]
fn cve_2021_25741_a_swap_between_check_and_use_binds_nothing_outside() {
    let volume = Volume::new();
    let (real, swapped) = (volume.path().join("dir"), volume.path().join("swap"));
    fs::create_dir(&real).unwrap();
    fs::write(real.join("key"), "own").unwrap();
    symlink("../secret", &swapped).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let exchange = nix::fcntl::RenameFlags::RENAME_EXCHANGE;
                nix::fcntl::renameat2(nix::fcntl::AT_FDCWD, &real, nix::fcntl::AT_FDCWD, &swapped, exchange).unwrap();
            }
        });
        let mut bound = 0;
        for _ in 0..500 {
            if volume.bind("dir").is_ok() {
                bound += 1;
                assert_eq!(fs::read_to_string(volume.target().join("key")).unwrap(), "own");
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(bound > 0);
    });
}
