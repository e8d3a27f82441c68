//! What is wrong is refused with a sentence that says why.

use crate::Case;
use crate::cluster::{Instance, TIPHYS, free_port, refused, scratch};
use crate::kubectl::Kubectl;
use std::fs;
use std::path::Path;
use std::process::Command;

pub const CASES: &[Case] = &[
    Case::Shared("bad_manifests", bad_manifests),
    Case::Alone("occupied", occupied),
    Case::Alone("full_disk", full_disk),
    Case::Alone("not_root", not_root),
];

fn bad_manifests(kubectl: &Kubectl) {
    let refusals = [
        ("v1\nkind: ConfigMap\nmetadata: {name: a}\ndta: {}", "strict decoding error: unknown field \"dta\""),
        ("apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: many}", "cannot be handled as a Deployment"),
        (
            "v1\nkind: ConfigMap\nmetadata: {name: Not_Good}",
            "metadata.name: Invalid value: \"Not_Good\": a lowercase RFC 1123 subdomain",
        ),
        (
            "v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}",
            "spec.containers[0].image: Required value",
        ),
    ];
    for (manifest, words) in refusals {
        let said = kubectl.fails(&["apply", "-f", "-"], Some(&format!("apiVersion: {manifest}\n")));
        assert!(said.contains(words), "{manifest} gives: {said}");
    }
    let said = kubectl.fails(&["get", "nothing"], None);
    assert_eq!(said, "error: the server doesn't have a resource type \"nothing\"\n");
    let said = kubectl.fails(&["get", "pod", "absent"], None);
    assert_eq!(said, "Error from server (NotFound): pods \"absent\" not found\n");
}

fn tiphys(data_dir: &Path, port: u16) -> Command {
    let mut command = Command::new(TIPHYS);
    command.arg("--data-dir").arg(data_dir).args(["--roles", "apiserver", "--bind-address", "127.0.0.1"]);
    command.args(["--secure-port", &port.to_string()]);
    command
}

fn occupied() {
    let instance = Instance::control_plane();
    let other = scratch();
    let said = refused(tiphys(&other, instance.port));
    fs::remove_dir_all(&other).unwrap();
    assert!(said.contains(&instance.port.to_string()) && said.contains("in use"), "{said}");
    let said = refused(tiphys(&instance.directory, free_port()));
    assert!(said.contains("another tiphys runs on"), "{said}");
}

/// A file system of one megabyte, gone when this is.
struct Tiny(std::path::PathBuf);

impl Tiny {
    fn mount() -> Tiny {
        let directory = scratch();
        fs::create_dir_all(&directory).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tiny"]).arg(&directory).status();
        assert!(mounted.unwrap().success());
        Tiny(directory)
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let unmounted = nix::mount::umount2(&self.0, nix::mount::MntFlags::MNT_DETACH);
        if let Err(error) = unmounted.map_err(Into::into).and_then(|()| fs::remove_dir(&self.0)) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}

fn full_disk() {
    let tiny = Tiny::mount();
    fs::write(tiny.0.join("filler"), vec![0; 1 << 20]).unwrap();
    let said = refused(tiphys(&tiny.0, free_port()));
    assert!(said.contains("No space left on device"), "{said}");
}

fn not_root() {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", TIPHYS, "--data-dir", "/var/lib/tiphys-nobody"]);
    command.args(["--secure-port", &free_port().to_string()]);
    let said = refused(command);
    assert!(said.contains("Run as root"), "{said}");
}
