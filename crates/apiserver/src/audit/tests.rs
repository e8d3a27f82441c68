//! Events on their way to a file: cut, gathered, put aside.

use super::*;
use crate::config::{AuditBatch, AuditLog};
use ::audit::{ObjectRef, Stage};
use log_file::LogFile;
use schema::MicroTime;
use stdx::SystemClock;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tiphys-audit-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn log(&self, batch: AuditBatch) -> AuditLog {
        AuditLog { path: Some(self.0.join("audit.log")), format: "json".into(), batch, ..AuditLog::default() }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.0.join("audit.log")).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn batch(mode: &str) -> AuditBatch {
    AuditBatch {
        mode: mode.into(),
        buffer_size: 4,
        max_size: 2,
        max_wait: std::time::Duration::from_millis(5),
        ..AuditBatch::default()
    }
}

fn event(id: &str, object: usize) -> Arc<Event> {
    Arc::new(Event {
        level: Level::Request,
        audit_id: id.into(),
        stage: Stage::ResponseComplete,
        request_uri: "/".into(),
        verb: "get".into(),
        user: UserInfo::new("u", &[]),
        impersonated: None,
        source_ips: Vec::new(),
        user_agent: String::new(),
        object: Some(ObjectRef::default()),
        response_status: None,
        request_object: Some(format!("\"{}\"", "x".repeat(object)).into()),
        response_object: None,
        received: MicroTime::from_unix_micros(0),
        stage_time: MicroTime::from_unix_micros(0),
        annotations: Default::default(),
    })
}

fn pipeline(log: &AuditLog) -> Pipeline {
    let file = LogFile::open(log, Arc::new(SystemClock)).unwrap();
    Pipeline::start("log", Backend::Log(Box::new(file)), &log.batch)
}

#[tokio::test]
async fn blocking_writes_at_once_and_batches_are_flushed_at_the_end() {
    let directory = Directory::new("modes");
    let blocking = pipeline(&directory.log(batch("blocking")));
    assert!(blocking.process(&event("one", 1)).await);
    assert_eq!(directory.text().lines().count(), 1);
    let batched = pipeline(&directory.log(batch("batch")));
    for id in ["two", "three", "four"] {
        assert!(batched.process(&event(id, 1)).await);
    }
    batched.flush().await;
    assert_eq!(directory.text().lines().count(), 4);
    assert!(!batched.process(&event("late", 1)).await, "a closed buffer takes nothing");
    assert_eq!(batched.errors(), 1);
}

#[tokio::test]
async fn a_full_buffer_drops_and_counts() {
    let directory = Directory::new("full");
    let pipeline = pipeline(&directory.log(batch("batch")));
    // Nothing else runs on this thread until the first wait that is none of these.
    let mut taken = 0;
    for index in 0..10 {
        taken += usize::from(pipeline.process(&event(&index.to_string(), 1)).await);
    }
    assert_eq!(taken as u64 + pipeline.errors(), 10);
    assert!(pipeline.errors() > 0);
    pipeline.flush().await;
    assert_eq!(directory.text().lines().count(), taken);
}

#[tokio::test]
async fn large_events_lose_their_objects() {
    let directory = Directory::new("truncate");
    let mut settings = batch("blocking");
    (settings.truncate_enabled, settings.truncate_max_event_size, settings.truncate_max_batch_size) = (true, 600, 1000);
    let pipeline = pipeline(&directory.log(settings));
    assert!(pipeline.process(&event("large", 1000)).await);
    let text = directory.text();
    assert!(!text.contains("requestObject") && text.contains("\"audit.k8s.io/truncated\":\"true\""), "{text}");
    assert!(!pipeline.process(&event(&"i".repeat(1000), 1)).await);
    assert_eq!(pipeline.errors(), 1);
}

#[tokio::test]
async fn full_files_are_put_aside_and_the_oldest_go() {
    let directory = Directory::new("rotate");
    let mut log = directory.log(batch("blocking"));
    (log.max_size_mib, log.max_backups, log.compress) = (1, 1, true);
    let pipeline = pipeline(&log);
    for index in 0..4 {
        assert!(pipeline.process(&event(&index.to_string(), 600_000)).await);
        // Files put aside in one millisecond have one name.
        let before = SystemClock.now();
        while SystemClock.now() < before + 2_000_000 {
            std::hint::spin_loop();
        }
    }
    let names = directory.names();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("audit-") && names[0].ends_with(".log.gz"), "{names:?}");
    assert_eq!(directory.text().lines().count(), 1);
}
