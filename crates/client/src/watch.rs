//! Watches: a body that goes on, cut into events.

use crate::codec;
use crate::transport::Body;
use crate::typed::is_protobuf;
use crate::{ClientError, MAX_BODY_BYTES};
use bytes::{Buf, Bytes, BytesMut};
use http::Response;
use kind::ApiError;
use schema::json::{self, Limits};
use schema::{Object, Schema, Value, protobuf};
use std::marker::PhantomData;

/// What happened, and the object as it is then.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<T> {
    pub kind: EventKind,
    pub object: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Added,
    Modified,
    Deleted,
    /// Nothing happened; the object has only a resourceVersion, up to which everything has been sent.
    Bookmark,
}

/// Events over values.
pub struct WatchStream {
    body: Body,
    buffer: BytesMut,
    /// Where the search for the end of a line goes on.
    searched: usize,
    protobuf: bool,
}

/// Events over typed objects.
pub struct TypedWatch<T> {
    stream: WatchStream,
    object: PhantomData<fn() -> T>,
}

impl<T: Object> TypedWatch<T> {
    pub(crate) fn new(stream: WatchStream) -> TypedWatch<T> {
        TypedWatch { stream, object: PhantomData }
    }

    /// The next event; `None` when the server has closed the watch.
    pub async fn next(&mut self) -> Option<Result<Event<T>, ClientError>> {
        let event = self.stream.next().await?;
        Some(event.map(|event| Event { kind: event.kind, object: T::from_value(&event.object) }))
    }
}

impl WatchStream {
    pub(crate) fn open(response: Response<Body>) -> Result<WatchStream, ClientError> {
        let protobuf = is_protobuf(&response);
        Ok(WatchStream { body: response.into_body(), buffer: BytesMut::new(), searched: 0, protobuf })
    }

    /// The next event; `None` when the server has closed the watch. An error that the server sends ends the watch. May be
    /// dropped while it waits, without a loss.
    pub async fn next(&mut self) -> Option<Result<Event<Value>, ClientError>> {
        loop {
            match self.frame() {
                Ok(Some(frame)) => return Some(event(&frame, self.protobuf)),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
            match self.body.chunk().await? {
                Ok(chunk) => self.buffer.extend_from_slice(&chunk),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// A whole frame, if there is one.
    fn frame(&mut self) -> Result<Option<Bytes>, ClientError> {
        if self.buffer.len() > MAX_BODY_BYTES {
            return Err(ClientError::TooLarge { limit: MAX_BODY_BYTES });
        }
        if self.protobuf {
            let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(None) };
            let length = u32::from_be_bytes(*head) as usize;
            if length > MAX_BODY_BYTES {
                return Err(ClientError::TooLarge { limit: MAX_BODY_BYTES });
            }
            if self.buffer.len() < 4 + length {
                return Ok(None);
            }
            self.buffer.advance(4);
            return Ok(Some(self.buffer.split_to(length).freeze()));
        }
        loop {
            let Some(at) = self.buffer[self.searched..].iter().position(|&byte| byte == b'\n') else {
                self.searched = self.buffer.len();
                return Ok(None);
            };
            let line = self.buffer.split_to(self.searched + at + 1).freeze();
            self.searched = 0;
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

fn event(frame: &[u8], is_protobuf: bool) -> Result<Event<Value>, ClientError> {
    let mut event = if is_protobuf {
        let ty = Schema::builtin().by_kind("v1", "WatchEvent").expect("the built-in schema has WatchEvent");
        protobuf::decode(ty, frame).map_err(|error| ClientError::decode("a watch event", error))?
    } else {
        json::parse(frame, Limits::default()).map_err(|error| ClientError::decode("a watch event", error))?
    };
    let object = event.remove(&["object"]).unwrap_or_default();
    let object = if is_protobuf { object } else { codec::normalize(object)? };
    let kind = match event.str_at(&["type"]) {
        "ADDED" => EventKind::Added,
        "MODIFIED" => EventKind::Modified,
        "DELETED" => EventKind::Deleted,
        "BOOKMARK" => EventKind::Bookmark,
        "ERROR" if object.str_at(&["kind"]) == "Status" => return Err(codec::status(&object).into()),
        "ERROR" => return Err(ApiError::internal("the watch failed without saying why").into()),
        other => return Err(ClientError::decode("a watch event", format!("unknown type {other:?}"))),
    };
    Ok(Event { kind, object })
}
