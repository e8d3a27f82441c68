//! exec and attach: stdin, stdout, stderr, terminal sizes and the final status as streams beside each other.
//!
//! | transport | protocols | streams |
//! | --- | --- | --- |
//! | SPDY | `v4`, `v3`, `v2.channel.k8s.io`, `channel.k8s.io` in X-Stream-Protocol-Version | named by the header `streamType` |
//! | WebSocket | `v5`, `v4.channel.k8s.io`, `v4.base64`, `base64.channel.k8s.io`, `channel.k8s.io`, none | numbered channels |

pub mod client;
mod outcome;
pub mod serve;
mod translate;

use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::websocket::channels::{Codec, Framing};
pub use outcome::Outcome;
pub(crate) use translate::translate;

pub(crate) const STREAM_TYPE: &str = "streamtype";
pub(crate) const PROTOCOL_VERSION: &str = "x-stream-protocol-version";
pub(crate) const SPDY_31: &str = "SPDY/3.1";

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;

pub type BoxReader = Box<dyn AsyncRead + Send + Unpin>;
pub type BoxWriter = Box<dyn AsyncWrite + Send + Unpin>;

/// Which streams a request asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    /// A terminal has no stderr of its own, and has a size.
    pub tty: bool,
}

impl Options {
    /// Reads the query of an exec or attach request. Without any stream there is an error, in upstream's words.
    pub fn from_query(query: &str) -> Result<Self, String> {
        let mut options = Self::default();
        for parameter in query.split('&') {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let value = matches!(value, "1" | "true");
            match name {
                "stdin" | "input" => options.stdin |= value,
                "stdout" | "output" => options.stdout |= value,
                "stderr" | "error" => options.stderr |= value,
                "tty" => options.tty |= value,
                _ => {}
            }
        }
        options.stderr &= !options.tty;
        if options.stdin || options.stdout || options.stderr {
            Ok(options)
        } else {
            Err("you must specify at least 1 of stdin, stdout, stderr".to_owned())
        }
    }
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol {
    /// The name on the wire. That of WebSockets without a subprotocol is empty.
    pub name: &'static str,
    codec: Codec,
    /// The error stream carries a Status in JSON, else an error text.
    json_status: bool,
    resize: bool,
    close_signal: bool,
}

impl Protocol {
    const fn new(name: &'static str, codec: Codec, json_status: bool, resize: bool, close_signal: bool) -> Self {
        Self { name, codec, json_status, resize, close_signal }
    }

    pub const V5: Self = Self::new("v5.channel.k8s.io", Codec::Binary, true, true, true);
    pub const V4: Self = Self::new("v4.channel.k8s.io", Codec::Binary, true, true, false);
    pub const V3: Self = Self::new("v3.channel.k8s.io", Codec::Binary, false, true, false);
    pub const V2: Self = Self::new("v2.channel.k8s.io", Codec::Binary, false, false, false);
    pub const V1: Self = Self::new("channel.k8s.io", Codec::Binary, false, false, false);
    pub const V4_BASE64: Self = Self::new("v4.base64.channel.k8s.io", Codec::Base64, true, true, false);
    pub const V1_BASE64: Self = Self::new("base64.channel.k8s.io", Codec::Base64, false, true, false);
    pub const UNNAMED: Self = Self::new("", Codec::Binary, false, true, false);

    /// Over SPDY, most wanted first.
    pub const SPDY: [Self; 4] = [Self::V4, Self::V3, Self::V2, Self::V1];
    /// Over WebSockets. (`channel.k8s.io` carries sizes there, though it does not over SPDY.)
    pub const WEBSOCKET: [Self; 6] = [
        Self::V5,
        Self::V4,
        Self::V4_BASE64,
        Self::new("channel.k8s.io", Codec::Binary, false, true, false),
        Self::V1_BASE64,
        Self::UNNAMED,
    ];

    /// The first of the `offered` that is `supported`.
    pub(crate) fn negotiate(offered: &[&str], supported: &[Self]) -> Option<Self> {
        offered.iter().find_map(|name| supported.iter().copied().find(|protocol| protocol.name == *name))
    }

    fn framing(self, is_client: bool) -> Framing {
        Framing { codec: self.codec, close_signal: self.close_signal, sends_close: self.close_signal && is_client }
    }
}

/// A terminal's size as the resize stream carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    pub width: u16,
    pub height: u16,
}

impl TerminalSize {
    pub fn to_json(self) -> String {
        format!("{{\"Width\":{},\"Height\":{}}}\n", self.width, self.height)
    }
}

fn stream_headers(stream_type: &'static str) -> HeaderMap {
    let value = http::HeaderValue::from_static(stream_type);
    [(http::HeaderName::from_static(STREAM_TYPE), value)].into_iter().collect()
}

#[cfg(test)]
mod tests;
