//! The server's side of port forwarding over SPDY.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::io::AsyncWriteExt;

use super::{PORT, PROTOCOL, REQUEST_ID};
use crate::remotecommand::{PROTOCOL_VERSION, SPDY_31, STREAM_TYPE};
use crate::spdy::{self, Connection, Incoming, NewStream, Stream};
use crate::upgrade::copy::copy_both;
use crate::{Body, BoxStream, DEFAULT_IDLE_TIMEOUT, Error, backend, upgrade, websocket};

/// Streams whose other half has not come yet.
const MAX_HALF_PAIRS: usize = 128;

/// Answers a request for port forwarding; `dial` opens a connection to a port.
pub fn handle<B, Dialing>(
    mut request: Request<B>,
    dial: impl Fn(u16) -> Dialing + Send + Sync + 'static,
) -> Result<Response<Body>, Error>
where
    Dialing: Future<Output = io::Result<BoxStream>> + Send + 'static,
{
    if !upgrade::is_upgrade_request(request.headers()) {
        return Err(Error::UpgradeRequired);
    }
    let name = HeaderName::from_static(PROTOCOL_VERSION);
    let offered = websocket::comma_separated(request.headers(), &name);
    if !offered.contains(&PROTOCOL) {
        let text = format!(
            "unable to upgrade: unable to negotiate protocol: client supports [{}], server accepts [{PROTOCOL}]",
            offered.join(" ")
        );
        return Ok(backend::plain(StatusCode::FORBIDDEN, &text));
    }
    let client = upgrade::client_upgrade(&mut request)?;
    let mut response = backend::switching(SPDY_31);
    response.headers_mut().insert(name, HeaderValue::from_static(PROTOCOL));
    tokio::spawn(async move {
        let Ok(client) = client.await else { return };
        let (connection, incoming) = Connection::server(upgrade::stream(client), spdy::Config::default());
        serve(incoming, Arc::new(dial)).await;
        connection.close().await;
    });
    Ok(response)
}

/// The two streams of one forwarded connection.
struct Pair {
    port: u16,
    data: Stream,
    error: Stream,
}

/// Pairs streams by their request, and forwards each pair, until the client is gone.
async fn serve<Dialing>(mut incoming: Incoming, dial: Arc<impl Fn(u16) -> Dialing + Send + Sync + 'static>)
where
    Dialing: Future<Output = io::Result<BoxStream>> + Send + 'static,
{
    let mut waiting: HashMap<String, Stream> = HashMap::new();
    while let Some(new) = incoming.next().await {
        let Some((port, request)) = describe(&new) else {
            new.refuse().await;
            continue;
        };
        let Ok(stream) = new.accept().await else { return };
        match waiting.remove(&request) {
            None if waiting.len() < MAX_HALF_PAIRS => drop(waiting.insert(request, stream)),
            None => stream.reset().await,
            Some(other) => {
                let (data, error) = if is_data(stream.headers()) { (stream, other) } else { (other, stream) };
                let dial = Arc::clone(&dial);
                tokio::spawn(async move { forward(Pair { port, data, error }, dial(port)).await });
            }
        }
    }
}

fn describe(new: &NewStream) -> Option<(u16, String)> {
    let text = |name| new.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let port: u16 = text(PORT)?.parse().ok().filter(|port| *port > 0)?;
    matches!(text(STREAM_TYPE)?, "data" | "error").then_some(())?;
    Some((port, text(REQUEST_ID)?.to_owned()))
}

fn is_data(headers: &HeaderMap) -> bool {
    headers.get(STREAM_TYPE).is_some_and(|value| value == "data")
}

async fn forward(pair: Pair, dialing: impl Future<Output = io::Result<BoxStream>>) {
    let Pair { port, data, mut error } = pair;
    let result = match dialing.await {
        Ok(target) => copy_both(data, target, DEFAULT_IDLE_TIMEOUT).await.map(|_| ()),
        Err(error) => Err(error),
    };
    let report = async {
        if let Err(failure) = result {
            error.write_all(format!("error forwarding port {port}: {failure}").as_bytes()).await?;
        }
        error.shutdown().await
    };
    if let Err(error) = report.await {
        tracing::debug!(%error, port, "the client did not wait for the end of a forwarded connection");
    }
}
