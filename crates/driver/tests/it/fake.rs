//! An API server in memory: objects with versions, watches that can be held back, failures on demand. It checks nothing.

use bytes::Bytes;
use client::{Body, Client, ClientError, Transport};
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use informer::Key;
use kind::ApiError;
use parking_lot::Mutex;
use schema::{Schema, Typed, Value, json, protobuf, value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;

#[derive(Default)]
pub struct Fake {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    version: u64,
    objects: BTreeMap<String, BTreeMap<Key, Value>>,
    log: Vec<Entry>,
    held: BTreeSet<String>,
    failures: BTreeMap<String, VecDeque<ApiError>>,
    requests: Vec<String>,
    documents: BTreeMap<String, Value>,
    /// Watches from before this version are told that it is too old.
    compacted: u64,
}

struct Entry {
    version: u64,
    plural: String,
    kind: &'static str,
    object: Value,
}

struct Target {
    plural: String,
    namespace: String,
    name: String,
    below: String,
    query: String,
}

impl Fake {
    pub fn client(self: &Arc<Fake>) -> Client {
        Client::new(Arc::new(Shared(self.clone())), "test")
    }

    /// The next request of this verb and resource (`POST pods`) fails.
    pub fn fail(&self, request: &str, error: ApiError) {
        self.state.lock().failures.entry(request.into()).or_default().push_back(error);
    }

    /// Watches of this resource send nothing until it is let go.
    pub fn hold(&self, plural: &str) {
        self.state.lock().held.insert(plural.into());
    }

    pub fn let_go(&self, plural: &str) {
        self.state.lock().held.remove(plural);
        self.changed.notify_waiters();
    }

    /// Forgets history: watches that are behind, and all that are open now, end in Expired.
    pub fn compact(&self) {
        let mut state = self.state.lock();
        state.compacted = state.version + 1;
        state.version += 1;
        drop(state);
        self.changed.notify_waiters();
    }

    pub fn document(&self, path: &str, document: Value) {
        self.state.lock().documents.insert(path.into(), document);
    }

    /// How many requests began with this (`POST pods`).
    pub fn count(&self, request: &str) -> usize {
        self.state.lock().requests.iter().filter(|line| line.as_str() == request).count()
    }

    pub fn objects(&self, plural: &str) -> Vec<Value> {
        self.state.lock().objects.get(plural).map(|all| all.values().cloned().collect()).unwrap_or_default()
    }

    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        self.state.lock().objects.get(plural)?.get(&Key::new(namespace, name)).cloned()
    }

    /// Waits until what `find` finds is there.
    pub async fn until<R>(&self, find: impl Fn(&Fake) -> Option<R>) -> R {
        let search = async {
            loop {
                let changed = self.changed.notified();
                match find(self) {
                    Some(found) => return found,
                    None => changed.await,
                }
            }
        };
        match tokio::time::timeout(std::time::Duration::from_secs(3600), search).await {
            Ok(found) => found,
            Err(_) => panic!("not found; requests: {:#?}", self.state.lock().requests),
        }
    }

    fn answer(self: &Arc<Fake>, request: Request<Bytes>) -> Result<Response<Body>, ApiError> {
        let path = request.uri().path().to_owned();
        if let Some(document) = self.state.lock().documents.get(&path) {
            return Ok(json_response(document));
        }
        let target = target(&path, request.uri().query().unwrap_or_default())
            .ok_or_else(|| ApiError::new(404, "NotFound", path.clone()))?;
        let below = if target.below.is_empty() { String::new() } else { format!("/{}", target.below) };
        let line = format!("{} {}{below}", request.method(), target.plural);
        let mut state = self.state.lock();
        let failure = state.failures.get_mut(&line).and_then(VecDeque::pop_front);
        state.requests.push(line);
        if let Some(failure) = failure {
            drop(state);
            self.changed.notify_waiters();
            return Err(failure);
        }
        let key = Key::new(target.namespace.as_str(), target.name.as_str());
        let body = if request.body().is_empty() { Value::Null } else { decode(request.body()) };
        let answer = match *request.method() {
            Method::GET if target.query.contains("watch=true") => {
                let from = target.query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion="));
                let from = from.and_then(|from| from.parse().ok()).unwrap_or_default();
                drop(state);
                return Ok(self.watch(target.plural, from));
            }
            Method::GET if target.name.is_empty() => state.list(&target),
            Method::GET => state.find(&target.plural, &key)?,
            Method::POST => state.create(&target, body)?,
            Method::PUT => state.update(&target, &key, body)?,
            Method::PATCH => state.patch(&target, &key, &body)?,
            _ => state.delete(&target.plural, &key)?,
        };
        drop(state);
        self.changed.notify_waiters();
        Ok(json_response(&answer))
    }

    fn watch(self: &Arc<Fake>, plural: String, from: u64) -> Response<Body> {
        let start = (self.clone(), plural, from, false);
        Response::new(Body::stream(futures_util::stream::unfold(start, |(fake, plural, from, ended)| async move {
            if ended {
                return None;
            }
            let (line, at, end) = fake.next(&plural, from).await;
            Some((Ok(line), (fake, plural, at, end)))
        })))
    }

    /// The next event after a version, that version, and whether the watch ends.
    async fn next(&self, plural: &str, from: u64) -> (Bytes, u64, bool) {
        loop {
            let changed = self.changed.notified();
            {
                let state = self.state.lock();
                if from < state.compacted {
                    let status = ApiError::expired("too old resource version").0.to_value();
                    return (event("ERROR", &status), from, true);
                }
                let held = state.held.contains(plural);
                let found = state.log.iter().find(|entry| !held && entry.version > from && entry.plural == plural);
                if let Some(found) = found {
                    return (event(found.kind, &found.object), found.version, false);
                }
            }
            changed.await;
        }
    }
}

