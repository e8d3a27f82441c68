//! Asks a container how it is: exec, HTTP, TCP or gRPC, as upstream's prober does.
//!
//! One probe, one answer; when to ask and what a row of answers means is kubelet-core's business. Handlers of a container's
//! lifecycle hooks are asked in the same ways.

mod dial;
mod grpc;
mod http_get;

use api_core::v1::{Container, HTTPGetAction, Probe};
use cri::CriClient;
use kubelet_core::ProbeOutcome;
use schema::IntOrString;
use std::time::Duration;

pub use http_get::get;

/// What upstream keeps of a command's output.
const MAX_OUTPUT_BYTES: usize = 10 * 1024;

/// Who is probed.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub cri: &'a CriClient,
    pub container: &'a Container,
    pub container_id: &'a str,
    /// Where it listens, unless the probe says another host.
    pub pod_ip: &'a str,
}

/// What was found out, and the text for the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    pub outcome: ProbeOutcome,
    pub output: String,
}

impl ProbeResult {
    fn success(output: impl Into<String>) -> ProbeResult {
        ProbeResult { outcome: ProbeOutcome::Success, output: output.into() }
    }

    fn failure(output: impl Into<String>) -> ProbeResult {
        ProbeResult { outcome: ProbeOutcome::Failure, output: output.into() }
    }

    /// The probe itself could not be made.
    fn unknown(output: impl Into<String>) -> ProbeResult {
        ProbeResult { outcome: ProbeOutcome::Unknown, output: output.into() }
    }
}

/// Probes once, within the probe's own time limit.
pub async fn run(probe: &Probe, target: Target<'_>) -> ProbeResult {
    let limit = time_limit(probe);
    if let Some(action) = &probe.exec {
        return exec(&action.command, target, limit).await;
    }
    if let Some(action) = &probe.http_get {
        return match http_target(action, target) {
            Ok(request) => http_get::probe(&request, limit).await,
            Err(text) => ProbeResult::unknown(text),
        };
    }
    if let Some(action) = &probe.tcp_socket {
        let port = match port(&action.port, target.container) {
            Ok(port) => port,
            Err(text) => return ProbeResult::unknown(text),
        };
        let host = if action.host.is_empty() { target.pod_ip } else { &action.host };
        return match dial::connect(host, port, limit).await {
            Ok(_) => ProbeResult::success(""),
            Err(text) => ProbeResult::failure(text),
        };
    }
    if let Some(action) = &probe.grpc {
        let port = u16::try_from(action.port).unwrap_or(0);
        return grpc::probe(target.pod_ip, port, action.service.as_deref().unwrap_or_default(), limit).await;
    }
    ProbeResult::unknown(format!("missing probe handler for container {}", target.container.name))
}

/// How long one probe may take.
pub fn time_limit(probe: &Probe) -> Duration {
    Duration::from_secs(u64::try_from(probe.timeout_seconds.max(1)).unwrap_or(1))
}

/// Where an HTTP probe or hook goes.
pub fn http_target<'a>(action: &'a HTTPGetAction, target: Target<'a>) -> Result<http_get::Target<'a>, String> {
    Ok(http_get::Target {
        https: action.scheme.eq_ignore_ascii_case("https"),
        host: if action.host.is_empty() { target.pod_ip } else { &action.host },
        port: port(&action.port, target.container)?,
        path: &action.path,
        headers: &action.http_headers,
    })
}

async fn exec(command: &[String], target: Target<'_>, limit: Duration) -> ProbeResult {
    let command = crate::env::expand::words(command, &[]);
    match target.cri.exec_sync(target.container_id, command.clone(), limit).await {
        Ok(answer) => {
            let mut output = answer.stdout;
            output.extend_from_slice(&answer.stderr);
            output.truncate(MAX_OUTPUT_BYTES);
            let output = String::from_utf8_lossy(&output).into_owned();
            if answer.exit_code == 0 { ProbeResult::success(output) } else { ProbeResult::failure(output) }
        }
        Err(error) if error.is_deadline_exceeded() => ProbeResult::failure(format!("command timed out: {error}")),
        Err(error) => ProbeResult::unknown(error.to_string()),
    }
}

/// A number, or the name of one of the container's ports.
fn port(port: &IntOrString, container: &Container) -> Result<u16, String> {
    let number = match port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let named = container.ports.iter().find(|port| port.name == *name).map(|port| port.container_port);
            match named.or_else(|| name.parse().ok()) {
                Some(number) => number,
                None => return Err(format!("couldn't find port: {name} in container {:?}", container.name)),
            }
        }
    };
    match u16::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("invalid port number: {number}")),
    }
}

#[cfg(test)]
mod tests;
