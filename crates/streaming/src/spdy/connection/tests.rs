use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::spdy::frame::{Decoder, Encoder};
use crate::testing::within;

fn headers(stream_type: &str) -> HeaderMap {
    [(http::HeaderName::from_static("streamtype"), stream_type.parse().unwrap())].into_iter().collect()
}

fn pair(client: Config, server: Config) -> ((Connection, Incoming), (Connection, Incoming)) {
    let (near, far) = duplex(16 * 1024);
    (Connection::client(near, client), Connection::server(far, server))
}

/// A server's end driven frame by frame.
struct Wire {
    io: DuplexStream,
    encoder: Encoder,
    decoder: Decoder,
    buffer: BytesMut,
}

impl Wire {
    fn new(io: DuplexStream) -> Self {
        Self { io, encoder: Encoder::default(), decoder: Decoder::default(), buffer: BytesMut::new() }
    }

    async fn send(&mut self, frame: Frame) {
        let mut bytes = BytesMut::new();
        self.encoder.encode(&frame, &mut bytes).unwrap();
        self.io.write_all(&bytes).await.unwrap();
    }

    async fn receive(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.decode(&mut self.buffer).unwrap() {
                return Some(frame);
            }
            if self.io.read_buf(&mut self.buffer).await.unwrap() == 0 {
                return None;
            }
        }
    }
}