impl State {
    fn list(&self, target: &Target) -> Value {
        let all = self.objects.get(&target.plural).into_iter().flatten();
        let wanted = all.filter(|(key, _)| target.namespace.is_empty() || key.namespace == target.namespace);
        let items: Vec<Value> = wanted.map(|(_, object)| object.clone()).collect();
        let version = self.version.to_string();
        value!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": version }, "items": items })
    }

    fn find(&self, plural: &str, key: &Key) -> Result<Value, ApiError> {
        let found = self.objects.get(plural).and_then(|all| all.get(key)).cloned();
        found.ok_or_else(|| ApiError::new(404, "NotFound", format!("{plural} \"{}\" not found", key.name)))
    }

    fn create(&mut self, target: &Target, mut object: Value) -> Result<Value, ApiError> {
        let number = self.version + 1;
        if object.str_at(&["metadata", "name"]).is_empty() {
            let name = format!("{}{number}", object.str_at(&["metadata", "generateName"]));
            object.set(&["metadata", "name"], name);
        }
        let key = Key::new(target.namespace.as_str(), object.str_at(&["metadata", "name"]));
        if self.find(&target.plural, &key).is_ok() {
            return Err(ApiError::new(
                409,
                "AlreadyExists",
                format!("{} \"{}\" already exists", target.plural, key.name),
            ));
        }
        object.set(&["metadata", "uid"], format!("uid-{number}"));
        object.set(&["metadata", "generation"], 1);
        object.set(&["metadata", "creationTimestamp"], "2026-01-01T00:00:00Z");
        if !key.namespace.is_empty() {
            object.set(&["metadata", "namespace"], key.namespace.clone());
        }
        Ok(self.store("ADDED", &target.plural, key, object))
    }

    fn update(&mut self, target: &Target, key: &Key, new: Value) -> Result<Value, ApiError> {
        let old = self.find(&target.plural, key)?;
        let version = new.str_at(&["metadata", "resourceVersion"]);
        if !version.is_empty() && version != old.str_at(&["metadata", "resourceVersion"]) {
            return Err(ApiError::new(409, "Conflict", "the object has been modified"));
        }
        let mut object = if target.below.is_empty() { new.clone() } else { old.clone() };
        if target.below == "status" {
            object.set(&["status"], new["status"].clone());
            object.set(&["metadata", "annotations"], new.at(&["metadata", "annotations"]).clone());
        } else {
            object.set(&["status"], old["status"].clone());
        }
        if object["spec"] != old["spec"] {
            let generation = old.at(&["metadata", "generation"]).as_i64().unwrap_or_default();
            object.set(&["metadata", "generation"], generation + 1);
        }
        Ok(self.store("MODIFIED", &target.plural, key.clone(), object))
    }

