use super::*;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tk-logs-{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("ns_pod_uid/main")).unwrap();
        Directory(path)
    }

    fn container(&self) -> PathBuf {
        self.0.join("ns_pod_uid/main")
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = entries(&self.container()).iter().map(|path| name(path)).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn only_logs_that_are_too_large_are_found() {
    let directory = Directory::new("large");
    File::create(directory.container().join("0.log")).unwrap().set_len(MAX_BYTES + 1).unwrap();
    File::create(directory.container().join("1.log")).unwrap().set_len(MAX_BYTES).unwrap();
    File::create(directory.container().join("0.log.20260101-000000")).unwrap().set_len(MAX_BYTES + 1).unwrap();
    let path = directory.container().join("0.log");
    let expected = Log { path, uid: "uid".to_owned(), container: "main".to_owned(), restart_count: 0 };
    assert_eq!(large_logs(&directory.0), [expected]);
}

#[test]
fn the_oldest_go_and_the_others_are_compressed() {
    let directory = Directory::new("tidy");
    for day in 1..=6 {
        let path = directory.container().join(format!("0.log.2026010{day}-000000"));
        std::fs::write(path, "text\n").unwrap();
    }
    std::fs::write(directory.container().join("0.log"), "text\n").unwrap();
    tidy(&directory.container().join("0.log")).unwrap();
    let expected = ["0.log", "0.log.20260104-000000.gz", "0.log.20260105-000000.gz", "0.log.20260106-000000.gz"];
    assert_eq!(directory.names(), expected);
    assert_eq!(timestamp(0), "19700101-000000");
}
