use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bytes::WebSocketBytes;
use super::*;
use crate::testing::{Server, within};

/// A server that accepts `chosen` and echoes the bytes of all messages.
fn echo(chosen: Option<&'static str>) -> Server {
    Server::new(move |mut request| async move {
        let (response, client) = match accept(&mut request, chosen) {
            Ok(accepted) => accepted,
            Err(rejection) => return Ok(*rejection),
        };
        tokio::spawn(async move {
            let socket = server(upgrade::stream(client.await.unwrap())).await;
            let (mut read, mut write) = tokio::io::split(WebSocketBytes::new(socket));
            tokio::io::copy(&mut read, &mut write).await.unwrap();
            write.shutdown().await.unwrap();
        });
        Ok(response)
    })
}

#[tokio::test]
async fn bytes_survive_a_websocket_and_its_close_is_their_end() {
    within(async {
        let (socket, chosen) = connect(echo(Some("b")).backend("/"), &["a", "b"]).await.unwrap();
        assert_eq!(chosen, "b");
        let (mut read, mut write) = tokio::io::split(WebSocketBytes::new(socket));
        let sent: Vec<u8> = (0..500_000_u32).map(|byte| byte as u8).collect();
        let expected = sent.clone();
        let writing = tokio::spawn(async move {
            write.write_all(&sent).await.unwrap();
            write.flush().await.unwrap();
            write
        });
        let mut received = vec![0; expected.len()];
        read.read_exact(&mut received).await.unwrap();
        assert!(received == expected);
        writing.await.unwrap().shutdown().await.unwrap();
        assert_eq!(read.read(&mut received).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn protocol_that_was_not_offered_is_refused() {
    within(async {
        let error = connect(echo(Some("c")).backend("/"), &["a", "b"]).await.err().unwrap();
        assert!(matches!(error, Error::UnknownProtocol(protocol) if protocol == "c"));
    })
    .await;
}

#[tokio::test]
async fn improper_handshakes_are_answered() {
    let request = |method: &str, version: &str, key: &str| {
        let builder = Request::builder().method(method).uri("/");
        builder.header("Sec-WebSocket-Version", version).header("Sec-WebSocket-Key", key).body(()).unwrap()
    };
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    for (method, version, key, code) in
        [("POST", "13", key, 405), ("GET", "8", key, 400), ("GET", "13", "short", 400), ("GET", "13", key, 400)]
    {
        let rejection = accept(&mut request(method, version, key), None).unwrap_err();
        assert_eq!(rejection.status().as_u16(), code);
    }
}

#[test]
fn websocket_requests_are_told_by_both_headers() {
    let headers = |connection: &str, upgrade: &str| -> HeaderMap {
        [(header::CONNECTION, connection.parse().unwrap()), (header::UPGRADE, upgrade.parse().unwrap())]
            .into_iter()
            .collect()
    };
    assert!(is_websocket_request(&headers("keep-alive, Upgrade", "WebSocket")));
    assert!(!is_websocket_request(&headers("keep-alive", "websocket")));
    assert!(!is_websocket_request(&headers("Upgrade", "SPDY/3.1")));
}

#[test]
fn protocols_are_read_from_all_headers() {
    let mut headers = HeaderMap::new();
    headers.append(header::SEC_WEBSOCKET_PROTOCOL, "a, b,".parse().unwrap());
    headers.append(header::SEC_WEBSOCKET_PROTOCOL, "c".parse().unwrap());
    assert_eq!(requested_protocols(&headers), ["a", "b", "c"]);
}
