//! The client's transport to the server of the same process: a function call instead of a socket.

use crate::flow::Front;
use crate::stream::StreamTarget;
use authn::UserInfo;
use bytes::Bytes;
use client::{Client, InProcess};
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::BodyExt;
use kind::ApiError;
use registry::{Body, Caller};
use std::any::Any;
use std::sync::Arc;

/// A client that acts as `user`.
pub fn client(front: &Arc<Front>, user: UserInfo, user_agent: &str) -> Client {
    let front = front.clone();
    let call = move |mut request: Request<Bytes>| {
        request.extensions_mut().insert(Caller { user: user.clone(), peer: "127.0.0.1".into() });
        let front = front.clone();
        let answer: futures_util::future::BoxFuture<'static, Response<client::Body>> = Box::pin(async move {
            let (parts, sent) = request.into_parts();
            let (head, answer) = front.answer(parts, async { Ok(sent) }).await.into_parts();
            match answer {
                Body::Stream(target) => elsewhere(target, Response::from_parts(head, ())).await,
                other => Response::from_parts(head, body(other)),
            }
        });
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
        // Completed before.
        Body::Stream(_) => client::Body::full(Bytes::new()),
    }
}

/// What another server answers: the loops of this process are also clients of aggregated groups.
async fn elsewhere(target: Box<dyn Any + Send>, head: Response<()>) -> Response<client::Body> {
    let completed = match target.downcast::<StreamTarget>() {
        Ok(target) => target.complete(None, head).await,
        Err(_) => Err(ApiError::internal("a stream without a target")),
    };
    let response = completed.unwrap_or_else(|error| crate::gateway::status(&error));
    response.map(|body| {
        let data = body.into_data_stream().map(|chunk| chunk.map_err(|error| ApiError::internal(error).into()));
        client::Body::stream(data)
    })
}
