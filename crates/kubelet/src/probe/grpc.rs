//! Probes with gRPC's health protocol (`grpc.health.v1.Health/Check`), its two small messages written by hand.

use super::{ProbeResult, dial};
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request};
use std::time::Duration;

const METHOD: &str = "/grpc.health.v1.Health/Check";
const AGENT: &str = "kube-probe/1.36";
/// An answer is a few bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const SERVING: u64 = 1;
const OK: &str = "0";
const UNIMPLEMENTED: &str = "12";

pub(super) async fn probe(host: &str, port: u16, service: &str, limit: Duration) -> ProbeResult {
    let asking = async {
        let Ok(stream) = dial::connect(host, port, limit).await else { return Err(not_connected(host, port, limit)) };
        check(stream, &dial::join(host, port), service).await
    };
    match tokio::time::timeout(limit, asking).await {
        Err(_) => ProbeResult::failure(not_connected(host, port, limit)),
        Ok(Err(text)) => ProbeResult::failure(text),
        Ok(Ok(SERVING)) => ProbeResult::success("service healthy"),
        Ok(Ok(status)) => {
            let name = match status {
                0 => "UNKNOWN".to_owned(),
                2 => "NOT_SERVING".to_owned(),
                3 => "SERVICE_UNKNOWN".to_owned(),
                other => other.to_string(),
            };
            ProbeResult::failure(format!("service unhealthy (responded with \"{name}\")"))
        }
    }
}

fn not_connected(host: &str, port: u16, limit: Duration) -> String {
    let address = dial::join(host, port);
    format!("timeout: failed to connect service {address:?} within {}s: context deadline exceeded", limit.as_secs())
}

/// The status that the service answers with.
async fn check(stream: tokio::net::TcpStream, authority: &str, service: &str) -> Result<u64, String> {
    let failed = |error: h2::Error| format!("error: health rpc probe failed: {error}");
    let (sender, connection) = h2::client::handshake(stream).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method("POST")
        .uri(format!("http://{authority}{METHOD}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", AGENT)
        .body(())
        .map_err(|error| error.to_string())?;
    let answer = async {
        let mut sender = sender.ready().await.map_err(failed)?;
        let (response, mut body) = sender.send_request(request, false).map_err(failed)?;
        body.send_data(framed(&question(service)), true).map_err(failed)?;
        read(response.await.map_err(failed)?).await
    };
    let answer = answer.await;
    connection.abort();
    answer
}

async fn read(response: http::Response<h2::RecvStream>) -> Result<u64, String> {
    if !response.status().is_success() {
        return Err(format!(
            "error: health rpc probe failed: unexpected HTTP status code {}",
            response.status().as_u16()
        ));
    }
    let (head, mut body) = response.into_parts();
    let mut message = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(|error| format!("error: health rpc probe failed: {error}"))?;
        if message.len() + piece.len() > MAX_ANSWER_BYTES {
            return Err("error: health rpc probe failed: the answer is too long".to_owned());
        }
        let read = piece.len();
        message.put(piece);
        // More may come as long as the window is given back; a connection that is gone is found at the next read.
        let _gone = body.flow_control().release_capacity(read);
    }
    let trailers = body.trailers().await.map_err(|error| format!("error: health rpc probe failed: {error}"))?;
    // An answer without a message has its status in the head.
    refused(&trailers.unwrap_or(head.headers))?;
    status(&message).ok_or_else(|| "error: health rpc probe failed: the answer is not a health check's".to_owned())
}

fn refused(headers: &HeaderMap) -> Result<(), String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match text("grpc-status") {
        "" | OK => Ok(()),
        UNIMPLEMENTED => Err(format!(
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {}",
            text("grpc-message")
        )),
        code => Err(format!(
            "error: health rpc probe failed: rpc error: code = {} desc = {}",
            name(code),
            text("grpc-message")
        )),
    }
}

fn name(code: &str) -> &str {
    match code {
        "1" => "Canceled",
        "2" => "Unknown",
        "3" => "InvalidArgument",
        "4" => "DeadlineExceeded",
        "5" => "NotFound",
        "7" => "PermissionDenied",
        "8" => "ResourceExhausted",
        "13" => "Internal",
        "14" => "Unavailable",
        "16" => "Unauthenticated",
        other => other,
    }
}

/// `HealthCheckRequest { string service = 1; }`
fn question(service: &str) -> Vec<u8> {
    if service.is_empty() {
        return Vec::new();
    }
    let mut message = vec![0x0a];
    let mut length = service.len();
    while length >= 0x80 {
        message.push((length as u8) | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(service.as_bytes());
    message
}

/// `HealthCheckResponse { ServingStatus status = 1; }` in its frame.
fn status(frame: &[u8]) -> Option<u64> {
    let (&[_compressed, a, b, c, d], message) = frame.split_first_chunk::<5>()?;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    match message.get(..length)? {
        [] => Some(0),
        [0x08, value, ..] if *value < 0x80 => Some(u64::from(*value)),
        _ => None,
    }
}

/// gRPC's frame: not compressed, length, message.
fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.put_slice(message);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_protobuf() {
        assert_eq!(question("ab"), [0x0a, 2, b'a', b'b']);
        assert_eq!(question(&"x".repeat(300))[..3], [0x0a, 0xac, 0x02]);
        assert_eq!(status(&framed(&[8, 1])), Some(1));
        assert_eq!(status(&framed(&[])), Some(0));
        assert_eq!(status(&[0, 0, 0, 0, 9, 8]), None);
    }
}
