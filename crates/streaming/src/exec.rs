//! What the API server does with a request for exec or attach.

use http::{HeaderMap, Request, Response};

use crate::remotecommand::{Options, Protocol, translate};
use crate::{Backend, Body, Error, upgrade, websocket};

/// Serves exec or attach: a v5 WebSocket is translated to SPDY, everything else is proxied byte by byte.
///
/// `options` are those of the request, already decoded; the backend's URI must carry them too.
pub async fn handle<B>(request: Request<B>, options: Options, backend: Backend) -> Result<Response<Body>, Error> {
    if wants_translation(request.headers()) {
        return Ok(translate(request, options, backend));
    }
    upgrade::handle(request, backend).await
}

/// Older subprotocols go to the backend as they are: it knows them, and only v5 can close stdin.
fn wants_translation(headers: &HeaderMap) -> bool {
    websocket::is_websocket_request(headers) && websocket::requested_protocols(headers).contains(&Protocol::V5.name)
}
