//! Requests over the network: HTTP/2 where the server speaks it, else a pool of HTTP/1.1 connections.

use crate::ClientError;
use crate::kubeconfig::{Auth, ConnectionConfig, KubeconfigError};
use crate::tls;
use crate::transport::{Body, Transport};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::header::AUTHORIZATION;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that carries a watch and nothing else is known to be dead after these two.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_IDLE_CONNECTIONS: usize = 16;

/// A server reached through a socket.
pub struct HttpTransport {
    pool: Pool<Connector, Full<Bytes>>,
    scheme: Scheme,
    authority: Authority,
    /// What comes before all paths; empty or without a slash at its end.
    prefix: String,
    auth: Auth,
}

impl HttpTransport {
    pub fn new(config: &ConnectionConfig) -> Result<HttpTransport, KubeconfigError> {
        let wrong = || KubeconfigError::Server(config.server.clone());
        let server: Uri = config.server.parse().map_err(|_| wrong())?;
        let authority = server.authority().ok_or_else(wrong)?.clone();
        let scheme = server.scheme().ok_or_else(wrong)?.clone();
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP {
            return Err(wrong());
        }
        let secure = scheme == Scheme::HTTPS;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let name = config.tls_server_name.clone().unwrap_or_else(|| host.clone());
        let connector = Connector {
            tls: secure.then(|| tls::client_config(config).map(|tls| TlsConnector::from(Arc::new(tls)))).transpose()?,
            name: ServerName::try_from(name).map_err(|_| wrong())?,
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            host,
        };
        let mut builder = Pool::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT);
        let prefix = server.path().trim_end_matches('/').to_owned();
        Ok(HttpTransport { pool: builder.build(connector), scheme, authority, prefix, auth: config.auth.clone() })
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Body>, ClientError> {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let failed = |why: String| ClientError::Transport { method: method.clone(), path: path.clone(), why };
        *request.uri_mut() = self.absolute(request.uri()).map_err(|error| failed(error.to_string()))?;
        if let Some(header) = authorization(&self.auth).map_err(&failed)? {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let response = self.pool.request(request.map(Full::new)).await.map_err(|error| failed(reasons(&error)))?;
        Ok(response.map(|body| chunks(body, method, path)))
    }

    fn absolute(&self, uri: &Uri) -> Result<Uri, http::Error> {
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix))
            .build()
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, ClientError>> {
        Box::pin(self.exchange(request))
    }
}

fn authorization(auth: &Auth) -> Result<Option<HeaderValue>, String> {
    let text = match auth {
        Auth::None => return Ok(None),
        Auth::Token(token) => format!("Bearer {token}"),
        Auth::TokenFile(path) => {
            let token = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            format!("Bearer {}", token.trim())
        }
        Auth::Basic { username, password } => {
            format!("Basic {}", schema::Bytes(format!("{username}:{password}").into_bytes()).to_base64())
        }
    };
    let mut header = HeaderValue::from_str(&text).map_err(|_| "credentials that no header can hold".to_owned())?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// The chunks of an answer; how much one may have is the business of who collects them.
fn chunks(body: Incoming, method: String, path: String) -> Body {
    Body::stream(stream::unfold((body, method, path), |(mut body, method, path)| async move {
        loop {
            let item = match body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(chunk) => Ok(chunk),
                    Err(_trailers) => continue,
                },
                Err(error) => {
                    let why = reasons(&error);
                    Err(ClientError::Transport { method: method.clone(), path: path.clone(), why })
                }
            };
            return Some((item, (body, method, path)));
        }
    }))
}

/// An error with what caused it.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Opens connections to the one server.
#[derive(Clone)]
struct Connector {
    tls: Option<TlsConnector>,
    name: ServerName<'static>,
    host: String,
    port: u16,
}

impl Connector {
    async fn connect(self) -> io::Result<Socket> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = self.tls else {
            return Ok(Socket { io: TokioIo::new(Box::new(stream)), http2: false });
        };
        let stream = tls.connect(self.name, stream).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Socket { io: TokioIo::new(Box::new(stream)), http2 })
    }
}

impl tower::Service<Uri> for Connector {
    type Response = Socket;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Socket>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.clone().connect());
        Box::pin(async { connecting.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) })
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, secured or not.
struct Socket {
    io: TokioIo<Box<dyn Stream>>,
    http2: bool,
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        if self.http2 { Connected::new().negotiated_h2() } else { Connected::new() }
    }
}

impl Read for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }
}
