//! A small `apireplay`: has a recorded conversation with a registry and tells the differences.

mod names;

use crate::harness::{Answer, Server};
use bytes::Bytes;
use names::Names;
use registry::Body;
use serde_json::{Map, Value as Json, json};
use std::path::Path;

const NAMESPACE: &str = "tbcdfghjklmn";

/// The differences, one a line.
pub fn play(file: &Path) -> Vec<String> {
    let scenario: Json = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let server = Server::new();
    let namespace = json!({ "metadata": { "name": NAMESPACE } }).to_string();
    assert_eq!(server.call("POST", "/api/v1/namespaces", namespace).status, 201);
    let mut run = Run { server, names: Names::new(NAMESPACE), vars: Map::new() };
    run.vars.insert("ns".into(), NAMESPACE.into());
    let name = scenario["name"].as_str().unwrap();
    let mut failures = Vec::new();
    for (index, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let at = format!("{name} step {} {} {}", index + 1, step["do"], step["path"]);
        failures.extend(run.step(step).into_iter().map(|difference| format!("{at}: {difference}")));
    }
    failures
}

struct Run {
    server: Server,
    names: Names,
    vars: Map<String, Json>,
}

impl Run {
    fn step(&mut self, step: &Json) -> Vec<String> {
        let mut answer = self.send(step);
        let want = &step["want"];
        let mut differences = Vec::new();
        if json!(answer.status) != want["status"] {
            differences.push(format!("status {}, want {}: {}", answer.status, want["status"], answer.text()));
        }
        self.save(step, &answer);
        self.check_headers(want, &answer, &mut differences);
        if step["body_ignored"] == true {
            return differences;
        }
        if let (Some(events), Body::Watch(_)) = (want.get("events"), &answer.body) {
            let frames = answer.ready_frames();
            let wanted = events.as_array().unwrap().len();
            let got: Vec<Json> = frames.into_iter().take(wanted.max(1)).map(|frame| self.names.normal(frame)).collect();
            diff(&self.expect(events), &Json::Array(got), "events", &mut differences);
        } else if let Some(text) = want.get("text").filter(|text| *text != "") {
            let got = Json::String(self.names.text(&answer.text()));
            diff(text, &got, "text", &mut differences);
        } else if let Some(body) = want.get("body") {
            let mut got = self.names.normal(serde_json::from_slice(&answer.bytes()).unwrap_or_default());
            let mut body = self.expect(body);
            for ignored in step["ignore"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                remove(&mut got, ignored);
                remove(&mut body, ignored);
            }
            diff(&body, &got, "body", &mut differences);
        }
        differences
    }

    /// What was recorded has its words already, but not the order in which this test compares.
    fn expect(&self, recorded: &Json) -> Json {
        names::ordered(recorded.clone())
    }

