//! One request, as it is recorded.

use super::Audit;
use crate::flow::deadline::is_long_running;
use ::audit::{Decision, Event, Level, ObjectRef, Stage};
use authn::UserInfo;
use bytes::Bytes;
use http::{HeaderMap, Response, header};
use kind::ApiError;
use registry::record::Record;
use registry::{Body, RequestContext};
use schema::json::Limits;
use schema::{MicroTime, Schema, Typed, Value, json, protobuf, yaml};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who acts as the caller; an extension of the request.
#[derive(Clone)]
pub struct Impersonator(pub UserInfo);

/// Why a request came no further.
pub enum Refusal {
    /// Nobody knows who it is; by what it tried to say so.
    Unknown { attempted: Vec<&'static str> },
    /// It may not act as whom it wants.
    Impersonation,
}

/// Of what the client says of itself.
const MAX_USER_AGENT_BYTES: usize = 1024;
const TRUNCATED: &str = "...TRUNCATED";
/// Addresses that a client names.
const MAX_SOURCE_IPS: usize = 32;
/// A Status is looked for in bodies up to this length.
const MAX_STATUS_BYTES: usize = 64 << 10;

/// What is known of a request before its context.
pub struct Head {
    pub uri: String,
    pub audit_id: String,
}

/// A request that is recorded. Dropped before its end, it records what is known: the client went away, or a panic came.
pub struct Request {
    audit: Arc<Audit>,
    /// What its events have in common.
    event: Event,
    record: Arc<Record>,
    decision: Decision,
    long_running: bool,
    ended: bool,
}

impl Request {
    pub(super) fn new(
        audit: Arc<Audit>,
        context: &mut RequestContext,
        head: &Head,
        by: Option<UserInfo>,
        decision: Decision,
    ) -> Request {
        let record = Arc::new(Record::new(decision.level >= Level::Request, decision.omit_managed_fields));
        context.record = Some(record.clone());
        let caller = context.caller.user.clone();
        let (user, impersonated) = match by {
            Some(by) => (by, Some(caller)),
            None => (caller, None),
        };
        let received = MicroTime::from_unix_micros(context.now_nanos / 1_000);
        let event = Event {
            level: decision.level,
            audit_id: head.audit_id.clone(),
            stage: Stage::RequestReceived,
            request_uri: head.uri.clone(),
            verb: context.info.verb.clone(),
            user,
            impersonated,
            source_ips: source_ips(&context.headers, &context.caller.peer),
            user_agent: user_agent(context.header(header::USER_AGENT)),
            object: object_ref(context),
            response_status: None,
            request_object: None,
            response_object: None,
            received,
            stage_time: received,
            annotations: BTreeMap::new(),
        };
        let long_running = is_long_running(&context.info);
        Request { audit, event, record, decision, long_running, ended: false }
    }

    /// Whether the request may go on.
    pub async fn received(&self) -> bool {
        if self.decision.omit_stages.contains(&Stage::RequestReceived) {
            return true;
        }
        self.audit.process(self.event.clone(), true).await
    }

    /// The answer is known. What goes on (a watch, a stream) is complete when it is dropped.
    pub async fn answered(mut self, response: &mut Response<Body>) {
        self.take_notes();
        self.note_response(response);
        if !self.long_running {
            self.end(Stage::ResponseComplete).await;
            return;
        }
        if !self.decision.omit_stages.contains(&Stage::ResponseStarted) {
            self.audit.process(self.at(Stage::ResponseStarted), false).await;
        }
        match response.body_mut() {
            Body::Watch(watch) => watch.keep(Box::new(self)),
            Body::Stream(_) => drop(response.extensions_mut().insert(Arc::new(Ending(Some(self).into())))),
            Body::Full(_) | Body::Chunks(_) => self.end(Stage::ResponseComplete).await,
        }
    }

    /// The request came no further.
    pub async fn refused(mut self, refusal: Refusal, error: &ApiError) {
        let mut status = Value::map();
        let stage = match refusal {
            Refusal::Unknown { attempted } => {
                let why = match attempted.is_empty() {
                    true => "Authentication failed, no credentials provided".to_owned(),
                    false => format!("Authentication failed, attempted: {}", attempted.join(", ")),
                };
                status.set(&["message"], why);
                Stage::ResponseStarted
            }
            Refusal::Impersonation => {
                status = error.0.to_value();
                Stage::ResponseComplete
            }
        };
        status.set(&["code"], error.code());
        self.event.response_status = Some(status);
        self.end(stage).await;
    }

    async fn end(&mut self, stage: Stage) {
        self.ended = true;
        if !self.decision.omit_stages.contains(&stage) {
            self.audit.process(self.at(stage), false).await;
        }
    }

    fn at(&self, stage: Stage) -> Event {
        let stage_time = MicroTime::from_unix_micros(self.audit.clock.now() / 1_000);
        Event { stage, stage_time, ..self.event.clone() }
    }

    fn take_notes(&mut self) {
        let noted = self.record.noted();
        self.event.annotations = noted.annotations;
        self.event.request_object = noted.object;
        if let Some(object) = &mut self.event.object {
            let [namespace, name, uid, resource_version] = noted.named;
            let fill = |field: &mut String, value: String| {
                if field.is_empty() {
                    *field = value;
                }
            };
            fill(&mut object.namespace, namespace);
            fill(&mut object.name, name);
            fill(&mut object.uid, uid);
            fill(&mut object.resource_version, resource_version);
        }
    }

