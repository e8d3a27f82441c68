//! Probes over HTTP and HTTPS.
//!
//! A certificate is not verified: the probe asks whether the container lives, not who it is. A redirect to the same host is
//! followed; one elsewhere counts as an answer, because a pod must not make the kubelet call others for it.

use super::{ProbeResult, dial};
use api_core::v1::HTTPHeader;
use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use streaming::BoxStream;
use tokio_rustls::TlsConnector;

/// What upstream reads of an answer.
const MAX_BODY_BYTES: usize = 10 * 1024;
const MAX_REDIRECTS: usize = 10;
const AGENT: HeaderValue = HeaderValue::from_static("kube-probe/1.36");

/// Where to ask and what.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub https: bool,
    pub host: &'a str,
    pub port: u16,
    /// With its query, as it stands in the manifest.
    pub path: &'a str,
    pub headers: &'a [HTTPHeader],
}

/// The last answer: its status, and its body as far as it is read.
struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

pub(super) async fn probe(target: &Target<'_>, limit: Duration) -> ProbeResult {
    match get_within(target, limit).await {
        Err(error) => ProbeResult::failure(error),
        Ok(answer) if (200..300).contains(&answer.status.as_u16()) => ProbeResult::success(answer.body),
        // Only redirects to elsewhere are left; upstream warns, and takes them for a good sign.
        Ok(answer) if (300..400).contains(&answer.status.as_u16()) => {
            ProbeResult::success(format!("Probe terminated redirects, Response body: {}", answer.body))
        }
        Ok(answer) => ProbeResult::failure(format!("HTTP probe failed with statuscode: {}", answer.status.as_u16())),
    }
}

/// The status of the answer, for lifecycle hooks; the error is Go's.
pub async fn get(target: &Target<'_>, limit: Duration) -> Result<u16, String> {
    get_within(target, limit).await.map(|answer| answer.status.as_u16())
}

async fn get_within(target: &Target<'_>, limit: Duration) -> Result<Answer, String> {
    let scheme = if target.https { "https" } else { "http" };
    let mut path = if target.path.starts_with('/') { target.path.to_owned() } else { format!("/{}", target.path) };
    let first = format!("{scheme}://{}{path}", dial::join(target.host, target.port));
    let asking = async {
        for _ in 0..MAX_REDIRECTS {
            let answer = ask(target, &path, limit).await?;
            match answer.location.as_deref().and_then(|location| same_host(target, &path, location)) {
                Some(next) => path = next,
                None => return Ok(answer),
            }
        }
        Err(format!("stopped after {MAX_REDIRECTS} redirects"))
    };
    match tokio::time::timeout(limit, asking).await {
        Ok(answer) => answer.map_err(|error| format!("Get {first:?}: {error}")),
        Err(_) => {
            let text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
            Err(format!("Get {first:?}: {text}"))
        }
    }
}

/// The path of a redirect that stays where we are.
fn same_host(target: &Target<'_>, path: &str, location: &str) -> Option<String> {
    if location.starts_with('/') && !location.starts_with("//") {
        return Some(location.to_owned());
    }
    if !location.contains("//") {
        let (directory, _) = path.split('?').next()?.rsplit_once('/')?;
        return Some(format!("{directory}/{location}"));
    }
    let uri: Uri = location.parse().ok()?;
    let scheme = if target.https { "https" } else { "http" };
    let default_port = if target.https { 443 } else { 80 };
    let is_same = uri.scheme_str() == Some(scheme)
        && uri.host().map(|host| host.trim_matches(['[', ']'])) == Some(target.host)
        && uri.port_u16().unwrap_or(default_port) == target.port;
    is_same.then(|| uri.path_and_query().map_or("/", |path| path.as_str()).to_owned())
}

async fn ask(target: &Target<'_>, path: &str, limit: Duration) -> Result<Answer, String> {
    let tcp = dial::connect(target.host, target.port, limit).await?;
    let stream: BoxStream = if target.https {
        let name = ServerName::try_from(target.host.to_owned()).map_err(|error| error.to_string())?;
        let connected = TlsConnector::from(CONFIG.clone()).connect(name, tcp).await;
        Box::new(connected.map_err(|error| tls_text(&error))?)
    } else {
        Box::new(tcp)
    };
    let handshake = hyper::client::conn::http1::Builder::new().max_buf_size(1 << 20).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|error| text(&error))?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let request = request(target, path)?;
        read(sender.send_request(request).await.map_err(|error| text(&error))?).await
    };
    let answer = answer.await;
    connection.abort();
    answer
}

fn request(target: &Target<'_>, path: &str) -> Result<Request<Empty<Bytes>>, String> {
    let mut request = Request::builder().uri(path).body(Empty::new()).map_err(|error| error.to_string())?;
    *request.headers_mut() = headers(target)?;
    Ok(request)
}

fn headers(target: &Target<'_>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for header in target.headers {
        let name: HeaderName = header.name.parse().map_err(|_| format!("invalid header name {:?}", header.name))?;
        let value = HeaderValue::from_str(&header.value).map_err(|_| format!("invalid header value for {name}"))?;
        // `Host` names the virtual host and stands once.
        if name == HOST {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    if !headers.contains_key(HOST) {
        let host = HeaderValue::from_str(&dial::join(target.host, target.port)).map_err(|error| error.to_string())?;
        headers.insert(HOST, host);
    }
    headers.entry(USER_AGENT).or_insert(AGENT);
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    // An empty value takes a header away that would be sent otherwise.
    for name in [USER_AGENT, ACCEPT] {
        if headers.get(&name).is_some_and(HeaderValue::is_empty) {
            headers.remove(name);
        }
    }
    Ok(headers)
}

async fn read(response: Response<Incoming>) -> Result<Answer, String> {
    let status = response.status();
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| redirects).and_then(|value| value.to_str().ok());
    let location = location.map(str::to_owned);
    let body = match Limited::new(response.into_body(), MAX_BODY_BYTES).collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        // A long answer is an answer.
        Err(error) if error.is::<LengthLimitError>() => String::new(),
        Err(error) => return Err(error.to_string()),
    };
    Ok(Answer { status, location, body })
}

fn text(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "EOF".to_owned();
    }
    if error.is_parse() {
        return "net/http: HTTP/1.x transport connection broken: malformed HTTP response".to_owned();
    }
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    match source.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionReset) => "read: connection reset by peer".to_owned(),
        _ => error.to_string(),
    }
}

fn tls_text(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => "http: server gave HTTP response to HTTPS client".to_owned(),
        Some(error) => format!("tls: {error}"),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        None => error.to_string(),
    }
}

static CONFIG: LazyLock<Arc<rustls::ClientConfig>> = LazyLock::new(|| {
    let provider = serve::tls::provider();
    let verifier = Arc::new(AnyCertificate(provider.signature_verification_algorithms.supported_schemes()));
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Arc::new(config)
});

/// Takes what the container shows.
#[derive(Debug)]
struct AnyCertificate(Vec<SignatureScheme>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
