//! A key service in this process, on a real socket, with the server's own HTTP/2.

use super::*;
use ::encryption::service::{DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, Status};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use stdx::{SystemClock, SystemRng};

/// Encrypts by turning the bytes round; its key is in a cell that a test changes.
#[derive(Clone)]
struct Plugin {
    key_id: Arc<Mutex<String>>,
    decryptions: Arc<Mutex<usize>>,
}

impl Plugin {
    fn answer(&self, path: &str, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let key_id = self.key_id.lock().clone();
        match path {
            "/v2.KeyManagementService/Status" => {
                Ok(Status { version: "v2".into(), healthz: "ok".into(), key_id }.encode_to_vec())
            }
            "/v2.KeyManagementService/Encrypt" => {
                let mut ciphertext = EncryptRequest::decode(message).unwrap().plaintext;
                ciphertext.reverse();
                let annotations = [("kind.example".to_owned(), b"x".to_vec())].into();
                Ok(EncryptResponse { ciphertext, key_id, annotations }.encode_to_vec())
            }
            "/v2.KeyManagementService/Decrypt" => {
                let request = DecryptRequest::decode(message).unwrap();
                if request.annotations.get("kind.example").map(Vec::as_slice) != Some(b"x") {
                    return Err("annotations are missing");
                }
                *self.decryptions.lock() += 1;
                let mut plaintext = request.ciphertext;
                plaintext.reverse();
                Ok(DecryptResponse { plaintext }.encode_to_vec())
            }
            _ => Err("unknown method"),
        }
    }

    fn serve(&self, socket: &std::path::Path) {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        let plugin = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let plugin = plugin.clone();
                let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                    let plugin = plugin.clone();
                    async move {
                        let path = request.uri().path().to_owned();
                        let body = request.into_body().collect().await?.to_bytes();
                        Ok::<_, hyper::Error>(response(plugin.answer(&path, &body[5..])))
                    }
                });
                let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(async move { serving.serve_connection(TokioIo::new(stream), service).await });
            }
        });
    }
}

type TestBody =
    StreamBody<futures_util::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, std::convert::Infallible>>>>;

fn response(answer: Result<Vec<u8>, &'static str>) -> Response<TestBody> {
    let mut trailers = HeaderMap::new();
    let mut frames = Vec::new();
    let code = if answer.is_ok() { "0" } else { "3" };
    trailers.insert("grpc-status", HeaderValue::from_static(code));
    match answer {
        Ok(message) => {
            let mut framed = vec![0];
            framed.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
            framed.extend_from_slice(&message);
            frames.push(Ok(Frame::data(framed.into())));
        }
        Err(why) => drop(trailers.insert("grpc-message", HeaderValue::from_static(why))),
    }
    frames.push(Ok(Frame::trailers(trailers)));
    let body = StreamBody::new(futures_util::stream::iter(frames));
    Response::builder().header("content-type", "application/grpc").body(body).unwrap()
}

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tiphys-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn write(&self, providers: &str) -> config::Encryption {
        let path = self.0.join("encryption.yaml");
        let text = format!(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n{providers}"
        );
        std::fs::write(&path, text).unwrap();
        config::Encryption { provider_config: Some(path), automatic_reload: true }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const KEY: &str = "/registry/secrets/default/one";

async fn start(config: &config::Encryption) -> Result<Arc<Encryption>, SetupError> {
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(SystemRng));
    Ok(Encryption::start(config, &clock, &rng).await?.expect("a file is given"))
}

fn of_secrets(encryption: &Arc<Encryption>) -> Arc<dyn Transformer> {
    (encryption.transformers())("", "secrets")
}

#[tokio::test]
async fn a_key_service_opens_what_was_written_and_a_new_key_makes_it_stale() {
    let directory = Directory::new("kms");
    let socket = directory.0.join("kms.sock");
    let plugin = Plugin { key_id: Arc::new(Mutex::new("1".into())), decryptions: Arc::default() };
    plugin.serve(&socket);
    let provider = format!("  - kms: {{apiVersion: v2, name: test, endpoint: 'unix://{}'}}\n", socket.display());
    let config = directory.write(&provider);
    let encryption = start(&config).await.unwrap();
    let secrets = of_secrets(&encryption);
    let value = Bytes::from_static(b"k8s\0value");
    let stored = secrets.seal(KEY, &value).await.unwrap();
    assert!(stored.starts_with(b"k8s:enc:kms:v2:test:"), "{stored:?}");
    let plain = Plain { value: value.clone(), stale: false };
    assert_eq!(secrets.open(KEY, &stored).await.unwrap(), plain);
    assert_eq!(*plugin.decryptions.lock(), 0, "a seed of our own needs no service");
    let moved = secrets.open("/registry/secrets/default/other", &stored).await;
    assert_eq!(moved.unwrap_err(), "cipher: message authentication failed");

    let again = start(&config).await.unwrap();
    assert_eq!(of_secrets(&again).open(KEY, &stored).await.unwrap(), plain);
    assert_eq!(*plugin.decryptions.lock(), 1);
    assert!(again.current.load().services.iter().all(|service| service.check().is_ok()));

    *plugin.key_id.lock() = "2".into();
    again.current.load().transformers.envelopes[0].refresh().await.unwrap();
    assert!(of_secrets(&again).open(KEY, &stored).await.unwrap().stale);
}

#[tokio::test]
async fn what_no_provider_can_read_is_refused_in_upstreams_words() {
    let directory = Directory::new("enc");
    let config = directory.write("  - identity: {}\n");
    let encryption = start(&config).await.unwrap();
    let secrets = of_secrets(&encryption);
    let foreign = Bytes::from_static(b"k8s:enc:aescbc:v1:k:0123456789abcdef");
    assert_eq!(secrets.open(KEY, &foreign).await.unwrap_err(), "no matching prefix found");
    let configmaps = (encryption.transformers())("", "configmaps");
    let refused = configmaps.open(KEY, &foreign).await.unwrap_err();
    assert_eq!(refused, "identity transformer tried to read encrypted data");
    let wrong = directory.write("  - kms: {name: old, endpoint: 'unix:///x'}\n");
    let error = start(&wrong).await.err().unwrap().to_string();
    assert!(error.contains("KMSv1 is deprecated"), "{error}");
}
