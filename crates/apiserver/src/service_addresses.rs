//! What services are given when they are written: addresses of the service range and node ports.
//!
//! What is given out is known in memory and learnt at a start from the services that are stored. Deliberately absent: a
//! record in the store, by which several servers over one etcd could share a range.

use api_core::v1::Service;
use api_meta::v1::ListOptions;
use client::{Client, ClientError};
use kind::ApiError;
use kinds_core::net::Cidr;
use kinds_core::service::allocation::{self, Allocators, Changes};
use kinds_core::service::allocator::{Addresses, Ports};
use parking_lot::Mutex;
use registry::{BoxFuture, HookContext, Reservation, StorageHook};
use schema::{Typed, Value};
use std::sync::Arc;
use stdx::Rng;

/// Upstream's range of node ports.
const FIRST_NODE_PORT: u16 = 30000;
const LAST_NODE_PORT: u16 = 32767;

/// The hook of services.
#[derive(Clone)]
pub struct ServiceAddresses {
    allocators: Arc<Mutex<Allocators>>,
    rng: Arc<dyn Rng>,
}

impl ServiceAddresses {
    /// None: the range is no network.
    pub fn new(service_cidr: &str, rng: Arc<dyn Rng>) -> Option<ServiceAddresses> {
        let addresses = vec![Addresses::new(Cidr::parse(service_cidr)?)];
        let allocators = Allocators { addresses, ports: Ports::new(FIRST_NODE_PORT, LAST_NODE_PORT) };
        Some(ServiceAddresses { allocators: Arc::new(Mutex::new(allocators)), rng })
    }

    /// Learns what the stored services have. To be called before the first service is written.
    pub async fn learn(&self, client: &Client) -> Result<(), ClientError> {
        let services = client.list::<Service>("", &ListOptions::default()).await?;
        let mut allocators = self.allocators.lock();
        services.items.iter().for_each(|service| allocators.occupy(service));
        Ok(())
    }
}

impl StorageHook for ServiceAddresses {
    fn before_write<'a>(
        &'a self,
        _context: &'a HookContext<'a>,
        new: &'a mut Value,
        old: Option<&'a Value>,
    ) -> BoxFuture<'a, Result<Box<dyn Reservation>, ApiError>> {
        Box::pin(async move {
            let mut service = Service::from_value(new);
            let old = old.map(Service::from_value);
            let mut random = |bound: u64| self.rng.next_u64() % bound;
            let changes = allocation::allocate(&mut service, old.as_ref(), &mut self.allocators.lock(), &mut random)?;
            *new = service.to_value();
            let taken = Taken { allocators: self.allocators.clone(), changes: Some(changes) };
            Ok(Box::new(taken) as Box<dyn Reservation>)
        })
    }

    fn after_delete<'a>(&'a self, _context: &'a HookContext<'a>, old: &'a Value) -> BoxFuture<'a, ()> {
        self.allocators.lock().vacate(&Service::from_value(old));
        Box::pin(std::future::ready(()))
    }
}

/// What one write took.
struct Taken {
    allocators: Arc<Mutex<Allocators>>,
    changes: Option<Changes>,
}

impl Reservation for Taken {
    fn commit(mut self: Box<Self>) {
        if let Some(changes) = self.changes.take() {
            changes.commit(&mut self.allocators.lock());
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(changes) = self.changes.take() {
            changes.revert(&mut self.allocators.lock());
        }
    }
}
