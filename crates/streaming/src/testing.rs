//! What the tests of this crate share: servers without sockets.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{DuplexStream, duplex};

use crate::backend::plain;
use crate::{Backend, Body, BoxStream, Error};

const DEADLINE: Duration = Duration::from_secs(20);
const PIPE_BYTES: usize = 16 * 1024;

/// Fails a test that hangs.
pub(crate) async fn within<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, test).await.expect("the test hangs")
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

/// An HTTP/1.1 server that is reached through pipes.
#[derive(Clone)]
pub(crate) struct Server {
    handler: Arc<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>,
}

impl Server {
    pub(crate) fn new<Answering>(handler: impl Fn(Request<Incoming>) -> Answering + Send + Sync + 'static) -> Self
    where
        Answering: Future<Output = Result<Response<Body>, Error>> + Send + 'static,
    {
        Self { handler: Arc::new(move |request| Box::pin(handler(request))) }
    }

    /// A new connection to the server.
    pub(crate) fn connect(&self) -> DuplexStream {
        let (near, far) = duplex(PIPE_BYTES);
        let handler = Arc::clone(&self.handler);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = handler(request);
                async move {
                    Ok::<_, Error>(answer.await.unwrap_or_else(|error| plain(error.http_status(), &error.to_string())))
                }
            });
            let http = hyper::server::conn::http1::Builder::new();
            drop(http.serve_connection(TokioIo::new(far), service).with_upgrades().await);
        });
        near
    }

    pub(crate) fn backend(&self, uri: &'static str) -> Backend {
        let server = self.clone();
        Backend::new(uri.parse().unwrap(), move || async move { Ok(Box::new(server.connect()) as BoxStream) })
    }
}

/// A backend at the other end of a pipe, driven by hand.
pub(crate) fn raw_backend(uri: &'static str) -> (Backend, DuplexStream) {
    let (near, far) = duplex(PIPE_BYTES);
    (Backend::new(uri.parse().unwrap(), move || async move { Ok(Box::new(near) as BoxStream) }), far)
}
