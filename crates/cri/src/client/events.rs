//! The stream of container events, for runtimes that have one.

use std::pin::Pin;

use tonic::{Response, Status, Streaming};

use crate::error::CriError;
use crate::v1;

type Opening = Pin<Box<dyn Future<Output = Result<Response<Streaming<v1::ContainerEventResponse>>, Status>> + Send>>;

/// Container events as they happen.
///
/// Go's servers send the headers of a stream with its first message, so opening the stream cannot be awaited apart from
/// the first event: both happen in [`ContainerEvents::next`].
pub struct ContainerEvents(State);

enum State {
    Opening(Opening),
    Open(Box<Streaming<v1::ContainerEventResponse>>),
    Ended,
}

impl ContainerEvents {
    pub(super) fn new(opening: Opening) -> Self {
        Self(State::Opening(opening))
    }

    /// The next event; `None` when the runtime ended the stream.
    ///
    /// A runtime without events answers with an error whose [`CriError::is_unimplemented`] holds, at once. Dropping the
    /// future loses no event.
    pub async fn next(&mut self) -> Result<Option<v1::ContainerEventResponse>, CriError> {
        loop {
            match &mut self.0 {
                State::Opening(opening) => match opening.await {
                    Ok(stream) => self.0 = State::Open(Box::new(stream.into_inner())),
                    Err(status) => return Err(self.end(&status)),
                },
                State::Open(stream) => match stream.message().await {
                    Ok(Some(event)) => return Ok(Some(event)),
                    Ok(None) => self.0 = State::Ended,
                    Err(status) => return Err(self.end(&status)),
                },
                State::Ended => return Ok(None),
            }
        }
    }

    fn end(&mut self, status: &Status) -> CriError {
        self.0 = State::Ended;
        CriError::from_status(status, std::time::Duration::ZERO, None)
    }
}
