//! SPDY/3.1 as Kubernetes speaks it after `Upgrade: SPDY/3.1`: many byte streams over one connection.
//!
//! The peers are moby/spdystream in kubectl, the kubelet and the container runtimes, so this follows what that library
//! does rather than the SPDY draft:
//!
//! - there is **no flow control**: WINDOW_UPDATE and SETTINGS are read and ignored. Backpressure is TCP's: a stream
//!   whose reader is slow fills its bounded buffer and then holds up the whole connection;
//! - a stream is usable by its creator only after the SYN_REPLY, because spdystream drops data that comes earlier;
//! - a reset stream reads as a plain end of data, because servers end a finished command by resetting its streams.
//!
//! ```text
//!   Stream::write -> [queue of frames] -> writer task -> Encoder --\
//!                         control queue ----^                       io
//!   Stream::read  <- [Inbox per stream] <- reader task <- Decoder --/
//! ```
//!
//! `frame` and `header_block` are pure: bytes in, frames out. Only `connection` does IO.
//!
//! Deliberately absent: priorities (kept in the frame, never acted upon), server push, credential frames.

mod connection;
mod frame;
mod header_block;
mod inbox;
mod stream;

pub use connection::{Config, Connection, Incoming, NewStream, SpdyError};
pub use frame::{Decoder, Encoder, Frame, FrameError, ResetStatus, StreamId};
pub use header_block::HeaderBlockError;
pub use stream::Stream;
