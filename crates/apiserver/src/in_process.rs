//! The client's transport to the registry of the same process: a function call instead of a socket.

use authn::UserInfo;
use bytes::Bytes;
use client::{Client, InProcess};
use futures_util::stream;
use http::{Request, Response};
use registry::{Body, Caller, Registry};
use std::sync::Arc;

/// A client that acts as `user`.
pub fn client(registry: &Arc<Registry>, user: UserInfo, user_agent: &str) -> Client {
    let registry = registry.clone();
    let call = move |mut request: Request<Bytes>| {
        request.extensions_mut().insert(Caller { user: user.clone(), peer: "127.0.0.1".into() });
        let registry = registry.clone();
        let answer: futures_util::future::BoxFuture<'static, Response<client::Body>> =
            Box::pin(async move { registry.handle(request).await.map(body) });
        answer
    };
    Client::new(Arc::new(InProcess::new(Arc::new(call))), user_agent)
}

fn body(body: Body) -> client::Body {
    match body {
        Body::Full(bytes) => client::Body::full(bytes),
        Body::Chunks(chunks) => client::Body::stream(stream::iter(chunks.into_iter().map(Ok))),
        Body::Watch(watch) => client::Body::stream(stream::unfold(watch, |mut watch| async move {
            let frame = watch.next().await?;
            Some((Ok(frame), watch))
        })),
        // No loop of this process opens a shell in a container.
        Body::Stream(_) => client::Body::full(Bytes::new()),
    }
}
