//! One event, and how it is written.

use crate::{API_VERSION, Level};
use authn::UserInfo;
use bytes::Bytes;
use schema::{MicroTime, Schema, Value, json};
use std::collections::BTreeMap;

const DETAILS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails";

/// When in a request an event is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    RequestReceived,
    /// The head of an answer that goes on was sent.
    ResponseStarted,
    ResponseComplete,
    Panic,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectRef {
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub api_group: String,
    pub api_version: String,
    pub resource_version: String,
    pub subresource: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub level: Level,
    pub audit_id: String,
    pub stage: Stage,
    pub request_uri: String,
    pub verb: String,
    pub user: UserInfo,
    pub impersonated: Option<UserInfo>,
    pub source_ips: Vec<String>,
    pub user_agent: String,
    pub object: Option<ObjectRef>,
    /// A Status without kind and apiVersion.
    pub response_status: Option<Value>,
    /// JSON.
    pub request_object: Option<Bytes>,
    pub response_object: Option<Bytes>,
    pub received: MicroTime,
    pub stage_time: MicroTime,
    pub annotations: BTreeMap<String, String>,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Stage::RequestReceived => "RequestReceived",
            Stage::ResponseStarted => "ResponseStarted",
            Stage::ResponseComplete => "ResponseComplete",
            Stage::Panic => "Panic",
        }
    }

    pub fn parse(text: &str) -> Option<Stage> {
        let all = [Stage::RequestReceived, Stage::ResponseStarted, Stage::ResponseComplete, Stage::Panic];
        all.into_iter().find(|stage| stage.name() == text)
    }
}

impl Event {
    /// As JSON, fields in upstream's order, without a line end.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"kind\":\"Event\",\"apiVersion\":\"");
        out.extend_from_slice(API_VERSION.as_bytes());
        out.push(b'"');
        text(out, "level", self.level.name());
        text(out, "auditID", &self.audit_id);
        text(out, "stage", self.stage.name());
        text(out, "requestURI", &self.request_uri);
        text(out, "verb", &self.verb);
        field(out, "user");
        user(out, &self.user);
        if let Some(impersonated) = &self.impersonated {
            field(out, "impersonatedUser");
            user(out, impersonated);
        }
        if !self.source_ips.is_empty() {
            texts(out, "sourceIPs", &self.source_ips);
        }
        optional(out, "userAgent", &self.user_agent);
        if let Some(object) = &self.object {
            field(out, "objectRef");
            object.encode(out);
        }
        if let Some(status) = &self.response_status {
            field(out, "responseStatus");
            out.extend_from_slice(b"{\"metadata\":{}");
            // In the order of upstream's fields.
            for name in ["status", "message", "reason", "details", "code"] {
                if let Some(value) = status.get(name).filter(|value| !value.is_zero()) {
                    field(out, name);
                    match Schema::builtin().by_name(DETAILS).filter(|_| name == "details") {
                        Some(ty) => json::encode(ty, value, out),
                        None => json::write(value, out),
                    }
                }
            }
            out.push(b'}');
        }
        for (name, object) in [("requestObject", &self.request_object), ("responseObject", &self.response_object)] {
            if let Some(object) = object {
                field(out, name);
                out.extend_from_slice(object.trim_ascii());
            }
        }
        text(out, "requestReceivedTimestamp", &self.received.to_text());
        text(out, "stageTimestamp", &self.stage_time.to_text());
        if !self.annotations.is_empty() {
            field(out, "annotations");
            strings(out, self.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        }
        out.push(b'}');
    }

