//! Connections to containers, with failures in Go's words.

use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// Connects within `limit`; the error is that of Go's `net.Dialer`.
pub(super) async fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream, String> {
    let address = join(host, port);
    match tokio::time::timeout(limit, TcpStream::connect((host, port))).await {
        Err(_) => Err(format!("dial tcp {address}: i/o timeout")),
        Ok(Err(error)) => Err(format!("dial tcp {address}: {}", text(&error, host))),
        Ok(Ok(stream)) => {
            // A probe is done with its connection at once, and lingering ones would use up ports.
            if let Err(error) = stream.set_zero_linger() {
                tracing::debug!(%error, "cannot set SO_LINGER");
            }
            Ok(stream)
        }
    }
}

pub(super) fn join(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn text(error: &io::Error, host: &str) -> String {
    let call = "connect: ";
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("{call}connection refused"),
        io::ErrorKind::ConnectionReset => format!("{call}connection reset by peer"),
        io::ErrorKind::HostUnreachable => format!("{call}no route to host"),
        io::ErrorKind::NetworkUnreachable => format!("{call}network is unreachable"),
        io::ErrorKind::TimedOut => format!("{call}connection timed out"),
        _ if error.raw_os_error().is_none() => format!("lookup {host}: no such host"),
        _ => format!("{call}{error}"),
    }
}
