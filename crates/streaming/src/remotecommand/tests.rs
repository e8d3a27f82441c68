use std::io::Cursor;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::client::{LocalStreams, exec_spdy, exec_websocket};
use super::serve::Session;
use super::*;
use crate::spdy::Frame;
use crate::testing::{Server, raw_backend, within};
use crate::{backend, exec, spdy};

const ALL: Options = Options { stdin: true, stdout: true, stderr: true, tty: false };
const TERMINAL: Options = Options { stdin: true, stdout: true, stderr: false, tty: true };

/// An output that the test reads afterwards.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl Collected {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl AsyncWrite for Collected {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.lock().unwrap().extend_from_slice(data);
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A container runtime that runs one "command" for every request.
fn runtime<Running>(options: Options, command: impl Fn(Session) -> Running + Clone + Send + Sync + 'static) -> Server
where
    Running: Future<Output = ()> + Send + 'static,
{
    Server::new(move |request| {
        let command = command.clone();
        async move { serve::handle(request, options, command) }
    })
}

/// The API server in front of it.
fn api_server(options: Options, runtime: Server) -> Server {
    Server::new(move |request| {
        let backend = runtime.backend("http://node:10250/exec");
        async move { exec::handle(request, options, backend).await }
    })
}

/// Reads all of stdin, writes it to stdout, its length to stderr, and exits with 7.
async fn cat(mut session: Session) {
    let mut input = Vec::new();
    session.stdin.take().unwrap().read_to_end(&mut input).await.unwrap();
    session.stdout.as_mut().unwrap().write_all(&input).await.unwrap();
    session.stderr.as_mut().unwrap().write_all(format!("{} bytes", input.len()).as_bytes()).await.unwrap();
    session.finish(&Outcome::Exit(7)).await;
}

fn local(input: &'static [u8]) -> (LocalStreams, Collected, Collected) {
    let (stdout, stderr) = (Collected::default(), Collected::default());
    let streams = LocalStreams {
        stdin: Some(Box::new(Cursor::new(input))),
        stdout: Some(Box::new(stdout.clone())),
        stderr: Some(Box::new(stderr.clone())),
        resize: None,
    };
    (streams, stdout, stderr)
}

#[tokio::test]
async fn command_runs_over_spdy_direct_and_through_the_proxy() {
    within(async {
        let runtime = runtime(ALL, cat);
        for server in [runtime.clone(), api_server(ALL, runtime)] {
            let (streams, stdout, stderr) = local(b"some input");
            let outcome = exec_spdy(server.backend("/exec"), streams, spdy::Config::default()).await.unwrap();
            assert_eq!(outcome, Outcome::Exit(7));
            assert_eq!((stdout.text().as_str(), stderr.text().as_str()), ("some input", "10 bytes"));
        }
    })
    .await;
}

#[tokio::test]
async fn v5_websocket_is_translated_to_spdy() {
    within(async {
        let server = api_server(ALL, runtime(ALL, cat));
        let (streams, stdout, stderr) = local(b"some input");
        let outcome = exec_websocket(server.backend("/exec"), streams, &[Protocol::V5]).await.unwrap();
        assert_eq!(outcome, Outcome::Exit(7));
        assert_eq!((stdout.text().as_str(), stderr.text().as_str()), ("some input", "10 bytes"));
    })
    .await;
}

#[tokio::test]
async fn finished_sessions_leave_no_task_behind() {
    within(async {
        let runtime = runtime(ALL, cat);
        let server = api_server(ALL, runtime.clone());
        let config = spdy::Config::default();
        exec_spdy(runtime.backend("/exec"), local(b"1").0, config.clone()).await.unwrap();
        exec_spdy(server.backend("/exec"), local(b"2").0, config).await.unwrap();
        exec_websocket(server.backend("/exec"), local(b"3").0, &[Protocol::V5]).await.unwrap();
        let metrics = tokio::runtime::Handle::current().metrics();
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn megabytes_are_translated_whole() {
    within(async {
        let server = api_server(ALL, runtime(ALL, cat));
        let input: &'static [u8] = vec![b'x'; 2_000_000].leak();
        let (streams, stdout, stderr) = local(input);
        exec_websocket(server.backend("/exec"), streams, &[Protocol::V5]).await.unwrap();
        assert_eq!((stdout.text().len(), stderr.text().as_str()), (2_000_000, "2000000 bytes"));
    })
    .await;
}

/// Before v5 stdin could not be closed, so this command stops at a newline.
#[tokio::test]
async fn older_websocket_protocols_pass_through_to_the_runtime() {
    async fn line(mut session: Session) {
        let mut input = Vec::new();
        let mut stdin = session.stdin.take().unwrap();
        while !input.ends_with(b"\n") {
            input.push(stdin.read_u8().await.unwrap());
        }
        session.stdout.as_mut().unwrap().write_all(&input).await.unwrap();
        session.finish(&Outcome::Failure("broken".to_owned())).await;
    }
    within(async {
        let server = api_server(ALL, runtime(ALL, line));
        for protocol in Protocol::WEBSOCKET.into_iter().filter(|protocol| *protocol != Protocol::V5) {
            let (streams, stdout, _stderr) = local(b"a line\n");
            let outcome = exec_websocket(server.backend("/exec"), streams, &[protocol]).await.unwrap();
            let text = "Internal error occurred: broken";
            let expected =
                if protocol.json_status { text.to_owned() } else { format!("error executing remote command: {text}") };
            assert_eq!(outcome, Outcome::Failure(expected), "{}", protocol.name);
            assert_eq!(stdout.text(), "a line\n", "{}", protocol.name);
        }
    })
    .await;
}

#[tokio::test]
async fn terminal_sizes_reach_the_command() {
    async fn size(mut session: Session) {
        assert!(session.stderr.is_none());
        let mut sizes = vec![0; 2 * TerminalSize { width: 80, height: 24 }.to_json().len()];
        session.resize.as_mut().unwrap().read_exact(&mut sizes).await.unwrap();
        session.stdout.as_mut().unwrap().write_all(&sizes).await.unwrap();
        session.finish(&Outcome::Success).await;
    }
    within(async {
        let runtime = runtime(TERMINAL, size);
        let server = api_server(TERMINAL, runtime.clone());
        for websocket in [false, true] {
            let stdout = Collected::default();
            let (mut resize, resized) = tokio::io::duplex(256);
            let streams = LocalStreams {
                stdin: Some(Box::new(tokio::io::empty())),
                stdout: Some(Box::new(stdout.clone())),
                stderr: None,
                resize: Some(Box::new(resized)),
            };
            for width in [80, 99] {
                resize.write_all(TerminalSize { width, height: 24 }.to_json().as_bytes()).await.unwrap();
            }
            let outcome = if websocket {
                exec_websocket(server.backend("/exec"), streams, &[Protocol::V5]).await
            } else {
                exec_spdy(server.backend("/exec"), streams, spdy::Config::default()).await
            };
            assert_eq!(outcome.unwrap(), Outcome::Success);
            assert_eq!(stdout.text(), "{\"Width\":80,\"Height\":24}\n{\"Width\":99,\"Height\":24}\n");
        }
    })
    .await;
}

#[tokio::test]
async fn refusal_of_the_backend_reaches_a_translated_client_as_its_status() {
    const STATUS: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pod does not exist","reason":"NotFound","code":404}"#;
    within(async {
        for (body, expected) in [
            (STATUS, "pod does not exist"),
            ("container not running", "Internal error occurred: unable to upgrade connection: container not running"),
        ] {
            let refusing = Server::new(move |_| async move { Ok(backend::plain(StatusCode::NOT_FOUND, body)) });
            let (streams, _, _) = local(b"");
            let server = api_server(ALL, refusing);
            let outcome = exec_websocket(server.backend("/exec"), streams, &[Protocol::V5]).await.unwrap();
            assert_eq!(outcome, Outcome::Failure(expected.to_owned()));
        }
    })
    .await;
}

/// Streams that end without a status mean success to client-go, which takes a lost connection for that, too.
#[tokio::test]
async fn lost_backend_is_not_success() {
    within(async {
        let (backend, mut there) = raw_backend("/exec");
        let (streams, stdout, _) = local(b"");
        let client = tokio::spawn(exec_spdy(backend, streams, spdy::Config::default()));
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(there.read_u8().await.unwrap());
        }
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\
            X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n";
        there.write_all(answer.as_bytes()).await.unwrap();
        let (mut decoder, mut encoder) = (spdy::Decoder::default(), spdy::Encoder::default());
        let (mut input, mut opened) = (BytesMut::new(), Vec::new());
        while opened.len() < 4 {
            there.read_buf(&mut input).await.unwrap();
            while let Some(Frame::SynStream { stream_id, headers, .. }) = decoder.decode(&mut input).unwrap() {
                opened.push(headers[STREAM_TYPE].to_str().unwrap().to_owned());
                let mut output = BytesMut::new();
                let reply = Frame::SynReply { stream_id, fin: false, headers: HeaderMap::new() };
                encoder.encode(&reply, &mut output).unwrap();
                there.write_all(&output).await.unwrap();
            }
        }
        assert_eq!(opened, ["error", "stdin", "stdout", "stderr"]);
        let (mut output, half) = (BytesMut::new(), Bytes::from_static(b"half"));
        encoder.encode(&Frame::Data { stream_id: 5, fin: false, data: half }, &mut output).unwrap();
        there.write_all(&output).await.unwrap();
        drop(there);
        assert_eq!(client.await.unwrap().unwrap_err().to_string(), "the connection was lost");
        assert_eq!(stdout.text(), "half");
    })
    .await;
}

#[tokio::test]
async fn session_with_the_backend_ends_when_a_translated_client_leaves() {
    within(async {
        let (ended, mut has_ended) = mpsc::channel(1);
        let forever = move |mut session: Session| {
            let ended = ended.clone();
            async move {
                session.stdout.as_mut().unwrap().write_all(b"started").await.unwrap();
                session.transport.client_gone().await;
                ended.send(()).await.unwrap();
            }
        };
        let server = api_server(ALL, runtime(ALL, forever));
        let (mut stdout, written) = tokio::io::duplex(256);
        let (_stdin_stays_open, stdin) = tokio::io::duplex(256);
        let streams =
            LocalStreams { stdin: Some(Box::new(stdin)), stdout: Some(Box::new(written)), stderr: None, resize: None };
        let client = tokio::spawn(exec_websocket(server.backend("/exec"), streams, &[Protocol::V5]));
        let mut started = [0; 7];
        stdout.read_exact(&mut started).await.unwrap();
        client.abort();
        has_ended.recv().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn unknown_protocols_are_refused_with_those_that_are_known() {
    within(async {
        let server = runtime(ALL, cat);
        let error =
            super::client::connect_spdy(server.backend("/exec"), &["v9.channel.k8s.io"], spdy::Config::default())
                .await
                .err()
                .unwrap();
        assert_eq!(
            error.to_string(),
            "unable to upgrade connection: unable to upgrade: unable to negotiate protocol: client supports \
             [v9.channel.k8s.io], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]"
        );
        let request = http::Request::builder().header("Connection", "upgrade").header("Upgrade", "SPDY/3.1");
        let answer = serve::handle(request.body(()).unwrap(), ALL, cat).unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "unable to upgrade: X-Stream-Protocol-Version is required\n");
    })
    .await;
}

#[test]
fn options_are_read_from_a_query() {
    assert_eq!(Options::from_query("command=ls&stdin=true&stdout=1&stderr=true"), Ok(ALL));
    assert_eq!(Options::from_query("stdin=1&stdout=1&stderr=1&tty=true"), Ok(TERMINAL));
    assert_eq!(
        Options::from_query("command=ls&stdin=false"),
        Err("you must specify at least 1 of stdin, stdout, stderr".to_owned())
    );
}
