//! Whether a server can be asked at all, and the words in which the condition `Available` says so. Upstream's.

use super::resolve::{self, ResolveError};
use super::table::Service;
use api_misc::apiregistration::v1::{APIService, APIServiceCondition};
use schema::{Time, Value};
use std::sync::Arc;

const TYPE: &str = "Available";

/// What the condition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub available: bool,
    pub reason: &'static str,
    pub message: String,
}

impl Verdict {
    pub fn passed() -> Verdict {
        Verdict { available: true, reason: "Passed", message: "all checks passed".into() }
    }

    fn failed(reason: &'static str, message: String) -> Verdict {
        Verdict { available: false, reason, message }
    }

    /// The server did not answer as it should.
    pub fn unanswered(why: String) -> Verdict {
        Verdict::failed("FailedDiscoveryCheck", why)
    }
}

/// What can be said without asking the server; none: it should be asked.
pub fn before_asking(wanted: &Service, service: Option<&Value>, slices: &[Arc<Value>]) -> Option<Verdict> {
    let Service { namespace, name, port } = wanted;
    let Some(service) = service else {
        let message = format!("service/{name} in \"{namespace}\" is not present");
        return Some(Verdict::failed("ServiceNotFound", message));
    };
    if service.str_at(&["spec", "type"]) != "ClusterIP" {
        return None;
    }
    let port_name = match resolve::port(wanted, service) {
        Ok(port_name) => port_name,
        Err(ResolveError::NoPort { .. }) => {
            let message = format!("service/{name} in \"{namespace}\" is not listening on port {port}");
            return Some(Verdict::failed("ServicePortError", message));
        }
        Err(other) => return Some(Verdict::failed("ServiceAccessError", other.to_string())),
    };
    if slices.is_empty() {
        let message = format!("cannot find endpointslices for service/{name} in \"{namespace}\"");
        return Some(Verdict::failed("EndpointsNotFound", message));
    }
    if !slices.iter().any(|slice| resolve::ready(slice, port_name).next().is_some()) {
        let message = format!(
            "endpointslices for service/{name} in \"{namespace}\" have no addresses with port name \"{port_name}\""
        );
        return Some(Verdict::failed("MissingEndpoints", message));
    }
    None
}

/// The object with its condition; none: it says so already.
pub fn with_condition(object: &APIService, verdict: &Verdict, now: Time) -> Option<APIService> {
    let status = if verdict.available { "True" } else { "False" };
    let mut changed = object.clone();
    let conditions = &mut changed.status.conditions;
    match conditions.iter_mut().find(|condition| condition.type_ == TYPE) {
        Some(known) => {
            if known.status == status && known.reason == verdict.reason && known.message == verdict.message {
                return None;
            }
            if known.status != status {
                known.last_transition_time = Some(now);
            }
            known.status = status.into();
            known.reason = verdict.reason.into();
            known.message.clone_from(&verdict.message);
        }
        None => conditions.push(APIServiceCondition {
            type_: TYPE.into(),
            status: status.into(),
            reason: verdict.reason.into(),
            message: verdict.message.clone(),
            last_transition_time: Some(now),
        }),
    }
    Some(changed)
}
