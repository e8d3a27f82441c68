use super::*;
use crate::volumes::payload::File;
use crate::volumes::testdir::TestDir;

fn payload(files: &[(&str, &str)]) -> Payload {
    let file = |text: &str| File { data: text.as_bytes().to_vec(), mode: 0o644, user: None };
    files.iter().map(|&(path, text)| (path.to_owned(), file(text))).collect()
}

fn put(dir: &TestDir, files: &[(&str, &str)]) {
    write(dir.path(), &payload(files), 1_800_000_000, |_| Ok(())).unwrap();
}

/// What a container sees, and nothing else may be there.
fn check(dir: &TestDir, expected: &[(&str, &str)]) {
    for (path, text) in expected {
        assert_eq!(fs::read_to_string(dir.path().join(path)).unwrap(), *text, "{path}");
    }
    let names = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut all: Vec<String> = fs::read_dir(dir.path()).unwrap().map(names).collect();
    all.sort();
    let sets = all.iter().filter(|name| name.starts_with("..2")).count();
    assert_eq!(sets, 1, "{all:?}");
    let links: BTreeSet<_> = expected.iter().map(|(path, _)| path.split('/').next().unwrap()).collect();
    let visible: BTreeSet<_> = all.iter().map(String::as_str).filter(|name| !name.starts_with("..")).collect();
    assert_eq!(visible, links);
}

#[test]
fn files_change_all_at_once() {
    let dir = TestDir::new();
    put(&dir, &[("a", "1"), ("d/x", "2"), ("d/y/z", "3")]);
    check(&dir, &[("a", "1"), ("d/x", "2"), ("d/y/z", "3")]);
    let open = fs::File::open(dir.path().join("..data/a")).unwrap();
    put(&dir, &[("a", "2"), ("e", "4")]);
    check(&dir, &[("a", "2"), ("e", "4")]);
    assert_eq!(io::read_to_string(open).unwrap(), "1", "who had the old file open reads it to its end");
    put(&dir, &[]);
    check(&dir, &[]);
}

#[test]
fn a_crash_at_any_point_is_mended() {
    // Before the rename: a set of files that nobody uses, a link that was not renamed.
    let dir = TestDir::new();
    put(&dir, &[("a", "1")]);
    fs::create_dir(dir.path().join("..2001_01_01_01_01_01.7")).unwrap();
    fs::write(dir.path().join("..2001_01_01_01_01_01.7/half"), "").unwrap();
    symlink("..2001_01_01_01_01_01.7", dir.path().join(NEW_DATA)).unwrap();
    put(&dir, &[("a", "2"), ("b", "3")]);
    check(&dir, &[("a", "2"), ("b", "3")]);

    // After the rename: links that are missing and links that lead nowhere.
    fs::remove_file(dir.path().join("b")).unwrap();
    symlink("..data/old", dir.path().join("old")).unwrap();
    put(&dir, &[("a", "2"), ("b", "3")]);
    check(&dir, &[("a", "2"), ("b", "3")]);

    // The data link lost, or leading to what is gone.
    fs::remove_file(dir.path().join(DATA)).unwrap();
    put(&dir, &[("a", "2")]);
    check(&dir, &[("a", "2")]);
    let target = fs::read_link(dir.path().join(DATA)).unwrap();
    fs::remove_dir_all(dir.path().join(target)).unwrap();
    put(&dir, &[("a", "2")]);
    check(&dir, &[("a", "2")]);
}

#[test]
fn paths_stay_below_the_volume() {
    let dir = TestDir::new();
    let table = [
        ("", "invalid path: must not be empty: \"\""),
        ("/etc/x", "invalid path: must be relative path: \"/etc/x\""),
        ("..data", "invalid path: must not start with '..': \"..data\""),
        ("a/../../x", "invalid path: must not contain '..': \"a/../../x\""),
    ];
    for (path, expected) in table {
        let error = write(dir.path(), &payload(&[(path, "")]), 0, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_data_link_that_leads_out_is_not_followed() {
    let (dir, outside) = (TestDir::new(), TestDir::new());
    fs::write(outside.path().join("a"), "1").unwrap();
    symlink(outside.path(), dir.path().join(DATA)).unwrap();
    put(&dir, &[("a", "1")]);
    check(&dir, &[("a", "1")]);
    assert!(outside.path().join("a").exists());
}
