//! `pods/proxy`, `services/proxy`, `nodes/proxy`: any request to what runs in the cluster, through the API server.

use crate::late::Late;
use crate::node::{Kubelet, NodeClient};
use crate::proxy::location::{self, Asked, Location};
use crate::proxy::{Destination, Dial, Forward, Manners, Security, headers};
use crate::stream::StreamTarget;
use bytes::Bytes;
use http::{HeaderMap, Response};
use kind::ApiError;
use registry::{Body, BoxFuture, Outcome, RequestContext, Virtual};
use schema::Value;
use std::sync::Arc;
use stdx::Rng;

/// The three, by the resource of the request.
pub struct Proxies {
    pub registry: Late,
    pub nodes: NodeClient,
    pub dial: Arc<dyn Dial>,
    /// For servers whose certificates nobody vouches for: upstream verifies none of pods and services.
    pub unverified: Security,
    pub rng: Arc<dyn Rng>,
}

impl Virtual for Proxies {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        _body: Value,
        raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let info = &context.info;
            let destination = match info.resource.as_str() {
                "pods" => self.pod(&info.namespace, &info.name)?,
                "services" => self.service(&info.namespace, &info.name)?,
                _ => self.node(&info.name)?,
            };
            let query_path = context.query.get("path").unwrap_or_default();
            let forward = Forward {
                destination,
                dial: self.dial.clone(),
                method: context.method.clone(),
                path: location::path_below(&info.parts, &info.path, query_path),
                query: context.query.raw().to_owned(),
                headers: headers::for_backend(&context.headers),
                identity: HeaderMap::new(),
                client: context.caller.peer.clone(),
                client_path: info.path.clone(),
                body: raw,
                manners: Manners::Workload,
                pool: None,
            };
            let target = StreamTarget::Forward(Box::new(forward));
            Ok(Outcome::Response(Response::new(Body::Stream(Box::new(target)))))
        })
    }
}

impl Proxies {
    fn find(&self, resource: &str, namespace: &str, name: &str) -> Result<Arc<Value>, ApiError> {
        self.registry.find(resource, namespace, name)?.ok_or_else(|| {
            ApiError::new(404, "NotFound", format!("{resource} \"{name}\" not found")).about("", resource, name)
        })
    }

    fn pod(&self, namespace: &str, id: &str) -> Result<Destination, ApiError> {
        let asked = Asked::parse(id, "pod")?;
        let pod = self.find("pods", namespace, asked.name)?;
        Ok(self.checked(location::of_pod(&asked, &pod)?))
    }

    fn service(&self, namespace: &str, id: &str) -> Result<Destination, ApiError> {
        let asked = Asked::parse(id, "service")?;
        let by_number = asked.port.parse::<i64>().is_ok();
        let service = if by_number { self.find("services", namespace, asked.name)? } else { Arc::default() };
        let port_name = location::service_port(&asked, &service)?;
        let endpoints = self.find("endpoints", namespace, asked.name)?;
        let belongs = |address: &Value| {
            let name = address.str_at(&["targetRef", "name"]);
            let pod = self.registry.find("pods", namespace, name).ok().flatten();
            location::address_of_pod(address, namespace, pod.as_deref())
        };
        let seed = self.rng.below(usize::from(u16::MAX));
        Ok(self.checked(location::of_service(&asked, id, port_name, &endpoints, seed, &belongs)?))
    }

    /// Without a port, or with the kubelet's own, the kubelet, to which the API server shows its certificate.
    fn node(&self, id: &str) -> Result<Destination, ApiError> {
        let asked = Asked::parse(id, "node")?;
        let node = self.find("nodes", "", asked.name)?;
        let Kubelet { host, port } = self.nodes.kubelet(&node)?;
        match location::of_node(&asked, &host, port)? {
            None => Ok(Destination { host, port, security: self.nodes.security(), checked: true }),
            Some(location) => Ok(self.checked(location)),
        }
    }

    fn checked(&self, location: Location) -> Destination {
        let Location { tls, host, port } = location;
        let security = if tls { self.unverified.clone() } else { Security::Plain };
        Destination { host, port, security, checked: true }
    }
}
