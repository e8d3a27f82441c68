use super::*;
use crate::volumes::testdir::TestDir;
use futures_util::future::BoxFuture;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LOG: &str = "2026-01-02T15:04:05.1Z stdout F one\n2026-01-02T15:04:06.1Z stderr F two\n\
    2026-01-02T15:04:07.1Z stdout P thr\n2026-01-02T15:04:07.2Z stdout F ee\n2026-01-02T15:04:08.1Z stdout F four\n";

struct FakeWriter(Arc<AtomicBool>);

impl reader::Writer for FakeWriter {
    fn is_running(&self) -> BoxFuture<'_, bool> {
        let runs = self.0.load(Ordering::SeqCst);
        Box::pin(async move { runs })
    }
}

/// A log under way, and the client that reads it.
struct Reading {
    dir: TestDir,
    runs: Arc<AtomicBool>,
    receiver: mpsc::Receiver<Result<bytes::Bytes, std::io::Error>>,
}

impl Reading {
    async fn start(text: &str, query: &str) -> Reading {
        let dir = TestDir::new();
        let path = dir.path().join("0.log");
        std::fs::write(&path, text).unwrap();
        let runs = Arc::new(AtomicBool::new(true));
        let source = reader::Source { path, writer: Box::new(FakeWriter(runs.clone())), hub: Arc::default() };
        let options = LogOptions::from_query(&Query::parse(query), 0).unwrap();
        let file = source.open(&options).await.unwrap();
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(reader::copy(source, file, options, sender));
        Reading { dir, runs, receiver }
    }

