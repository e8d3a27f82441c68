//! What a server makes by itself: namespaces, the bootstrap roles, priority classes, and the Service named kubernetes.
//!
//! What exists is left as it is, except for roles and bindings, which get back what they lack. Deliberately absent: the
//! endpoints of that Service, which change as servers come and go.

mod policy;

use crate::config::RequestHeader;
use crate::flow::producer;
use api_core::v1::{ConfigMap, Service, ServicePort, ServiceSpec};
use api_meta::v1::Condition;
use api_misc::networking::v1::{ServiceCIDR, ServiceCIDRSpec};
use client::{Client, ClientError};
use futures_util::StreamExt;
use kind::DynKind;
use schema::{Time, Value, json};
use std::net::{IpAddr, SocketAddr};
use stdx::Clock;

/// Made by `cargo xtask codegen`: one object a line.
const OBJECTS: &str = include_str!("../data/bootstrap.jsonl");
/// Writes under way at once; the store commits them together.
const AT_ONCE: usize = 64;

/// What the objects of this server depend on.
pub struct Bootstrap<'a> {
    pub client: &'a Client,
    pub kinds: &'a [&'a dyn DynKind],
    pub service_cidrs: &'a [String],
    pub advertised: Advertised,
    pub clock: &'a dyn Clock,
    pub client_ca: &'a str,
    pub front_proxy_ca: &'a str,
    pub request_header: &'a RequestHeader,
}

/// The objects that every server has.
pub fn objects() -> impl Iterator<Item = Value> {
    OBJECTS.lines().filter_map(|line| json::parse(line.as_bytes(), json::Limits::default()).ok())
}

/// Where clients reach the server.
#[derive(Clone, Copy, Debug)]
pub struct Advertised {
    /// From outside of the cluster's network.
    pub address: SocketAddr,
    /// The first address of the range, which the Service named kubernetes has.
    pub service_address: IpAddr,
    /// Of that Service; 0: it has none.
    pub node_port: u16,
}