#[tokio::test]
async fn streams_carry_data_both_ways_and_half_close() {
    within(async {
        let ((client, _), (_server, mut incoming)) = pair(Config::default(), Config::default());
        let server_side = tokio::spawn(async move {
            let new = incoming.next().await.unwrap();
            assert_eq!(new.headers()["streamtype"], "data");
            let mut stream = new.accept().await.unwrap();
            let mut read = Vec::new();
            stream.read_to_end(&mut read).await.unwrap();
            stream.write_all(b"got ").await.unwrap();
            stream.write_all(&read).await.unwrap();
            stream.shutdown().await.unwrap();
            incoming
        });
        let mut stream = client.create_stream(headers("data"), false).await.unwrap();
        assert_eq!(stream.id(), 1);
        stream.write_all(b"hello").await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(stream.write_all(b"more").await.is_err());
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "got hello");
        server_side.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn megabytes_pass_through_small_buffers() {
    within(async {
        let ((client, _), (_server, mut incoming)) = pair(Config::default(), Config::default());
        tokio::spawn(async move {
            let stream = incoming.next().await.unwrap().accept().await.unwrap();
            let (mut read, mut write) = tokio::io::split(stream);
            tokio::io::copy(&mut read, &mut write).await.unwrap();
            write.shutdown().await.unwrap();
            // Keeps the stream until the client is done.
            incoming.next().await;
        });
        let sent: Vec<u8> = (0..3_000_000_u32).map(|byte| byte as u8).collect();
        let (mut read, mut write) = tokio::io::split(client.create_stream(headers("echo"), false).await.unwrap());
        let expected = sent.clone();
        let writing = tokio::spawn(async move {
            write.write_all(&sent).await.unwrap();
            write.shutdown().await.unwrap();
            write
        });
        let mut received = Vec::new();
        read.read_to_end(&mut received).await.unwrap();
        assert!(received == expected);
        writing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn refused_stream_fails_at_its_opener() {
    within(async {
        let ((client, _), (_server, mut incoming)) = pair(Config::default(), Config::default());
        let refusing = tokio::spawn(async move {
            incoming.next().await.unwrap().refuse().await;
            incoming
        });
        let error = client.create_stream(headers("data"), false).await.err().unwrap();
        assert_eq!(error.to_string(), "Stream reset");
        refusing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn close_delivers_what_was_written_and_reads_as_the_end() {
    within(async {
        let ((client, _), (server, mut incoming)) = pair(Config::default(), Config::default());
        let opening = tokio::spawn(async move { (client.create_stream(headers("out"), false).await.unwrap(), client) });
        let mut written = incoming.next().await.unwrap().accept().await.unwrap();
        let (mut stream, client) = opening.await.unwrap();
        written.write_all(b"last words").await.unwrap();
        server.close().await;
        let mut read = String::new();
        stream.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "last words");
        assert!(client.closed().await.is_none());
        assert!(matches!(client.create_stream(headers("more"), false).await, Err(SpdyError::Closed)));
    })
    .await;
}

#[tokio::test]
async fn dropping_a_stream_resets_it_after_its_data() {
    within(async {
        let ((client, _), (_server, mut incoming)) = pair(Config::default(), Config::default());
        let opening = tokio::spawn(async move { (client.create_stream(headers("out"), false).await.unwrap(), client) });
        let mut written = incoming.next().await.unwrap().accept().await.unwrap();
        let (mut stream, _client) = opening.await.unwrap();
        written.write_all(b"unfinished").await.unwrap();
        drop(written);
        let mut read = String::new();
        stream.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "unfinished");
        assert!(stream.write_all(b"x").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn lost_connection_is_an_error_for_its_streams() {
    within(async {
        let (near, far) = duplex(4096);
        let (client, _) = Connection::client(near, Config::default());
        let mut wire = Wire::new(far);
        let opening = tokio::spawn(async move { (client.create_stream(headers("out"), false).await.unwrap(), client) });
        assert!(matches!(wire.receive().await, Some(Frame::SynStream { stream_id: 1, .. })));
        wire.send(Frame::SynReply { stream_id: 1, fin: false, headers: HeaderMap::new() }).await;
        wire.send(Frame::Data { stream_id: 1, fin: false, data: Bytes::from_static(b"half") }).await;
        let (mut stream, _client) = opening.await.unwrap();
        drop(wire);
        let mut read = Vec::new();
        let error = stream.read_to_end(&mut read).await.unwrap_err();
        assert_eq!((read.as_slice(), error.kind()), (&b"half"[..], std::io::ErrorKind::UnexpectedEof));
    })
    .await;
}

#[tokio::test]
async fn slow_reader_bounds_memory_by_holding_up_the_connection() {
    within(async {
        let config = Config { stream_buffer_bytes: 1000, ..Config::default() };
        let ((client, _), (_server, mut incoming)) = pair(Config::default(), config);
        let opening = tokio::spawn(async move { (client.create_stream(headers("in"), false).await.unwrap(), client) });
        let mut unread = incoming.next().await.unwrap().accept().await.unwrap();
        let (mut stream, _client) = opening.await.unwrap();
        let mut accepted = 0_usize;
        let write_all = async {
            loop {
                accepted += stream.write(&[1; 1000]).await.unwrap();
            }
        };
        // The writer gets stuck: nothing wakes it while nobody reads.
        assert!(tokio::time::timeout(Duration::from_millis(200), write_all).await.is_err());
        let queues_bytes = (OUTGOING_FRAMES + 2) * 1000 + 64 * 1024 + 16 * 1024 + 32 * 1024 + 2000;
        assert!(accepted <= queues_bytes, "{accepted} bytes went somewhere");
        let mut read = vec![0; accepted];
        unread.read_exact(&mut read).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn pings_are_answered_and_sent() {
    within(async {
        let (near, far) = duplex(4096);
        let config = Config { ping_period: Some(Duration::from_millis(20)), ..Config::default() };
        let (_client, _incoming) = Connection::client(near, config);
        let mut wire = Wire::new(far);
        assert_eq!(wire.receive().await, Some(Frame::Ping { id: 1 }));
        wire.send(Frame::Ping { id: 1 }).await;
        wire.send(Frame::Ping { id: 2 }).await;
        while wire.receive().await.unwrap() != (Frame::Ping { id: 2 }) {}
    })
    .await;
}

#[tokio::test]
async fn streams_beyond_the_limit_and_with_wrong_ids_are_reset() {
    within(async {
        let (near, far) = duplex(4096);
        let (_server, _incoming) = Connection::server(near, Config { max_streams: 1, ..Config::default() });
        let mut wire = Wire::new(far);
        let syn = |stream_id| Frame::SynStream {
            stream_id,
            associated_to: 0,
            priority: 0,
            slot: 0,
            fin: false,
            unidirectional: false,
            headers: HeaderMap::new(),
        };
        wire.send(syn(3)).await;
        for (stream_id, status) in
            [(1, ResetStatus::PROTOCOL_ERROR), (4, ResetStatus::PROTOCOL_ERROR), (5, ResetStatus::REFUSED_STREAM)]
        {
            wire.send(syn(stream_id)).await;
            assert_eq!(wire.receive().await, Some(Frame::RstStream { stream_id, status }));
        }
    })
    .await;
}

#[tokio::test]
async fn ping_flood_ends_the_connection() {
    within(async {
        let (near, far) = duplex(64);
        let (server, _incoming) = Connection::server(near, Config::default());
        let mut wire = Wire::new(far);
        // Never reads: the answers cannot leave.
        let flood = async {
            let mut bytes = BytesMut::new();
            wire.encoder.encode(&Frame::Ping { id: 1 }, &mut bytes).unwrap();
            while wire.io.write_all(&bytes).await.is_ok() {}
        };
        let (error, ()) = tokio::join!(server.closed(), flood);
        assert!(matches!(*error.unwrap(), SpdyError::Flood));
    })
    .await;
}

#[tokio::test]
async fn flood_of_streams_that_nobody_accepts_ends_the_connection() {
    within(async {
        let (near, far) = duplex(64);
        let (server, incoming) = Connection::server(near, Config::default());
        drop(incoming);
        let mut wire = Wire::new(far);
        let flood = async {
            for stream_id in (1..).step_by(2) {
                let mut bytes = BytesMut::new();
                let syn = Frame::SynStream {
                    stream_id,
                    associated_to: 0,
                    priority: 0,
                    slot: 0,
                    fin: false,
                    unidirectional: false,
                    headers: HeaderMap::new(),
                };
                wire.encoder.encode(&syn, &mut bytes).unwrap();
                if wire.io.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        };
        let (error, ()) = tokio::join!(server.closed(), flood);
        assert!(matches!(*error.unwrap(), SpdyError::Flood));
    })
    .await;
}

#[tokio::test]
async fn garbage_ends_the_connection_with_an_error() {
    within(async {
        let (near, mut far) = duplex(4096);
        let (server, mut incoming) = Connection::server(near, Config::default());
        far.write_all(b"\x80\x02\x00\x01GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(incoming.next().await.is_none());
        assert_eq!(server.closed().await.unwrap().to_string(), "unsupported SPDY version 2");
    })
    .await;
}

#[tokio::test]
async fn idle_connection_is_ended() {
    within(async {
        let config = Config { idle_timeout: Some(Duration::from_millis(30)), ..Config::default() };
        let (near, _far) = duplex(4096);
        let (server, _incoming) = Connection::server(near, config);
        assert!(matches!(*server.closed().await.unwrap(), SpdyError::Idle));
    })
    .await;
}

#[tokio::test]
async fn last_handle_dropped_ends_the_connection_after_its_streams() {
    within(async {
        let ((client, _), (_server, mut incoming)) = pair(Config::default(), Config::default());
        let opening = tokio::spawn(async move { client.create_stream(headers("data"), false).await.unwrap() });
        let mut there = incoming.next().await.unwrap().accept().await.unwrap();
        let mut here = opening.await.unwrap();
        here.write_all(b"still here").await.unwrap();
        here.shutdown().await.unwrap();
        let mut read = String::new();
        there.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "still here");
        there.shutdown().await.unwrap();
        assert!(incoming.next().await.is_none(), "the client says GOAWAY and closes");
    })
    .await;
}
