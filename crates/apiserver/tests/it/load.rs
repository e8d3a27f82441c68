//! The server under load, and against clients that mean no good: real HTTP/2 clients on real sockets.

use crate::cluster::Cluster;
use api_core::v1::ConfigMap;
use authn::UserInfo;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response, StatusCode};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a client takes of a stream that it does not read.
const STREAM_WINDOW: u32 = 16 * 1024;

/// An HTTP/2 connection.
struct Connection {
    send: SendRequest<Bytes>,
    ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Connection {
    async fn open(cluster: &Cluster) -> Connection {
        // Streams that nobody reads must not keep others from being read.
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(STREAM_WINDOW * 1_024);
        let (send, connection) = builder.handshake(cluster.connect().await).await.unwrap();
        Connection { send, ended: tokio::spawn(connection) }
    }

    async fn begin(&mut self, request: Request<()>, whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let mut send = self.send.clone().ready().await.unwrap();
        send.send_request(request, whole).unwrap()
    }

    async fn get(&mut self, path: &str, user: &str) -> Response<RecvStream> {
        let (response, _) = self.begin(request("GET", path, user), true).await;
        response.await.unwrap()
    }
}

/// Empty: as the administrator.
fn request(method: &str, path: &str, user: &str) -> Request<()> {
    let builder = Request::builder().method(method).uri(format!("https://server{path}"));
    let builder = builder.header("content-type", "application/json");
    let builder = if user.is_empty() { builder } else { builder.header("impersonate-user", user) };
    builder.body(()).unwrap()
}

async fn body(response: Response<RecvStream>) -> (StatusCode, String) {
    let (head, mut stream) = response.into_parts();
    let mut text = Vec::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk.unwrap();
        stream.flow_control().release_capacity(chunk.len()).unwrap();
        text.extend_from_slice(&chunk);
    }
    (head.status, String::from_utf8_lossy(&text).into_owned())
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const MAP: &str = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"late"}}"#;

/// A client that begins requests and resets them at once is cut off long before it has cost much.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2023_44487_rapid_reset_ends_the_connection() {
    const TOO_MANY: usize = 20_000;
    let cluster = Cluster::start().await;
    let connection = Connection::open(&cluster).await;
    let mut sent = 0;
    while sent < TOO_MANY && !connection.ended.is_finished() {
        let Ok(mut send) = connection.send.clone().ready().await else { break };
        let Ok((_, mut stream)) = send.send_request(request("GET", "/api/v1/pods", ""), false) else { break };
        stream.send_reset(h2::Reason::CANCEL);
        sent += 1;
        // Lets the frames leave.
        tokio::task::yield_now().await;
    }
    let ended = tokio::time::timeout(PATIENCE, connection.ended).await.unwrap().unwrap();
    assert!(sent < TOO_MANY, "the server took {sent} resets; {ended:?}");
    let (status, _) = body(Connection::open(&cluster).await.get("/readyz", "").await).await;
    assert_eq!(status, 200, "others are served");
}

