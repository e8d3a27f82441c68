//! `proxy` of pods, services and nodes, with a real kubectl before and a server of the test behind.

use crate::cluster::{Cluster, text};
use std::net::{IpAddr, UdpSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Where the API server is asked to go, the path is all that the test wants to know.
async fn echo_paths(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { return };
                head.push(byte);
            }
            let first = text(&head).lines().next().unwrap_or_default().to_owned();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{first}", first.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
    }
}

/// An address of this machine that is not its loopback; nothing is sent to find it out.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").expect("the machine has a network");
    socket.local_addr().unwrap().ip()
}

fn objects(address: IpAddr, port: u16) -> String {
    format!(
        r#"{{ "apiVersion": "v1", "kind": "List", "items": [
            {{ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {{ "name": "default", "namespace": "default" }} }},
            {{ "apiVersion": "v1", "kind": "Pod", "metadata": {{ "name": "web", "namespace": "default" }},
              "spec": {{ "containers": [{{ "name": "c", "image": "i", "ports": [{{ "containerPort": {port} }}] }}] }} }},
            {{ "apiVersion": "v1", "kind": "Service", "metadata": {{ "name": "web", "namespace": "default" }},
              "spec": {{ "ports": [{{ "name": "http", "port": 80 }}] }} }},
            {{ "apiVersion": "v1", "kind": "Endpoints", "metadata": {{ "name": "web", "namespace": "default" }},
              "subsets": [{{ "ports": [{{ "name": "http", "port": {port} }}], "addresses": [{{ "ip": "{address}",
                "targetRef": {{ "kind": "Pod", "name": "web", "namespace": "default" }} }}] }}] }},
            {{ "apiVersion": "v1", "kind": "Node", "metadata": {{ "name": "one" }} }} ] }}"#
    )
}

async fn set_addresses(cluster: &Cluster, address: &str) {
    let of_pod = format!(r#"{{"status":{{"podIP":"{address}","podIPs":[{{"ip":"{address}"}}]}}}}"#);
    let of_node = format!(r#"{{"status":{{"addresses":[{{"type":"InternalIP","address":"{address}"}}]}}}}"#);
    for (what, patch) in [("pods/web", of_pod), ("nodes/one", of_node)] {
        cluster.ok(&["patch", what, "--subresource", "status", "--type", "merge", "-p", &patch], "").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_services_and_nodes_are_reached_at_addresses_that_may_be_called() {
    let cluster = Cluster::start().await;
    let address = own_address();
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(echo_paths(listener));
    cluster.ok(&["apply", "-f", "-"], &objects(address, port)).await;
    set_addresses(&cluster, &address.to_string()).await;
    let below = |what: &str| format!("/api/v1/namespaces/default/{what}");
    for what in ["pods/web", "pods/http:web:", "services/web:80", "services/http:web:http"] {
        let said = cluster.ok(&["get", "--raw", &format!("{}/proxy/a/b?c=d", below(what))], "").await;
        assert_eq!(said, "GET /a/b?c=d HTTP/1.1", "{what}");
    }
    let of_node = format!("/api/v1/nodes/one:{port}/proxy/metrics");
    assert_eq!(cluster.ok(&["get", "--raw", &of_node], "").await, "GET /metrics HTTP/1.1");
    let asked = &cluster;
    let refused = |path: String| async move {
        let output = asked.run(&["get", "--raw", &path], "").await;
        text(&output.stderr)
    };
    let said = refused(below("services/web:81/proxy/")).await;
    assert!(said.contains("no service port 81 found for service \"web\""), "{said}");
    set_addresses(&cluster, "127.0.0.1").await;
    for path in [below("pods/web/proxy/"), "/api/v1/nodes/one/proxy/".into(), of_node] {
        let said = refused(path.clone()).await;
        assert!(said.contains("address not allowed"), "{path}: {said}");
    }
    let said = refused(below("services/web:80/proxy/")).await;
    assert!(said.contains("no endpoints available for service \"web:80\""), "the address is no pod's any more: {said}");
}