    fn note_response(&mut self, response: &Response<Body>) {
        let mut status = Value::map();
        let wants_object = self.decision.level == Level::RequestResponse;
        let len = response.body().len().unwrap_or_default();
        if len > 0 && (wants_object || len <= MAX_STATUS_BYTES) {
            let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            if let Some(bytes) = whole(response.body())
                && let Some(body) = Answered::read(content_type.unwrap_or_default(), &bytes, wants_object)
            {
                if let Some(answered) = body.status() {
                    status = answered;
                }
                if wants_object {
                    self.event.response_object = body.text(bytes, self.decision.omit_managed_fields);
                }
            }
        }
        status.set(&["code"], i64::from(response.status().as_u16()));
        self.event.response_status = Some(status);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        if self.event.response_status.is_none() {
            self.take_notes();
        }
        let stage = if std::thread::panicking() { Stage::Panic } else { Stage::ResponseComplete };
        if stage == Stage::Panic {
            let mut status = Value::map();
            status.set(&["status"], "Failure");
            status.set(&["reason"], "InternalError");
            status.set(&["message"], "APIServer panic'd");
            status.set(&["code"], 500i64);
            self.event.response_status = Some(status);
        }
        if self.decision.omit_stages.contains(&stage) {
            return;
        }
        let (audit, event) = (self.audit.clone(), self.at(stage));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { audit.process(event, false).await });
        }
    }
}

/// Held by a streamed answer, whose extensions must be cloneable.
struct Ending(#[expect(dead_code, reason = "its drop is what matters")] super::Once<Request>);

/// The body of an answer, as far as it is understood.
enum Answered {
    /// JSON that need not be read.
    Text,
    Value {
        value: Value,
        api_version: String,
        kind: String,
        was_json: bool,
    },
}

impl Answered {
    fn read(content_type: &str, bytes: &Bytes, wants_object: bool) -> Option<Answered> {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        let (value, was_json) = match media {
            "application/json" => {
                let is_status =
                    bytes.starts_with(b"{\"kind\":\"Status\"") || bytes.starts_with(b"{\n  \"kind\": \"Status\"");
                if !is_status && !wants_object {
                    return None;
                }
                let has_managed_fields = memchr_find(bytes, b"\"managedFields\"");
                if !is_status && !has_managed_fields {
                    return Some(Answered::Text);
                }
                (json::parse(bytes, Limits::default()).ok()?, true)
            }
            "application/yaml" => (yaml::parse(bytes, Limits::default()).ok()?.value, false),
            "application/vnd.kubernetes.protobuf" => {
                let envelope = protobuf::open_envelope(bytes).ok()?;
                if !wants_object && envelope.kind != "Status" {
                    return None;
                }
                let ty = Schema::builtin().by_kind(&envelope.api_version, &envelope.kind)?;
                let mut value = protobuf::decode(ty, envelope.raw).ok()?;
                value.set(&["apiVersion"], envelope.api_version.as_str());
                value.set(&["kind"], envelope.kind.as_str());
                (value, false)
            }
            _ => return None,
        };
        let text = |name: &str| value.str_at(&[name]).to_owned();
        Some(Answered::Value { api_version: text("apiVersion"), kind: text("kind"), value, was_json })
    }

    fn status(&self) -> Option<Value> {
        match self {
            Answered::Value { value, kind, .. } if kind == "Status" => Some(value.clone()),
            _ => None,
        }
    }

    /// As JSON.
    fn text(self, bytes: Bytes, omits_managed_fields: bool) -> Option<Bytes> {
        match self {
            Answered::Text => Some(bytes),
            Answered::Value { was_json: true, .. } if !omits_managed_fields => Some(bytes),
            Answered::Value { mut value, api_version, kind, .. } => {
                if omits_managed_fields {
                    value.remove(&["metadata", "managedFields"]);
                    if let Some(items) = value.get_mut("items").and_then(Value::as_list_mut) {
                        items.iter_mut().for_each(|item| drop(item.remove(&["metadata", "managedFields"])));
                    }
                }
                let mut out = Vec::new();
                match Schema::builtin().by_kind(&api_version, &kind) {
                    Some(ty) => json::encode(ty, &value, &mut out),
                    None => json::write(&value, &mut out),
                }
                Some(out.into())
            }
        }
    }
}

fn memchr_find(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn whole(body: &Body) -> Option<Bytes> {
    match body {
        Body::Full(bytes) => Some(bytes.clone()),
        Body::Chunks(chunks) => Some(chunks.concat().into()),
        Body::Watch(_) | Body::Stream(_) => None,
    }
}

fn object_ref(context: &RequestContext) -> Option<ObjectRef> {
    let info = &context.info;
    info.is_resource.then(|| ObjectRef {
        resource: info.resource.clone(),
        namespace: info.namespace.clone(),
        name: info.name.clone(),
        uid: String::new(),
        api_group: info.group.clone(),
        api_version: info.version.clone(),
        resource_version: String::new(),
        subresource: info.subresource.clone(),
    })
}

/// Whom proxies name, and last the peer itself, if it is none of them.
fn source_ips(headers: &HeaderMap, peer: &str) -> Vec<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_address = |text: &&str| text.parse::<std::net::IpAddr>().is_ok();
    let forwarded = text("x-forwarded-for").split(',').map(str::trim).filter(is_address);
    let mut addresses: Vec<String> = forwarded.take(MAX_SOURCE_IPS).map(str::to_owned).collect();
    if addresses.is_empty() {
        addresses.extend(Some(text("x-real-ip")).filter(is_address).map(str::to_owned));
    }
    if !peer.is_empty() && addresses.last().map(String::as_str) != Some(peer) {
        addresses.push(peer.to_owned());
    }
    addresses
}

fn user_agent(text: &str) -> String {
    if text.len() <= MAX_USER_AGENT_BYTES {
        return text.to_owned();
    }
    let end = (0..=MAX_USER_AGENT_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}{TRUNCATED}", &text[..end])
}
