//! A thin typed client of a container runtime over its unix socket.
//!
//! One method per call that a kubelet makes, with upstream's deadlines and upstream's checks of what comes back. The
//! connection is made on demand and made again when it breaks, so a client outlives a restart of the runtime: calls
//! made meanwhile fail with `Unavailable`.
//!
//! Deliberately absent: retries and caches. The kubelet's loop is level-triggered and asks again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Response, Status};

use crate::error::CriError;
use crate::v1;
use crate::v1::image_service_client::ImageServiceClient;
use crate::v1::runtime_service_client::RuntimeServiceClient;

mod events;
mod image;
mod runtime;

pub use events::ContainerEvents;
pub use runtime::RuntimeConditions;

/// A connection to one container runtime. Cloning is cheap and shares the connection.
#[derive(Debug, Clone)]
pub struct CriClient {
    runtime: RuntimeServiceClient<Channel>,
    image: ImageServiceClient<Channel>,
    socket: PathBuf,
    timeouts: CriTimeouts,
}

/// How long calls may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CriTimeouts {
    /// Every call but the long ones (`--runtime-request-timeout`, two minutes). Making a sandbox has twice this, stopping
    /// a container this and its grace period, `exec_sync` this and its own limit; pulling an image has none.
    pub request: Duration,
    /// The first connection, at most.
    pub connect: Duration,
}

impl Default for CriTimeouts {
    fn default() -> Self {
        Self { request: Duration::from_secs(120), connect: Duration::from_secs(15) }
    }
}

/// `sun_path` has 108 bytes, the last of which is the terminating zero.
pub const MAX_SOCKET_PATH_BYTES: usize = 107;

/// What upstream's kubelet accepts and sends at most, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// The largest window that HTTP/2 flow control gets, so that a list of some thousand containers comes in one go.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

impl CriClient {
    /// Connects to the runtime at `path` and asks for its version, so that a wrong socket is found out at once.
    pub async fn connect(path: &Path, timeouts: CriTimeouts) -> Result<Self, CriError> {
        let client = Self::connect_lazy(path, timeouts)?;
        let validation = tokio::time::timeout(timeouts.connect, client.version());
        let answer = validation.await.unwrap_or_else(|_| Err(CriError::deadline_exceeded()));
        match answer {
            Ok(_) => Ok(client),
            Err(source) => Err(CriError::Validate { path: path.to_owned(), source: Box::new(source) }),
        }
    }

    /// The same without asking: the connection is made by the first call.
    pub fn connect_lazy(path: &Path, timeouts: CriTimeouts) -> Result<Self, CriError> {
        check_socket_path(path)?;
        let socket = path.to_owned();
        let dialled = socket.clone();
        let connector = tower::service_fn(move |_: Uri| {
            let path = dialled.clone();
            async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
        });
        // The name is only the `:authority` of the requests; the connector knows where to go.
        let channel = Endpoint::from_static("http://localhost")
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(STREAM_WINDOW_BYTES)
            .connect_with_connector_lazy(connector);
        let runtime = RuntimeServiceClient::new(channel.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let image = ImageServiceClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { runtime, image, socket, timeouts })
    }

    /// Where the runtime listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A second image service may live elsewhere (`--image-service-endpoint`): takes the image calls from `other`.
    pub fn with_images_of(mut self, other: &CriClient) -> Self {
        self.image = other.image.clone();
        self
    }

    fn runtime(&self) -> RuntimeServiceClient<Channel> {
        self.runtime.clone()
    }

    fn images(&self) -> ImageServiceClient<Channel> {
        self.image.clone()
    }
}

/// Refuses a path that the kernel would refuse, with a sentence that says what to do.
pub fn check_socket_path(path: &Path) -> Result<(), CriError> {
    let length = path.as_os_str().len();
    if length > MAX_SOCKET_PATH_BYTES {
        return Err(CriError::SocketPathTooLong { path: path.to_owned(), length });
    }
    Ok(())
}

/// A request that tells the runtime how long we shall wait (`None`: as long as it takes).
fn request<M>(message: M, deadline: Option<Duration>) -> Request<M> {
    let mut request = Request::new(message);
    if let Some(deadline) = deadline {
        request.set_timeout(deadline);
    }
    request
}

/// Awaits one unary call under its deadline and puts its error into our words.
async fn unary<R>(
    deadline: Option<Duration>,
    call: impl Future<Output = Result<Response<R>, Status>>,
) -> Result<R, CriError> {
    let started = Instant::now();
    let answer = match deadline {
        // The runtime holds itself to the deadline too; ours covers an answer that stops half way.
        Some(deadline) => tokio::time::timeout(deadline, call).await.map_err(|_| CriError::deadline_exceeded())?,
        None => call.await,
    };
    match answer {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(CriError::from_status(&status, started.elapsed(), deadline)),
    }
}

/// An answer without its essential part is an error, as upstream's client has it.
fn required<T>(part: Option<T>, what: &str) -> Result<T, CriError> {
    part.ok_or_else(|| CriError::BadAnswer(format!("{what} is not set")))
}

/// The same for an id or a URL, which is missing when empty.
fn required_text(text: String, what: impl FnOnce() -> String) -> Result<String, CriError> {
    if text.is_empty() { Err(CriError::BadAnswer(what())) } else { Ok(text) }
}

/// Upstream quotes the metadata of a sandbox in its errors; the names are what a reader wants of it.
fn sandbox_name(config: &v1::PodSandboxConfig) -> String {
    config.metadata.as_ref().map_or_else(String::new, |metadata| format!("{}/{}", metadata.namespace, metadata.name))
}

#[cfg(test)]
mod tests;
