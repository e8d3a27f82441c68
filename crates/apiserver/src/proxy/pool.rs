//! Connections that are kept for the next request: to servers of APIs, which are asked again and again.
//!
//! Only questions that may be asked twice go over a connection that was used before, because the other side may close it at
//! the very moment.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Connections that wait, for each host and port.
const MAX_IDLE: usize = 8;
/// Hosts and ports; more of them are not kept.
const MAX_PLACES: usize = 64;

pub type Sent = UnsyncBoxBody<Bytes, hyper::Error>;
pub type Sender = SendRequest<Sent>;

/// The connections to one server, by the address of each of its instances.
#[derive(Default)]
pub struct Pool {
    idle: Mutex<HashMap<String, Vec<Sender>>>,
}

impl Pool {
    /// A connection that is open, as far as this side knows.
    pub fn take(&self, authority: &str) -> Option<Sender> {
        let mut idle = self.idle.lock();
        let waiting = idle.get_mut(authority)?;
        while let Some(sender) = waiting.pop() {
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn give_back(&self, authority: &str, sender: Sender) {
        let mut idle = self.idle.lock();
        idle.retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
        if idle.len() < MAX_PLACES || idle.contains_key(authority) {
            let waiting = idle.entry(authority.to_owned()).or_default();
            if waiting.len() < MAX_IDLE {
                waiting.push(sender);
            }
        }
    }
}

/// Asks over this connection; it goes back into the pool when the answer was read to its end.
pub async fn ask(
    pool: &Arc<Pool>,
    authority: &str,
    mut sender: Sender,
    request: Request<Sent>,
) -> hyper::Result<Response<Returning>> {
    let (head, body) = sender.send_request(request).await?.into_parts();
    let mut body = Returning { body, after: Some((pool.clone(), authority.to_owned(), sender)) };
    if body.body.is_end_stream() {
        body.give_back();
    }
    Ok(Response::from_parts(head, body))
}

/// An answer's body; at its end, the connection is free again. Dropped before, it ends the connection.
pub struct Returning {
    body: Incoming,
    after: Option<(Arc<Pool>, String, Sender)>,
}

impl Returning {
    fn give_back(&mut self) {
        if let Some((pool, authority, sender)) = self.after.take() {
            // The connection is ready when it has seen the end too, which may be a moment later.
            tokio::spawn(async move {
                let mut sender = sender;
                if sender.ready().await.is_ok() {
                    pool.give_back(&authority, sender);
                }
            });
        }
    }
}

impl Body for Returning {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.give_back(),
            Poll::Ready(Some(Ok(_))) if self.body.is_end_stream() => self.give_back(),
            Poll::Ready(Some(Err(_))) => self.after = None,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
