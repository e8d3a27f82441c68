//! Probes and lifecycle hooks.

use super::check;
use api_core::v1::{ExecAction, GRPCAction, HTTPGetAction, Lifecycle, Probe, SleepAction, TCPSocketAction};
use kind::{FieldErrors, Path, validate};
use schema::IntOrString;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Liveness,
    Readiness,
    Startup,
}

pub fn validate_probe(probe: &Probe, role: Role, path: &Path, errors: &mut FieldErrors) {
    let handler = Handler {
        exec: probe.exec.as_deref(),
        http_get: probe.http_get.as_deref(),
        tcp_socket: probe.tcp_socket.as_deref(),
        grpc: probe.grpc.as_deref(),
        sleep: None,
    };
    handler.validate(None, path, errors);
    let numbers = [
        (probe.initial_delay_seconds, "initialDelaySeconds"),
        (probe.timeout_seconds, "timeoutSeconds"),
        (probe.period_seconds, "periodSeconds"),
        (probe.success_threshold, "successThreshold"),
        (probe.failure_threshold, "failureThreshold"),
    ];
    for (number, name) in numbers {
        validate::not_negative(number.into(), &path.child(name), errors);
    }
    let grace = path.child("terminationGracePeriodSeconds");
    if let Some(seconds) = probe.termination_grace_period_seconds {
        if seconds <= 0 {
            errors.invalid(&grace, seconds, "must be greater than 0");
        }
        if role == Role::Readiness {
            errors.invalid(&grace, seconds, "must not be set for readinessProbes");
        }
    }
    if role != Role::Readiness && probe.success_threshold != 1 {
        errors.invalid(&path.child("successThreshold"), probe.success_threshold, "must be 1");
    }
}

pub fn validate_lifecycle(lifecycle: &Lifecycle, grace_period: Option<i64>, path: &Path, errors: &mut FieldErrors) {
    let hooks = [(&lifecycle.post_start, "postStart"), (&lifecycle.pre_stop, "preStop")];
    for (hook, name) in hooks {
        let Some(hook) = hook else { continue };
        let handler = Handler {
            exec: hook.exec.as_deref(),
            http_get: hook.http_get.as_deref(),
            tcp_socket: hook.tcp_socket.as_deref(),
            grpc: None,
            sleep: hook.sleep.as_deref(),
        };
        handler.validate(grace_period, &path.child(name), errors);
    }
}

/// What a probe or a hook does; exactly one.
struct Handler<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HTTPGetAction>,
    tcp_socket: Option<&'a TCPSocketAction>,
    grpc: Option<&'a GRPCAction>,
    sleep: Option<&'a SleepAction>,
}

impl Handler<'_> {
    fn validate(&self, grace_period: Option<i64>, path: &Path, errors: &mut FieldErrors) {
        let present = [
            ("exec", self.exec.is_some()),
            ("httpGet", self.http_get.is_some()),
            ("tcpSocket", self.tcp_socket.is_some()),
            ("grpc", self.grpc.is_some()),
            ("sleep", self.sleep.is_some()),
        ];
        let mut present = present.into_iter().filter(|(_, present)| *present).map(|(name, _)| name);
        match present.next() {
            Some(first) => self.validate_one(first, grace_period, &path.child(first), errors),
            None => errors.required(path, "must specify a handler type"),
        }
        for other in present {
            errors.forbidden(&path.child(other), "may not specify more than 1 handler type");
        }
    }

    fn validate_one(&self, name: &str, grace_period: Option<i64>, path: &Path, errors: &mut FieldErrors) {
        match (name, self.exec, self.http_get, self.tcp_socket, self.grpc, self.sleep) {
            ("exec", Some(exec), ..) if exec.command.is_empty() => errors.required(&path.child("command"), ""),
            ("httpGet", _, Some(get), ..) => http_get(get, path, errors),
            ("tcpSocket", _, _, Some(tcp), ..) => check::port(&tcp.port, &path.child("port"), errors),
            ("grpc", _, _, _, Some(grpc), _) => {
                check::port(&IntOrString::Int(grpc.port), &path.child("port"), errors);
            }
            ("sleep", .., Some(sleep)) => {
                let grace = grace_period.unwrap_or_default();
                if sleep.seconds < 0 || sleep.seconds > grace {
                    let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.invalid(path, sleep.seconds, detail);
                }
            }
            _ => {}
        }
    }
}

fn http_get(get: &HTTPGetAction, path: &Path, errors: &mut FieldErrors) {
    check::required(&get.path, &path.child("path"), errors);
    check::port(&get.port, &path.child("port"), errors);
    check::known(&get.scheme, &["HTTP", "HTTPS"], &path.child("scheme"), errors);
    for header in &get.http_headers {
        let fits = !header.name.is_empty() && header.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fits {
            let detail = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
            errors.invalid(&path.child("httpHeaders"), &header.name, detail);
        }
    }
}
