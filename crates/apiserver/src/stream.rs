//! Streams that pass through the API server: exec, attach, port-forward, logs, proxies.
//!
//! A [`registry::Virtual`] finds out where a stream goes and puts a [`StreamTarget`] into its answer; the gateway, which has
//! the client's connection, completes it.

use crate::proxy::Forward;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use kind::ApiError;
use streaming::Backend;
use streaming::remotecommand;

/// Where a stream goes.
pub enum StreamTarget {
    /// `pods/exec`, `pods/attach`
    Exec { options: remotecommand::Options, backend: Backend },
    /// `pods/portforward`
    PortForward { backend: Backend },
    /// Whatever a proxy passes on.
    Forward(Box<Forward>),
    /// An answer that comes in time: a log that is followed, a proxied answer.
    Response(BoxFuture<'static, Result<Response<serve::Body>, ApiError>>),
}

impl StreamTarget {
    /// `original`: the client's request, where it asked for an upgrade. `head`: what the registry wants said besides.
    pub async fn complete(
        self: Box<Self>,
        original: Option<Request<Incoming>>,
        head: Response<()>,
    ) -> Result<Response<serve::Body>, ApiError> {
        let upgraded = match (*self, original) {
            (StreamTarget::Response(response), _) => return response.await,
            (StreamTarget::Forward(forward), original) => return forward.complete(original).await,
            (_, None) => {
                return Err(ApiError::bad_request("Upgrade request required"));
            }
            (StreamTarget::Exec { options, backend }, Some(request)) => {
                streaming::exec::handle(request, options, backend).await
            }
            (StreamTarget::PortForward { backend }, Some(request)) => {
                streaming::portforward::handle(request, backend).await
            }
        };
        match upgraded {
            Ok(response) => {
                let (mut parts, body) = response.into_parts();
                parts.headers.extend(head.into_parts().0.headers);
                Ok(Response::from_parts(parts, body.map_err(std::io::Error::other).boxed_unsync()))
            }
            Err(error) if error.http_status() == 400 => Err(ApiError::bad_request(error.to_string())),
            Err(error) => Err(ApiError::internal(error)),
        }
    }
}
