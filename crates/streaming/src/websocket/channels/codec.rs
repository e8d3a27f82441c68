//! A message of a channel and its bytes. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// The channel number that says "the stream named by the next byte is at its end" (v5 only).
const CLOSE_SIGNAL: u8 = 255;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// The channel as a byte, the data as it is.
    Binary,
    /// The channel as a digit, the data in base64, in text messages.
    Base64,
}

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub enum ChannelMessage {
    Data(u8, Bytes),
    Close(u8),
    /// Empty messages, and those of the WebSocket itself.
    Nothing,
}

impl Codec {
    pub fn encode(self, channel: u8, data: &[u8]) -> Message {
        match self {
            Self::Binary => {
                let mut message = BytesMut::with_capacity(1 + data.len());
                message.put_u8(channel);
                message.put_slice(data);
                Message::Binary(message.freeze())
            }
            Self::Base64 => {
                let digit = char::from(b'0'.wrapping_add(channel));
                Message::Text(Utf8Bytes::from(format!("{digit}{}", STANDARD.encode(data))))
            }
        }
    }

    pub fn encode_close(channel: u8) -> Message {
        Message::Binary(Bytes::copy_from_slice(&[CLOSE_SIGNAL, channel]))
    }

    /// Text and binary messages are taken alike. `Err` is a peer that breaks the protocol.
    pub fn decode(self, message: &Message, close_signal: bool) -> Result<ChannelMessage, String> {
        let bytes = match message {
            Message::Binary(bytes) => bytes.clone(),
            Message::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            _ => return Ok(ChannelMessage::Nothing),
        };
        let Some(first) = bytes.first().copied() else { return Ok(ChannelMessage::Nothing) };
        if close_signal && first == CLOSE_SIGNAL {
            return match bytes[1..] {
                [channel] => Ok(ChannelMessage::Close(channel)),
                _ => Err("single channel byte should follow stream close signal".to_owned()),
            };
        }
        let data = bytes.slice(1..);
        match self {
            Self::Binary => Ok(ChannelMessage::Data(first, data)),
            Self::Base64 => {
                let data = STANDARD.decode(&data).map_err(|error| error.to_string())?;
                Ok(ChannelMessage::Data(first.wrapping_sub(b'0'), Bytes::from(data)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
