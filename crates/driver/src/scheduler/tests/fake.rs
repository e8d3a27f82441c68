//! As much of an API server as a scheduler needs, in memory: lists, watches, bindings, status patches, deletions.

use bytes::Bytes;
use client::{Body, Client, ClientError, Transport};
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use parking_lot::Mutex;
use schema::{Object, Schema, Value, json, protobuf, value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State>>,
    version: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct State {
    /// By path.
    objects: BTreeMap<String, Value>,
    /// Path of the collection, type of event, object.
    log: Vec<(String, &'static str, Value)>,
    refused_bindings: usize,
}

impl Fake {
    pub fn new() -> Fake {
        Fake { state: Arc::default(), version: Arc::new(watch::channel(0).0) }
    }

    pub fn client(&self) -> Client {
        Client::new(Arc::new(self.clone()), "scheduler-test")
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
        let collection = collection::<T>(namespace);
        let state = self.state.lock();
        state.objects.iter().filter(|(path, _)| parent(path) == collection).map(|(_, o)| T::from_value(o)).collect()
    }

    pub fn change<T: Object>(&self, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let path = format!("{}/{name}", collection::<T>(namespace));
        let mut object = self.state.lock().objects.get(&path).cloned().unwrap();
        change(&mut object);
        self.store(&path, object);
    }

    /// The next `count` bindings fail.
    pub fn refuse_bindings(&self, count: usize) {
        self.state.lock().refused_bindings = count;
    }

    /// Waits until an object is as wanted.
    pub async fn wait<T: Object>(&self, namespace: &str, name: &str, is: impl Fn(&T) -> bool) -> T {
        self.until(|| self.get::<T>(namespace, name).filter(|object| is(object))).await
    }

    /// Waits for an object that is as wanted.
    pub async fn wait_any<T: Object>(&self, namespace: &str, is: impl Fn(&T) -> bool) -> T {
        self.until(|| self.list::<T>(namespace).into_iter().find(|object| is(object))).await
    }

    /// Waits until there is something.
    pub async fn until<T>(&self, find: impl Fn() -> Option<T>) -> T {
        let mut version = self.version.subscribe();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                version.mark_unchanged();
                if let Some(found) = find() {
                    return found;
                }
                version.changed().await.unwrap();
            }
        });
        match found.await {
            Ok(found) => found,
            Err(_) => {
                let state = self.state.lock();
                let objects: Vec<_> = state.objects.values().map(json::to_string).collect();
                panic!("waited too long; objects: {objects:#?}")
            }
        }
    }

    fn store(&self, path: &str, mut object: Value) -> Value {
        let mut state = self.state.lock();
        let number = state.log.len() as u64 + 1;
        let kind = if state.objects.contains_key(path) { "MODIFIED" } else { "ADDED" };
        if object.str_at(&["metadata", "uid"]).is_empty() {
            object.set(&["metadata", "uid"], format!("uid-{number}"));
        }
        object.set(&["metadata", "resourceVersion"], number.to_string());
        state.objects.insert(path.to_owned(), object.clone());
        state.log.push((parent(path).to_owned(), kind, object.clone()));
        self.version.send_replace(number);
        object
    }

    fn delete(&self, path: &str) -> Option<Value> {
        let mut state = self.state.lock();
        let mut object = state.objects.remove(path)?;
        let number = state.log.len() as u64 + 1;
        object.set(&["metadata", "resourceVersion"], number.to_string());
        state.log.push((parent(path).to_owned(), "DELETED", object.clone()));
        self.version.send_replace(number);
        Some(object)
    }

    fn bind(&self, path: &str, binding: &Value) -> Response<Body> {
        let refused = {
            let mut state = self.state.lock();
            let refused = state.refused_bindings > 0;
            state.refused_bindings -= usize::from(refused);
            refused
        };
        let Some(mut pod) = self.state.lock().objects.get(path).cloned() else {
            return failure(404, "NotFound", path);
        };
        if refused || !pod.str_at(&["spec", "nodeName"]).is_empty() {
            return failure(409, "Conflict", "the object has been modified");
        }
        assert_eq!(binding.str_at(&["metadata", "uid"]), pod.str_at(&["metadata", "uid"]));
        pod.set(&["spec", "nodeName"], binding.str_at(&["target", "name"]));
        self.store(path, pod);
        reply(201, &value!({ "apiVersion": "v1", "kind": "Status", "status": "Success", "code": 201 }))
    }

    fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        let body = decode(request.body());
        let object_path = path.trim_end_matches("/status");
        let found = self.state.lock().objects.get(object_path).cloned();
        match (request.method(), found) {
            (&Method::GET, _) if query.contains("watch=true") => self.watch(&path, &query),
            (&Method::GET, Some(object)) => reply(200, &object),
            (&Method::GET, None) => reply(200, &self.collection(&path)),
            (&Method::POST, _) => match path.strip_suffix("/binding") {
                Some(pod) => self.bind(pod, &body),
                None => reply(201, &self.store(&format!("{path}/{}", name(&body)), body)),
            },
            (&Method::PATCH, Some(mut object)) => {
                let ty = Schema::builtin().by_kind(object.str_at(&["apiVersion"]), object.str_at(&["kind"])).unwrap();
                patch::strategic::apply(ty, &mut object, &body).unwrap();
                let object = schema::decode::normalize(ty, object, &Default::default()).unwrap().value;
                reply(200, &self.store(object_path, object))
            }
            (&Method::DELETE, Some(_)) => reply(200, &self.delete(object_path).unwrap()),
            _ => failure(404, "NotFound", &path),
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

impl Transport for Fake {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, ClientError>> {
        Box::pin(async move { Ok(self.answer(request)) })
    }
}

fn reply(code: u16, body: &Value) -> Response<Body> {
    let text = json::to_string(body);
    Response::builder().status(code).header("content-type", "application/json").body(Body::full(text)).unwrap()
}

fn failure(code: u16, reason: &str, message: &str) -> Response<Body> {
    let number = i64::from(code);
    let status = value!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure",
        "reason": reason, "message": message, "code": number
    });
    reply(code, &status)
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

/// A path without a namespace has the objects of all of them.
fn covers(path: &str, collection: &str) -> bool {
    let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
    path == collection || (!path.contains("/namespaces/") && last(path) == last(collection))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(parent, _)| parent)
}

fn name(value: &Value) -> String {
    value.str_at(&["metadata", "name"]).to_owned()
}
