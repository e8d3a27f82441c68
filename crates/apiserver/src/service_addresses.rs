//! What services are given when they are written: addresses of the service ranges and node ports.
//!
//! ```text
//!   Allocators in memory: what is likely free --choose--> create the IPAddress, swap the bitmap of ports
//!        ^                                                     |  both by compare and swap: the truth
//!        +------ somebody else was faster: learn, again <------+
//! ```
//!
//! An address belongs to whoever created its IPAddress object, a port to whoever set its bit in the RangeAllocation that
//! upstream's servers share too; so several servers over one store never give one twice. Memory follows the objects by
//! watches and only saves tries. What was lost on the way (a server that died between two writes) [`repair`] finds.

mod feed;
mod ports;
mod repair;
#[cfg(test)]
mod tests;

use api_core::v1::Service;
use api_meta::v1::{DeleteOptions, ListOptions, Preconditions};
use api_misc::networking::v1::{IPAddress, ParentReference};
use client::{Client, ClientError};
use kind::{ApiError, FieldErrors, Path};
use kinds_core::net::Cidr;
use kinds_core::service::allocation::{self, Allocators, Changes};
use kinds_core::service::allocator::{Addresses, Ports};
use parking_lot::Mutex;
use ports::PortRange;
use registry::{BoxFuture, HookContext, Reservation, StorageHook};
use schema::{Typed, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use stdx::{Clock, Rng};
use store::Store;

/// How often what somebody else took is replaced by another choice.
const MAX_TRIES: usize = 32;
/// An address without a service for this long was left by a server that died; its service may take it.
const ABANDONED_SECONDS: i64 = 60;
/// The address of services that want none.
const HEADLESS: &str = "None";
const MANAGED_BY: &str = "ipaddress.kubernetes.io/managed-by";
const FAMILY: &str = "ipaddress.kubernetes.io/ip-family";
const MANAGER: &str = "ipallocator.k8s.io";

/// What the addresses and ports depend on.
pub struct Settings<'a> {
    /// One range, or one of each family.
    pub ranges: &'a [String],
    pub node_ports: (u16, u16),
    pub store: Arc<dyn Store>,
    /// Before every key of the store.
    pub root: &'a str,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

/// The hook of services.
#[derive(Clone)]
pub struct ServiceAddresses {
    shared: Arc<Shared>,
}

struct Shared {
    allocators: Mutex<Allocators>,
    ports: PortRange,
    /// Those of the flags, which hold until objects say otherwise.
    ranges: Vec<String>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    /// Writes the IPAddress objects; known once the registry stands.
    client: OnceLock<Client>,
}

impl ServiceAddresses {
    /// None: a range is no network, or there are too many.
    pub fn new(settings: Settings<'_>) -> Option<ServiceAddresses> {
        let networks = settings.ranges.iter().map(|range| Cidr::parse(range)).collect::<Option<Vec<Cidr>>>()?;
        if networks.is_empty() || networks.len() > 2 {
            return None;
        }
        let addresses = networks.into_iter().map(Addresses::new).collect();
        let (first, last) = settings.node_ports;
        let allocators = Allocators { addresses, ports: Ports::new(first, last) };
        let shared = Shared {
            allocators: Mutex::new(allocators),
            ports: PortRange::new(settings.store, settings.root, first, last),
            ranges: settings.ranges.to_vec(),
            clock: settings.clock,
            rng: settings.rng,
            client: OnceLock::new(),
        };
        Some(ServiceAddresses { shared: Arc::new(shared) })
    }

    /// Learns what is given out, and goes on to follow it. To be called before the first service is written.
    pub async fn learn(&self, client: &Client) -> Result<(), ClientError> {
        self.shared.client.get_or_init(|| client.clone());
        let services = client.list::<Service>("", &ListOptions::default()).await?;
        {
            let mut allocators = self.shared.allocators.lock();
            services.items.iter().for_each(|service| allocators.occupy(service));
        }
        let ports = services.items.iter().flat_map(|service| allocation::held_by(service).1).collect();
        if let Err(error) = self.shared.ports.begin(ports).await {
            tracing::warn!(%error, "cannot write which node ports are given out");
        }
        feed::spawn(client, &self.shared);
        Ok(())
    }

    /// Finds and mends what does not fit together, now and then, until the runtime ends.
    pub fn keep_repaired(&self) {
        if let Some(client) = self.shared.client.get() {
            tokio::spawn(repair::run(client.clone(), self.shared.clone()));
        }
    }
}

/// What came of a choice.
enum Outcome {
    Taken,
    /// Somebody else has it; memory knows now.
    Lost,
}

impl Shared {
    fn plan(&self, service: &mut Service, old: Option<&Service>) -> Result<Changes, ApiError> {
        let mut random = |bound: u64| self.rng.next_u64() % bound;
        allocation::allocate(service, old, &mut self.allocators.lock(), &mut random)
    }

    /// One try. On an error and when it is lost, nothing is taken.
    async fn attempt(
        self: &Arc<Shared>,
        context: &HookContext<'_>,
        service: &mut Service,
        old: Option<&Service>,
    ) -> Result<(Outcome, Changes), ApiError> {
        let mut held = match exposes(service) || old.is_some_and(exposes) {
            true => {
                let held = self.ports.hold().await.map_err(unavailable)?;
                self.allocators.lock().ports.set_taken(held.taken());
                Some(held)
            }
            false => None,
        };
        let changes = self.plan(service, old)?;
        if context.dry_run {
            return Ok((Outcome::Taken, changes));
        }
        let mut recorded = Vec::new();
        let taken = self.take(context, &changes, held.as_mut(), &mut recorded).await;
        if !matches!(taken, Ok(Outcome::Taken)) {
            // The first that could not be recorded is somebody else's.
            let lost = changes.taken_addresses().get(recorded.len()).copied().filter(|_| taken.is_ok());
            changes.revert(&mut self.allocators.lock());
            self.forget(&recorded).await;
            let mut allocators = self.allocators.lock();
            if let Some(address) = lost {
                allocators.addresses.iter_mut().for_each(|range| range.occupy(address));
            }
            return taken.map(|outcome| (outcome, Changes::default()));
        }
        Ok((Outcome::Taken, changes))
    }

    /// Makes the choice true for everybody. `recorded` tells which objects were made.
    async fn take(
        &self,
        context: &HookContext<'_>,
        changes: &Changes,
        held: Option<&mut ports::Held<'_>>,
        recorded: &mut Vec<IpAddr>,
    ) -> Result<Outcome, ApiError> {
        let Some(client) = self.client.get() else { return Ok(Outcome::Taken) };
        for &address in changes.taken_addresses() {
            match client.create(&address_of(context.namespace, context.name, address)).await {
                Ok(_) => recorded.push(address),
                Err(error) if error.is_already_exists() => return Ok(Outcome::Lost),
                Err(error) => return Err(refused(context, &error)),
            }
        }
        match held {
            Some(held) if !changes.taken_ports().is_empty() => {
                let swapped = held.add(changes.taken_ports()).await.map_err(unavailable)?;
                Ok(if swapped { Outcome::Taken } else { Outcome::Lost })
            }
            _ => Ok(Outcome::Taken),
        }
    }

    /// Whether addresses that are asked for by name are what memory thinks of them.
    async fn look_up(
        &self,
        context: &HookContext<'_>,
        service: &Service,
        old: Option<&Service>,
    ) -> Result<(), ApiError> {
        let Some(client) = self.client.get() else { return Ok(()) };
        let had = old.map(|old| old.spec.cluster_ips.as_slice()).unwrap_or_default();
        let mut asked = service.spec.cluster_ips.clone();
        asked.push(service.spec.cluster_ip.clone());
        asked.retain(|text| text != HEADLESS && !had.contains(text));
        asked.dedup();
        for address in asked.iter().filter_map(|text| text.parse::<IpAddr>().ok()) {
            let free = match client.get::<IPAddress>("", &address.to_string()).await {
                Ok(found) if old.is_none() && self.is_abandoned(context, &found) => self.remove(client, &found).await,
                Ok(_) => false,
                Err(error) if error.is_not_found() => true,
                Err(error) => return Err(refused(context, &error)),
            };
            let mut allocators = self.allocators.lock();
            for range in &mut allocators.addresses {
                if free { range.release(address) } else { range.occupy(address) }
            }
        }
        Ok(())
    }

    fn is_abandoned(&self, context: &HookContext<'_>, found: &IPAddress) -> bool {
        let parent = found.spec.parent_ref.as_deref();
        let same = parent
            .is_some_and(|p| p.resource == "services" && p.namespace == context.namespace && p.name == context.name);
        let created = found.metadata.creation_timestamp.map_or(0, |time| time.unix());
        same && self.clock.now_seconds() - created > ABANDONED_SECONDS
    }

    /// Whether this very object is gone.
    async fn remove(&self, client: &Client, found: &IPAddress) -> bool {
        let uid = Some(found.metadata.uid.clone());
        let preconditions = Some(Box::new(Preconditions { uid, ..Preconditions::default() }));
        let options = DeleteOptions { preconditions, ..DeleteOptions::default() };
        client.delete::<IPAddress>("", &found.metadata.name, &options).await.is_ok()
    }

    /// Deletes the objects of addresses.
    async fn forget(&self, addresses: &[IpAddr]) {
        let Some(client) = self.client.get() else { return };
        for address in addresses {
            if let Err(error) = client.delete::<IPAddress>("", &address.to_string(), &DeleteOptions::default()).await
                && !error.is_not_found()
            {
                tracing::warn!(%address, %error, "cannot delete the IPAddress of a service that is gone");
            }
        }
    }

    /// Gives back for everybody, objects first: nobody shall meet an object of somebody else for an address that is free.
    async fn give_back(&self, addresses: &[IpAddr], ports: &[i32]) {
        self.forget(addresses).await;
        if !ports.is_empty()
            && let Err(error) = self.ports.remove(ports).await
        {
            tracing::warn!(?ports, %error, "cannot give node ports back; the repair will");
        }
    }
}

/// Whether ports of the nodes may change hands.
fn exposes(service: &Service) -> bool {
    matches!(service.spec.type_.as_str(), "NodePort" | "LoadBalancer")
}

fn address_of(namespace: &str, name: &str, ip: IpAddr) -> IPAddress {
    let family = if ip.is_ipv6() { "IPv6" } else { "IPv4" };
    let mut address = IPAddress::default();
    address.metadata.name = ip.to_string();
    address.metadata.labels =
        BTreeMap::from([(FAMILY.to_owned(), family.to_owned()), (MANAGED_BY.to_owned(), MANAGER.to_owned())]);
    address.spec.parent_ref = Some(Box::new(ParentReference {
        resource: "services".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..ParentReference::default()
    }));
    address
}

fn unavailable(error: store::StoreError) -> ApiError {
    ApiError::internal(format!("failed to allocate a nodePort: {error}"))
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
            let asked = Service::from_value(new);
            let old = old.map(Service::from_value);
            self.shared.look_up(context, &asked, old.as_ref()).await?;
            for _ in 0..MAX_TRIES {
                let mut service = asked.clone();
                let (outcome, changes) = self.shared.attempt(context, &mut service, old.as_ref()).await?;
                if let Outcome::Lost = outcome {
                    continue;
                }
                *new = service.to_value();
                let taken = Taken { owner: self.clone(), changes: Some(changes), dry_run: context.dry_run };
                return Ok(Box::new(taken) as Box<dyn Reservation>);
            }
            Err(ApiError::internal("failed to allocate a serviceIP: others were always faster"))
        })
    }

    fn after_delete<'a>(&'a self, _context: &'a HookContext<'a>, old: &'a Value) -> BoxFuture<'a, ()> {
        let service = Service::from_value(old);
        Box::pin(async move {
            let (addresses, ports) = allocation::held_by(&service);
            self.shared.give_back(&addresses, &ports).await;
            self.shared.allocators.lock().vacate(&service);
        })
    }
}

/// What one write took.
struct Taken {
    owner: ServiceAddresses,
    changes: Option<Changes>,
    dry_run: bool,
}

impl Taken {
    /// Gives back in the store, then in memory by `finish`.
    fn give_back(
        &self,
        addresses: Vec<IpAddr>,
        ports: Vec<i32>,
        finish: impl FnOnce(&mut Allocators) + Send + 'static,
    ) {
        let shared = self.owner.shared.clone();
        if self.dry_run || (addresses.is_empty() && ports.is_empty()) {
            return finish(&mut shared.allocators.lock());
        }
        tokio::spawn(async move {
            shared.give_back(&addresses, &ports).await;
            finish(&mut shared.allocators.lock());
        });
    }
}

impl Reservation for Taken {
    fn commit(mut self: Box<Self>) {
        if let Some(changes) = self.changes.take() {
            let (addresses, ports) = (changes.released_addresses().to_vec(), changes.released_ports().to_vec());
            self.give_back(addresses, ports, |allocators| changes.commit(allocators));
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(changes) = self.changes.take() {
            let (addresses, ports) = (changes.taken_addresses().to_vec(), changes.taken_ports().to_vec());
            self.give_back(addresses, ports, |allocators| changes.revert(allocators));
        }
    }
}
