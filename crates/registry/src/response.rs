//! What the registry answers: bodies that share the cache's buffers, and watch streams.

use bytes::Bytes;
use schema::Value;
use std::any::Any;

use crate::cache::Frames;

/// The body of a response.
pub enum Body {
    Full(Bytes),
    /// One text in pieces: a list made of the cache's buffers.
    Chunks(Vec<Bytes>),
    Watch(WatchStream),
    /// An upgraded or proxied stream that the shell completes: whatever its own [`crate::Virtual`] put here.
    Stream(Box<dyn Any + Send>),
}

impl Body {
    pub fn empty() -> Body {
        Body::Full(Bytes::new())
    }

    /// The length in bytes, where it is known.
    pub fn len(&self) -> Option<usize> {
        match self {
            Body::Full(bytes) => Some(bytes.len()),
            Body::Chunks(chunks) => Some(chunks.iter().map(Bytes::len).sum()),
            Body::Watch(_) | Body::Stream(_) => None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The whole text of a body that is no stream.
    pub fn into_bytes(self) -> Option<Bytes> {
        match self {
            Body::Full(bytes) => Some(bytes),
            Body::Chunks(chunks) => Some(chunks.concat().into()),
            Body::Watch(_) | Body::Stream(_) => None,
        }
    }
}

/// The frames of an open watch. Dropping it ends the watch.
pub struct WatchStream {
    source: Source,
    /// Until what was there at the beginning is sent.
    held: Option<Box<dyn Any + Send>>,
    /// Until the watch ends.
    kept: Option<Box<dyn Any + Send>>,
}

enum Source {
    Open(Box<Frames>),
    /// A watch that failed at once: its ERROR event, and the end.
    Failed(Option<Bytes>),
}

impl WatchStream {
    pub(crate) fn open(frames: Frames) -> WatchStream {
        WatchStream { source: Source::Open(Box::new(frames)), held: None, kept: None }
    }

    pub(crate) fn failed(frame: Bytes) -> WatchStream {
        WatchStream { source: Source::Failed(Some(frame)), held: None, kept: None }
    }

    /// Drops `held` when what was there at the beginning has been sent, or the watch ends: the part of a watch that is
    /// work as any other request.
    pub fn hold_until_initialized(&mut self, held: Box<dyn Any + Send>) {
        self.held = Some(held);
        self.release();
    }

    /// Drops `kept` when the watch ends.
    pub fn keep(&mut self, kept: Box<dyn Any + Send>) {
        self.kept = Some(kept);
    }

    fn release(&mut self) {
        let initialized = match &self.source {
            Source::Open(frames) => frames.is_initialized(),
            Source::Failed(_) => true,
        };
        if initialized {
            self.held = None;
        }
    }

    /// The next frame; none when the watch is over (its time is up, or its reader was too slow). Cancel-safe.
    pub async fn next(&mut self) -> Option<Bytes> {
        if self.held.is_some() {
            self.release();
        }
        match &mut self.source {
            Source::Open(frames) => frames.next().await,
            Source::Failed(frame) => frame.take(),
        }
    }

    /// A frame that is there already, to be sent together with the one before.
    pub fn ready(&mut self) -> Option<Bytes> {
        match &mut self.source {
            Source::Open(frames) => frames.ready(),
            Source::Failed(frame) => frame.take(),
        }
    }
}

/// What a verb or a [`crate::Virtual`] found.
pub enum Outcome {
    /// An object, of the version and kind that it names; the registry encodes it as the client asked.
    Object { status: u16, value: Value },
    /// An answer that is complete.
    Response(http::Response<Body>),
}

impl Outcome {
    pub fn ok(value: Value) -> Outcome {
        Outcome::Object { status: 200, value }
    }

    pub fn created(value: Value) -> Outcome {
        Outcome::Object { status: 201, value }
    }
}