    fn append(&self, file: &str, text: &str) {
        let path = self.dir.path().join(file);
        std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Reads until the text so far ends with `expected`.
    async fn until(&mut self, expected: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(expected) {
            let piece = tokio::time::timeout(Duration::from_secs(10), self.receiver.recv()).await;
            let piece = piece.unwrap_or_else(|_| panic!("{text:?} does not become {expected:?}"));
            text.push_str(std::str::from_utf8(&piece.expect("not yet the end").unwrap()).unwrap());
        }
        text
    }

    async fn rest(&mut self) -> String {
        let mut text = String::new();
        let all = async {
            while let Some(piece) = self.receiver.recv().await {
                text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(10), all).await.expect("the log ends");
        text
    }
}

async fn check(query: &str, expected: &str) {
    assert_eq!(Reading::start(LOG, query).await.rest().await, expected, "{query}");
}

#[tokio::test]
async fn options_choose_what_is_read() {
    check("", "one\ntwo\nthree\nfour\n").await;
    check("tailLines=1", "four\n").await;
    check("tail=all", "one\ntwo\nthree\nfour\n").await;
    check("tailLines=0", "").await;
    check("tailLines=100", "one\ntwo\nthree\nfour\n").await;
    check("limitBytes=6", "one\ntw").await;
    check("stream=Stderr", "two\n").await;
    check("sinceTime=2026-01-02T15:04:07Z", "three\nfour\n").await;
    check(
        "timestamps=true&sinceTime=2026-01-02T15:04:07Z",
        "2026-01-02T15:04:07.100000000Z three\n2026-01-02T15:04:08.100000000Z four\n",
    )
    .await;
}

#[tokio::test]
async fn the_last_line_may_lack_its_end() {
    let text = "2026-01-02T15:04:05Z stdout F one\n2026-01-02T15:04:06Z stdout F two";
    assert_eq!(Reading::start(text, "").await.rest().await, "one\ntwo\n");
}

#[tokio::test]
async fn following_goes_on_until_the_container_ends() {
    let mut reading = Reading::start(LOG, "follow=true&tailLines=1").await;
    assert_eq!(reading.until("four\n").await, "four\n");
    reading.append("0.log", "2026-01-02T15:04:09Z stdout F fi");
    reading.append("0.log", "ve\n2026-01-02T15:04:09Z stdout F six\n");
    assert_eq!(reading.until("six\n").await, "five\nsix\n");
    reading.runs.store(false, Ordering::SeqCst);
    reading.append("0.log", "2026-01-02T15:04:10Z stdout F last\n");
    assert_eq!(reading.rest().await, "last\n");
}

#[tokio::test]
async fn following_survives_rotation() {
    let mut reading = Reading::start("", "follow=true").await;
    reading.append("0.log", "2026-01-02T15:04:09Z stdout F old\n");
    assert_eq!(reading.until("old\n").await, "old\n");
    let path = |name: &str| reading.dir.path().join(name);
    std::fs::rename(path("0.log"), path("0.log.1")).unwrap();
    reading.append("0.log.1", "2026-01-02T15:04:09Z stdout F late\n");
    reading.append("0.log", "2026-01-02T15:04:10Z stdout F new\n");
    assert_eq!(reading.until("new\n").await, "late\nnew\n");
    reading.runs.store(false, Ordering::SeqCst);
    assert_eq!(reading.rest().await, "");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_reading() {
    let mut reading = Reading::start(LOG, "follow=true&limitBytes=3").await;
    assert_eq!(reading.rest().await, "one", "a full answer ends too");
    let reading = Reading::start(LOG, "follow=true").await;
    let Reading { dir, receiver, .. } = reading;
    drop(receiver);
    drop(dir);
}

#[test]
fn bad_options_are_refused() {
    let status = |query| LogOptions::from_query(&Query::parse(query), 0).unwrap_err().status.as_u16();
    for query in ["tailLines=x", "sinceTime=x", "limitBytes=x"] {
        assert_eq!(status(query), 400, "{query}");
    }
    for query in ["tailLines=-1", "limitBytes=0", "sinceSeconds=0", "tailLines=1&stream=Stdout", "stream=x"] {
        assert_eq!(status(query), 422, "{query}");
    }
    let options = LogOptions::from_query(&Query::parse("sinceSeconds=10&follow&previous=0"), 60 * SECOND).unwrap();
    assert_eq!((options.since, options.follow, options.previous), (Some(50 * SECOND), true, false));
}

fn pod(state: &str) -> Pod {
    use schema::Typed;
    let text =
        format!(r#"{{"metadata":{{"name":"p"}},"status":{{"containerStatuses":[{{"name":"c","state":{state}}}]}}}}"#);
    let value = schema::json::decode(Pod::type_ref(), text.as_bytes(), &Default::default()).unwrap();
    Pod::from_value(&value.value)
}

#[test]
fn the_right_run_is_chosen_and_errors_are_upstreams() {
    use ContainerState::{ContainerCreated as Created, ContainerExited as Exited, ContainerRunning as Running};
    let running = r#"{"running":{}}"#;
    let back_off = r#"{"waiting":{"reason":"CrashLoopBackOff"}}"#;
    let ended = r#"{"terminated":{"exitCode":1}}"#;
    let waiting = |reason: &str| format!(r#"{{"waiting":{{"reason":"{reason}"}}}}"#);
    let none = "container \"c\" in pod \"p\" is waiting to start";
    let gone = "previous terminated container \"c\" in pod \"p\" not found".to_owned();
    // State in the API, the runtime's containers from the newest on, whether the previous one is asked for.
    type Row<'a> = (&'a str, &'a [ContainerState], bool, Result<usize, String>);
    let table: &[Row<'_>] = &[
        (running, &[Running, Exited], false, Ok(0)),
        (running, &[Running, Exited], true, Ok(1)),
        (running, &[Running], true, Err(gone.clone())),
        (back_off, &[Exited, Exited], false, Ok(0)),
        (back_off, &[Exited, Exited], true, Ok(0)),
        (ended, &[Exited, Exited], true, Ok(1)),
        (ended, &[Exited], true, Err(gone)),
        (back_off, &[Created, Exited], false, Ok(1)),
        (&waiting("ErrImagePull"), &[], false, Err(format!("{none}: image can't be pulled"))),
        (&waiting("ImagePullBackOff"), &[], false, Err(format!("{none}: trying and failing to pull image"))),
        (&waiting("ContainerCreating"), &[], false, Err(format!("{none}: ContainerCreating"))),
        ("{}", &[], false, Err(format!("{none} - no logs yet"))),
    ];
    for (state, containers, previous, expected) in table {
        let containers = containers.iter().enumerate().map(|(index, state)| v1::Container {
            id: index.to_string(),
            state: (*state).into(),
            ..v1::Container::default()
        });
        let chosen = choose(&pod(state), "c", &containers.collect::<Vec<_>>(), *previous);
        assert_eq!(chosen, expected.clone().map(|index| index.to_string()), "{state} {previous}");
    }
    let error = choose(&Pod::default(), "c", &[], false).unwrap_err();
    assert_eq!(error, "container \"c\" in pod \"\" is not available");
}