/// What a thousand watchers that do not read cost is bounded, and each of them is closed, never skipped.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_watchers_are_closed_within_bounded_memory() {
    const CONNECTIONS: usize = 5;
    const WATCHERS: usize = 200;
    const WRITES: usize = 1_300;
    const VALUE_BYTES: usize = 16 * 1024;
    const MOST_MIB: u64 = 256;
    let cluster = Cluster::start().await;
    let mut connections = Vec::new();
    let mut watches = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(&cluster).await;
        for _ in 0..WATCHERS {
            let response = connection.get(&format!("{CONFIG_MAPS}?watch=1&resourceVersion=0"), "").await;
            assert_eq!(response.status(), 200);
            watches.push(response.into_body());
        }
        connections.push(connection);
    }
    let before = resident_mib();
    let client = cluster.server.client(UserInfo::new("writer", &[authn::MASTERS]), "test/1");
    let mut map = ConfigMap::default();
    (map.metadata.name, map.metadata.namespace) = ("large".into(), "default".into());
    map = client.create(&map).await.unwrap();
    let mut most = 0;
    for number in 0..WRITES {
        map.data = [("value".to_owned(), format!("{number:0VALUE_BYTES$}"))].into();
        map = client.update(&map).await.unwrap();
        if number % 100 == 99 {
            most = most.max(resident_mib().saturating_sub(before));
        }
    }
    println!("{most} MiB more for {} watchers that did not read {WRITES} events", CONNECTIONS * WATCHERS);
    assert!(most < MOST_MIB, "{most} MiB");
    let last = format!("\"{:0VALUE_BYTES$}\"", WRITES - 1);
    for mut watch in watches.into_iter().step_by(97) {
        let mut text = Vec::new();
        let reading = async {
            while let Some(chunk) = watch.data().await {
                let chunk = chunk.unwrap();
                watch.flow_control().release_capacity(chunk.len()).unwrap();
                text.extend_from_slice(&chunk);
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("the server has closed the watch");
        let text = String::from_utf8(text).unwrap();
        let numbers: Vec<usize> = text.lines().filter_map(number_of).collect();
        assert!(numbers.iter().enumerate().all(|(at, number)| at == *number), "none is skipped: {numbers:?}");
        assert!(!text.contains(&last), "it was too slow for the last one");
    }
}

/// The number of the write that an event shows.
fn number_of(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once("\"value\":\"")?;
    let digits = rest.split('"').next()?.trim_start_matches('0');
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// One user's requests that do not end hold all seats; others of that level wait, and are told when to come again.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_seat_requests_wait_and_then_are_sent_away() {
    let cluster = Cluster::start_with(|config| {
        config.flow.max_requests_inflight = 60;
        config.flow.max_mutating_requests_inflight = 40;
        config.flow.request_timeout = Duration::from_secs(4);
    })
    .await;
    cluster.until(&["get", "flowschemas", "global-default"], "False").await;
    let mut connection = Connection::open(&cluster).await;
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(connection.begin(request("POST", CONFIG_MAPS, "slow"), false).await);
    }
    let waiting = |level: &str| {
        let line = level.lines().find(|line| line.starts_with("global-default,")).unwrap_or_default();
        line.split(',').nth(4).is_some_and(|count| count.trim() != "0")
    };
    while !waiting(&cluster.ok(&["get", "--raw", LEVELS], "").await) {}
    let started = Instant::now();
    let refused = connection.get(CONFIG_MAPS, "other").await;
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(900), "a quarter of its time, not {waited:?}");
    let headers = refused.headers().clone();
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let uid = cluster.ok(&["get", "flowschema", "global-default", "-o", "jsonpath={.metadata.uid}"], "").await;
    assert_eq!(headers["x-kubernetes-pf-flowschema-uid"], *uid);
    assert_eq!(
        body(refused).await,
        (StatusCode::TOO_MANY_REQUESTS, "Too many requests, please try again later.\n".into())
    );
    // The administrator is exempt.
    assert_eq!(connection.get(CONFIG_MAPS, "").await.status(), 200);
    let (slow, _sending) = slow.remove(0);
    let (status, text) = body(slow.await.unwrap()).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert!(text.contains("request did not complete within requested timeout - context deadline exceeded"), "{text}");
    assert_eq!(connection.get(CONFIG_MAPS, "other").await.status(), 403);
    let metrics = cluster.ok(&["get", "--raw", "/metrics"], "").await;
    let rejected = "apiserver_flowcontrol_rejected_requests_total{flow_schema=\"global-default\",priority_level=\"global-default\",reason=\"time-out\"} ";
    assert!(metrics.contains(rejected), "{metrics}");
}

/// More than the level's seats.
const SLOW: usize = 60;
const LEVELS: &str = "/debug/api_priority_and_fairness/dump_priority_levels";
const DUMP: &str = "/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1";

#[tokio::test(flavor = "multi_thread")]
async fn plain_limits_count_reads_and_writes_apart() {
    let cluster = Cluster::start_with(|config| {
        config.flow.enable_priority_and_fairness = false;
        config.flow.max_requests_inflight = 100;
        config.flow.max_mutating_requests_inflight = 1;
    })
    .await;
    let mut connection = Connection::open(&cluster).await;
    let (slow, mut sending) = connection.begin(request("POST", CONFIG_MAPS, "slow"), false).await;
    let started = Instant::now();
    let refused = loop {
        let (other, _) = connection.begin(request("DELETE", &format!("{CONFIG_MAPS}/x"), "other"), true).await;
        let other = other.await.unwrap();
        if other.status() == 429 {
            break other;
        }
        assert!(started.elapsed() < PATIENCE);
    };
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(!refused.headers().contains_key("x-kubernetes-pf-flowschema-uid"));
    assert_eq!(connection.get(CONFIG_MAPS, "other").await.status(), 403);
    sending.send_data(MAP.into(), true).unwrap();
    assert_eq!(slow.await.unwrap().status(), 403);
}

