//! The servers of a cluster: which of them are there, and the endpoints of the Service named kubernetes, which are they.
//!
//! ```text
//!   every 10 s: own lease key /registry/masterleases/ADDRESS, 15 s long --> all keys --> Endpoints, EndpointSlice
//! ```
//!
//! Keys and their content are upstream's, so that its servers count ours and ours count its. A server over a store of its
//! own is alone: it writes no lease, and its endpoints are checked without a write. One that stops takes itself away.

use crate::bootstrap::Advertised;
use api_core::v1::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};
use api_misc::discovery::v1 as discovery;
use client::{Client, ClientError};
use schema::{Typed, protobuf};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Compare, RangeOptions, Store, StoreError, Write, prefix_end};
use tokio::sync::watch;

const PERIOD: Duration = Duration::from_secs(10);
const LEASE: Duration = Duration::from_secs(15);
const LEASES: &str = "masterleases/";
/// Servers that are counted.
const MAX_MASTERS: usize = 100;

/// This server among the others.
pub struct Masters {
    pub client: Client,
    pub store: Arc<dyn Store>,
    /// Before every key of the store.
    pub root: String,
    /// Others may be there.
    pub shared: bool,
    pub advertised: Advertised,
}

#[derive(Debug, thiserror::Error)]
pub enum MastersError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Masters {
    /// Keeps endpoints and lease until `stop` becomes true, and takes this server away then.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if self.advertised.address.ip().is_loopback() {
            tracing::warn!(
                "the server is reached on loopback alone, so pods cannot reach it: no endpoints for kubernetes"
            );
            return;
        }
        let mut interval = tokio::time::interval(PERIOD);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            if let Err(error) = self.once().await {
                tracing::warn!(%error, "the endpoints of the Service kubernetes cannot be kept");
            }
        }
        if self.shared
            && let Err(error) = self.leave().await
        {
            tracing::warn!(%error, "this server stays in the endpoints of the Service kubernetes until its lease ends");
        }
    }

    async fn once(&self) -> Result<(), MastersError> {
        let own = self.advertised.address.ip();
        let masters = if self.shared {
            self.renew(own).await?;
            self.present().await?
        } else {
            BTreeSet::from([own])
        };
        self.reconcile(&masters).await
    }

    async fn leave(&self) -> Result<(), MastersError> {
        let own = self.advertised.address.ip();
        self.store.txn(Compare::Any, Write::Delete { key: self.key(own) }).await?;
        let mut left = self.present().await?;
        left.remove(&own);
        self.reconcile(&left).await
    }

    fn key(&self, master: IpAddr) -> String {
        format!("{}{LEASES}{master}", self.root)
    }

    async fn renew(&self, own: IpAddr) -> Result<(), StoreError> {
        let lease = Some(self.store.grant_lease(LEASE).await?);
        let subset = EndpointSubset { addresses: vec![address(own)], ..EndpointSubset::default() };
        let endpoints = Endpoints { subsets: vec![subset], ..Endpoints::default() };
        let mut body = Vec::new();
        protobuf::encode(Endpoints::type_ref(), &endpoints.to_value(), &mut body);
        let value = protobuf::envelope("v1", "Endpoints", &body).into();
        self.store.txn(Compare::Any, Write::Put { key: self.key(own), value, lease }).await.map(drop)
    }

    /// Those whose lease has not ended.
    async fn present(&self) -> Result<BTreeSet<IpAddr>, StoreError> {
        let start = format!("{}{LEASES}", self.root);
        let options = RangeOptions { limit: MAX_MASTERS, ..RangeOptions::default() };
        let found = self.store.range(&start, &prefix_end(&start), options).await?;
        Ok(found.items.iter().filter_map(|kv| kv.key.strip_prefix(&start)?.parse().ok()).collect())
    }

    async fn reconcile(&self, masters: &BTreeSet<IpAddr>) -> Result<(), MastersError> {
        self.endpoints(masters).await?;
        self.endpoint_slice(masters).await?;
        Ok(())
    }

    async fn endpoints(&self, masters: &BTreeSet<IpAddr>) -> Result<(), ClientError> {
        let mut wanted = Endpoints::default();
        wanted.metadata.name = "kubernetes".into();
        wanted.metadata.namespace = "default".into();
        wanted.metadata.labels = [("endpointslice.kubernetes.io/skip-mirror".to_owned(), "true".to_owned())].into();
        let port = EndpointPort {
            name: "https".into(),
            port: self.advertised.address.port().into(),
            protocol: "TCP".into(),
            ..EndpointPort::default()
        };
        let addresses: Vec<EndpointAddress> = masters.iter().copied().map(address).collect();
        if !addresses.is_empty() {
            wanted.subsets = vec![EndpointSubset { addresses, ports: vec![port], ..EndpointSubset::default() }];
        }
        match self.client.get::<Endpoints>("default", "kubernetes").await {
            Ok(mut found) if found.subsets != wanted.subsets || found.metadata.labels != wanted.metadata.labels => {
                found.subsets = wanted.subsets;
                found.metadata.labels.extend(wanted.metadata.labels);
                harmless_race(self.client.update(&found).await)
            }
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => harmless_race(self.client.create(&wanted).await),
            Err(error) => Err(error),
        }
    }

    async fn endpoint_slice(&self, masters: &BTreeSet<IpAddr>) -> Result<(), ClientError> {
        let mut wanted = discovery::EndpointSlice::default();
        wanted.metadata.name = "kubernetes".into();
        wanted.metadata.namespace = "default".into();
        wanted.metadata.labels = [("kubernetes.io/service-name".to_owned(), "kubernetes".to_owned())].into();
        let is_ipv6 = self.advertised.address.is_ipv6();
        wanted.address_type = if is_ipv6 { "IPv6" } else { "IPv4" }.into();
        let of_family = masters.iter().filter(|master| master.is_ipv6() == is_ipv6);
        wanted.endpoints = of_family
            .map(|master| discovery::Endpoint {
                addresses: vec![master.to_string()],
                conditions: discovery::EndpointConditions { ready: Some(true), ..Default::default() },
                ..discovery::Endpoint::default()
            })
            .collect();
        wanted.ports = vec![discovery::EndpointPort {
            name: Some("https".into()),
            port: Some(self.advertised.address.port().into()),
            protocol: Some("TCP".into()),
            ..discovery::EndpointPort::default()
        }];
        match self.client.get::<discovery::EndpointSlice>("default", "kubernetes").await {
            Ok(mut found) if found.endpoints != wanted.endpoints || found.ports != wanted.ports => {
                found.endpoints = wanted.endpoints;
                found.ports = wanted.ports;
                harmless_race(self.client.update(&found).await)
            }
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => harmless_race(self.client.create(&wanted).await),
            Err(error) => Err(error),
        }
    }
}

fn address(ip: IpAddr) -> EndpointAddress {
    EndpointAddress { ip: ip.to_string(), ..EndpointAddress::default() }
}

/// Another server wrote at the same time; the next round sees what.
fn harmless_race<T>(result: Result<T, ClientError>) -> Result<(), ClientError> {
    match result {
        Ok(_) => Ok(()),
        Err(error) if error.is_conflict() || error.is_already_exists() || error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}
