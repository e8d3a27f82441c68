//! Port forwarding: pairs of streams, one for data and one for an error text, per forwarded connection.
//!
//! Over SPDY the streams are named by the headers `streamType`, `port` and `requestID`. A WebSocket client carries the
//! same SPDY connection inside binary messages (subprotocol `SPDY/3.1+portforward.k8s.io`), which `handle` unwraps. The
//! older WebSocket protocol with numbered channels is proxied to the backend as it is.

pub mod client;
pub mod serve;

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::remotecommand::PROTOCOL_VERSION;
use crate::remotecommand::client::upgrades_to_spdy;
use crate::websocket::bytes::WebSocketBytes;
use crate::{Backend, Body, Error, backend, upgrade, websocket};

/// The one protocol of port forwarding over SPDY.
pub const PROTOCOL: &str = "portforward.k8s.io";
/// What a WebSocket subprotocol starts with when it carries SPDY.
pub const TUNNEL_PREFIX: &str = "SPDY/3.1+";
const TUNNEL_SUFFIX: &str = ".k8s.io";

const PORT: &str = "port";
const REQUEST_ID: &str = "requestid";

/// What the API server does with a request for port forwarding: a tunnel is unwrapped, everything else is proxied.
pub async fn handle<B>(request: Request<B>, backend: Backend) -> Result<Response<Body>, Error> {
    let protocols = tunnelled_protocols(request.headers());
    if websocket::is_websocket_request(request.headers()) && !protocols.is_empty() {
        return tunnel(request, &protocols, backend).await;
    }
    upgrade::handle(request, backend).await
}

/// Connects a WebSocket client that speaks SPDY in its messages to a backend that speaks SPDY.
async fn tunnel<B>(mut request: Request<B>, protocols: &[String], backend: Backend) -> Result<Response<Body>, Error> {
    let answer = backend.send(Method::POST, &spdy_headers(request.headers(), protocols)?).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return backend::refuse(answer);
    }
    if !upgrades_to_spdy(answer.headers()) {
        let text = "unable to upgrade: missing upgrade headers in response";
        return Ok(backend::plain(StatusCode::INTERNAL_SERVER_ERROR, text));
    }
    let chosen = answer.headers().get(PROTOCOL_VERSION).and_then(|value| value.to_str().ok()).map(str::trim);
    let chosen = chosen.filter(|chosen| protocols.iter().any(|offered| offered == chosen));
    let chosen = chosen.map(|chosen| format!("{TUNNEL_PREFIX}{chosen}"));
    let (response, client) = match websocket::accept(&mut request, chosen.as_deref()) {
        Ok(accepted) => accepted,
        Err(rejection) => return Ok(*rejection),
    };
    let there = hyper::upgrade::on(answer);
    tokio::spawn(async move {
        let (client, there) = match tokio::try_join!(client, there) {
            Ok(both) => both,
            Err(error) => return tracing::debug!(%error, "upgrade did not complete"),
        };
        let client = WebSocketBytes::new(websocket::server(upgrade::stream(client)).await);
        upgrade::join(Box::new(client), upgrade::stream(there)).await;
    });
    Ok(response)
}

/// The protocols that the client offers to speak inside a WebSocket, without the prefix.
fn tunnelled_protocols(headers: &HeaderMap) -> Vec<String> {
    let offered = websocket::requested_protocols(headers).into_iter();
    let offered = offered.filter(|protocol| protocol.ends_with(TUNNEL_SUFFIX));
    offered.filter_map(|protocol| protocol.strip_prefix(TUNNEL_PREFIX)).map(str::to_owned).collect()
}

/// The client's headers, with a request for SPDY in the place of that for a WebSocket.
fn spdy_headers(client: &HeaderMap, protocols: &[String]) -> Result<HeaderMap, Error> {
    let is_replaced = |name: &HeaderName| {
        name.as_str().starts_with("sec-websocket-") || *name == header::UPGRADE || name.as_str() == PROTOCOL_VERSION
    };
    let kept = client.iter().filter(|(name, _)| !is_replaced(name));
    let mut headers: HeaderMap = HeaderMap::new();
    for (name, value) in kept {
        headers.append(name, value.clone());
    }
    headers.insert(header::UPGRADE, HeaderValue::from_static(crate::remotecommand::SPDY_31));
    for protocol in protocols {
        headers.append(HeaderName::from_static(PROTOCOL_VERSION), HeaderValue::try_from(protocol)?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
