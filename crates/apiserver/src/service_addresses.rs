//! What services are given when they are written: addresses of the service range and node ports.
//!
//! What is given out is known in memory and learnt at a start from the services that are stored. Each address has an
//! IPAddress object, which tells clients whose it is. Deliberately absent: the use of those objects by several servers over
//! one etcd to share a range.

use api_core::v1::Service;
use api_meta::v1::{DeleteOptions, ListOptions};
use api_misc::networking::v1::{IPAddress, ParentReference};
use client::{Client, ClientError};
use kind::{ApiError, FieldErrors, Path};
use kinds_core::net::Cidr;
use kinds_core::service::allocation::{self, Allocators, Changes};
use kinds_core::service::allocator::{Addresses, Ports};
use parking_lot::Mutex;
use registry::{BoxFuture, HookContext, Reservation, StorageHook};
use schema::{Typed, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use stdx::Rng;

/// Upstream's range of node ports.
const FIRST_NODE_PORT: u16 = 30000;
const LAST_NODE_PORT: u16 = 32767;

/// The hook of services.
#[derive(Clone)]
pub struct ServiceAddresses {
    allocators: Arc<Mutex<Allocators>>,
    rng: Arc<dyn Rng>,
    /// Writes the IPAddress objects; known once the registry stands.
    client: Arc<OnceLock<Client>>,
}

impl ServiceAddresses {
    /// None: the range is no network.
    pub fn new(service_cidr: &str, rng: Arc<dyn Rng>) -> Option<ServiceAddresses> {
        let addresses = vec![Addresses::new(Cidr::parse(service_cidr)?)];
        let allocators = Allocators { addresses, ports: Ports::new(FIRST_NODE_PORT, LAST_NODE_PORT) };
        Some(ServiceAddresses { allocators: Arc::new(Mutex::new(allocators)), rng, client: Arc::default() })
    }

    /// Learns what the stored services have. To be called before the first service is written.
    pub async fn learn(&self, client: &Client) -> Result<(), ClientError> {
        let services = client.list::<Service>("", &ListOptions::default()).await?;
        self.client.get_or_init(|| client.clone());
        let mut allocators = self.allocators.lock();
        services.items.iter().for_each(|service| allocators.occupy(service));
        Ok(())
    }

    /// Makes the IPAddress objects of a service's new addresses; tells in `recorded` which.
    async fn record(
        &self,
        context: &HookContext<'_>,
        has: &[String],
        had: &[String],
        recorded: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let Some(client) = self.client.get() else { return Ok(()) };
        for ip in has.iter().filter(|ip| *ip != HEADLESS && !had.contains(ip)) {
            match client.create(&address_of(context, ip)).await {
                Ok(_) => recorded.push(ip.clone()),
                Err(error) if error.is_already_exists() => {}
                Err(error) => return Err(refused(context, &error)),
            }
        }
        Ok(())
    }

    async fn forget(&self, addresses: &[String]) {
        let Some(client) = self.client.get() else { return };
        for ip in addresses.iter().filter(|ip| *ip != HEADLESS) {
            if let Err(error) = client.delete::<IPAddress>("", ip, &DeleteOptions::default()).await
                && !error.is_not_found()
            {
                tracing::warn!(%ip, %error, "cannot delete the IPAddress of a service that is gone");
            }
        }
    }
}

/// The address of services that want none.
const HEADLESS: &str = "None";

fn address_of(context: &HookContext<'_>, ip: &str) -> IPAddress {
    let family = if ip.contains(':') { "IPv6" } else { "IPv4" };
    let mut address = IPAddress::default();
    address.metadata.name = ip.to_owned();
    address.metadata.labels = BTreeMap::from([
        ("ipaddress.kubernetes.io/ip-family".to_owned(), family.to_owned()),
        ("ipaddress.kubernetes.io/managed-by".to_owned(), "ipallocator.k8s.io".to_owned()),
    ]);
    address.spec.parent_ref = Some(Box::new(ParentReference {
        resource: "services".to_owned(),
        namespace: context.namespace.to_owned(),
        name: context.name.to_owned(),
        ..ParentReference::default()
    }));
    address
}

fn refused(context: &HookContext<'_>, error: &ClientError) -> ApiError {
    let mut errors = FieldErrors::new();
    let root = Path::root("spec");
    let why = error.api().map_or_else(|| error.to_string(), |status| status.0.message.clone());
    let shown = Value::from(vec![Value::from("")]);
    errors.invalid(&root.child("clusterIPs"), &shown, format!("failed to allocate IP: {why}"));
    ApiError::invalid("", "Service", context.name, &errors)
}

impl StorageHook for ServiceAddresses {
    fn before_write<'a>(
        &'a self,
        context: &'a HookContext<'a>,
        new: &'a mut Value,
        old: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<Box<dyn Reservation>, ApiError>> {
        Box::pin(async move {
            let mut service = Service::from_value(new);
            let old = old.map(Service::from_value);
            let mut random = |bound: u64| self.rng.next_u64() % bound;
            let changes = allocation::allocate(&mut service, old.as_ref(), &mut self.allocators.lock(), &mut random)?;
            let had = old.map(|old| old.spec.cluster_ips).unwrap_or_default();
            let has = &service.spec.cluster_ips;
            let gone = had.iter().filter(|ip| !has.contains(ip)).cloned().collect();
            let mut taken = Taken { owner: self.clone(), changes: Some(changes), recorded: Vec::new(), gone };
            if context.dry_run {
                taken.gone.clear();
            } else {
                self.record(context, has, &had, &mut taken.recorded).await?;
            }
            *new = service.to_value();
            Ok(Box::new(taken) as Box<dyn Reservation>)
        })
    }

    fn after_delete<'a>(&'a self, _context: &'a HookContext<'a>, old: &'a Value) -> BoxFuture<'a, ()> {
        let service = Service::from_value(old);
        Box::pin(async move {
            self.forget(&service.spec.cluster_ips).await;
            self.allocators.lock().vacate(&service);
        })
    }
}

/// What one write took.
struct Taken {
    owner: ServiceAddresses,
    changes: Option<Changes>,
    /// Addresses whose objects were made for this write.
    recorded: Vec<String>,
    /// Addresses that the service had and has no longer.
    gone: Vec<String>,
}

impl Taken {
    /// Does something to the allocators when the objects of `addresses` are gone, so that nobody meets an object of
    /// somebody else for an address that is free.
    fn after_forgetting(&self, addresses: Vec<String>, finish: impl FnOnce(&mut Allocators) + Send + 'static) {
        if addresses.is_empty() {
            return finish(&mut self.owner.allocators.lock());
        }
        let owner = self.owner.clone();
        tokio::spawn(async move {
            owner.forget(&addresses).await;
            finish(&mut owner.allocators.lock());
        });
    }
}

impl Reservation for Taken {
    fn commit(mut self: Box<Self>) {
        if let Some(changes) = self.changes.take() {
            let gone = std::mem::take(&mut self.gone);
            self.after_forgetting(gone, |allocators| changes.commit(allocators));
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(changes) = self.changes.take() {
            let recorded = std::mem::take(&mut self.recorded);
            self.after_forgetting(recorded, |allocators| changes.revert(allocators));
        }
    }
}
