//! `pods/log`, `pods/exec`, `pods/attach`, `pods/portforward`: what the pod's kubelet answers.

use crate::late::Late;
use crate::node::{Kubelet, NodeClient};
use crate::stream::StreamTarget;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use kind::ApiError;
use registry::{Body, BoxFuture, Outcome, RequestContext, Virtual};
use schema::Value;
use std::fmt::Write;
use std::sync::Arc;
use streaming::remotecommand::Options;

/// An error text of a kubelet is read no further than this.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What kubectl sets on a pod to name the container that is meant when none is named.
const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// One of the four, by the subresource of the request.
pub struct PodStreams {
    pub registry: Late,
    pub nodes: NodeClient,
}

impl Virtual for PodStreams {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        _body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let target = self.target(context)?;
            let mut response = Response::new(Body::Stream(Box::new(target)));
            if context.info.subresource == "log" {
                response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
            }
            Ok(Outcome::Response(response))
        })
    }
}

impl PodStreams {
    fn target(&self, context: &RequestContext) -> Result<StreamTarget, ApiError> {
        let info = &context.info;
        let pod =
            self.registry.find("pods", &info.namespace, &info.name)?.ok_or_else(|| not_found("pods", &info.name))?;
        match info.subresource.as_str() {
            "log" => self.log(context, &pod),
            "portforward" => {
                let kubelet = self.kubelet(&pod)?;
                let path = format!("/portForward/{}/{}{}", info.namespace, info.name, ports(context));
                Ok(StreamTarget::PortForward { backend: self.nodes.backend(kubelet, &path)? })
            }
            command => self.command(context, &pod, command),
        }
    }

    fn command(&self, context: &RequestContext, pod: &Value, command: &str) -> Result<StreamTarget, ApiError> {
        let info = &context.info;
        let container = container(context, pod)?;
        let phase = pod.str_at(&["status", "phase"]);
        if matches!(phase, "Succeeded" | "Failed") {
            let message = format!("cannot exec into a container in a completed pod; current phase is {phase}");
            return Err(ApiError::bad_request(message));
        }
        let mut query = String::new();
        for (ours, kubelets) in [("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty")] {
            if context.query.flag(ours) {
                write!(query, "{}{kubelets}=1", separator(&query)).expect("writing to a string cannot fail");
            }
        }
        let options = Options::from_query(&query).map_err(ApiError::bad_request)?;
        if command == "exec" {
            let words: Vec<&str> = context.query.all("command").collect();
            if words.is_empty() {
                return Err(ApiError::bad_request("you must specify at least one command for the container"));
            }
            for word in words {
                write!(query, "{}command={}", separator(&query), escape(word))
                    .expect("writing to a string cannot fail");
            }
        }
        let kubelet = self.kubelet(pod)?;
        let path = format!("/{command}/{}/{}/{container}?{query}", info.namespace, info.name);
        Ok(StreamTarget::Exec { options, backend: self.nodes.backend(kubelet, &path)? })
    }

    fn log(&self, context: &RequestContext, pod: &Value) -> Result<StreamTarget, ApiError> {
        let container = container(context, pod)?;
        let kubelet = self.kubelet(pod)?;
        let info = &context.info;
        let mut path = format!("/containerLogs/{}/{}/{container}?", info.namespace, info.name);
        for (key, value) in context.query.iter().filter(|(key, _)| *key != "container" && *key != "pretty") {
            write!(path, "{}{}={}", if path.ends_with('?') { "" } else { "&" }, escape(key), escape(value))
                .expect("writing to a string cannot fail");
        }
        let nodes = self.nodes.clone();
        Ok(StreamTarget::Response(Box::pin(async move {
            let response = nodes.send(&kubelet, Method::GET, &path, HeaderMap::new(), Bytes::new()).await?;
            if response.status().is_success() {
                return Ok(passed_on(response));
            }
            Err(error_of(response).await)
        })))
    }

    fn kubelet(&self, pod: &Value) -> Result<Kubelet, ApiError> {
        let node = pod.str_at(&["spec", "nodeName"]);
        if node.is_empty() {
            let name = pod.str_at(&["metadata", "name"]);
            return Err(ApiError::bad_request(format!("pod {name} does not have a host assigned")));
        }
        let node: Arc<Value> = self.registry.find("nodes", "", node)?.ok_or_else(|| not_found("nodes", node))?;
        self.nodes.kubelet(&node)
    }
}

/// The container that is meant: the one named, or the only one.
fn container(context: &RequestContext, pod: &Value) -> Result<String, ApiError> {
    let pod_name = &context.info.name;
    let names = |list: &str| -> Vec<&str> {
        pod.at(&["spec", list]).items().iter().map(|container| container.str_at(&["name"])).collect()
    };
    match context.query.get("container").unwrap_or_default() {
        "" => match names("containers").as_slice() {
            [only] => Ok((*only).to_owned()),
            several => {
                let mut message = format!(
                    "a container name must be specified for pod {pod_name}, choose one of: [{}]",
                    several.join(" ")
                );
                for (list, words) in [("initContainers", "init"), ("ephemeralContainers", "ephemeral")] {
                    let more = names(list);
                    if !more.is_empty() {
                        write!(message, " or one of the {words} containers: [{}]", more.join(" "))
                            .expect("writing to a string cannot fail");
                    }
                }
                Err(ApiError::bad_request(message))
            }
        },
        named if LISTS.iter().any(|list| names(list).contains(&named)) => Ok(named.to_owned()),
        other => Err(ApiError::bad_request(format!("container {other} is not valid for pod {pod_name}"))),
    }
}

fn ports(context: &RequestContext) -> String {
    let ports: Vec<String> = context.query.all("ports").map(|port| format!("port={}", escape(port))).collect();
    if ports.is_empty() { String::new() } else { format!("?{}", ports.join("&")) }
}

fn separator(query: &str) -> &'static str {
    if query.is_empty() { "" } else { "&" }
}

/// Percent-encoding of a query's key or value.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(byte as char);
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}

pub(super) fn passed_on(response: Response<Incoming>) -> Response<serve::Body> {
    response.map(|body| body.map_err(std::io::Error::other).boxed_unsync())
}

/// What a kubelet refused, as a Status with its text.
async fn error_of(response: Response<Incoming>) -> ApiError {
    let status = response.status();
    let text = match http_body_util::Limited::new(response.into_body(), MAX_ERROR_BYTES).collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let reason = match status {
        StatusCode::BAD_REQUEST => "BadRequest",
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::FORBIDDEN => "Forbidden",
        StatusCode::UNAUTHORIZED => "Unauthorized",
        _ => "InternalError",
    };
    ApiError::new(status.as_u16().into(), reason, text)
}

fn not_found(resource: &str, name: &str) -> ApiError {
    ApiError::new(404, "NotFound", format!("{resource} \"{name}\" not found")).about("", resource, name)
}
