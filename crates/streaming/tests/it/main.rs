//! kubectl on one side and this crate on the other: the client's SPDY library and WebSocket code are upstream's own.
//!
//! The tests need `kubectl` on the PATH and say so when it is missing.

mod cluster;

use std::process::Output;

use cluster::{Cluster, kubectl};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn summary(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Both transports of kubectl: WebSocket (its default since v1.31) and SPDY.
const TRANSPORTS: [&str; 2] = ["true", "false"];

/// What kubectl must have asked for: it silently falls back from WebSockets to SPDY.
fn upgrade(websockets: &str) -> &'static str {
    if websockets == "true" { "websocket" } else { "SPDY/3.1" }
}

#[tokio::test]
async fn exec_passes_stdin_output_and_exit_code() {
    let cluster = Cluster::start().await;
    for websockets in TRANSPORTS {
        let Some(mut command) = kubectl(&cluster, websockets) else { return };
        command.args(["exec", "-i", "pod", "--", "count"]);
        let output = cluster::run(command, vec![b'x'; 1_000_000]).await;
        let expected = (Some(7), "1000000".to_owned(), "on stderr\ncommand terminated with exit code 7\n".to_owned());
        assert_eq!(summary(&output), expected, "websockets: {websockets}");
        assert_eq!(cluster.take_upgrades(), [upgrade(websockets)]);
    }
}

#[tokio::test]
async fn exec_delivers_all_output_of_a_successful_command() {
    let cluster = Cluster::start().await;
    for websockets in TRANSPORTS {
        let Some(mut command) = kubectl(&cluster, websockets) else { return };
        command.args(["exec", "pod", "--", "flood"]);
        let output = cluster::run(command, Vec::new()).await;
        assert_eq!(output.status.code(), Some(0), "websockets: {websockets}: {}", text(&output.stderr));
        assert_eq!(output.stdout.len(), cluster::FLOOD_BYTES, "websockets: {websockets}");
    }
}

#[tokio::test]
async fn exec_shows_why_a_command_did_not_run() {
    let cluster = Cluster::start().await;
    for (websockets, expected) in [
        ("false", "error: Internal error occurred: no such command\n"),
        ("true", "error: Internal error occurred: Internal error occurred: no such command\n"),
    ] {
        let Some(mut command) = kubectl(&cluster, websockets) else { return };
        command.args(["exec", "pod", "--", "nonsense"]);
        let output = cluster::run(command, Vec::new()).await;
        assert_eq!(summary(&output), (Some(1), String::new(), expected.to_owned()), "websockets: {websockets}");
    }
}

#[tokio::test]
async fn port_forward_carries_connections() {
    let cluster = Cluster::start().await;
    for websockets in TRANSPORTS {
        let Some(command) = kubectl(&cluster, websockets) else { return };
        let forward = cluster::PortForward::start(command).await;
        for round in 0..3 {
            let sent = format!("hello {round}");
            assert_eq!(forward.exchange(sent.as_bytes()).await, sent.to_uppercase(), "websockets: {websockets}");
        }
        let big = "x".repeat(500_000);
        assert!(forward.exchange(big.as_bytes()).await == big.to_uppercase());
        forward.stop().await;
        assert_eq!(cluster.take_upgrades(), [upgrade(websockets)]);
    }
}