    fn patch(&mut self, target: &Target, key: &Key, patch: &Value) -> Result<Value, ApiError> {
        let mut object = self.find(&target.plural, key)?;
        merge(&mut object, patch);
        Ok(self.store("MODIFIED", &target.plural, key.clone(), object))
    }

    fn delete(&mut self, plural: &str, key: &Key) -> Result<Value, ApiError> {
        let mut object = self.find(plural, key)?;
        self.version += 1;
        object.set(&["metadata", "resourceVersion"], self.version.to_string());
        self.objects.entry(plural.into()).or_default().remove(key);
        let uid = object.str_at(&["metadata", "uid"]).to_owned();
        self.log.push(Entry { version: self.version, plural: plural.into(), kind: "DELETED", object });
        Ok(value!({ "apiVersion": "v1", "kind": "Status", "status": "Success", "details": { "uid": uid } }))
    }

    fn store(&mut self, kind: &'static str, plural: &str, key: Key, mut object: Value) -> Value {
        self.version += 1;
        object.set(&["metadata", "resourceVersion"], self.version.to_string());
        self.objects.entry(plural.into()).or_default().insert(key, object.clone());
        self.log.push(Entry { version: self.version, plural: plural.into(), kind, object: object.clone() });
        object
    }
}

/// A transport has to be an `Arc` of its own to hand itself to watches.
struct Shared(Arc<Fake>);

impl Transport for Shared {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, ClientError>> {
        let answer = self.0.answer(request).unwrap_or_else(|error| {
            let mut response = json_response(&error.0.to_value());
            *response.status_mut() = http::StatusCode::from_u16(error.code() as u16).unwrap();
            response
        });
        Box::pin(async { Ok(answer) })
    }
}

fn json_response(value: &Value) -> Response<Body> {
    Response::new(Body::full(json::to_string(value)))
}

fn event(kind: &str, object: &Value) -> Bytes {
    let line = value!({ "type": kind, "object": (object.clone()) });
    format!("{}\n", json::to_string(&line)).into()
}

fn merge(object: &mut Value, patch: &Value) {
    match patch {
        Value::Map(map) => map.iter().for_each(|(key, value)| merge(object.make_map().entry(key), value)),
        other => *object = other.clone(),
    }
}

fn decode(bytes: &[u8]) -> Value {
    if !protobuf::is_envelope(bytes) {
        return json::parse(bytes, json::Limits::default()).unwrap();
    }
    let envelope = protobuf::open_envelope(bytes).unwrap();
    let ty = Schema::builtin().by_kind(&envelope.api_version, &envelope.kind).unwrap();
    let mut value = protobuf::decode(ty, envelope.raw).unwrap();
    value.set(&["apiVersion"], envelope.api_version);
    value.set(&["kind"], envelope.kind);
    value
}

/// `/api/v1/namespaces/ns/pods/name/status`
fn target(path: &str, query: &str) -> Option<Target> {
    let mut parts: VecDeque<&str> = path.trim_start_matches('/').split('/').collect();
    let prefix = if parts.pop_front()? == "api" { 1 } else { 2 };
    parts.drain(..prefix.min(parts.len()));
    let mut namespace = "";
    if parts.len() > 2 && parts[0] == "namespaces" {
        parts.pop_front();
        namespace = parts.pop_front()?;
    }
    let mut next = || parts.pop_front().unwrap_or_default().to_owned();
    let (plural, name, below) = (next(), next(), next());
    (!plural.is_empty()).then(|| Target { plural, namespace: namespace.into(), name, below, query: query.into() })
}
