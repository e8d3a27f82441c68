//! Who may use the kubelet's API: whoever the API server says may use `nodes/<subresource>`.

use super::Api;
use super::respond::Failure;
use authn::UserInfo;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Method, Request, StatusCode};
use serve::Peer;

/// Finds out whose a bearer token is. `Ok(None)`: nobody's.
pub trait Authenticator: Send + Sync + 'static {
    fn token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<UserInfo>, String>>;
}

/// Decides whether a user may do something with this node.
pub trait Authorizer: Send + Sync + 'static {
    fn authorize<'a>(&'a self, user: &'a UserInfo, attributes: &'a NodeAccess) -> BoxFuture<'a, Result<bool, String>>;
}

/// One question to the authorizer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeAccess {
    pub verb: &'static str,
    pub node_name: String,
    /// Of `nodes`.
    pub subresource: &'static str,
}

pub(super) async fn authenticate<B>(api: &Api, request: &Request<B>, peer: &Peer) -> Result<UserInfo, Failure> {
    let now_unix_s = u64::try_from(api.clock.now_seconds()).unwrap_or_default();
    match api.client_certificates.user(peer.certificates.as_deref(), now_unix_s) {
        Some(Ok(user)) => return Ok(user.authenticated()),
        Some(Err(error)) => tracing::info!(address = %peer.address, %error, "a client is not known"),
        None => {}
    }
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    if let Some(token) = token {
        match api.authenticator.token(token).await {
            Ok(Some(user)) => return Ok(user.authenticated()),
            Ok(None) => {}
            Err(error) => tracing::warn!(address = %peer.address, error, "cannot find out whose a token is"),
        }
    }
    Err(Failure::new(StatusCode::UNAUTHORIZED, "Unauthorized"))
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then_some(token.trim())
}

pub(super) async fn authorize(api: &Api, user: &UserInfo, method: &Method, path: &str) -> Result<(), Failure> {
    let verb = verb(method);
    let subresources = subresources(path);
    for &subresource in subresources {
        let attributes = NodeAccess { verb, node_name: api.node_name.clone(), subresource };
        match api.authorizer.authorize(user, &attributes).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(user = user.name, error, "cannot find out what a user may do");
                let text = format!(
                    "Authorization error (user={}, verb={verb}, resource=nodes, subresource={subresource})",
                    user.name
                );
                return Err(Failure::internal(text));
            }
        }
    }
    let text = format!(
        "Forbidden (user={}, verb={verb}, resource=nodes, subresource(s)=[{}])",
        user.name,
        subresources.join(" ")
    );
    Err(Failure::new(StatusCode::FORBIDDEN, text))
}

fn verb(method: &Method) -> &'static str {
    match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "get",
    }
}

/// Any of these suffices; the finest comes first.
fn subresources(path: &str) -> &'static [&'static str] {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "stats" => &["stats"],
        "metrics" => &["metrics"],
        "logs" => &["log"],
        "checkpoint" => &["checkpoint"],
        "pods" | "runningpods" => &["pods", "proxy"],
        "healthz" => &["healthz", "proxy"],
        "configz" => &["configz", "proxy"],
        _ => &["proxy"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_ask_for_subresources() {
        assert_eq!(subresources("/stats/summary"), ["stats"]);
        assert_eq!(subresources("/metrics/resource"), ["metrics"]);
        assert_eq!(subresources("/pods"), ["pods", "proxy"]);
        assert_eq!(subresources("/exec/ns/p/c"), ["proxy"]);
        assert_eq!(subresources("/statsx"), ["proxy"]);
    }

    #[test]
    fn tokens_are_bearers() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer "), None);
    }
}
