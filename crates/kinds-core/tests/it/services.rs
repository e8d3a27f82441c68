//! Services with the addresses and ports that they are given: recorded creates and updates replayed through defaults,
//! allocation, preparation and validation.

use crate::recordings::folder;
use kind::{ApiError, Context, DynKind, FieldErrors, TypedKind};
use kinds_core::net::Cidr;
use kinds_core::service::Service;
use kinds_core::service::allocation::{Allocators, allocate};
use kinds_core::service::allocator::{Addresses, Ports};
use schema::decode::DecodeOptions;
use schema::{Time, TypeRef, Typed, Value, json};
use std::collections::BTreeMap;

const NAMESPACE: &str = "abcdefghijkl";

struct Server {
    allocators: Allocators,
    stored: BTreeMap<String, Value>,
    state: u64,
}

impl Server {
    fn new() -> Server {
        let range = Cidr::parse("10.96.0.0/16").unwrap();
        let allocators = Allocators { addresses: vec![Addresses::new(range)], ports: Ports::new(30_000, 32_767) };
        Server { allocators, stored: BTreeMap::new(), state: 1 }
    }

    fn write(&mut self, mut new: Value, old: Option<&Value>, dry: bool) -> Result<Value, ApiError> {
        let kind = TypedKind(Service);
        kind.default(&mut new);
        new.set(&["metadata", "namespace"], NAMESPACE);
        let mut typed = api_core::v1::Service::from_value(&new);
        let typed_old = old.map(api_core::v1::Service::from_value);
        let state = &mut self.state;
        let mut random = |bound: u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (*state >> 33) % bound
        };
        let changes = allocate(&mut typed, typed_old.as_ref(), &mut self.allocators, &mut random)?;
        let mut new = typed.to_value();
        let now = Time::parse("2024-06-01T00:00:00Z").unwrap();
        let context =
            Context { now, user: "", groups: &[], uid: "", extra: &kind::NO_EXTRA, api_version: "v1", subresource: "" };
        let mut errors = FieldErrors::new();
        match old {
            None => {
                kind.prepare_create(&mut new, &context);
                kind::metadata::check(&new["metadata"], true, &kind.metadata_rules(), &mut errors);
                kind.validate_create(&new, &mut errors);
            }
            Some(old) => {
                kind.prepare_update(&mut new, old, &context);
                kind.validate_update(&new, old, &context, &mut errors);
            }
        }
        let name = new.str_at(&["metadata", "name"]).to_owned();
        if errors.is_empty() && !dry {
            changes.commit(&mut self.allocators);
            self.stored.insert(name.clone(), new.clone());
        } else {
            changes.revert(&mut self.allocators);
        }
        if errors.is_empty() { Ok(new) } else { Err(ApiError::invalid("", "Service", &name, &errors)) }
    }

    fn step(&mut self, step: &Value) -> Option<Result<Value, ApiError>> {
        let path = step.str_at(&["path"]);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let name = path.strip_prefix(&format!("/api/v1/namespaces/{NAMESPACE}/services"))?.trim_start_matches('/');
        let (dry, body) = (query.contains("dryRun"), &step["body"]);
        if body.as_map().is_none() && step.str_at(&["do"]) != "DELETE" {
            return None;
        }
        match step.str_at(&["do"]) {
            "POST" if name.is_empty() => Some(self.write(decoded(body)?, None, dry)),
            "DELETE" if !dry => {
                let old = self.stored.remove(name)?;
                self.allocators.vacate(&api_core::v1::Service::from_value(&old));
                None
            }
            what @ ("PUT" | "PATCH") if !name.contains('/') => {
                let old = self.stored.get(name)?.clone();
                let mut new = patch::written::form(ty(), &old);
                match (what, step.at(&["headers", "Content-Type"]).as_str()) {
                    ("PUT", None | Some("application/json")) => new = body.clone(),
                    ("PATCH", Some("application/merge-patch+json")) => patch::merge::apply(&mut new, body).ok()?,
                    ("PATCH", Some("application/strategic-merge-patch+json")) => {
                        patch::strategic::apply(ty(), &mut new, body).ok()?;
                    }
                    _ => return None,
                }
                Some(self.write(decoded(&new)?, Some(&old), dry))
            }
            _ => None,
        }
    }
}

fn ty() -> TypeRef<'static> {
    api_core::v1::Service::type_ref()
}

fn decoded(value: &Value) -> Option<Value> {
    let text = json::to_string(value);
    json::decode(ty(), text.as_bytes(), &DecodeOptions::default()).ok().map(|decoded| decoded.value)
}

/// As the recordings make them the same.
fn comparable(value: &Value) -> String {
    let mut spec = value["spec"].clone();
    let masked = |text: &Value| match text.as_str() {
        Some(text) if text.starts_with("10.96.") && text != "10.96.201.17" => Value::from("<ip>"),
        _ => text.clone(),
    };
    if let Some(ip) = spec.get_mut("clusterIP") {
        *ip = masked(ip);
    }
    if let Some(ips) = spec.get_mut("clusterIPs").and_then(Value::as_list_mut) {
        ips.iter_mut().for_each(|ip| *ip = masked(ip));
    }
    for port in spec.get_mut("ports").and_then(Value::as_list_mut).into_iter().flatten() {
        if let Some(number) = port.get_mut("nodePort") {
            *number = Value::from("<nodePort>");
        }
    }
    if let Some(number) = spec.get_mut("healthCheckNodePort") {
        *number = Value::from("<healthCheckNodePort>");
    }
    json::to_string(&spec)
}

/// How many steps were compared, and what differs.
fn replay(topic: &str, prefix: &str) -> (usize, Vec<String>) {
    let Some(folder) = folder() else { return (usize::MAX, Vec::new()) };
    let (mut count, mut failures) = (0, Vec::new());
    for entry in std::fs::read_dir(folder.join(topic)).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with(prefix)
            || name.contains("generate-name")
            || name.contains("metadata")
            || name.contains("merge-patch")
        {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap().replace("{ns}", NAMESPACE);
        let scenario = json::parse(text.as_bytes(), json::Limits::default()).unwrap();
        let mut server = Server::new();
        for (index, step) in scenario["steps"].items().iter().enumerate() {
            let status = step.at(&["want", "status"]).as_i64().unwrap_or_default();
            if !matches!(status, 200 | 201 | 422) {
                continue;
            }
            let Some(outcome) = server.step(step) else { continue };
            let want = step.at(&["want", "body"]);
            let (theirs, ours) = match outcome {
                Ok(object) if want.str_at(&["kind"]) == "Service" => (comparable(want), comparable(&object)),
                Ok(object) => (want.str_at(&["message"]).to_owned(), comparable(&object)),
                Err(error) => (want.str_at(&["message"]).to_owned(), error.to_string()),
            };
            if theirs.contains("dryRun") || theirs.contains("fieldValidation") || theirs.contains("patch:") {
                continue;
            }
            count += 1;
            if theirs != ours {
                failures.push(format!("{name}[{index}]\n  want {theirs}\n  got  {ours}"));
            }
        }
    }
    (count, failures)
}

#[test]
fn topic() {
    let (count, failures) = replay("services", "");
    assert!(failures.is_empty(), "{} of {count} differ\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 61, "{count}");
}

#[test]
fn common_matrix() {
    let (count, failures) = replay("kind-core", "service-");
    assert!(failures.is_empty(), "{} of {count} differ\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 29, "{count}");
}
