//! As much of a cluster as kubectl's streaming commands need: one pod, and a runtime behind the API server's handlers.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use streaming::remotecommand::serve::Session;
use streaming::remotecommand::{Options, Outcome, serve};
use streaming::{Backend, Body, BoxStream, Error, portforward};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

pub const FLOOD_BYTES: usize = 5_000_000;
const DEADLINE: Duration = Duration::from_secs(30);
const PORT: u16 = 80;

const POD: &str = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"pod","namespace":"default"},
    "spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}}"#;

const VERSIONS: &str = r#"{"kind":"APIVersions","versions":["v1"]}"#;
const GROUPS: &str = r#"{"kind":"APIGroupList","apiVersion":"v1","groups":[]}"#;
const RESOURCES: &str = r#"{"kind":"APIResourceList","groupVersion":"v1","resources":[
    {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"],"shortNames":["po"]}]}"#;

pub struct Cluster {
    address: SocketAddr,
    upgrades: Upgrades,
}

/// What clients asked to upgrade to, in order.
type Upgrades = Arc<Mutex<Vec<String>>>;

impl Cluster {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upgrades = Upgrades::default();
        let seen = Arc::clone(&upgrades);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let seen = Arc::clone(&seen);
                serve_http(Box::new(client), move |request| {
                    if let Some(upgrade) = request.headers().get("Upgrade") {
                        seen.lock().unwrap().push(upgrade.to_str().unwrap().to_owned());
                    }
                    api_server(request)
                });
            }
        });
        Self { address, upgrades }
    }

    /// The upgrades since the last call.
    pub fn take_upgrades(&self) -> Vec<String> {
        std::mem::take(&mut *self.upgrades.lock().unwrap())
    }
}

fn serve_http<Answer>(client: BoxStream, handler: impl Fn(Request<Incoming>) -> Answer + Send + 'static)
where
    Answer: Future<Output = Result<Response<Body>, Error>> + Send + 'static,
{
    tokio::spawn(async move {
        let service = service_fn(move |request| {
            let answer = handler(request);
            async move {
                Ok::<_, Error>(answer.await.unwrap_or_else(|error| plain(error.http_status(), &error.to_string())))
            }
        });
        let http = hyper::server::conn::http1::Builder::new();
        drop(http.serve_connection(TokioIo::new(client), service).with_upgrades().await);
    });
}

async fn api_server(request: Request<Incoming>) -> Result<Response<Body>, Error> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let backend = Backend::new(format!("http://node{}", request.uri()).parse().unwrap(), || async {
        let (near, far) = duplex(16 * 1024);
        serve_http(Box::new(far), runtime);
        Ok(Box::new(near) as BoxStream)
    });
    match request.uri().path() {
        "/api" => Ok(plain(StatusCode::OK, VERSIONS)),
        "/apis" => Ok(plain(StatusCode::OK, GROUPS)),
        "/api/v1" => Ok(plain(StatusCode::OK, RESOURCES)),
        "/api/v1/namespaces/default/pods/pod" => Ok(plain(StatusCode::OK, POD)),
        "/api/v1/namespaces/default/pods/pod/exec" => {
            streaming::exec::handle(request, Options::from_query(&query).unwrap(), backend).await
        }
        "/api/v1/namespaces/default/pods/pod/portforward" => portforward::handle(request, backend).await,
        _ => Ok(plain(StatusCode::NOT_FOUND, "{}")),
    }
}

async fn runtime(request: Request<Incoming>) -> Result<Response<Body>, Error> {
    if request.uri().path().ends_with("/portforward") {
        return portforward::serve::handle(request, dial);
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let options = Options::from_query(&query).unwrap();
    serve::handle(request, options, move |session| async move {
        if query.contains("command=count") {
            count(session).await;
        } else if query.contains("command=flood") {
            flood(session).await;
        } else {
            session.finish(&Outcome::Failure("no such command".to_owned())).await;
        }
    })
}

async fn count(mut session: Session) {
    let mut input = Vec::new();
    session.stdin.take().unwrap().read_to_end(&mut input).await.unwrap();
    session.stdout.as_mut().unwrap().write_all(input.len().to_string().as_bytes()).await.unwrap();
    session.stderr.as_mut().unwrap().write_all(b"on stderr\n").await.unwrap();
    session.finish(&Outcome::Exit(7)).await;
}

async fn flood(mut session: Session) {
    session.stdout.as_mut().unwrap().write_all(&vec![b'y'; FLOOD_BYTES]).await.unwrap();
    session.finish(&Outcome::Success).await;
}

/// A pod that answers in capitals once the client has half-closed.
async fn dial(port: u16) -> std::io::Result<BoxStream> {
    assert_eq!(port, PORT);
    let (near, far) = duplex(1024);
    tokio::spawn(async move {
        let (mut read, mut write) = tokio::io::split(far);
        let mut received = Vec::new();
        read.read_to_end(&mut received).await.unwrap();
        write.write_all(&received.to_ascii_uppercase()).await.unwrap();
        write.shutdown().await.unwrap();
    });
    Ok(Box::new(near))
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let body = Full::new(Bytes::from(text.to_owned())).map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(status).header("Content-Type", "application/json").body(body).unwrap()
}

/// kubectl against the cluster, or `None` where there is no kubectl.
pub fn kubectl(cluster: &Cluster, websockets: &str) -> Option<Command> {
    if std::process::Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        eprintln!("kubectl is not installed: nothing was tested");
        return None;
    }
    let mut command = Command::new("kubectl");
    command
        .arg(format!("--server=http://{}", cluster.address))
        .args(["--kubeconfig=/dev/null", "--namespace=default"])
        .arg(concat!("--cache-dir=", env!("CARGO_TARGET_TMPDIR"), "/kubectl-cache"))
        .env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", websockets)
        .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", websockets)
        .env_remove("KUBERNETES_SERVICE_HOST")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Some(command)
}

/// Runs a command to its end.
pub async fn run(mut command: Command, input: Vec<u8>) -> Output {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeding = tokio::spawn(async move {
        // A command that does not read its input closes it.
        let _closed = stdin.write_all(&input).await;
    });
    let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await.expect("kubectl hangs").unwrap();
    feeding.await.unwrap();
    output
}

/// A running `kubectl port-forward`.
pub struct PortForward {
    child: Child,
    port: u16,
}

impl PortForward {
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.args(["port-forward", "pod/pod", &format!(":{PORT}")]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("kubectl hangs").unwrap();
        // "Forwarding from 127.0.0.1:41234 -> 80"
        let line = line.expect("kubectl says where it listens");
        let address = line.split_whitespace().nth(2).unwrap();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, port }
    }

    pub async fn exchange(&self, sent: &[u8]) -> String {
        let exchange = async {
            let (mut read, mut write) = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap().into_split();
            let mut received = String::new();
            let writing = async {
                write.write_all(sent).await.unwrap();
                write.shutdown().await.unwrap();
            };
            let (read, ()) = tokio::join!(read.read_to_string(&mut received), writing);
            read.unwrap();
            received
        };
        tokio::time::timeout(DEADLINE, exchange).await.expect("the forwarded connection hangs")
    }

    pub async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}
