//! What goes wrong on the way to a webhook, in the words of upstream's client, which users read in refusals.

use kind::field::quoted;
use std::io;

/// An answer that is no success.
pub fn status(code: u16, body: &str) -> String {
    let body = body.trim();
    match code {
        400 => "the server rejected our request for an unknown reason".into(),
        401 => "the server has asked for the client to provide credentials".into(),
        403 => body.to_owned(),
        404 => "the server could not find the requested resource".into(),
        405 => "the server does not allow this method on the requested resource".into(),
        406 => "the server was unable to respond with a content type that the client supports".into(),
        409 => "the server reported a conflict".into(),
        410 => "the server has asked for the client to refresh its list".into(),
        415 => "the body of the request was in an unknown format".into(),
        422 => "the server rejected our request due to an error in our request".into(),
        429 => "the server has received too many requests and has asked us to try again later".into(),
        503 => "the server is currently unable to handle the request".into(),
        504 => {
            "the server was unable to return a response in the time allotted, but may still be processing the request"
                .into()
        }
        500.. => format!("an error on the server ({}) has prevented the request from succeeding", quoted(body)),
        _ => format!("the server responded with the status code {code} but did not return more information"),
    }
}

/// A connection that was not made. `address` is the host and port.
pub fn dial(address: &str, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connect: connection refused",
        io::ErrorKind::HostUnreachable => "connect: no route to host",
        io::ErrorKind::NetworkUnreachable => "connect: network is unreachable",
        io::ErrorKind::TimedOut => "i/o timeout",
        _ => return format!("dial tcp {address}: {error}"),
    };
    format!("dial tcp {address}: {why}")
}

/// A handshake that failed.
pub fn handshake(error: &io::Error, host: &str) -> String {
    use rustls::CertificateError as Certificate;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let verify = |why: String| format!("tls: failed to verify certificate: x509: {why}");
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            Certificate::UnknownIssuer | Certificate::BadSignature => {
                verify("certificate signed by unknown authority".into())
            }
            Certificate::NotValidForName => {
                verify(format!("certificate is not valid for any names, but wanted to match {host}"))
            }
            Certificate::NotValidForNameContext { presented, .. } => {
                let names: Vec<&str> = presented.iter().map(|name| shown_name(name)).collect();
                match names.is_empty() {
                    true => verify(format!("certificate is not valid for any names, but wanted to match {host}")),
                    false => verify(format!("certificate is valid for {}, not {host}", names.join(", "))),
                }
            }
            Certificate::Expired | Certificate::ExpiredContext { .. } | Certificate::NotValidYet => {
                verify("certificate has expired or is not yet valid".into())
            }
            other => verify(other.to_string()),
        },
        Some(rustls::Error::InvalidMessage(_)) => "http: server gave HTTP response to HTTPS client".into(),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => "EOF".into(),
        _ => error.to_string(),
    }
}

/// `DnsName("x")` and `IpAddress(1.2.3.4)`, as rustls gives them, without the wrapping.
fn shown_name(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, rest)| rest.trim_end_matches(')').trim_matches('"'))
}
