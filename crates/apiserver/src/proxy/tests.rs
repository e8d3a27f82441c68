use super::location::{self, Asked, Location};
use super::*;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kind::ApiError;
use parking_lot::Mutex;
use schema::{Value, value};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use streaming::BoxStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const DEADLINE: Duration = Duration::from_secs(10);

/// Connects to one backend of the test, whatever is asked for.
struct One(Mutex<Option<DuplexStream>>);

impl Dial for One {
    fn dial<'a>(&'a self, _to: &'a Destination) -> BoxFuture<'a, io::Result<BoxStream>> {
        let stream = self.0.lock().take();
        Box::pin(async move {
            let stream = stream.ok_or_else(|| io::Error::other("a second connection to the backend"))?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// A request on its way to a backend, whose end of the connection this is.
fn forward(manners: Manners, path: &str) -> (Forward, DuplexStream) {
    let (near, far) = duplex(64 << 10);
    let client_path = format!("/api/v1/namespaces/ns/services/web/proxy{path}");
    let forward = Forward {
        destination: Destination { host: "10.1.2.3".into(), port: 8080, security: Security::Plain, checked: true },
        dial: Arc::new(One(Mutex::new(Some(near)))),
        method: Method::GET,
        path: path.into(),
        query: "q=1&r".into(),
        headers: HeaderMap::new(),
        identity: HeaderMap::new(),
        client: "192.0.2.7".into(),
        client_path,
        body: Bytes::new(),
        manners,
        pool: None,
    };
    (forward, far)
}

/// Reads the head of a message, to the empty line.
async fn head(io: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn text(response: Response<serve::Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Lets a backend answer a request with these bytes; what it was asked, and what the client gets.
async fn exchange(
    forward: Forward,
    mut far: DuplexStream,
    answer: &str,
) -> (String, Result<Response<serve::Body>, ApiError>) {
    let both = async {
        tokio::join!(forward.complete(None), async {
            let asked = head(&mut far).await;
            far.write_all(answer.as_bytes()).await.unwrap();
            asked
        })
    };
    let (answered, asked) = tokio::time::timeout(DEADLINE, both).await.unwrap();
    (asked, answered)
}

#[test]
fn bodies_stream_only_to_proxies() {
    for path in [
        "/api/v1/nodes/n/proxy/stats",
        "/api/v1/namespaces/a/pods/p/proxy",
        "/api/v1/namespaces/a/services/s:80/proxy/x",
    ] {
        assert!(is_proxied(path), "{path}");
    }
    for path in
        ["/api/v1/nodes/proxy", "/api/v1/namespaces/a/pods/proxy", "/apis/apps/v1/proxy", "/api/v1/namespaces/proxy"]
    {
        assert!(!is_proxied(path), "{path}");
    }
}

#[test]
fn names_have_three_forms() {
    let asked =
        |id| Asked::parse(id, "pod").map(|asked| (asked.tls, asked.name, asked.port)).map_err(|e| e.to_string());
    assert_eq!(asked("web"), Ok((false, "web", "")));
    assert_eq!(asked("web:http"), Ok((false, "web", "http")));
    assert_eq!(asked("https:web:443"), Ok((true, "web", "443")));
    assert_eq!(asked("https:web:"), Ok((true, "web", "")));
    for bad in ["ftp:web:1", ":80", "a:b:c:d", ""] {
        assert_eq!(asked(bad), Err(format!("invalid pod request \"{bad}\"")));
    }
}

/// An address that a pod claims must not lead to what only the API server can reach: its own loopback, or the metadata
/// of a cloud's machine.
#[test]
fn cve_2020_8562_pods_at_addresses_of_the_servers_own_surroundings_are_refused() {
    let asked = Asked::parse("p:6443", "pod").unwrap();
    let at = |ip: &str| location::of_pod(&asked, &value!({ "status": { "podIPs": [{ "ip": ip }] } }));
    for ip in [
        "127.0.0.1",
        "::1",
        "169.254.169.254",
        "fe80::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "::ffff:127.0.0.1",
        "255.255.255.255",
        "",
    ] {
        let refused = at(ip).unwrap_err();
        assert_eq!((refused.code(), refused.to_string().as_str()), (400, "address not allowed"), "{ip}");
    }
    assert_eq!(at("10.1.2.3").unwrap(), Location { tls: false, host: "10.1.2.3".into(), port: 6443 });
}

/// The name is looked up for the connection itself: one that meant something harmless at the check must not mean the
/// loopback now.
#[tokio::test]
async fn cve_2020_8562_the_address_that_is_connected_to_is_the_one_that_is_checked() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = |checked| Destination { host: "localhost".into(), port, security: Security::Plain, checked };
    let error = TcpDial.dial(&to(true)).await.err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert!(TcpDial.dial(&to(false)).await.is_ok());
}

/// Whoever may write a node's addresses could have the API server show its certificate to itself.
#[test]
fn cve_2022_3294_addresses_of_nodes_are_checked_whichever_port_is_asked_for() {
    for id in ["n", "n:10250", "https:n:10250", "n:9100"] {
        let asked = Asked::parse(id, "node").unwrap();
        for host in ["127.0.0.1", "::1", "169.254.169.254"] {
            assert_eq!(location::of_node(&asked, host, 10250), Err(location::not_allowed()), "{id} at {host}");
        }
    }
    let of = |id| location::of_node(&Asked::parse(id, "node").unwrap(), "10.0.0.5", 10250).unwrap();
    assert_eq!((of("n"), of("https:n:10250")), (None, None));
    assert_eq!(of("n:9100"), Some(Location { tls: false, host: "10.0.0.5".into(), port: 9100 }));
}

#[test]
fn a_pod_is_called_at_its_first_port() {
    let pod = value!({
        "spec": { "containers": [{}, { "ports": [{ "containerPort": 8080 }] }] }, "status": { "podIP": "10.1.2.3" }
    });
    let port = |id| location::of_pod(&Asked::parse(id, "pod").unwrap(), &pod).unwrap().port;
    assert_eq!((port("p"), port("p:9090")), (8080, 9090));
    let plain = value!({ "status": { "podIP": "10.1.2.3" } });
    let https = location::of_pod(&Asked::parse("https:p:", "pod").unwrap(), &plain).unwrap();
    assert_eq!((https.tls, https.port), (true, 443));
}

#[test]
fn a_service_is_called_at_an_endpoint_that_is_a_pod_of_the_namespace() {
    let service = value!({ "spec": { "ports": [{ "name": "web", "port": 80 }] } });
    let number = Asked::parse("s:80", "service").unwrap();
    assert_eq!(location::service_port(&number, &service), Ok("web"));
    let other = location::service_port(&Asked::parse("s:81", "service").unwrap(), &service).unwrap_err();
    assert_eq!(other.to_string(), "no service port 81 found for service \"s\"");
    let endpoints = value!({ "subsets": [{
        "addresses": [
            { "ip": "10.0.0.9", "targetRef": { "namespace": "other", "name": "p" } },
            { "ip": "10.0.0.1", "targetRef": { "namespace": "ns", "name": "p" } }
        ],
        "ports": [{ "name": "web", "port": 8080 }]
    }] });
    let pod = value!({ "status": { "podIPs": [{ "ip": "10.0.0.1" }] } });
    let belongs = |address: &Value| location::address_of_pod(address, "ns", Some(&pod));
    for seed in 0..4 {
        let found = location::of_service(&number, "s:80", "web", &endpoints, seed, &belongs).unwrap();
        assert_eq!(found, Location { tls: false, host: "10.0.0.1".into(), port: 8080 });
    }
    let refused = |endpoints: &Value, port: &str| {
        location::of_service(&number, "s:80", port, endpoints, 7, &belongs).unwrap_err().to_string()
    };
    assert_eq!(refused(&endpoints, "none"), "no endpoints available for service \"s:80\"");
    assert_eq!(refused(&value!({}), "web"), "no endpoints available for service \"s\"");
}

#[test]
fn paths_are_joined_as_upstream_does() {
    let below = |path: &str, query: &str| {
        let parts: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
        location::path_below(&parts, path, query)
    };
    assert_eq!(below("/pods/p/proxy", ""), "");
    assert_eq!(below("/pods/p/proxy/", ""), "/");
    assert_eq!(below("/pods/p/proxy/a/b", ""), "/a/b");
    assert_eq!(below("/pods/p/proxy/a//b/", ""), "/a/b/");
    assert_eq!(below("/pods/p/proxy", "x/../../y"), "/y");
    assert_eq!(location::escaped("/a b/ü?"), "/a%20b/%C3%BC%3F");
}

#[test]
fn redirects_of_the_same_host_lead_through_the_proxy() {
    let rewritten = |target| location::rewritten(target, "api:6443", "10.1.2.3:80", "/p/proxy");
    assert_eq!(rewritten("/login?next=/x"), "/p/proxy/login?next=/x");
    assert_eq!(rewritten("http://10.1.2.3:80/login/"), "/p/proxy/login/");
    assert_eq!(rewritten("https://api:6443/login"), "https://api:6443/p/proxy/login");
    assert_eq!(rewritten("/p/proxy/there"), "/p/proxy/there");
    assert_eq!(rewritten("relative"), "relative");
    assert_eq!(rewritten("https://elsewhere/login"), "https://elsewhere/login");
}

#[test]
fn neither_credentials_nor_claims_of_identity_are_passed_on() {
    let claimed = [
        ("authorization", "Bearer secret"),
        ("impersonate-user", "root"),
        ("x-remote-user", "root"),
        ("x-remote-extra-scopes", "all"),
        ("connection", "keep-alive, X-Hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("accept", "text/plain"),
    ];
    let client = claimed.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).into_iter().collect();
    let kept = headers::for_backend(&client);
    assert_eq!(kept.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["accept"]);
    let mut user = authn::UserInfo::new("jane", &["devs"]);
    user.extra.insert("example.com/scope".into(), vec!["a".into(), "b".into()]);
    let identity = headers::identity(&user);
    assert_eq!(identity.get_all("x-remote-group").iter().collect::<Vec<_>>(), ["devs", authn::AUTHENTICATED]);
    assert_eq!(identity.get_all("x-remote-extra-example.com%2fscope").iter().count(), 2);
}

#[tokio::test]
async fn a_request_is_passed_on_with_where_it_came_from() {
    let (mut forward, far) = forward(Manners::Workload, "/page");
    forward.headers.insert(header::HOST, "api:6443".parse().unwrap());
    let answer =
        "HTTP/1.1 302 Found\r\nLocation: /next\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok";
    let (asked, answered) = exchange(forward, far, answer).await;
    assert!(asked.starts_with("GET /page?q=1&r HTTP/1.1\r\n"), "{asked}");
    for line in [
        "host: api:6443",
        "x-forwarded-for: 192.0.2.7",
        "x-forwarded-uri: /api/v1/namespaces/ns/services/web/proxy/page",
    ] {
        assert!(asked.contains(&format!("{line}\r\n")), "{asked}");
    }
    let answered = answered.unwrap();
    assert_eq!(answered.status(), StatusCode::FOUND);
    assert_eq!(answered.headers()[header::LOCATION], "/api/v1/namespaces/ns/services/web/proxy/next");
    assert!(!answered.headers().contains_key("access-control-allow-origin"));
    assert_eq!(text(answered).await, "ok");
}

#[tokio::test]
async fn without_a_path_the_client_is_sent_to_the_root() {
    let (forward, _far) = forward(Manners::Workload, "");
    let answered = forward.complete(None).await.unwrap();
    assert_eq!(answered.status(), StatusCode::MOVED_PERMANENTLY);
    assert_eq!(answered.headers()[header::LOCATION], "/api/v1/namespaces/ns/services/web/proxy/?q=1&r");
}

/// A server of an API could have the client, or this server, ask somebody else with the client's rights.
#[tokio::test]
async fn cve_2022_3172_a_redirect_by_a_server_of_an_api_is_refused() {
    let (forward, far) = forward(Manners::Server, "/page");
    let answer = "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n";
    let answered = exchange(forward, far, answer).await.1.unwrap();
    assert_eq!(answered.status(), StatusCode::BAD_GATEWAY);
    assert!(!answered.headers().contains_key(header::LOCATION));
    assert_eq!(text(answered).await, "the backend attempted to redirect this request, which is not permitted");
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_in_two_manners() {
    let gone = |manners| {
        let (mut forward, _far) = forward(manners, "/page");
        forward.dial = Arc::new(One(Mutex::new(None)));
        forward.complete(None)
    };
    let status = gone(Manners::Workload).await.err().unwrap();
    assert_eq!(status.code(), 503);
    assert_eq!(status.to_string(), "error trying to reach service: a second connection to the backend");
    let plain = gone(Manners::Server).await.unwrap();
    assert_eq!(plain.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text(plain).await, "error trying to reach service: a second connection to the backend\n");
}

/// A proxy in front of one backend, as a client's connection sees it.
fn proxied(forward: Forward) -> DuplexStream {
    let (client, server) = duplex(64 << 10);
    let forward = Arc::new(Mutex::new(Some(forward)));
    let service = service_fn(move |request: Request<Incoming>| {
        let forward = forward.lock().take().expect("a second request has reached the proxy");
        async move {
            let response = forward.complete(Some(request)).await;
            Ok::<_, Infallible>(response.unwrap_or_else(|error| crate::gateway::status(&error)))
        }
    });
    tokio::spawn(async move {
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service).with_upgrades().await
    });
    client
}

const UPGRADE: &str = "GET /x HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SMUGGLED: &str = "GET /runningpods/ HTTP/1.1\r\nHost: node\r\n\r\n";

/// What a backend sees and a client gets when the backend answers an upgrade with this.
async fn refused_upgrade(manners: Manners, answer: &str) -> (String, String) {
    let run = async {
        let (forward, mut far) = forward(manners, "/x");
        let mut client = proxied(forward);
        client.write_all(format!("{UPGRADE}{SMUGGLED}").as_bytes()).await.unwrap();
        head(&mut far).await;
        far.write_all(answer.as_bytes()).await.unwrap();
        let mut got = String::new();
        client.shutdown().await.unwrap();
        client.read_to_string(&mut got).await.unwrap();
        let mut leaked = String::new();
        far.read_to_string(&mut leaked).await.unwrap();
        (got, leaked)
    };
    tokio::time::timeout(DEADLINE, run).await.unwrap()
}

/// After an upgrade that failed, what the client sends next must not reach the backend on a connection that carries the
/// API server's rights.
#[tokio::test]
async fn cve_2018_1002105_a_failed_upgrade_leaves_no_connection_to_the_backend() {
    for manners in [Manners::Workload, Manners::Server] {
        let answer = "HTTP/1.1 403 Forbidden\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nnope";
        let (got, leaked) = refused_upgrade(manners, answer).await;
        assert!(got.starts_with("HTTP/1.1 403 Forbidden\r\n") && got.ends_with("nope"), "{got}");
        assert_eq!(leaked, "");
    }
}

/// A backend that redirects an upgrade must not send the client's rights elsewhere.
#[tokio::test]
async fn cve_2020_8559_a_redirected_upgrade_is_neither_followed_nor_passed_on() {
    for manners in [Manners::Workload, Manners::Server] {
        let answer = "HTTP/1.1 302 Found\r\nLocation: https://other-node:10250/run\r\nContent-Length: 0\r\n\r\n";
        let (got, leaked) = refused_upgrade(manners, answer).await;
        let status = if manners == Manners::Server { "503 Service Unavailable" } else { "500 Internal Server Error" };
        assert!(got.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{got}");
        assert!(got.contains("invalid upgrade response: status code 302"), "{got}");
        assert!(!got.contains("other-node"), "{got}");
        assert_eq!(leaked, "");
    }
}

#[tokio::test]
async fn an_upgrade_passes_bytes_both_ways() {
    let run = async {
        let (mut forward, mut far) = forward(Manners::Server, "/x");
        forward.identity = headers::identity(&authn::UserInfo::new("jane", &["devs"]));
        let mut client = proxied(forward);
        client.write_all(UPGRADE.as_bytes()).await.unwrap();
        let asked = head(&mut far).await;
        for line in ["x-remote-user: jane", "x-remote-group: devs", "x-remote-group: system:authenticated"] {
            assert!(asked.contains(&format!("{line}\r\n")), "{asked}");
        }
        far.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
            .await
            .unwrap();
        let switched = head(&mut client).await;
        assert!(switched.starts_with("HTTP/1.1 101 "), "{switched}");
        let mut bytes = [0; 5];
        client.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"hello");
        client.write_all(b"there").await.unwrap();
        far.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"there");
    };
    tokio::time::timeout(DEADLINE, run).await.unwrap();
}
