//! The kubelet's own API (port 10250): logs, exec, attach, port-forward, pods, metrics and statistics.
//!
//! ```text
//!   API server --TLS--> authenticate (certificate | token) -> authorize (nodes/<subresource>) -> route
//!                          /containerLogs   our reading of the runtime's log files
//!                          /exec /attach /portForward   an address from the runtime, then bytes both ways
//!                          /pods /stats/summary /metrics /configz   what we know
//! ```
//!
//! Nobody is served anonymously. Deliberately absent: the read-only port, `/logs` (the node's own log files), `/debug`.

pub mod access;
pub mod delegated;
mod information;
mod logs;
mod metrics;
mod query;
mod respond;
mod route;
mod stats;
mod streams;

use access::{Authenticator, Authorizer};
use api_core::v1::Pod;
use cri::{CriClient, v1};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use serve::tls::ClientCertificates;
use serve::{Body, Handler, Peer};
use std::collections::HashMap;
use std::sync::Arc;
use stdx::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::names;
use query::Query;
use respond::Failure;
use route::Route;

/// The pods of this node.
pub trait PodLookup: Send + Sync + 'static {
    fn all(&self) -> Vec<Arc<Pod>>;

    /// With `uid`, only if the pod is that one.
    fn find(&self, namespace: &str, name: &str, uid: Option<&str>) -> Option<Arc<Pod>>;
}

/// All that the API answers from.
pub struct Api {
    pub node_name: String,
    pub cri: CriClient,
    pub pods: Arc<dyn PodLookup>,
    pub clock: Arc<dyn Clock>,
    pub client_certificates: ClientCertificates,
    pub authenticator: Arc<dyn Authenticator>,
    pub authorizer: Arc<dyn Authorizer>,
    /// What `/configz` shows under `kubeletconfig`.
    pub config: serde_json::Value,
    /// Where pods' directories lie; its file system is the node's in `/stats/summary`.
    pub root_dir: std::path::PathBuf,
}

/// The server as a handler of requests.
pub struct Server {
    api: Arc<Api>,
    stats: stats::Sampler,
    logs: Arc<logs::Hub>,
}

/// Serves until `stop` becomes true.
pub async fn serve(listener: TcpListener, tls: Arc<rustls::ServerConfig>, api: Api, stop: watch::Receiver<bool>) {
    serve::serve(listener, tls, Arc::new(Server::new(api)), stop).await;
}

impl Server {
    pub fn new(api: Api) -> Server {
        Server { api: Arc::new(api), stats: stats::Sampler::default(), logs: Arc::default() }
    }

    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Result<Response<Body>, Failure> {
        let user = access::authenticate(&self.api, &request, peer).await?;
        access::authorize(&self.api, &user, request.method(), request.uri().path()).await?;
        let route = Route::of(request.method(), request.uri().path())?;
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let api = &self.api;
        match route {
            Route::Health => Ok(respond::text("ok")),
            Route::Pods => Ok(information::pods(api)),
            Route::RunningPods => information::running_pods(api).await,
            Route::Config => Ok(respond::json(&serde_json::json!({ "kubeletconfig": api.config }))),
            Route::Metrics => metrics::own(api).await,
            Route::ResourceMetrics => metrics::resource(api, &self.stats).await,
            Route::Summary => stats::summary(api, &self.stats).await.map(|summary| respond::json(&summary)),
            Route::Logs { namespace, pod, container } => {
                logs::serve(api, self.logs.clone(), (&namespace, &pod, &container), &query).await
            }
            Route::Exec(target) => streams::exec(api, request, &target, &query).await,
            Route::Attach(target) => streams::attach(api, request, &target, &query).await,
            Route::Run(target) => streams::run(api, &target, &query).await,
            Route::PortForward { namespace, pod, uid } => {
                streams::port_forward(api, request, (&namespace, &pod, uid.as_deref()), &query).await
            }
        }
    }
}

impl Handler for Server {
    fn handle(&self, request: Request<Incoming>, peer: Peer) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move { self.answer(request, &peer).await.unwrap_or_else(Failure::into_response) })
    }
}

impl Api {
    fn pod(&self, namespace: &str, name: &str, uid: Option<&str>) -> Option<Arc<Pod>> {
        self.pods.find(namespace, name, uid)
    }

    /// All containers of that name in the pod that the runtime has, the newest first.
    async fn containers(&self, pod: &Pod, name: &str) -> Result<Vec<v1::Container>, Failure> {
        let labels = [(names::POD_UID, pod.metadata.uid.as_str()), (names::CONTAINER_NAME, name)];
        let label_selector: HashMap<_, _> = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let filter = v1::ContainerFilter { label_selector, ..v1::ContainerFilter::default() };
        let mut containers = self.cri.list_containers(Some(filter)).await?;
        containers.sort_by_key(|container| std::cmp::Reverse(container.created_at));
        Ok(containers)
    }

    /// The container of that name that runs.
    async fn running(&self, pod: &Pod, name: &str) -> Result<v1::Container, Failure> {
        let containers = self.containers(pod, name).await?;
        let running = containers.into_iter().find(|c| c.state() == v1::ContainerState::ContainerRunning);
        running.ok_or_else(|| Failure::internal(format!("container not found ({name:?})")))
    }
}

#[cfg(test)]
mod tests;
