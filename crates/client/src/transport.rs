//! What carries a request to the server and the answer back.

use crate::{ClientError, MAX_BODY_BYTES};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use http::{Request, Response};
use std::sync::Arc;

/// Sends requests. Paths are absolute and without an authority; the transport knows the server.
pub trait Transport: Send + Sync {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, ClientError>>;
}

/// An answer's body: chunks as they come.
pub struct Body(BoxStream<'static, Result<Bytes, ClientError>>);

impl Body {
    pub fn full(bytes: impl Into<Bytes>) -> Body {
        let bytes = bytes.into();
        Body(futures_util::stream::iter((!bytes.is_empty()).then_some(Ok(bytes))).boxed())
    }

    pub fn stream(chunks: impl Stream<Item = Result<Bytes, ClientError>> + Send + 'static) -> Body {
        Body(chunks.boxed())
    }

    /// The next chunk; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, ClientError>> {
        self.0.next().await
    }

    /// The whole of it. One chunk is not copied.
    pub async fn collect(mut self) -> Result<Bytes, ClientError> {
        let Some(first) = self.chunk().await.transpose()? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await.transpose()? else { return Ok(first) };
        let mut all = BytesMut::from(first.as_ref());
        all.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await.transpose()? {
            all.extend_from_slice(&chunk);
            if all.len() > MAX_BODY_BYTES {
                return Err(ClientError::TooLarge { limit: MAX_BODY_BYTES });
            }
        }
        Ok(all.freeze())
    }
}

type Call = dyn Fn(Request<Bytes>) -> BoxFuture<'static, Response<Body>> + Send + Sync;

/// The server is in this process: a request is a function call. Who is calling is the caller's business.
pub struct InProcess {
    call: Arc<Call>,
}

impl InProcess {
    pub fn new(call: Arc<Call>) -> InProcess {
        InProcess { call }
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, ClientError>> {
        let answer = (self.call)(request);
        Box::pin(async move { Ok(answer.await) })
    }
}
