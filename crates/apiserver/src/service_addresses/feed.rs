//! What memory follows: IPAddress objects, which are taken addresses, and ServiceCIDRs, which are where free ones come from.

use super::Shared;
use api_meta::v1::{ListOptions, ObjectMeta};
use api_misc::networking::v1::{IPAddress, ServiceCIDR};
use client::{Client, ClientError, EventKind};
use kinds_core::net::Cidr;
use parking_lot::Mutex;
use schema::Object;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// After a watch that failed.
const RETRY: Duration = Duration::from_millis(200);
/// The object that stands for the ranges of the flags.
pub const DEFAULT_CIDR: &str = "kubernetes";

pub fn spawn(client: &Client, shared: &Arc<Shared>) {
    let of_addresses = shared.clone();
    let known = Mutex::new(BTreeSet::<String>::new());
    follow::<IPAddress>(client, "IPAddresses", move |change| {
        let mut known = known.lock();
        let mut allocators = of_addresses.allocators.lock();
        let mut set = |name: &str, taken: bool| {
            let Ok(address) = name.parse::<IpAddr>() else { return };
            for range in &mut allocators.addresses {
                if taken { range.occupy(address) } else { range.release(address) }
            }
        };
        match change {
            Change::All(objects) => {
                let now: BTreeSet<String> = objects.into_iter().map(|object| object.metadata.name).collect();
                known.difference(&now).for_each(|name| set(name, false));
                now.iter().for_each(|name| set(name, true));
                *known = now;
            }
            Change::Set(object) => {
                set(&object.metadata.name, true);
                known.insert(object.metadata.name);
            }
            Change::Gone(name) => {
                set(&name, false);
                known.remove(&name);
            }
        }
    });
    let shared = shared.clone();
    let known = Mutex::new(BTreeMap::<String, ServiceCIDR>::new());
    follow::<ServiceCIDR>(client, "ServiceCIDRs", move |change| {
        let mut known = known.lock();
        match change {
            Change::All(objects) => {
                *known = objects.into_iter().map(|object| (object.metadata.name.clone(), object)).collect();
            }
            Change::Set(object) => drop(known.insert(object.metadata.name.clone(), object)),
            Change::Gone(name) => drop(known.remove(&name)),
        }
        let networks = networks(&shared.ranges, known.values());
        let mut allocators = shared.allocators.lock();
        allocators.addresses.iter_mut().for_each(|range| range.set_networks(networks.iter().copied()));
    });
}

/// Where addresses come from: the default ranges first, then those of the other objects that are ready.
pub fn networks<'a>(ranges: &[String], objects: impl Iterator<Item = &'a ServiceCIDR> + Clone) -> Vec<Cidr> {
    let default = objects.clone().find(|object| object.metadata.name == DEFAULT_CIDR);
    // Until the object says otherwise, what the flags say holds.
    let of_flags = default.is_none_or(|object| {
        object.metadata.deletion_timestamp.is_none() && ranges.iter().all(|range| object.spec.cidrs.contains(range))
    });
    let ready = |object: &&ServiceCIDR| {
        let condition = object.status.conditions.iter().find(|condition| condition.type_ == "Ready");
        object.metadata.deletion_timestamp.is_none() && condition.is_some_and(|condition| condition.status == "True")
    };
    let mut texts: Vec<&String> = if of_flags { ranges.iter().collect() } else { Vec::new() };
    let of_default = default.into_iter().filter(ready);
    let of_others = objects.filter(|object| object.metadata.name != DEFAULT_CIDR).filter(ready);
    for text in of_default.chain(of_others).flat_map(|object| object.spec.cidrs.iter()) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.into_iter().filter_map(|text| Cidr::parse(text)).collect()
}

enum Change<T> {
    All(Vec<T>),
    Set(T),
    Gone(String),
}

fn follow<T: Object<Meta = ObjectMeta>>(
    client: &Client,
    what: &'static str,
    apply: impl Fn(Change<T>) + Send + Sync + 'static,
) {
    let client = client.clone();
    tokio::spawn(async move {
        loop {
            if let Err(error) = once(&client, &apply).await {
                tracing::warn!(what, %error, "watching for service addresses failed");
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}

async fn once<T: Object<Meta = ObjectMeta>>(client: &Client, apply: &impl Fn(Change<T>)) -> Result<(), ClientError> {
    let list = client.list::<T>("", &ListOptions::default()).await?;
    let options = ListOptions { resource_version: list.resource_version, ..ListOptions::default() };
    apply(Change::All(list.items));
    let mut watch = client.watch::<T>("", &options).await?;
    while let Some(event) = watch.next().await {
        let event = event?;
        match event.kind {
            EventKind::Added | EventKind::Modified => apply(Change::Set(event.object)),
            EventKind::Deleted => apply(Change::Gone(event.object.meta().name.clone())),
            EventKind::Bookmark => {}
        }
    }
    Ok(())
}
