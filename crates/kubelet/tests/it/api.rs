//! As much of an API server as a kubelet needs, in memory: objects by path, watches, status patches, graceful deletion.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use client::{Body, Client, ClientError, Transport};
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use parking_lot::Mutex;
use schema::{Object, Schema, Time, Value, json, protobuf, value};
use stdx::{Clock, SystemClock};
use tokio::sync::watch;

/// Shared by the kubelet's client and the test.
#[derive(Clone)]
pub struct FakeApi {
    state: Arc<Mutex<State>>,
    version: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct State {
    /// By path.
    objects: BTreeMap<String, Value>,
    /// Path of the collection, type of event, object.
    log: Vec<(String, &'static str, Value)>,
}

impl FakeApi {
    pub fn new() -> FakeApi {
        FakeApi { state: Arc::default(), version: Arc::new(watch::channel(0).0) }
    }

    pub fn client(&self) -> Client {
        Client::new(Arc::new(self.clone()), "kubelet-test")
    }

    pub fn put<T: Object>(&self, object: &T) {
        let value = object.to_value();
        let path = format!("{}/{}", collection::<T>(value.str_at(&["metadata", "namespace"])), name(&value));
        self.store(&path, value);
    }

    pub fn get<T: Object>(&self, namespace: &str, name: &str) -> Option<T> {
        let path = format!("{}/{name}", collection::<T>(namespace));
        self.state.lock().objects.get(&path).map(T::from_value)
    }

    pub fn list<T: Object>(&self, namespace: &str) -> Vec<T> {
        let prefix = format!("{}/", collection::<T>(namespace));
        let state = self.state.lock();
        state
            .objects
            .iter()
            .filter(|(path, _)| path.starts_with(&prefix))
            .map(|(_, value)| T::from_value(value))
            .collect()
    }

    /// As `kubectl delete pod` does.
    pub fn delete_pod(&self, namespace: &str, name: &str, grace_seconds: i64) {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        self.delete(&path, grace_seconds);
    }

    /// Waits until an object is as wanted.
    pub async fn wait<T: Object>(&self, namespace: &str, name: &str, what: &str, mut is: impl FnMut(&T) -> bool) -> T {
        let started = Instant::now();
        let mut version = self.version.subscribe();
        loop {
            version.mark_unchanged();
            let now = self.get::<T>(namespace, name);
            if let Some(object) = now.clone().filter(|object| is(object)) {
                return object;
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            if tokio::time::timeout(left, version.changed()).await.is_err() {
                let now = now.map(|object| json::to_string(&object.to_value()));
                let events: Vec<_> = self
                    .list::<api_core::v1::Event>("default")
                    .iter()
                    .map(|e| format!("{} {}", e.reason, e.message))
                    .collect();
                panic!("waited too long for {what}: {now:?}\nevents: {events:#?}");
            }
        }
    }

    /// Waits until something is so; looked at after every change.
    pub async fn wait_until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let mut version = self.version.subscribe();
        let started = Instant::now();
        while !is() {
            let left = PATIENCE.saturating_sub(started.elapsed());
            let waited = tokio::time::timeout(left, version.changed()).await;
            assert!(waited.is_ok(), "waited too long for {what}");
        }
    }

    /// Waits for the next change of anything.
    pub async fn changed(&self) {
        let mut version = self.version.subscribe();
        tokio::time::timeout(PATIENCE, version.changed()).await.expect("nothing changes any more").unwrap();
    }

    /// Waits until an object is gone.
    pub async fn wait_gone<T: Object>(&self, namespace: &str, name: &str) {
        let mut version = self.version.subscribe();
        let started = Instant::now();
        while let Some(object) = self.get::<T>(namespace, name) {
            let left = PATIENCE.saturating_sub(started.elapsed());
            let waited = tokio::time::timeout(left, version.changed()).await;
            assert!(waited.is_ok(), "waited too long for the end of {name}: {}", json::to_string(&object.to_value()));
        }
    }

    fn store(&self, path: &str, mut object: Value) -> Value {
        let mut state = self.state.lock();
        let number = state.log.len() as u64 + 1;
        let old = state.objects.get(path);
        let kind = if old.is_some() { "MODIFIED" } else { "ADDED" };
        if object.str_at(&["metadata", "uid"]).is_empty() {
            object.set(&["metadata", "uid"], format!("uid-{number}"));
        }
        object.set(&["metadata", "resourceVersion"], number.to_string());
        if old.is_some_and(|old| same(old, &object)) {
            return old.cloned().unwrap();
        }
        state.objects.insert(path.to_owned(), object.clone());
        state.log.push((parent(path).to_owned(), kind, object.clone()));
        self.version.send_replace(number);
        object
    }

    fn delete(&self, path: &str, grace_seconds: i64) -> Option<Value> {
        let mut object = self.state.lock().objects.get(path).cloned()?;
        object.set(&["metadata", "deletionGracePeriodSeconds"], grace_seconds);
        if grace_seconds > 0 {
            let until = Time::from_unix(SystemClock.now_seconds() + grace_seconds);
            object.set(&["metadata", "deletionTimestamp"], until.to_text());
            return Some(self.store(path, object));
        }
        let mut state = self.state.lock();
        state.objects.remove(path);
        let number = state.log.len() as u64 + 1;
        object.set(&["metadata", "resourceVersion"], number.to_string());
        state.log.push((parent(path).to_owned(), "DELETED", object.clone()));
        self.version.send_replace(number);
        Some(object)
    }

    fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        let body = decode(request.body());
        let found = self.state.lock().objects.get(path.trim_end_matches("/status")).cloned();
        let object_path = path.trim_end_matches("/status");
        match (request.method(), found) {
            (&Method::GET, _) if query.contains("watch=true") => self.watch(&path, &query),
            (&Method::GET, Some(object)) => reply(200, &object),
            (&Method::GET, None) if is_collection(&path) => reply(200, &self.collection(&path)),
            (&Method::POST, _) => reply(201, &self.store(&format!("{path}/{}", name(&body)), body)),
            (&Method::PUT, Some(_)) => reply(200, &self.store(object_path, body)),
            (&Method::PATCH, Some(mut object)) => {
                let ty = Schema::builtin().by_kind(object.str_at(&["apiVersion"]), object.str_at(&["kind"])).unwrap();
                patch::strategic::apply(ty, &mut object, &body).unwrap();
                let object = schema::decode::normalize(ty, object, &Default::default()).unwrap().value;
                reply(200, &self.store(object_path, object))
            }
            (&Method::DELETE, Some(_)) => {
                let grace = body.at(&["gracePeriodSeconds"]).as_i64().unwrap_or(30);
                reply(200, &self.delete(object_path, grace).unwrap())
            }
            _ => reply(404, &not_found(&path)),
        }
    }

    fn collection(&self, path: &str) -> Value {
        let state = self.state.lock();
        let items: Vec<_> =
            state.objects.iter().filter(|(at, _)| covers(path, parent(at))).map(|(_, o)| o.clone()).collect();
        let version = state.log.len().to_string();
        value!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": version }, "items": items })
    }

    fn watch(&self, path: &str, query: &str) -> Response<Body> {
        let from = query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion=")).unwrap_or("0");
        let start = (self.clone(), self.version.subscribe(), from.parse::<usize>().unwrap_or(0), path.to_owned());
        let stream = futures_util::stream::unfold(start, |(api, mut version, mut at, path)| async move {
            loop {
                let next = api.state.lock().log.get(at).cloned();
                let Some((collection, kind, object)) = next else {
                    version.changed().await.ok()?;
                    continue;
                };
                at += 1;
                if covers(&path, &collection) {
                    let mut line = json::to_string(&value!({ "type": kind, "object": object })).into_bytes();
                    line.push(b'\n');
                    return Some((Ok::<_, ClientError>(Bytes::from(line)), (api, version, at, path)));
                }
            }
        });
        Response::builder().header("content-type", "application/json").body(Body::stream(stream)).unwrap()
    }
}

impl Transport for FakeApi {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, ClientError>> {
        Box::pin(async move { Ok(self.answer(request)) })
    }
}

fn reply(code: u16, body: &Value) -> Response<Body> {
    let text = json::to_string(body);
    Response::builder().status(code).header("content-type", "application/json").body(Body::full(text)).unwrap()
}

fn not_found(path: &str) -> Value {
    let message = format!("{path} not found");
    value!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure",
        "reason": "NotFound", "message": message, "code": 404
    })
}

