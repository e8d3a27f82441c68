use std::io::Read;

use super::*;

fn entries(bytes: &[u8]) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let target = entry.link_name().unwrap().map(|target| target.to_string_lossy().into_owned().into_bytes());
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        (path, (entry.header().mode().unwrap(), target.unwrap_or(content)))
    };
    archive.entries().unwrap().map(read).collect()
}

fn tree() -> Tree {
    let mut tree = Tree::default();
    tree.file("usr/bin/tool", 0o755, "program");
    tree.link("bin/sh", "/usr/bin/tool");
    tree.dir("tmp", 0o1777);
    tree
}

#[test]
fn a_tree_becomes_a_layer_with_its_directories() {
    let found = entries(&tree().to_tar().unwrap());
    let paths: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(paths, ["bin/", "bin/sh", "tmp/", "usr/", "usr/bin/", "usr/bin/tool"]);
    assert_eq!(found["tmp/"].0, 0o1777);
    assert_eq!(found["bin/sh"].1, b"/usr/bin/tool");
    assert_eq!(found["usr/bin/tool"], (0o755, b"program".to_vec()));
}

#[test]
fn an_archive_is_reproducible_and_its_digests_hold() {
    let path = std::env::temp_dir().join(format!("xtask-oci-{}.tar", std::process::id()));
    let image = Image {
        reference: "tiphys.test/tool:1",
        command: &["sh"],
        entrypoint: &[],
        env: &["A=b"],
        user: "",
        ports: &["80/tcp"],
    };
    write(&path, &image, &tree()).unwrap();
    let first = fs::read(&path).unwrap();
    write(&path, &image, &tree()).unwrap();
    let second = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(first == second);

    let found = entries(&first);
    for (path, (_, bytes)) in &found {
        if let Some(name) = path.strip_prefix("blobs/sha256/") {
            assert_eq!(name, digest(bytes));
        }
    }
    let read = |path: &str| serde_json::from_slice::<Value>(&found[path].1).unwrap();
    let blob = |descriptor: &Value| read(&descriptor["digest"].as_str().unwrap().replace("sha256:", "blobs/sha256/"));
    let index = read("index.json");
    assert_eq!(index["manifests"][0]["annotations"]["io.containerd.image.name"], "tiphys.test/tool:1");
    let manifest = blob(&index["manifests"][0]);
    let config = blob(&manifest["config"]);
    assert_eq!(config["config"]["Cmd"], json!(["sh"]));
    assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
}
