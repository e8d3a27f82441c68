//! A client that speaks v5 over a WebSocket, a backend that speaks v4 over SPDY: kubectl and every container runtime.
//!
//! Differs from upstream's StreamTranslatorHandler in one point: when the client goes away, the session with the
//! backend ends at once instead of lasting as long as the command.

use std::time::Duration;

use http::{Request, Response};

use super::client::{self, LocalStreams};
use super::serve::{self, Session};
use super::{Options, Outcome, Protocol};
use crate::{Backend, Body, Error, spdy, upgrade, websocket};

/// How often the backend hears from an idle session.
const PING_PERIOD: Duration = Duration::from_secs(5);

/// Answers the client's handshake; the session then runs in a task of its own. The backend is asked only after that,
/// so that its refusal reaches the client on the error channel, as upstream's does.
pub(crate) fn translate<B>(mut request: Request<B>, options: Options, backend: Backend) -> Response<Body> {
    let (protocol, response, client) = match serve::accept_websocket(&mut request, &[Protocol::V5]) {
        Ok(accepted) => accepted,
        Err(rejection) => return *rejection,
    };
    tokio::spawn(async move {
        let client = match client.await {
            Ok(client) => upgrade::stream(client),
            Err(error) => return tracing::debug!(%error, "upgrade did not complete"),
        };
        let socket = websocket::server(client).await;
        if let Some(session) = serve::websocket_session(socket, protocol, options).await {
            run(session, options, backend).await;
        }
    });
    response
}

async fn run(mut session: Session, options: Options, backend: Backend) {
    let local = LocalStreams {
        stdin: session.stdin.take(),
        stdout: session.stdout.take(),
        stderr: session.stderr.take().filter(|_| !options.tty),
        resize: session.resize.take(),
    };
    let config = spdy::Config { ping_period: Some(PING_PERIOD), ..spdy::Config::default() };
    let outcome = tokio::select! {
        outcome = client::exec_spdy(backend, local, config) => outcome,
        () = session.transport.client_gone() => return tracing::debug!("client left before its command ended"),
    };
    let outcome = outcome.unwrap_or_else(|error| match error {
        Error::Refused(status) => Outcome::Status(status),
        other => Outcome::Failure(other.to_string()),
    });
    session.finish(&outcome).await;
}
