//! Finding and mending what does not fit together: addresses without their objects, objects and ports without their
//! services, services outside of every range. What is done is told by upstream's events.
//!
//! The findings are pure functions of lists; [`run`] makes the lists and does what is found.

use super::{MANAGED_BY, MANAGER, Shared, address_of, feed};
use api_core::v1::{Event, EventSource, ObjectReference, Service};
use api_meta::v1::{DeleteOptions, ListOptions, Preconditions};
use api_misc::networking::v1::{IPAddress, ServiceCIDR};
use client::{Client, ClientError};
use kinds_core::net::Cidr;
use kinds_core::service::allocation;
use schema::Time;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;

/// As upstream's for ports.
const PERIOD: Duration = Duration::from_secs(3 * 60);
/// An object without a service may belong to one that is just being created.
const GRACE_SECONDS: i64 = 60;
/// A port without a service is given back after it was seen so often.
const LEAK_ROUNDS: u32 = 3;
/// How often the bitmap of ports is tried to be changed in one round.
const MAX_TRIES: usize = 4;
const ADDRESS_COMPONENT: &str = "ipallocator-repair-controller";
const PORT_COMPONENT: &str = "portallocator-repair-controller";

pub async fn run(client: Client, shared: Arc<Shared>) {
    let mut leaks = BTreeMap::new();
    let mut interval = tokio::time::interval(PERIOD);
    loop {
        interval.tick().await;
        if let Err(error) = once(&client, &shared, &mut leaks).await {
            tracing::warn!(%error, "addresses of services cannot be checked");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum RepairError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn once(client: &Client, shared: &Shared, leaks: &mut BTreeMap<i32, u32>) -> Result<(), RepairError> {
    let now = Time::from_unix(shared.clock.now_seconds());
    // The addresses first: a service that is created between the lists has its address in neither or in both.
    let addresses = client.list::<IPAddress>("", &ListOptions::default()).await?.items;
    let cidrs = client.list::<ServiceCIDR>("", &ListOptions::default()).await?.items;
    let services = client.list::<Service>("", &ListOptions::default()).await?.items;
    let networks = feed::networks(&shared.ranges, cidrs.iter());
    for finding in addresses_found(&services, &addresses, &networks, now) {
        carry_out(client, shared, &finding).await;
    }
    for _ in 0..MAX_TRIES {
        let mut held = shared.ports.hold().await?;
        let ports = &shared.allocators.lock().ports.clone();
        let taken: BTreeSet<i32> = held.taken().collect();
        let (wanted, findings) = ports_found(&services, &taken, (ports.first(), ports.last()), leaks);
        if wanted != taken && !held.swap(wanted).await? {
            continue;
        }
        for finding in &findings {
            carry_out(client, shared, finding).await;
        }
        break;
    }
    Ok(())
}

/// What is wrong, and what is done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub about: ObjectReference,
    pub component: &'static str,
    pub reason: &'static str,
    pub message: String,
    pub fix: Option<Fix>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fix {
    Create(Box<IPAddress>),
    Delete { name: String, uid: String },
}

/// About addresses: of services that lack them, and of objects that lead nowhere.
pub fn addresses_found(services: &[Service], addresses: &[IPAddress], networks: &[Cidr], now: Time) -> Vec<Finding> {
    let by_name: HashMap<&str, &IPAddress> = addresses.iter().map(|a| (a.metadata.name.as_str(), a)).collect();
    let mut findings = Vec::new();
    for service in services {
        for address in allocation::held_by(service).0 {
            findings.extend(of_service(service, address, &by_name, networks));
        }
    }
    let by_place: HashMap<(&str, &str), &Service> =
        services.iter().map(|s| ((s.metadata.namespace.as_str(), s.metadata.name.as_str()), s)).collect();
    findings.extend(addresses.iter().filter_map(|address| of_object(address, &by_place, now)));
    findings
}

fn of_service(
    service: &Service,
    address: IpAddr,
    by_name: &HashMap<&str, &IPAddress>,
    networks: &[Cidr],
) -> Option<Finding> {
    let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
    let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
    let finding = |reason, message, fix| Finding {
        about: reference("v1", "Service", namespace, name, &service.metadata.uid),
        component: ADDRESS_COMPONENT,
        reason,
        message,
        fix,
    };
    if !networks.iter().any(|network| network.offset_of(address).is_some()) {
        let why = "is not within any configured Service CIDR; please recreate service";
        return Some(finding("ClusterIPOutOfRange", format!("Cluster IP [{family}]: {address} {why}"), None));
    }
    let create = || Some(Fix::Create(Box::new(address_of(namespace, name, address))));
    let Some(object) = by_name.get(address.to_string().as_str()) else {
        let message = format!("Cluster IP [{family}]: {address} is not allocated; repairing");
        return Some(finding("ClusterIPNotAllocated", message, create()));
    };
    let parent = object.spec.parent_ref.as_deref();
    let is_own = parent.is_some_and(|p| p.resource == "services" && p.namespace == *namespace && p.name == *name);
    if is_own {
        return None;
    }
    let other = parent.map_or("<none>".to_owned(), |parent| format!("{}/{}", parent.namespace, parent.name));
    let message = format!(
        "Cluster IP [{family}]:{address} was assigned to multiple services (to {other}); please recreate service"
    );
    Some(finding("ClusterIPAlreadyAllocated", message, None))
}

fn of_object(address: &IPAddress, by_place: &HashMap<(&str, &str), &Service>, now: Time) -> Option<Finding> {
    let meta = &address.metadata;
    if meta.labels.get(MANAGED_BY).map(String::as_str) != Some(MANAGER) {
        return None;
    }
    let age = meta.creation_timestamp.map_or(i64::MAX, |created| now.secs_since(created));
    let finding = |reason, message: String| {
        let fix = Fix::Delete { name: meta.name.clone(), uid: meta.uid.clone() };
        Some(Finding {
            about: reference("networking.k8s.io/v1", "IPAddress", "", &meta.name, &meta.uid),
            component: ADDRESS_COMPONENT,
            reason,
            message,
            fix: Some(fix),
        })
    };
    let parent = address.spec.parent_ref.as_deref();
    let Some(parent) = parent.filter(|p| p.group.is_empty() && p.resource == "services") else {
        let message = format!("IPAddress: {} has a wrong reference; cleaning up", meta.name);
        return finding("IPAddressNotAllocated", message);
    };
    if age < GRACE_SECONDS {
        return None;
    }
    let place = format!("{}/{}", parent.namespace, parent.name);
    match by_place.get(&(parent.namespace.as_str(), parent.name.as_str())) {
        None => finding(
            "IPAddressNotAllocated",
            format!("IPAddress: {} for Service {place} appears to have leaked: cleaning up", meta.name),
        ),
        Some(service) => {
            let has = allocation::held_by(service).0.iter().any(|ip| ip.to_string() == meta.name);
            let message = format!("IPAddress: {} for Service {place} has a wrong reference; cleaning up", meta.name);
            if has { None } else { finding("IPAddressWrongReference", message) }
        }
    }
}

/// About ports: which are to be taken from now on, and what was wrong. `leaks` counts the rounds in which nobody had them.
pub fn ports_found(
    services: &[Service],
    taken: &BTreeSet<i32>,
    (first, last): (u16, u16),
    leaks: &mut BTreeMap<i32, u32>,
) -> (BTreeSet<i32>, Vec<Finding>) {
    let (mut had, mut findings) = (BTreeSet::new(), Vec::new());
    for service in services {
        let meta = &service.metadata;
        for port in allocation::held_by(service).1 {
            let finding = |reason, message| Finding {
                about: reference("v1", "Service", &meta.namespace, &meta.name, &meta.uid),
                component: PORT_COMPONENT,
                reason,
                message,
                fix: None,
            };
            if !(i32::from(first)..=i32::from(last)).contains(&port) {
                let message =
                    format!("Port {port} is not within the port range {first}-{last}; please recreate service");
                findings.push(finding("PortOutOfRange", message));
            } else if !had.insert(port) {
                let message = format!("Port {port} was assigned to multiple services; please recreate service");
                findings.push(finding("PortAlreadyAllocated", message));
            } else if !taken.contains(&port) {
                findings.push(finding("PortNotAllocated", format!("Port {port} is not allocated; repairing")));
            }
        }
    }
    leaks.retain(|port, _| taken.contains(port) && !had.contains(port));
    for port in taken.difference(&had.clone()) {
        let rounds = leaks.entry(*port).or_default();
        *rounds += 1;
        if *rounds < LEAK_ROUNDS {
            had.insert(*port);
        } else {
            tracing::warn!(port, "a node port appears to have leaked and is given back");
        }
    }
    (had, findings)
}

fn reference(api_version: &str, kind: &str, namespace: &str, name: &str, uid: &str) -> ObjectReference {
    ObjectReference {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        ..ObjectReference::default()
    }
}

async fn carry_out(client: &Client, shared: &Shared, finding: &Finding) {
    if let Some(Fix::Create(object)) = &finding.fix
        && !still_missing(client, finding, object).await
    {
        return;
    }
    tracing::warn!(reason = finding.reason, "{}", finding.message);
    let done = match &finding.fix {
        None => Ok(()),
        Some(Fix::Create(object)) => client.create(&**object).await.map(drop),
        Some(Fix::Delete { name, uid }) => {
            let preconditions = Some(Box::new(Preconditions { uid: Some(uid.clone()), ..Preconditions::default() }));
            let options = DeleteOptions { preconditions, ..DeleteOptions::default() };
            client.delete::<IPAddress>("", name, &options).await.map(drop)
        }
    };
    if let Err(error) = done {
        tracing::warn!(reason = finding.reason, %error, "it could not be repaired");
    }
    if let Err(error) = client.create(&event(finding, shared.clock.now())).await {
        tracing::debug!(reason = finding.reason, %error, "an event is lost");
    }
}

/// The lists are not of one moment: the service may be gone by now, or may have just been created.
async fn still_missing(client: &Client, finding: &Finding, object: &IPAddress) -> bool {
    let service = client.get::<Service>(&finding.about.namespace, &finding.about.name).await;
    let same = service.is_ok_and(|service| service.metadata.uid == finding.about.uid);
    let found = client.get::<IPAddress>("", &object.metadata.name).await;
    same && found.is_err_and(|error| error.is_not_found())
}

fn event(finding: &Finding, now_ns: i64) -> Event {
    let now = Time::from_unix(now_ns.div_euclid(1_000_000_000));
    let namespace = if finding.about.namespace.is_empty() { "default" } else { &finding.about.namespace };
    let mut event = Event {
        involved_object: finding.about.clone(),
        type_: "Warning".to_owned(),
        reason: finding.reason.to_owned(),
        message: finding.message.clone(),
        count: 1,
        first_timestamp: Some(now),
        last_timestamp: Some(now),
        source: EventSource { component: finding.component.to_owned(), ..EventSource::default() },
        reporting_component: finding.component.to_owned(),
        ..Event::default()
    };
    event.metadata.name = format!("{}.{now_ns:x}", finding.about.name.replace(':', "-"));
    event.metadata.namespace = namespace.to_owned();
    event
}