/// What was accepted is answered; watches end; nobody new is let in.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_requests_finish_and_watches_end() {
    let cluster = Cluster::start().await;
    let mut connection = Connection::open(&cluster).await;
    let (slow, mut sending) = connection.begin(request("POST", CONFIG_MAPS, ""), false).await;
    let watch = connection.get(&format!("{CONFIG_MAPS}?watch=1"), "").await;
    cluster.until(&["get", "--raw", DUMP], "configmaps,").await;
    cluster.server.not_ready();
    let (status, text) = body(connection.get("/readyz?verbose", "").await).await;
    assert!(status == 500 && text.contains("[-]shutdown failed: reason withheld\n"), "{text}");
    assert_eq!(connection.get("/livez", "").await.status(), 200);
    cluster.stop();
    let (status, _) = tokio::time::timeout(PATIENCE, body(watch)).await.expect("the watch ends");
    assert_eq!(status, 200);
    sending.send_data(MAP.into(), true).unwrap();
    let (status, text) = body(slow.await.unwrap()).await;
    assert_eq!(status, 201, "{text}");
    drop(connection.send);
    tokio::time::timeout(PATIENCE, connection.ended).await.unwrap().unwrap().unwrap();
    let url = format!("{}/readyz", cluster.server.url);
    let refused = tokio::net::TcpStream::connect(url.trim_start_matches("https://").split('/').next().unwrap()).await;
    assert!(refused.is_err(), "nobody new is let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_sends_away_with_a_time_to_come_again() {
    let cluster = Cluster::start_with(|config| config.flow.shutdown_send_retry_after = true).await;
    let mut connection = Connection::open(&cluster).await;
    let (slow, mut sending) = connection.begin(request("POST", CONFIG_MAPS, ""), false).await;
    cluster.until(&["get", "--raw", DUMP], "configmaps,").await;
    let mut other = Connection::open(&cluster).await;
    cluster.stop();
    let started = Instant::now();
    let refused = loop {
        let response = other.get(CONFIG_MAPS, "").await;
        if response.status() == 429 {
            break response;
        }
        assert!(started.elapsed() < PATIENCE);
    };
    assert_eq!(refused.headers()["retry-after"], "5");
    let (_, text) = body(refused).await;
    assert_eq!(text, "The apiserver is shutting down, please try again later.\n");
    assert_eq!(
        Connection::open(&cluster).await.get("/livez", "").await.status(),
        200,
        "connections are taken until the end"
    );
    sending.send_data(MAP.into(), true).unwrap();
    assert_eq!(slow.await.unwrap().status(), 201);
}

/// A client of many is asked to connect anew, so that they spread over the servers behind one address.
#[tokio::test(flavor = "multi_thread")]
async fn goaway_chance_ends_connections_after_their_requests() {
    let cluster = Cluster::start_with(|config| config.flow.goaway_chance = 1.0).await;
    let mut connection = Connection::open(&cluster).await;
    assert_eq!(connection.get("/readyz", "").await.status(), 200);
    tokio::time::timeout(PATIENCE, connection.ended).await.unwrap().unwrap().unwrap();
}

/// Headers beyond the limit are refused before anything is done for them.
#[tokio::test(flavor = "multi_thread")]
async fn headers_have_a_limit() {
    let cluster = Cluster::start().await;
    let mut connection = Connection::open(&cluster).await;
    let mut large = request("GET", "/readyz", "");
    for number in 0..300 {
        let name = http::HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap();
        large.headers_mut().insert(name, "x".repeat(8_000).parse().unwrap());
    }
    let (response, _) = connection.begin(large, true).await;
    match response.await {
        Ok(response) => assert_eq!(response.status(), 431),
        Err(error) => assert!(error.is_reset() || error.is_go_away() || error.is_io(), "{error}"),
    }
    assert_eq!(Connection::open(&cluster).await.get("/readyz", "").await.status(), 200);
}