    fn send(&mut self, step: &Json) -> Answer {
        let url = escape(&self.fill(step["path"].as_str().unwrap()));
        let mut headers: Vec<(String, String)> = vec![("user-agent".into(), "apireplay".into())];
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            headers.push((name.to_lowercase(), self.fill(value.as_str().unwrap_or_default())));
        }
        let body = match &step["body"] {
            Json::Null => match step["bodyRepeat"].as_array() {
                Some(parts) => repeated(parts),
                None => String::new(),
            },
            Json::String(text) => self.fill(text),
            object => self.fill_json(object).to_string(),
        };
        self.names.sent(&step["path"].to_string());
        self.names.sent(&step["body"].to_string());
        let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(have, _)| have == name);
        let with_body = step.get("body").is_some() || step.get("bodyRepeat").is_some();
        if with_body && !has(&headers, "content-type") {
            headers.push(("content-type".into(), "application/json".into()));
        }
        if !has(&headers, "accept") {
            headers.push(("accept".into(), "application/json".into()));
        }
        let method = if step["do"] == "WATCH" { "GET" } else { step["do"].as_str().unwrap() };
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match self.user(step) {
            Some(user) => self.server.send_as(user, method, &url, &headers, Bytes::from(body)),
            None => Answer::unauthorized(),
        }
    }

    /// None: the credentials are no good, which is not the registry's business.
    fn user(&self, step: &Json) -> Option<authn::UserInfo> {
        match (step["as"]["user"].as_str(), step["auth"].as_str()) {
            (Some(user), _) => Some(authn::UserInfo::new(self.fill(user), &[])),
            (None, Some("none")) => Some(authn::UserInfo::anonymous()),
            (None, Some(_)) => None,
            (None, None) => Some(authn::UserInfo::new("kubernetes-admin", &[authn::MASTERS])),
        }
    }

    fn save(&mut self, step: &Json, answer: &Answer) {
        for (var, path) in step["save"].as_object().into_iter().flatten() {
            let pointer = format!("/{}", path.as_str().unwrap().replace('.', "/"));
            let value = answer.json().pointer(&pointer).cloned().unwrap_or_default();
            self.vars.insert(var.clone(), value);
        }
    }

    fn check_headers(&mut self, want: &Json, answer: &Answer, differences: &mut Vec<String>) {
        let mut got: Vec<String> =
            answer.headers.get_all("warning").iter().map(|value| self.names.text(value.to_str().unwrap())).collect();
        // Bodies are sent with sorted keys, so the order of unknown fields is not the recorded one.
        let wanted = want["headers"]["Warning"].as_array().cloned().unwrap_or_default();
        let mut wanted: Vec<String> = wanted.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect();
        got.sort();
        wanted.sort();
        diff(&json!(wanted), &json!(got), "warnings", differences);
        if let Some(content_type) = want["headers"]["Content-Type"].as_str() {
            let got = answer.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
            diff(&json!(content_type), &json!(got), "Content-Type", differences);
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (var, value) in &self.vars {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("{{{var}}}"), &value);
        }
        text
    }

    fn fill_json(&self, value: &Json) -> Json {
        match value {
            Json::String(text) => Json::String(self.fill(text)),
            Json::Array(items) => items.iter().map(|item| self.fill_json(item)).collect(),
            Json::Object(map) => map.iter().map(|(key, item)| (self.fill(key), self.fill_json(item))).collect(),
            other => other.clone(),
        }
    }
}

impl Answer {
    /// What the shell in front of the registry answers.
    fn unauthorized() -> Answer {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": "Unauthorized", "reason": "Unauthorized", "code": 401
        });
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        Answer { status: 401, headers, body: Body::Full(status.to_string().into()) }
    }
}

fn repeated(parts: &[Json]) -> String {
    let count = parts[2].as_u64().unwrap() as usize;
    [parts[0].as_str().unwrap(), &parts[1].as_str().unwrap().repeat(count), parts[3].as_str().unwrap()].concat()
}

/// A URL as Python's client sends it: what may not stand there is escaped.
fn escape(url: &str) -> String {
    url.chars()
        .map(|c| match c {
            ' ' | '"' | '<' | '>' | '{' | '}' | '|' | '\\' | '^' | '`' => format!("%{:02X}", c as u32),
            c => c.to_string(),
        })
        .collect()
}

fn remove(value: &mut Json, path: &str) {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer = if parents.is_empty() { String::new() } else { format!("/{}", parents.replace('.', "/")) };
    if let Some(Json::Object(map)) = value.pointer_mut(&pointer) {
        map.remove(last);
    }
}

fn diff(want: &Json, got: &Json, at: &str, differences: &mut Vec<String>) {
    match (want, got) {
        (Json::Object(want_map), Json::Object(got_map)) => {
            let mut keys: Vec<&String> = want_map.keys().chain(got_map.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                diff(
                    want.get(key).unwrap_or(&Json::Null),
                    got.get(key).unwrap_or(&Json::Null),
                    &format!("{at}.{key}"),
                    differences,
                );
            }
        }
        (Json::Array(want_items), Json::Array(got_items)) if want_items.len() == got_items.len() => {
            for (index, (want, got)) in want_items.iter().zip(got_items).enumerate() {
                diff(want, got, &format!("{at}[{index}]"), differences);
            }
        }
        _ if want == got => {}
        _ => differences.push(format!("{at}: want {want}, got {got}")),
    }
}