fn decode(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::map();
    }
    if !protobuf::is_envelope(body) {
        return json::parse(body, Default::default()).unwrap();
    }
    let envelope = protobuf::open_envelope(body).unwrap();
    let ty = Schema::builtin().by_kind(&envelope.api_version, &envelope.kind).unwrap();
    let mut value = protobuf::decode(ty, envelope.raw).unwrap();
    value.set(&["apiVersion"], envelope.api_version);
    value.set(&["kind"], envelope.kind);
    value
}

fn collection<T: Object>(namespace: &str) -> String {
    let info = T::RESOURCE;
    let root =
        if info.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/{}", info.group, info.version) };
    if namespace.is_empty() {
        format!("{root}/{}", info.plural)
    } else {
        format!("{root}/namespaces/{namespace}/{}", info.plural)
    }
}

fn is_collection(path: &str) -> bool {
    path.ends_with("/pods") || path.ends_with("/services")
}

/// `/api/v1/pods` has the pods of all namespaces.
fn covers(path: &str, collection: &str) -> bool {
    path == collection || (path == "/api/v1/pods" && collection.ends_with("/pods"))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(parent, _)| parent)
}

fn name(value: &Value) -> String {
    value.str_at(&["metadata", "name"]).to_owned()
}

fn same(old: &Value, new: &Value) -> bool {
    let bare = |value: &Value| {
        let mut value = value.clone();
        value.remove(&["metadata", "resourceVersion"]);
        value
    };
    bare(old) == bare(new)
}

/// How long a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);
