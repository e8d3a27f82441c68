use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, duplex};

use super::copy::copy_both;
use super::*;
use crate::testing::{Server, raw_backend, within};

const REQUEST: &str = "POST /exec HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";

/// Reads the head of a message, to the empty line.
async fn head(io: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A proxy in front of the one backend.
fn proxy(backend: Backend) -> Server {
    let backend = Arc::new(Mutex::new(Some(backend)));
    Server::new(move |request| {
        let backend = backend.lock().unwrap().take();
        async move { handle(request, backend.expect("a second request has reached the proxy")).await }
    })
}

#[tokio::test]
async fn bytes_flow_both_ways_after_101_and_half_close() {
    within(async {
        let (backend, mut there) = raw_backend("http://node:10250/exec/ns/pod?stdin=1");
        let mut client = proxy(backend).connect();
        client.write_all(format!("{REQUEST}early bytes, ").as_bytes()).await.unwrap();
        let request = head(&mut there).await;
        assert!(request.starts_with("POST /exec/ns/pod?stdin=1 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("host: node:10250\r\n") && request.contains("upgrade: echo/1\r\n"), "{request}");
        let answer =
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nX-Own: 1\r\n\r\nhello";
        there.write_all(answer).await.unwrap();
        let answer = head(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
        assert!(answer.contains("upgrade: echo/1\r\n") && answer.contains("x-own: 1\r\n"), "{answer}");
        client.write_all(b"more bytes").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = String::new();
        there.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "early bytes, more bytes");
        there.write_all(b", goodbye").await.unwrap();
        drop(there);
        let mut received = String::new();
        client.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "hello, goodbye");
    })
    .await;
}

/// A client that is refused could go on to speak to the backend, with the API server's credentials, if the proxy left
/// the connection open between them.
#[tokio::test]
async fn cve_2018_1002105_refused_upgrade_leaves_no_connection_to_the_backend() {
    within(async {
        let (backend, mut there) = raw_backend("http://node/exec");
        let mut client = proxy(backend).connect();
        let smuggled = "GET /runningpods/ HTTP/1.1\r\nHost: node\r\n\r\n";
        client.write_all(format!("{REQUEST}{smuggled}").as_bytes()).await.unwrap();
        head(&mut there).await;
        there
            .write_all(b"HTTP/1.1 403 Forbidden\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nnope")
            .await
            .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n") && answer.ends_with("\r\n\r\nnope"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        let mut leaked = Vec::new();
        there.read_to_end(&mut leaked).await.unwrap();
        assert_eq!(leaked, b"", "the backend sees the end of its connection and nothing else");
    })
    .await;
}

/// A compromised node could redirect the API server's request to another node.
#[tokio::test]
async fn cve_2020_8559_redirects_are_neither_followed_nor_passed_on() {
    within(async {
        for code in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "200 OK"] {
            let (backend, mut there) = raw_backend("http://node/exec");
            let mut client = proxy(backend).connect();
            client.write_all(REQUEST.as_bytes()).await.unwrap();
            head(&mut there).await;
            let answer = format!("HTTP/1.1 {code}\r\nLocation: http://other/exec\r\nContent-Length: 0\r\n\r\n");
            there.write_all(answer.as_bytes()).await.unwrap();
            let answer = head(&mut client).await;
            assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
            assert!(!answer.to_lowercase().contains("location"), "{answer}");
            let expected = format!("invalid upgrade response: status code {}\n", &code[..3]);
            let mut text = vec![0; expected.len()];
            client.read_exact(&mut text).await.unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn credentials_of_the_client_stay_here() {
    within(async {
        let (backend, mut there) = raw_backend("http://user:secret@node/exec");
        let own: HeaderMap = [(header::USER_AGENT, "tiphys".parse().unwrap())].into_iter().collect();
        let backend = backend.with_headers(own).with_forwarded_for([10, 0, 0, 9].into());
        let mut client = proxy(backend).connect();
        let credentials = "Authorization: Bearer t\r\nImpersonate-User: u\r\nImpersonate-Extra-Scopes: s\r\n\
            X-Remote-User: r\r\nProxy-Authorization: p\r\nX-Forwarded-For: 10.0.0.1\r\nUser-Agent: curl\r\n\r\n";
        let request = REQUEST.replacen("\r\n\r\n", &format!("\r\n{credentials}"), 1);
        client.write_all(request.as_bytes()).await.unwrap();
        let sent = head(&mut there).await.to_lowercase();
        for secret in ["authorization", "impersonate", "x-remote", "secret", "curl"] {
            assert!(!sent.contains(secret), "{secret} in {sent}");
        }
        assert!(sent.contains("x-forwarded-for: 10.0.0.1, 10.0.0.9\r\n"), "{sent}");
        assert!(sent.contains("user-agent: tiphys\r\n") && sent.contains("host: node\r\n"), "{sent}");
    })
    .await;
}

#[tokio::test]
async fn failures_before_an_answer_are_errors() {
    within(async {
        let request = |upgrade: bool| {
            let builder = Request::builder().method("POST").uri("/exec");
            let builder = if upgrade { builder.header("Connection", "keep-alive, Upgrade") } else { builder };
            builder.body(()).unwrap()
        };
        let (backend, _there) = raw_backend("/exec");
        let error = handle(request(false), backend).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.http_status().as_u16()), ("Upgrade request required", 400));
        let (backend, _there) = raw_backend("/exec");
        assert!(matches!(handle(request(true), backend).await, Err(Error::NotUpgradable)));

        let refused =
            Backend::new("/exec".parse().unwrap(), || async { Err(std::io::ErrorKind::ConnectionRefused.into()) });
        let mut client = proxy(refused).connect();
        client.write_all(REQUEST.as_bytes()).await.unwrap();
        assert!(head(&mut client).await.starts_with("HTTP/1.1 500 "));

        let (backend, mut there) = raw_backend("/exec");
        let mut client = proxy(backend).connect();
        client.write_all(REQUEST.as_bytes()).await.unwrap();
        head(&mut there).await;
        there.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
        assert!(head(&mut client).await.starts_with("HTTP/1.1 500 "));
    })
    .await;
}

#[tokio::test]
async fn silent_connections_are_ended() {
    within(async {
        let ((near, _client), (far, _backend)) = (duplex(64), duplex(64));
        let error = copy_both(near, far, Duration::from_millis(30)).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    })
    .await;
}

#[test]
fn upgrade_requests_are_told_by_any_connection_header() {
    let headers = |values: &[&str]| -> HeaderMap {
        values.iter().map(|value| (header::CONNECTION, value.parse().unwrap())).collect()
    };
    assert!(is_upgrade_request(&headers(&["Upgrade"])));
    assert!(is_upgrade_request(&headers(&["keep-alive, upgrade"])));
    assert!(is_upgrade_request(&headers(&["keep-alive", "UPGRADE"])));
    assert!(!is_upgrade_request(&headers(&["keep-alive"])));
    assert!(!is_upgrade_request(&headers(&[])));
}
