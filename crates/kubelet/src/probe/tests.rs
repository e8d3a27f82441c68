use super::*;
use cri::CriTimeouts;
use schema::Typed;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn probe_of(text: &str) -> Probe {
    let value = schema::json::decode(Probe::type_ref(), text.as_bytes(), &Default::default()).unwrap();
    Probe::from_value(&value.value)
}

async fn probe(text: &str) -> ProbeResult {
    let cri = CriClient::connect_lazy(Path::new("/nonexistent.sock"), CriTimeouts::default()).unwrap();
    let mut container = Container { name: "c".into(), ..Container::default() };
    container.ports.push(api_core::v1::ContainerPort { name: "web".into(), container_port: 1, ..Default::default() });
    let target = Target { cri: &cri, container: &container, container_id: "id", pod_ip: "127.0.0.1" };
    run(&probe_of(text), target).await
}

/// Answers every connection by the path of its request; `{request}` is the request's head.
async fn server(answer: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let text = answer(&path, &head);
                if text.is_empty() {
                    // Silent until the client gives up.
                    let _ends = stream.read_u8().await;
                }
                let _client_may_be_gone = stream.write_all(text.as_bytes()).await;
            });
        }
    });
    port
}

fn reply(status: u16, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{more}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn http_answers_are_read_by_their_status() {
    let port = server(|path, head| match path {
        "/headers" => reply(200, "", head),
        "/slow" => String::new(),
        "/local" => reply(302, "Location: /200\r\n", ""),
        "/relative" => reply(307, "Location: 200\r\n", ""),
        "/away" => reply(302, "Location: http://example.com/\r\n", "gone"),
        "/loop" => reply(302, "Location: /loop\r\n", ""),
        "/closed" => " ".into(),
        "/long" => reply(200, "", &"x".repeat(100_000)),
        path => reply(path[1..].parse().unwrap(), "", "hello"),
    })
    .await;
    let get = async |path: &str| {
        probe(&format!(r#"{{"timeoutSeconds":1,"httpGet":{{"port":{port},"path":"{path}"}}}}"#)).await
    };
    for path in ["/200", "/204", "/local", "/relative", "200", "/long"] {
        assert_eq!(get(path).await.outcome, ProbeOutcome::Success, "{path}");
    }
    let away = get("/away").await;
    assert_eq!(away, ProbeResult::success("Probe terminated redirects, Response body: gone"));
    for status in [400, 404, 500, 503] {
        let expected = ProbeResult::failure(format!("HTTP probe failed with statuscode: {status}"));
        assert_eq!(get(&format!("/{status}")).await, expected);
    }
    let url = |path: &str| format!("Get \"http://127.0.0.1:{port}{path}\": ");
    let text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    assert_eq!(get("/slow").await, ProbeResult::failure(url("/slow") + text));
    assert_eq!(get("/loop").await, ProbeResult::failure(url("/loop") + "stopped after 10 redirects"));
    assert!(get("/closed").await.output.starts_with(&url("/closed")));
}

#[tokio::test]
async fn http_headers_are_upstreams_and_the_manifests() {
    let port = server(|_, head| reply(200, "", head)).await;
    let plain = probe(&format!(r#"{{"httpGet":{{"port":{port},"path":"/a?b=c"}}}}"#)).await.output.to_lowercase();
    assert!(plain.starts_with("get /a?b=c http/1.1\r\n"), "{plain}");
    for header in ["user-agent: kube-probe/1.36\r\n", "accept: */*\r\n", "connection: close\r\n"] {
        assert!(plain.contains(header), "{plain}");
    }
    assert!(plain.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{plain}");
    let headers =
        r#"[{"name":"Host","value":"example.com"},{"name":"X-A","value":"1"},{"name":"User-Agent","value":""}]"#;
    let own = probe(&format!(r#"{{"httpGet":{{"port":{port},"httpHeaders":{headers}}}}}"#)).await.output.to_lowercase();
    assert!(own.contains("host: example.com\r\n") && own.contains("x-a: 1\r\n"), "{own}");
    assert!(!own.contains("user-agent") && !own.contains("127.0.0.1"), "{own}");
}

#[tokio::test]
async fn https_certificates_are_not_verified() {
    let key = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]).unwrap();
    let identity = serve::Identity { certificate: key.cert.pem(), key: key.signing_key.serialize_pem() };
    let config = serve::tls::server_config(&identity, &key.cert.pem()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut request = [0; 1024];
        let _some = stream.read(&mut request).await.unwrap();
        stream.write_all(reply(200, "", "ok").as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let _ends = stream.read(&mut request).await;
    });
    let result = probe(&format!(r#"{{"httpGet":{{"port":{port},"scheme":"HTTPS"}}}}"#)).await;
    assert_eq!(result, ProbeResult::success("ok"));
}

#[tokio::test]
async fn sockets_are_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tcp = async |port: u16| probe(&format!(r#"{{"tcpSocket":{{"port":{port}}}}}"#)).await;
    assert_eq!(tcp(port).await, ProbeResult::success(""));
    drop(listener);
    let refused = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_eq!(tcp(port).await, ProbeResult::failure(refused.clone()));
    let http = probe(&format!(r#"{{"httpGet":{{"port":{port},"path":"/x"}}}}"#)).await;
    assert_eq!(http, ProbeResult::failure(format!("Get \"http://127.0.0.1:{port}/x\": {refused}")));
}

#[tokio::test]
async fn ports_may_have_names() {
    let refused = ProbeResult::failure("dial tcp 127.0.0.1:1: connect: connection refused");
    assert_eq!(probe(r#"{"tcpSocket":{"port":"web"}}"#).await, refused);
    let unknown = probe(r#"{"tcpSocket":{"port":"nothing"}}"#).await;
    assert_eq!(unknown, ProbeResult::unknown("couldn't find port: nothing in container \"c\""));
    assert_eq!(probe(r#"{"tcpSocket":{"port":70000}}"#).await, ProbeResult::unknown("invalid port number: 70000"));
    assert_eq!(probe("{}").await, ProbeResult::unknown("missing probe handler for container c"));
    assert_eq!(probe(r#"{"exec":{"command":["true"]}}"#).await.outcome, ProbeOutcome::Unknown);
}

/// A gRPC server whose answers depend on the service asked for.
async fn grpc_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    tokio::spawn(async move {
                        assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
                        let mut body = request.into_body();
                        let question = body.data().await.unwrap().unwrap();
                        let service = String::from_utf8_lossy(question[5..].get(2..).unwrap_or_default()).into_owned();
                        let response = http::Response::builder().header("content-type", "application/grpc");
                        if service == "none" {
                            let response = response.header("grpc-status", "12").header("grpc-message", "nope");
                            respond.send_response(response.body(()).unwrap(), true).unwrap();
                            return;
                        }
                        let mut stream = respond.send_response(response.body(()).unwrap(), false).unwrap();
                        let status = if service == "bad" { 2 } else { 1 };
                        stream.send_data(bytes::Bytes::from(vec![0, 0, 0, 0, 2, 8, status]), false).unwrap();
                        let mut trailers = http::HeaderMap::new();
                        trailers.insert("grpc-status", "0".parse().unwrap());
                        stream.send_trailers(trailers).unwrap();
                    });
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn grpc_services_tell_their_health() {
    let port = grpc_server().await;
    let ask = async |port: u16, service: &str| {
        probe(&format!(r#"{{"timeoutSeconds":2,"grpc":{{"port":{port},"service":"{service}"}}}}"#)).await
    };
    assert_eq!(ask(port, "").await, ProbeResult::success("service healthy"));
    assert_eq!(ask(port, "good").await, ProbeResult::success("service healthy"));
    let bad = ProbeResult::failure("service unhealthy (responded with \"NOT_SERVING\")");
    assert_eq!(ask(port, "bad").await, bad);
    let none = "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): nope";
    assert_eq!(ask(port, "none").await, ProbeResult::failure(none));
    let gone = "timeout: failed to connect service \"127.0.0.1:1\" within 2s: context deadline exceeded";
    assert_eq!(ask(1, "").await, ProbeResult::failure(gone));
}
