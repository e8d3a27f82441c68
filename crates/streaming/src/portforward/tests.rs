use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;
use crate::BoxStream;
use crate::testing::{Server, within};

/// A runtime whose pod echoes on port 80, in capitals, and listens on no other.
fn runtime() -> Server {
    Server::new(|request| async move { serve::handle(request, dial) })
}

async fn dial(port: u16) -> io::Result<BoxStream> {
    if port != 80 {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    let (near, far) = duplex(1024);
    tokio::spawn(async move {
        let (mut read, mut write) = tokio::io::split(far);
        let mut received = Vec::new();
        read.read_to_end(&mut received).await.unwrap();
        write.write_all(&received.to_ascii_uppercase()).await.unwrap();
        write.shutdown().await.unwrap();
    });
    Ok(Box::new(near))
}

fn api_server() -> Server {
    Server::new(|request| async move { handle(request, runtime().backend("http://node:10250/portForward")).await })
}

/// Forwards one connection that sends `text`, and returns what came back.
async fn exchange(connection: &crate::spdy::Connection, port: u16, id: u32, text: &str) -> Result<String, Error> {
    let (mut here, local) = duplex(1024);
    let forwarding = client::forward(connection, port, id, Box::new(local));
    let exchanging = async {
        here.write_all(text.as_bytes()).await.unwrap();
        here.shutdown().await.unwrap();
        let mut answer = String::new();
        here.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (forwarded, answer) = tokio::join!(forwarding, exchanging);
    forwarded.map(|()| answer)
}

#[tokio::test]
async fn connections_are_forwarded_side_by_side_and_failures_are_told() {
    within(async {
        for tunnelled in [false, true] {
            let backend = api_server().backend("/portforward");
            let connection = match tunnelled {
                false => client::connect(backend).await.unwrap(),
                true => client::connect_tunnel(backend).await.unwrap(),
            };
            let big = "x".repeat(300_000);
            let (first, second, refused) = tokio::join!(
                exchange(&connection, 80, 0, "first"),
                exchange(&connection, 80, 1, &big),
                exchange(&connection, 81, 2, ""),
            );
            assert_eq!(first.unwrap(), "FIRST");
            assert!(second.unwrap() == big.to_uppercase());
            assert_eq!(refused.unwrap_err().to_string(), "error forwarding port 81: connection refused");
            assert_eq!(exchange(&connection, 80, 3, "after").await.unwrap(), "AFTER");
            connection.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn streams_without_a_port_are_refused() {
    within(async {
        let connection = client::connect(runtime().backend("/portforward")).await.unwrap();
        for port in ["", "0", "70000", "http"] {
            let headers = [("streamtype", "data"), ("port", port), ("requestid", "0")];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            let error = connection.create_stream(headers.into_iter().collect(), false).await.err().unwrap();
            assert_eq!(error.to_string(), "Stream reset", "port {port:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn refusal_of_the_backend_reaches_a_tunnelling_client() {
    within(async {
        let refusing = Server::new(|_| async { Ok(backend::plain(StatusCode::NOT_FOUND, "no such pod")) });
        let server = Server::new(move |request| {
            let backend = refusing.backend("/portForward");
            async move { handle(request, backend).await }
        });
        let error = client::connect_tunnel(server.backend("/portforward")).await.err().unwrap();
        assert_eq!(error.to_string(), "unable to upgrade connection: no such pod");
    })
    .await;
}

#[test]
fn tunnelled_protocols_lose_their_prefix() {
    let mut headers = HeaderMap::new();
    let offered = "SPDY/3.1+portforward.k8s.io, v4.channel.k8s.io, SPDY/3.1+other";
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offered.parse().unwrap());
    assert_eq!(tunnelled_protocols(&headers), ["portforward.k8s.io"]);
}
