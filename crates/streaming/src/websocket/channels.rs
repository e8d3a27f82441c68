//! Several streams in one WebSocket: the first byte of each message is the number of its channel.
//!
//! ```text
//!   ChannelWriter (one per channel) -> [queue] -> writer task -> socket
//!   ChannelReader (one per channel) <- [queue of one message] <- reader task <- socket
//! ```
//!
//! A reader that is slow holds up the socket, and with it the other channels, as upstream's does.

mod codec;
mod io;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_util::sync::CancellationToken;

use super::WebSocket;
use crate::DEFAULT_IDLE_TIMEOUT;
use crate::activity::Activity;
pub use codec::{ChannelMessage, Codec};
pub use io::{ChannelReader, ChannelWriter};

/// Messages that wait for the socket, of all channels together.
const OUTGOING_MESSAGES: usize = 8;
/// Messages that wait for the reader of a channel.
const INCOMING_MESSAGES: usize = 1;
/// How long the peer may take to hang up after it has said goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a finished server waits for a client that reads slowly, as upstream's does.
const FINISH_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// How a side of the socket speaks.
#[derive(Debug, Clone, Copy)]
pub struct Framing {
    pub codec: Codec,
    /// The close signal (channel 255) exists.
    pub close_signal: bool,
    /// Shutting a writer down sends the close signal. Only clients do.
    pub sends_close: bool,
}

/// The channels of one socket. Dropping it cuts the socket off.
pub struct Channels {
    framing: Framing,
    outgoing: mpsc::Sender<Message>,
    ended: CancellationToken,
    stop: CancellationToken,
}

impl Channels {
    /// Starts to serve the socket. Returns a reader for each of `reads`, in their order; what comes for other channels
    /// is thrown away.
    pub fn start<const READERS: usize>(
        socket: WebSocket,
        framing: Framing,
        reads: [u8; READERS],
    ) -> (Self, [ChannelReader; READERS]) {
        let (sink, stream) = socket.split();
        let (outgoing, messages) = mpsc::channel(OUTGOING_MESSAGES);
        let (ended, stop) = (CancellationToken::new(), CancellationToken::new());
        let (activity, failure) = (Arc::<Activity>::default(), Arc::<OnceLock<String>>::default());
        let mut queues = HashMap::new();
        let readers = reads.map(|channel| {
            let (sender, receiver) = mpsc::channel(INCOMING_MESSAGES);
            queues.insert(channel, sender);
            ChannelReader::new(receiver, Arc::clone(&failure))
        });
        let reader = Reader { framing, queues, failure, activity: Arc::clone(&activity) };
        let guards = (ended.clone(), stop.clone());
        tokio::spawn(async move {
            let (ended, stop) = guards;
            tokio::select! {
                () = reader.run(stream) => {}
                () = stop.cancelled() => {}
            }
            ended.cancel();
        });
        tokio::spawn(write_messages(sink, messages, activity, ended.clone(), stop.clone()));
        (Self { framing, outgoing, ended, stop }, readers)
    }

    pub fn writer(&self, channel: u8) -> ChannelWriter {
        ChannelWriter::new(channel, self.framing, self.outgoing.clone())
    }

    /// Waits until nothing more can come from the peer.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Says goodbye after everything that was written, and waits for the peer to do the same.
    ///
    /// The wait matters: closing the socket while the peer still sends resets it, and the reset can overtake output
    /// that the peer has not read yet.
    pub async fn finish(self) {
        let finish = async {
            if self.outgoing.send(super::normal_closure()).await.is_ok() {
                self.ended().await;
            }
        };
        if tokio::time::timeout(FINISH_TIMEOUT, finish).await.is_err() {
            tracing::debug!("WebSocket client neither read nor closed; cutting it off");
        }
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn write_messages(
    mut sink: SplitSink<WebSocket, Message>,
    mut messages: mpsc::Receiver<Message>,
    activity: Arc<Activity>,
    ended: CancellationToken,
    stop: CancellationToken,
) {
    let write = async {
        while let Some(message) = messages.recv().await {
            if let Err(error) = sink.send(message).await {
                tracing::debug!(%error, "WebSocket write failed");
                ended.cancel();
                return;
            }
            activity.touch();
        }
    };
    tokio::select! {
        () = write => {}
        () = stop.cancelled() => {}
    }
}

struct Reader {
    framing: Framing,
    queues: HashMap<u8, mpsc::Sender<Bytes>>,
    failure: Arc<OnceLock<String>>,
    activity: Arc<Activity>,
}

impl Reader {
    async fn run(mut self, mut stream: SplitStream<WebSocket>) {
        let activity = Arc::clone(&self.activity);
        let result = tokio::select! {
            result = self.read_messages(&mut stream) => result,
            () = activity.idle_for(DEFAULT_IDLE_TIMEOUT) => Err("idle timeout".to_owned()),
        };
        if let Err(failure) = result {
            tracing::debug!(%failure, "WebSocket ended");
            // Only this function sets it, once.
            let _set_before = self.failure.set(failure);
            return;
        }
        // Every reader is at its end, before the socket is.
        self.queues.clear();
        let answered = async { while let Some(Ok(_)) = stream.next().await {} };
        let _elapsed = tokio::time::timeout(CLOSE_TIMEOUT, answered).await;
    }

    async fn read_messages(&mut self, stream: &mut SplitStream<WebSocket>) -> Result<(), String> {
        while let Some(message) = stream.next().await {
            self.activity.touch();
            match message {
                Ok(Message::Close(_)) | Err(SocketError::ConnectionClosed | SocketError::AlreadyClosed) => {
                    return Ok(());
                }
                Ok(message) => self.dispatch(&message).await?,
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    async fn dispatch(&mut self, message: &Message) -> Result<(), String> {
        match self.framing.codec.decode(message, self.framing.close_signal)? {
            ChannelMessage::Data(channel, data) => {
                if let Some(queue) = self.queues.get(&channel)
                    && !data.is_empty()
                {
                    // A reader that is gone wants nothing more.
                    let _gone = queue.send(data).await;
                }
            }
            ChannelMessage::Close(channel) => drop(self.queues.remove(&channel)),
            ChannelMessage::Nothing => {}
        }
        Ok(())
    }
}
