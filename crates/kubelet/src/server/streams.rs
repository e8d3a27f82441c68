//! exec, attach and port-forward: the runtime says where it serves the streams, and bytes go there and back.

use super::respond::{self, Failure};
use super::route::Target;
use super::{Api, Query};
use cri::v1;
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serve::Body;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use streaming::remotecommand::Options;
use streaming::{Backend, BoxStream};
use tokio::net::TcpStream;

/// Ports that one request may name.
const MAX_PORTS: usize = 64;

pub(super) async fn exec(
    api: &Api,
    request: Request<Incoming>,
    target: &Target,
    query: &Query,
) -> Result<Response<Body>, Failure> {
    let options = options(&request)?;
    let container = container(api, target).await?;
    let message = v1::ExecRequest {
        container_id: container.id,
        cmd: query.all("command").map(str::to_owned).collect(),
        tty: options.tty,
        stdin: options.stdin,
        stdout: options.stdout,
        stderr: options.stderr,
    };
    let url = api.cri.exec(message).await?;
    proxy(request, &url).await
}

pub(super) async fn attach(
    api: &Api,
    request: Request<Incoming>,
    target: &Target,
    _query: &Query,
) -> Result<Response<Body>, Failure> {
    let mut options = options(&request)?;
    let pod = pod(api, target)?;
    let container = api.running(&pod, &target.container).await?;
    // The terminal is the container's own: it has one or has none, whatever is asked.
    options.tty = kubelet_core::spec::find(&pod, &target.container).is_some_and(|(_, container)| container.tty);
    let message = v1::AttachRequest {
        container_id: container.id,
        stdin: options.stdin,
        tty: options.tty,
        stdout: options.stdout,
        stderr: options.stderr && !options.tty,
    };
    let url = api.cri.attach(message).await?;
    proxy(request, &url).await
}

pub(super) async fn port_forward(
    api: &Api,
    request: Request<Incoming>,
    (namespace, name, uid): (&str, &str, Option<&str>),
    query: &Query,
) -> Result<Response<Body>, Failure> {
    let pod = api.pod(namespace, name, uid).ok_or_else(|| Failure::not_found("pod does not exist"))?;
    let ports = query.all("port").flat_map(|ports| ports.split(',')).take(MAX_PORTS);
    let ports: Result<Vec<i32>, _> = ports.map(str::parse).collect();
    let ports = ports.map_err(|_| Failure::bad_request(format!("invalid ports in {:?}", query.get("port"))))?;
    let label_selector = [(super::names::POD_UID.to_owned(), pod.metadata.uid.clone())].into();
    let state = v1::PodSandboxStateValue { state: v1::PodSandboxState::SandboxReady.into() };
    let filter = v1::PodSandboxFilter { label_selector, state: Some(state), ..v1::PodSandboxFilter::default() };
    let sandboxes = api.cri.list_pod_sandbox(Some(filter)).await?;
    let newest = sandboxes.into_iter().max_by_key(|sandbox| sandbox.created_at);
    let missing = || Failure::internal(format!("failed to find sandboxes for pod {:?}", pod.metadata.name));
    let url = api.cri.port_forward(&newest.ok_or_else(missing)?.id, ports).await?;
    proxy(request, &url).await
}

/// A command without streams; its output is the answer.
pub(super) async fn run(api: &Api, target: &Target, query: &Query) -> Result<Response<Body>, Failure> {
    let container = container(api, target).await?;
    let command = query.get("cmd").unwrap_or_default().split(' ').map(str::to_owned).collect();
    let answer = api.cri.exec_sync(&container.id, command, Duration::ZERO).await?;
    let mut output = answer.stdout;
    output.extend_from_slice(&answer.stderr);
    if answer.exit_code != 0 {
        let text =
            format!("command terminated with exit code {}: {}", answer.exit_code, String::from_utf8_lossy(&output));
        return Err(Failure::internal(text));
    }
    Ok(respond::text(output))
}

fn options(request: &Request<Incoming>) -> Result<Options, Failure> {
    Options::from_query(request.uri().query().unwrap_or_default()).map_err(Failure::bad_request)
}

fn pod(api: &Api, target: &Target) -> Result<Arc<api_core::v1::Pod>, Failure> {
    let found = api.pod(&target.namespace, &target.pod, target.uid.as_deref());
    found.ok_or_else(|| Failure::not_found("pod does not exist"))
}

async fn container(api: &Api, target: &Target) -> Result<v1::Container, Failure> {
    let pod = pod(api, target)?;
    api.running(&pod, &target.container).await
}

/// Hands the client's request to the runtime's streaming server, which the runtime has on this machine.
async fn proxy(request: Request<Incoming>, url: &str) -> Result<Response<Body>, Failure> {
    let uri: Uri = url.parse().map_err(|_| Failure::internal(format!("the runtime gave a bad URL: {url:?}")))?;
    let authority = uri.authority().cloned();
    let authority = authority.ok_or_else(|| Failure::internal(format!("the runtime gave a bad URL: {url:?}")))?;
    let address = (authority.host().trim_matches(['[', ']']).to_owned(), authority.port_u16().unwrap_or(80));
    let backend = Backend::new(uri, move || async move {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream) as BoxStream)
    });
    let response = streaming::upgrade::handle(request, backend).await?;
    Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
}
