//! A registry on a store of its own, with threads for a runtime and a timer that moves only when told.

use crate::kinds;
use admission::{Attributes, Link, Lookup, Operation, Plugin};
use bytes::Bytes;
use http::{Request, Response};
use kind::{ApiError, DynKind};
use registry::{Body, BoxFuture, Caller, Config, KindEntry, Policy, Registry, Spawn};
use serde_json::Value as Json;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;
use stdx::{ManualClock, SeededRng, Timer};
use store::{EmbeddedOptions, EmbeddedStore, Store, StoreSync};

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600;

pub struct Server {
    pub registry: Arc<Registry>,
    pub store: Arc<dyn Store>,
    pub timer: Arc<ManualTimer>,
    directory: PathBuf,
}

impl Server {
    pub fn new() -> Server {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("registry-it-{}-{number}", std::process::id()));
        let mut options = EmbeddedOptions::new(&directory);
        options.sync = StoreSync::Never;
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(options).unwrap());
        let timer = Arc::new(ManualTimer::default());
        let config = Config {
            store: store.clone(),
            clock: Arc::new(ManualClock::at_seconds(START)),
            rng: Arc::new(SeededRng::new(u64::from(number) + 1)),
            timer: timer.clone(),
            spawn: Arc::new(Threads),
            shared_store: false,
            min_watch_time: std::time::Duration::from_secs(1800),
            root: registry::keys::ROOT.to_owned(),
            transformers: None,
        };
        let registry =
            Registry::new(config, kinds::ALL.iter().map(|kind: &&'static dyn DynKind| KindEntry::builtin(*kind)));
        registry.set_policy(Policy {
            authorizer: Arc::new(authz::Masters),
            admission: admission::Chain::new(vec![
                Link::Pure(Box::new(NamespaceExists)),
                Link::Pure(Box::new(Protection)),
            ]),
            fallback: None,
        });
        Server { registry, store, timer, directory }
    }

    /// A server with the namespace `ns`.
    pub fn with_namespace() -> Server {
        let server = Server::new();
        let made = server.call("POST", "/api/v1/namespaces", r#"{"metadata":{"name":"ns"}}"#);
        assert_eq!(made.status, 201, "{}", made.text());
        server
    }

    pub fn call(&self, method: &str, url: &str, body: impl Into<Bytes>) -> Answer {
        let body = body.into();
        let mut headers = vec![("accept", "application/json"), ("user-agent", "test/1")];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.send(method, url, &headers, body)
    }

    pub fn patch(&self, url: &str, content_type: &str, body: &str) -> Answer {
        let headers = [("accept", "application/json"), ("user-agent", "test/1"), ("content-type", content_type)];
        self.send("PATCH", url, &headers, Bytes::from(body.to_owned()))
    }

    pub fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        self.send_as(authn::UserInfo::new("admin", &[authn::MASTERS]), method, url, headers, body)
    }

    pub fn send_as(
        &self,
        user: authn::UserInfo,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.extension(Caller { user, peer: String::new() }).body(body).unwrap();
        Answer::new(block_on(self.registry.handle(request)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Body,
}

impl Answer {
    fn new(response: Response<Body>) -> Answer {
        let (parts, body) = response.into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Full(bytes) => bytes.to_vec(),
            Body::Chunks(chunks) => chunks.concat(),
            Body::Watch(_) | Body::Stream(_) => Vec::new(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes()).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }

    pub fn at(&self, pointer: &str) -> String {
        match self.json().pointer(pointer) {
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// The next frames of a watch, waiting for each.
    pub fn frames(&mut self, count: usize) -> Vec<Json> {
        let Body::Watch(watch) = &mut self.body else { panic!("no watch: {}", self.status) };
        (0..count).map(|_| serde_json::from_slice(&block_on(watch.next()).expect("a frame")).unwrap()).collect()
    }

    /// Whether a watch ends, waiting for its end.
    pub fn ended(&mut self) -> bool {
        let Body::Watch(watch) = &mut self.body else { panic!("no watch: {}", self.status) };
        while let Some(frame) = block_on(watch.next()) {
            let event: Json = serde_json::from_slice(&frame).unwrap();
            assert!(event["type"] == "BOOKMARK" || event["type"] == "ERROR", "{event}");
        }
        true
    }

    /// What comes without waiting.
    pub fn ready_frames(&mut self) -> Vec<Json> {
        let Body::Watch(watch) = &mut self.body else { panic!("no watch: {}", self.status) };
        std::iter::from_fn(|| watch.ready()).map(|frame| serde_json::from_slice(&frame).unwrap()).collect()
    }
}

/// Refuses what is created in a namespace that does not exist.
struct NamespaceExists;

impl Plugin for NamespaceExists {
    fn name(&self) -> &'static str {
        "NamespaceExists"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Create
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "namespaces")]
    }

    fn admit(&self, attributes: &mut Attributes, lookup: &dyn Lookup) -> Result<(), ApiError> {
        let everywhere = attributes.namespace.is_empty() || attributes.resource == "namespaces";
        if everywhere || lookup.get("", "namespaces", "", attributes.namespace).is_some() {
            return Ok(());
        }
        Err(ApiError::not_found(&kinds::NAMESPACE_NAMES, attributes.namespace))
    }
}

/// Refuses what would take the label `protected` away: what it sees as the old object must be what is stored.
struct Protection;

impl Plugin for Protection {
    fn name(&self) -> &'static str {
        "Protection"
    }

    fn handles(&self, operation: Operation) -> bool {
        operation == Operation::Update
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        let label = |object: &schema::Value| object.at(&["metadata", "labels", "protected"]).clone();
        let (old, new) = (label(attributes.old), label(&attributes.object));
        if old.is_null() || old == new {
            return Ok(());
        }
        Err(ApiError::forbidden(attributes.group, attributes.resource, attributes.name, "the label is protected"))
    }
}

/// Fires when the test says that time has passed.
#[derive(Default)]
pub struct ManualTimer {
    state: Arc<Mutex<TimerState>>,
}

#[derive(Default)]
struct TimerState {
    now: Duration,
    waiting: Vec<Waker>,
}

impl ManualTimer {
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock().unwrap();
        state.now += by;
        std::mem::take(&mut state.waiting).into_iter().for_each(Waker::wake);
    }
}

impl Timer for ManualTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let state = self.state.clone();
        let until = state.lock().unwrap().now + duration;
        Box::pin(std::future::poll_fn(move |context| {
            let mut state = state.lock().unwrap();
            if state.now >= until {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        }))
    }
}

struct Threads;

impl Spawn for Threads {
    fn spawn(&self, future: BoxFuture<'static, ()>) {
        thread::spawn(move || block_on(future));
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