impl Bootstrap<'_> {
    pub async fn run(&self) -> Result<(), ClientError> {
        let (namespaces, others): (Vec<Value>, Vec<Value>) =
            objects().filter(not_of_flow_control).partition(|object| object.str_at(&["kind"]) == "Namespace");
        self.ensure_all(namespaces).await?;
        self.ensure_all(others).await?;
        producer::start(self.client).await?;
        self.ensure_cidr().await?;
        self.ensure_service().await?;
        existing(self.client.create(&self.authentication()).await)
    }

    /// The object of the flags' ranges; ready, unless it says otherwise. A cluster that gets a second family gets it here.
    async fn ensure_cidr(&self) -> Result<(), ClientError> {
        existing(self.client.create(&self.cidr()).await)?;
        let mut found = self.client.get::<ServiceCIDR>("", "kubernetes").await?;
        let ranges = self.service_cidrs;
        if found.spec.cidrs.len() == 1 && ranges.len() == 2 && found.spec.cidrs[0] == ranges[0] {
            found.spec.cidrs = ranges.to_vec();
            found = self.client.update(&found).await?;
        }
        if found.spec.cidrs != ranges {
            tracing::warn!(object = ?found.spec.cidrs, flags = ?ranges, "the default ServiceCIDR does not match the flags");
            return Ok(());
        }
        let is_ready = found.status.conditions.iter().any(|condition| condition.type_ == "Ready");
        if is_ready || found.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        found.status.conditions.push(Condition {
            type_: "Ready".into(),
            status: "True".into(),
            message: "Kubernetes default Service CIDR is ready".into(),
            last_transition_time: Some(Time::from_unix(self.clock.now_seconds())),
            ..Condition::default()
        });
        match self.client.update_status(&found).await {
            Err(error) if !error.is_conflict() => Err(error),
            _ => Ok(()),
        }
    }

    /// Looks first: a Service that exists is refused for its address, which it has itself, before it is for its name.
    async fn ensure_service(&self) -> Result<(), ClientError> {
        match self.client.get::<Service>("default", "kubernetes").await {
            Err(error) if error.is_not_found() => existing(self.client.create(&self.service()).await),
            other => other.map(drop),
        }
    }

    async fn ensure_all(&self, objects: Vec<Value>) -> Result<(), ClientError> {
        let mut results =
            futures_util::stream::iter(objects).map(|object| self.ensure(object)).buffer_unordered(AT_ONCE);
        while let Some(result) = results.next().await {
            result?;
        }
        Ok(())
    }

    async fn ensure(&self, mut object: Value) -> Result<(), ClientError> {
        // What other roles add to a role, its controller writes.
        if !object.at(&["aggregationRule"]).is_null() {
            object.remove(&["rules"]);
        }
        let (api_version, kind) = (object.str_at(&["apiVersion"]), object.str_at(&["kind"]));
        let names = self.kinds.iter().map(|kind| kind.names()).find(|names| {
            names.kind == kind && names.versions.iter().any(|version| names.api_version(version.name) == api_version)
        });
        let Some(names) = names else { return Ok(()) };
        let resource = informer::Resource {
            group: names.group.into(),
            version: api_version.rsplit('/').next().unwrap_or_default().into(),
            plural: names.plural.into(),
            kind: names.kind.into(),
            namespaced: names.namespaced(),
        };
        let (namespace, name) = (object.str_at(&["metadata", "namespace"]), object.str_at(&["metadata", "name"]));
        let api = self.client.api(&resource);
        let made = match api.create(namespace, &object).await {
            Err(error) if error.is_already_exists() && names.group == policy::GROUP => {
                policy::reconcile(&api, namespace, name, &object).await
            }
            other => existing(other),
        };
        match made {
            // One object that is refused must not keep the server from starting; which one it is, the log says.
            Err(error) if error.api().is_some_and(|status| status.code() == 422) => {
                tracing::error!(kind, namespace, name, %error, "a bootstrap object was refused");
                Ok(())
            }
            other => other,
        }
    }

    fn cidr(&self) -> ServiceCIDR {
        let mut cidr = ServiceCIDR::default();
        cidr.metadata.name = "kubernetes".into();
        cidr.spec = ServiceCIDRSpec { cidrs: self.service_cidrs.to_vec() };
        cidr
    }

    fn service(&self) -> Service {
        let mut service = Service::default();
        service.metadata.name = "kubernetes".into();
        service.metadata.namespace = "default".into();
        service.metadata.labels =
            [("component", "apiserver"), ("provider", "kubernetes")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let address = self.advertised.service_address.to_string();
        let node_port = self.advertised.node_port;
        service.spec = ServiceSpec {
            cluster_ip: address.clone(),
            cluster_ips: vec![address],
            ports: vec![ServicePort {
                name: "https".into(),
                protocol: "TCP".into(),
                port: 443,
                target_port: schema::IntOrString::Int(self.advertised.address.port().into()),
                node_port: node_port.into(),
                ..ServicePort::default()
            }],
            type_: if node_port == 0 { "ClusterIP" } else { "NodePort" }.into(),
            session_affinity: "None".into(),
            ..ServiceSpec::default()
        };
        service
    }

    /// What aggregated servers verify the callers of this one with.
    fn authentication(&self) -> ConfigMap {
        let mut map = ConfigMap::default();
        map.metadata.name = "extension-apiserver-authentication".into();
        map.metadata.namespace = "kube-system".into();
        if !self.client_ca.is_empty() {
            map.data.insert("client-ca-file".to_owned(), self.client_ca.to_owned());
        }
        if self.front_proxy_ca.is_empty() {
            return map;
        }
        map.data.insert("requestheader-client-ca-file".to_owned(), self.front_proxy_ca.to_owned());
        let given = self.request_header;
        for (key, given, usual) in [
            ("allowed-names", &given.allowed_names, "front-proxy-client"),
            ("extra-headers-prefix", &given.extra_headers_prefix, "X-Remote-Extra-"),
            ("group-headers", &given.group_headers, "X-Remote-Group"),
            ("uid-headers", &given.uid_headers, "X-Remote-Uid"),
            ("username-headers", &given.username_headers, "X-Remote-User"),
        ] {
            let of_own_authority = given.is_empty() && self.request_header.client_ca_file.is_none();
            let names = if of_own_authority { vec![usual.to_owned()] } else { given.clone() };
            let list = serde_json::to_string(&names).unwrap_or_default();
            map.data.insert(format!("requestheader-{key}"), list);
        }
        map
    }
}

/// The others are the producer's, which keeps them as they should be.
fn not_of_flow_control(object: &Value) -> bool {
    !object.str_at(&["apiVersion"]).starts_with(producer::GROUP)
}

/// What exists already is as good as made.
fn existing<T>(result: Result<T, ClientError>) -> Result<(), ClientError> {
    match result {
        Ok(_) => Ok(()),
        Err(error) if error.is_already_exists() => Ok(()),
        Err(error) => Err(error),
    }
}
