//! The raw proxy for upgrade requests: the client's request goes to the backend, and once the backend has answered 101
//! the bytes of both are copied to each other.
//!
//! What must not happen, and is tested under the names of what happened elsewhere:
//!
//! - CVE-2018-1002105: a backend that does not upgrade leaves no connection behind for the client to speak on;
//! - CVE-2020-8559: a redirect by the backend is neither followed nor passed on.

pub(crate) mod copy;

use http::{HeaderMap, Request, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

use crate::{Backend, Body, BoxStream, DEFAULT_IDLE_TIMEOUT, Error, backend};

/// Proxies an upgrade request and, in a task of its own, the connection after it.
pub async fn handle<B>(mut request: Request<B>, backend: Backend) -> Result<Response<Body>, Error> {
    if !is_upgrade_request(request.headers()) {
        return Err(Error::UpgradeRequired);
    }
    let client = client_upgrade(&mut request)?;
    let answer = backend.send(request.method().clone(), request.headers()).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return backend::refuse(answer);
    }
    let mut response = Response::new(backend::switching("").into_body());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = answer.headers().clone();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    let there = hyper::upgrade::on(answer);
    tokio::spawn(async move {
        let (client, there) = match tokio::try_join!(client, there) {
            Ok(both) => both,
            Err(error) => return tracing::debug!(%error, "upgrade did not complete"),
        };
        join(stream(client), stream(there)).await;
    });
    Ok(response)
}

/// Whether any Connection header speaks of an upgrade.
pub fn is_upgrade_request(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .any(|value| value.as_bytes().to_ascii_lowercase().windows(7).any(|window| window == b"upgrade"))
}

/// The client's connection, once the 101 has been sent. An HTTP/2 request has none.
pub(crate) fn client_upgrade<B>(request: &mut Request<B>) -> Result<OnUpgrade, Error> {
    request.extensions_mut().remove::<OnUpgrade>().ok_or(Error::NotUpgradable)
}

pub(crate) fn stream(upgraded: Upgraded) -> BoxStream {
    Box::new(TokioIo::new(upgraded))
}

/// Copies until both are done, and logs: nobody is left who could be told.
pub(crate) async fn join(client: BoxStream, there: BoxStream) {
    match copy::copy_both(client, there, DEFAULT_IDLE_TIMEOUT).await {
        Ok(copied) => tracing::debug!(sent = copied.there, received = copied.back, "upgraded connection ended"),
        Err(error) => tracing::debug!(%error, "upgraded connection ended"),
    }
}

#[cfg(test)]
mod tests;
