//! Frames of SPDY/3.1 and their bytes. Pure: no IO, and every length is checked before it is believed.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;

use super::header_block::{HeaderBlockError, HeaderCompressor, HeaderDecompressor};

/// A stream's number: odd when the client opened it, even when the server did, never zero.
pub type StreamId = u32;

/// The longest control frame that is accepted. Those of Kubernetes are under 200 bytes.
pub const MAX_CONTROL_FRAME_BYTES: usize = 64 * 1024;
/// A longer data frame is handed on in pieces of at most this size.
pub const MAX_DATA_CHUNK_BYTES: usize = 32 * 1024;

const VERSION: u16 = 3;
const FRAME_HEADER_BYTES: usize = 8;
const CONTROL_BIT: u32 = 0x8000_0000;
const LENGTH_MASK: u32 = 0x00ff_ffff;
const FLAG_FIN: u8 = 0x01;
const FLAG_UNIDIRECTIONAL: u8 = 0x02;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const SETTINGS: u16 = 4;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const WINDOW_UPDATE: u16 = 9;

/// One frame, with its header block already decompressed.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    SynStream {
        stream_id: StreamId,
        associated_to: StreamId,
        priority: u8,
        slot: u8,
        fin: bool,
        unidirectional: bool,
        headers: HeaderMap,
    },
    SynReply {
        stream_id: StreamId,
        fin: bool,
        headers: HeaderMap,
    },
    RstStream {
        stream_id: StreamId,
        status: ResetStatus,
    },
    /// The settings themselves are dropped: nothing here obeys any of them.
    Settings,
    Ping {
        id: u32,
    },
    GoAway {
        last_good: StreamId,
        status: u32,
    },
    Headers {
        stream_id: StreamId,
        fin: bool,
        headers: HeaderMap,
    },
    WindowUpdate {
        stream_id: StreamId,
        delta: u32,
    },
    /// A data frame, or a piece of one; `fin` stands on the last piece only.
    Data {
        stream_id: StreamId,
        fin: bool,
        data: Bytes,
    },
}

/// Why a stream was reset; the number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetStatus(pub u32);

impl ResetStatus {
    pub const PROTOCOL_ERROR: Self = Self(1);
    pub const INVALID_STREAM: Self = Self(2);
    pub const REFUSED_STREAM: Self = Self(3);
    pub const CANCEL: Self = Self(5);
}

#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("unsupported SPDY version {0}")]
    Version(u16),
    #[error("unknown control frame type {0}")]
    UnknownType(u16),
    #[error("control frame of {0} bytes is longer than {MAX_CONTROL_FRAME_BYTES}")]
    TooLong(usize),
    #[error("control frame of type {0} is malformed")]
    Malformed(u16),
    #[error("stream id is zero")]
    ZeroStreamId,
    #[error("data of {0} bytes does not fit one frame")]
    DataTooLong(usize),
    #[error("header block: {0}")]
    HeaderBlock(#[from] HeaderBlockError),
}

/// Turns bytes into frames. After an error the compression state is lost and the connection must end.
pub struct Decoder {
    headers: HeaderDecompressor,
    open_data: Option<OpenData>,
}

/// The data frame whose payload is being read.
struct OpenData {
    stream_id: StreamId,
    fin: bool,
    left: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { headers: HeaderDecompressor::new(), open_data: None }
    }
}

