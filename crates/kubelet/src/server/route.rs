//! Which path means what.

use super::respond::Failure;
use http::{Method, StatusCode};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Pods,
    RunningPods,
    Config,
    Metrics,
    ResourceMetrics,
    Summary,
    Logs { namespace: String, pod: String, container: String },
    Exec(Target),
    Attach(Target),
    Run(Target),
    PortForward { namespace: String, pod: String, uid: Option<String> },
}

/// A container by its names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub namespace: String,
    pub pod: String,
    pub uid: Option<String>,
    pub container: String,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Result<Route, Failure> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let own = |text: &str| text.to_owned();
        let route = match parts.as_slice() {
            ["healthz" | "livez" | "readyz", ..] => Route::Health,
            ["pods"] => Route::Pods,
            ["runningpods"] => Route::RunningPods,
            ["configz"] => Route::Config,
            ["metrics"] => Route::Metrics,
            ["metrics", "resource"] => Route::ResourceMetrics,
            ["stats", "summary"] => Route::Summary,
            ["containerLogs", namespace, pod, container] => {
                Route::Logs { namespace: own(namespace), pod: own(pod), container: own(container) }
            }
            ["exec", rest @ ..] => Route::Exec(Target::of(rest)?),
            ["attach", rest @ ..] => Route::Attach(Target::of(rest)?),
            ["run", rest @ ..] => Route::Run(Target::of(rest)?),
            ["portForward", namespace, pod] => {
                Route::PortForward { namespace: own(namespace), pod: own(pod), uid: None }
            }
            ["portForward", namespace, pod, uid] => {
                Route::PortForward { namespace: own(namespace), pod: own(pod), uid: Some(own(uid)) }
            }
            _ => return Err(not_found()),
        };
        if route.methods().contains(method) {
            return Ok(route);
        }
        Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, "405: Method Not Allowed"))
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Route::Exec(_) | Route::Attach(_) | Route::PortForward { .. } => &[Method::GET, Method::POST],
            Route::Run(_) => &[Method::POST],
            _ => &[Method::GET, Method::HEAD],
        }
    }
}

impl Target {
    /// `<namespace>/<pod>[/<uid>]/<container>`
    fn of(parts: &[&str]) -> Result<Target, Failure> {
        let (namespace, pod, uid, container) = match parts {
            [namespace, pod, container] => (namespace, pod, None, container),
            [namespace, pod, uid, container] => (namespace, pod, Some(*uid), container),
            _ => return Err(not_found()),
        };
        let own = |text: &str| text.to_owned();
        Ok(Target { namespace: own(namespace), pod: own(pod), uid: uid.map(own), container: own(container) })
    }
}

fn not_found() -> Failure {
    Failure::not_found("404: Page Not Found")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_containers() {
        let target = |uid: Option<&str>| Target {
            namespace: "ns".into(),
            pod: "p".into(),
            uid: uid.map(Into::into),
            container: "c".into(),
        };
        let of = |method: Method, path| Route::of(&method, path).map_err(|failure| failure.status.as_u16());
        assert_eq!(of(Method::POST, "/exec/ns/p/c").unwrap(), Route::Exec(target(None)));
        assert_eq!(of(Method::GET, "/attach/ns/p/u/c").unwrap(), Route::Attach(target(Some("u"))));
        assert_eq!(of(Method::GET, "/pods/").unwrap(), Route::Pods);
        assert_eq!(of(Method::GET, "/run/ns/p/c").unwrap_err(), 405);
        assert_eq!(of(Method::GET, "/exec/ns/p").unwrap_err(), 404);
        assert_eq!(of(Method::GET, "/containerLogs/ns/p").unwrap_err(), 404);
        assert_eq!(of(Method::GET, "/").unwrap_err(), 404);
    }
}