    /// Upstream's older format, without a line end.
    pub fn legacy(&self) -> String {
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        let groups = |user: &UserInfo, none: &str| match user.groups.is_empty() {
            true => format!("{none:?}"),
            false => {
                let quoted: Vec<String> = user.groups.iter().map(|group| format!("{group:?}")).collect();
                format!("\"{}\"", quoted.join(",").replace('"', "\\\""))
            }
        };
        let ip = self.source_ips.first().map_or("<unknown>", String::as_str);
        let (as_user, as_groups) = match &self.impersonated {
            Some(user) => (or(&user.name, "<self>"), groups(user, "<lookup>")),
            None => ("<self>".to_owned(), "\"<lookup>\"".to_owned()),
        };
        let namespace = self.object.as_ref().map(|object| object.namespace.as_str()).unwrap_or_default();
        let code = self.response_status.as_ref().and_then(|status| status.get("code")).and_then(Value::as_i64);
        let response = code.map_or_else(|| "<deferred>".to_owned(), |code| code.to_string());
        format!(
            "{} AUDIT: id={:?} stage={:?} ip={ip:?} method={:?} user={:?} groups={} as={as_user:?} asgroups={as_groups} user-agent={:?} namespace={:?} uri={:?} response=\"{response}\"",
            self.received.to_text(),
            self.audit_id,
            self.stage.name(),
            self.verb,
            or(&self.user.name, "<none>"),
            groups(&self.user, "<none>"),
            self.user_agent,
            or(namespace, "<none>"),
            self.request_uri,
        )
    }

    /// Without its objects, which says so.
    pub fn truncated(&self) -> Event {
        let mut event = Event { request_object: None, response_object: None, ..self.clone() };
        event.annotations.insert("audit.k8s.io/truncated".into(), "true".into());
        event
    }
}

/// An EventList of events that are encoded already.
pub fn encode_list(events: &[Vec<u8>]) -> Vec<u8> {
    let mut out =
        format!("{{\"kind\":\"EventList\",\"apiVersion\":\"{API_VERSION}\",\"metadata\":{{}},\"items\":[").into_bytes();
    out.extend_from_slice(&events.join(&b','));
    out.extend_from_slice(b"]}");
    out
}

impl ObjectRef {
    fn encode(&self, out: &mut Vec<u8>) {
        let fields = [
            ("resource", &self.resource),
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("uid", &self.uid),
            ("apiGroup", &self.api_group),
            ("apiVersion", &self.api_version),
            ("resourceVersion", &self.resource_version),
            ("subresource", &self.subresource),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
        strings(out, given.map(|(name, value)| (name, value.as_str())));
    }
}

fn user(out: &mut Vec<u8>, user: &UserInfo) {
    out.push(b'{');
    let start = out.len();
    optional(out, "username", &user.name);
    optional(out, "uid", &user.uid);
    if !user.groups.is_empty() {
        texts(out, "groups", &user.groups);
    }
    if !user.extra.is_empty() {
        field(out, "extra");
        out.push(b'{');
        for (at, (name, values)) in user.extra.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::write(&Value::str(name.as_str()), out);
            out.push(b':');
            list(out, values);
        }
        out.push(b'}');
    }
    // The first field has no comma before it.
    if out.get(start) == Some(&b',') {
        out.remove(start);
    }
    out.push(b'}');
}

fn field(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    field(out, name);
    json::write(&Value::str(value), out);
}

fn optional(out: &mut Vec<u8>, name: &str, value: &str) {
    if !value.is_empty() {
        text(out, name, value);
    }
}

fn texts(out: &mut Vec<u8>, name: &str, values: &[String]) {
    field(out, name);
    list(out, values);
}

fn list(out: &mut Vec<u8>, values: &[String]) {
    json::write(&Value::List(values.iter().map(|value| Value::str(value.as_str())).collect()), out);
}

/// An object whose values are all strings.
fn strings<'a>(out: &mut Vec<u8>, fields: impl Iterator<Item = (&'a str, &'a str)>) {
    out.push(b'{');
    for (at, (name, value)) in fields.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::write(&Value::str(name), out);
        out.push(b':');
        json::write(&Value::str(value), out);
    }
    out.push(b'}');
}