impl Decoder {
    /// Takes the next frame off the front of `input`, or `None` if more bytes are needed.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        if let Some(open) = self.open_data.take() {
            return Ok(self.next_chunk(open, input));
        }
        let Some(header) = input.first_chunk::<FRAME_HEADER_BYTES>() else { return Ok(None) };
        let (first, second) = header.split_at(4);
        let first = u32::from_be_bytes(first.try_into().expect("split at 4"));
        let second = u32::from_be_bytes(second.try_into().expect("8 bytes less 4"));
        let flags = (second >> 24) as u8;
        let length = (second & LENGTH_MASK) as usize;

        if first & CONTROL_BIT == 0 {
            if first == 0 {
                return Err(FrameError::ZeroStreamId);
            }
            input.advance(FRAME_HEADER_BYTES);
            let open = OpenData { stream_id: first, fin: flags & FLAG_FIN != 0, left: length };
            return Ok(self.next_chunk(open, input));
        }
        let version = (first >> 16) as u16 & 0x7fff;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        if length > MAX_CONTROL_FRAME_BYTES {
            return Err(FrameError::TooLong(length));
        }
        if input.len() < FRAME_HEADER_BYTES + length {
            return Ok(None);
        }
        input.advance(FRAME_HEADER_BYTES);
        let payload = input.split_to(length).freeze();
        self.control(first as u16, flags, payload).map(Some)
    }

    fn next_chunk(&mut self, mut open: OpenData, input: &mut BytesMut) -> Option<Frame> {
        let take = open.left.min(input.len()).min(MAX_DATA_CHUNK_BYTES);
        if take == 0 && open.left > 0 {
            self.open_data = Some(open);
            return None;
        }
        open.left -= take;
        let frame = Frame::Data {
            stream_id: open.stream_id,
            fin: open.fin && open.left == 0,
            data: input.split_to(take).freeze(),
        };
        if open.left > 0 {
            self.open_data = Some(open);
        }
        Some(frame)
    }

    fn control(&mut self, kind: u16, flags: u8, mut payload: Bytes) -> Result<Frame, FrameError> {
        let fin = flags & FLAG_FIN != 0;
        let fixed_bytes = match kind {
            SYN_STREAM => 10,
            SYN_REPLY | HEADERS | SETTINGS | PING => 4,
            RST_STREAM | GOAWAY | WINDOW_UPDATE => 8,
            other => return Err(FrameError::UnknownType(other)),
        };
        if payload.len() < fixed_bytes {
            return Err(FrameError::Malformed(kind));
        }
        let first = payload.get_u32();
        let has_stream_id = !matches!(kind, SETTINGS | GOAWAY);
        if has_stream_id && first == 0 {
            return Err(FrameError::ZeroStreamId);
        }
        Ok(match kind {
            SYN_STREAM => Frame::SynStream {
                stream_id: first,
                associated_to: payload.get_u32(),
                priority: payload.get_u8() >> 5,
                slot: payload.get_u8(),
                fin,
                unidirectional: flags & FLAG_UNIDIRECTIONAL != 0,
                headers: self.headers.decompress(&payload)?,
            },
            SYN_REPLY => Frame::SynReply { stream_id: first, fin, headers: self.headers.decompress(&payload)? },
            HEADERS => Frame::Headers { stream_id: first, fin, headers: self.headers.decompress(&payload)? },
            RST_STREAM => match payload.get_u32() {
                0 => return Err(FrameError::Malformed(kind)),
                status => Frame::RstStream { stream_id: first, status: ResetStatus(status) },
            },
            SETTINGS if payload.len() as u64 == u64::from(first) * 8 => Frame::Settings,
            PING if flags == 0 && payload.is_empty() => Frame::Ping { id: first },
            GOAWAY if flags == 0 && payload.len() == 4 => Frame::GoAway { last_good: first, status: payload.get_u32() },
            WINDOW_UPDATE if flags == 0 && payload.len() == 4 => {
                Frame::WindowUpdate { stream_id: first, delta: payload.get_u32() }
            }
            _ => return Err(FrameError::Malformed(kind)),
        })
    }
}

/// Turns frames into bytes.
pub struct Encoder {
    headers: HeaderCompressor,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { headers: HeaderCompressor::new() }
    }
}

impl Encoder {
    /// Appends the bytes of `frame` to `output`.
    pub fn encode(&mut self, frame: &Frame, output: &mut BytesMut) -> Result<(), FrameError> {
        match frame {
            Frame::Data { stream_id, fin, data } => {
                if data.len() > LENGTH_MASK as usize {
                    return Err(FrameError::DataTooLong(data.len()));
                }
                output.put_u32(*stream_id);
                output.put_u32(flag(*fin, FLAG_FIN) | data.len() as u32);
                output.put_slice(data);
            }
            Frame::SynStream { stream_id, associated_to, priority, slot, fin, unidirectional, headers } => {
                let block = self.headers.compress(headers)?;
                let flags = flag(*fin, FLAG_FIN) | flag(*unidirectional, FLAG_UNIDIRECTIONAL);
                put_control(output, SYN_STREAM, flags, 10 + block.len());
                output.put_u32(*stream_id);
                output.put_u32(*associated_to);
                output.put_u8(priority << 5);
                output.put_u8(*slot);
                output.put_slice(&block);
            }
            Frame::SynReply { stream_id, fin, headers } => {
                self.put_header_frame(output, SYN_REPLY, *stream_id, *fin, headers)?;
            }
            Frame::Headers { stream_id, fin, headers } => {
                self.put_header_frame(output, HEADERS, *stream_id, *fin, headers)?;
            }
            Frame::RstStream { stream_id, status } => put_pair(output, RST_STREAM, *stream_id, status.0),
            Frame::GoAway { last_good, status } => put_pair(output, GOAWAY, *last_good, *status),
            Frame::WindowUpdate { stream_id, delta } => put_pair(output, WINDOW_UPDATE, *stream_id, *delta),
            Frame::Settings => {
                put_control(output, SETTINGS, 0, 4);
                output.put_u32(0);
            }
            Frame::Ping { id } => {
                put_control(output, PING, 0, 4);
                output.put_u32(*id);
            }
        }
        Ok(())
    }

    fn put_header_frame(
        &mut self,
        output: &mut BytesMut,
        kind: u16,
        stream_id: StreamId,
        fin: bool,
        headers: &HeaderMap,
    ) -> Result<(), FrameError> {
        let block = self.headers.compress(headers)?;
        put_control(output, kind, flag(fin, FLAG_FIN), 4 + block.len());
        output.put_u32(stream_id);
        output.put_slice(&block);
        Ok(())
    }
}

fn flag(set: bool, flag: u8) -> u32 {
    if set { u32::from(flag) << 24 } else { 0 }
}

fn put_control(output: &mut BytesMut, kind: u16, flags: u32, length: usize) {
    output.put_u32(CONTROL_BIT | u32::from(VERSION) << 16 | u32::from(kind));
    output.put_u32(flags | length as u32);
}

fn put_pair(output: &mut BytesMut, kind: u16, first: u32, second: u32) {
    put_control(output, kind, 0, 8);
    output.put_u32(first);
    output.put_u32(second);
}

#[cfg(test)]
mod tests;
