//! From the endpoints wanted and the slices there are to the writes between them.

use super::{Group, MANAGED_BY, MANAGER, MAX_ENDPOINTS, SERVICE_NAME, same_ports};
use crate::service_pods::{HEADLESS, TRIGGER_TIME, is_headless};
use crate::{Plan, Tolerate, Write, controller_reference};
use api_core::v1::Service;
use api_meta::v1::ObjectMeta;
use api_misc::discovery::v1::{Endpoint, EndpointSlice};
use schema::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Longer names leave no room for what the server appends.
const MAX_PREFIX: usize = 253;

pub(super) fn plan(
    service: &Service,
    groups: &[Group],
    slices: Vec<Arc<EndpointSlice>>,
    trigger: Option<Time>,
) -> Plan {
    let mut changes = Changes::default();
    let types: BTreeSet<&str> = groups.iter().map(|group| group.address_type).collect();
    for address_type in &types {
        let of_type = |slice: &&Arc<EndpointSlice>| slice.address_type == *address_type;
        changes.family(service, address_type, groups, slices.iter().filter(of_type).cloned().collect());
    }
    let foreign = slices.iter().filter(|slice| !types.contains(slice.address_type.as_str()));
    changes.delete.extend(foreign.cloned());
    changes.into_plan(service, trigger)
}

#[derive(Default)]
struct Changes {
    create: Vec<EndpointSlice>,
    /// As it is, as it is to be.
    update: Vec<(Arc<EndpointSlice>, EndpointSlice)>,
    delete: Vec<Arc<EndpointSlice>>,
}

impl Changes {
    /// One family's slices.
    fn family(&mut self, service: &Service, address_type: &str, groups: &[Group], slices: Vec<Arc<EndpointSlice>>) {
        let mut made = Changes::default();
        let (owned, foreign): (Vec<_>, Vec<_>) = slices.iter().cloned().partition(|slice| is_owned(slice, service));
        made.delete.extend(foreign);
        let wanted: Vec<&Group> =
            groups.iter().filter(|group| group.address_type == address_type && !group.endpoints.is_empty()).collect();
        for group in &wanted {
            let existing = owned.iter().filter(|slice| same_ports(&slice.ports, &group.ports)).cloned().collect();
            made.group(service, group, existing);
        }
        let unwanted = |slice: &&Arc<EndpointSlice>| !wanted.iter().any(|group| same_ports(&slice.ports, &group.ports));
        made.delete.extend(owned.iter().filter(unwanted).cloned());
        if made.delete.len() == slices.len() && made.create.is_empty() {
            made.placeholder(service, address_type);
        }
        made.reuse(service);
        self.create.extend(made.create);
        self.update.extend(made.update);
        self.delete.extend(made.delete);
    }

    /// The empty slice of a family without endpoints; the one there is may stay.
    fn placeholder(&mut self, service: &Service, address_type: &str) {
        let group_less = new_slice(service, address_type, Vec::new(), Vec::new());
        match self.delete.as_slice() {
            [only] if is_owned(only, service) && only.endpoints.is_empty() && only.ports.is_empty() => {
                let only = only.clone();
                self.delete.clear();
                if only.metadata.labels != group_less.metadata.labels {
                    self.update.push((only.clone(), relabelled(&only, service)));
                }
            }
            _ => self.create.push(group_less),
        }
    }

    /// The slices of one set of ports.
    fn group(&mut self, service: &Service, group: &Group, existing: Vec<Arc<EndpointSlice>>) {
        let mut wanted: BTreeMap<Identity, &Endpoint> = BTreeMap::new();
        let mut order = Vec::new();
        for endpoint in &group.endpoints {
            let identity = Identity::of(endpoint);
            if wanted.insert(identity.clone(), endpoint).is_none() {
                order.push(identity);
            }
        }
        let mut kept = Vec::new();
        let mut changed = Vec::new();
        for slice in existing {
            let mut after = relabelled(&slice, service);
            after.endpoints.clear();
            for endpoint in &slice.endpoints {
                after.endpoints.extend(wanted.remove(&Identity::of(endpoint)).cloned());
            }
            match (after.endpoints.is_empty(), after == *slice) {
                (true, _) => self.delete.push(slice),
                (_, true) => kept.push(slice),
                _ => changed.push((slice, after)),
            }
        }
        let mut rest: Vec<Endpoint> = order.iter().filter_map(|identity| wanted.remove(identity).cloned()).collect();
        // The fullest slices that change anyway are filled first.
        changed.sort_by_key(|(_, after)| std::cmp::Reverse(after.endpoints.len()));
        for (_, after) in &mut changed {
            let room = MAX_ENDPOINTS.saturating_sub(after.endpoints.len()).min(rest.len());
            after.endpoints.extend(rest.drain(..room));
        }
        while rest.len() > MAX_ENDPOINTS {
            let full = rest.drain(..MAX_ENDPOINTS).collect();
            self.create.push(new_slice(service, group.address_type, group.ports.clone(), full));
        }
        if !rest.is_empty() {
            // What is left goes to the slice that it fills best, so that a change is one write.
            let fits = |slice: &&Arc<EndpointSlice>| slice.endpoints.len() + rest.len() <= MAX_ENDPOINTS;
            match kept.iter().filter(fits).max_by_key(|slice| slice.endpoints.len()) {
                Some(slice) => {
                    let mut after = slice.as_ref().clone();
                    after.endpoints.extend(rest);
                    changed.push((slice.clone(), after));
                }
                None => self.create.push(new_slice(service, group.address_type, group.ports.clone(), rest)),
            }
        }
        self.update.extend(changed);
    }

    /// Turns a slice that would go into one that would come.
    fn reuse(&mut self, service: &Service) {
        let mut at = 0;
        while at < self.delete.len() {
            if !is_owned(&self.delete[at], service) {
                at += 1;
                continue;
            }
            let Some(new) = self.create.pop() else { return };
            let old = self.delete.remove(at);
            let mut after = relabelled(&old, service);
            (after.ports, after.endpoints) = (new.ports, new.endpoints);
            self.update.push((old, after));
        }
    }

    fn into_plan(self, service: &Service, trigger: Option<Time>) -> Plan {
        let mut plan = Plan::default();
        if service.metadata.deletion_timestamp.is_none() {
            for mut slice in self.create {
                set_trigger(&mut slice.metadata, trigger);
                plan.push(Write::create(&slice).tolerating(Tolerate::NamespaceTerminating));
            }
        }
        for (before, mut after) in self.update {
            set_trigger(&mut after.metadata, trigger);
            plan.update(before.as_ref(), &after);
        }
        for slice in self.delete {
            plan.delete(slice.as_ref());
        }
        plan
    }
}

/// What makes an endpoint the same one, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    addresses: Vec<String>,
    hostname: Option<String>,
    pod: Option<(String, String)>,
}

impl Identity {
    fn of(endpoint: &Endpoint) -> Identity {
        let mut addresses = endpoint.addresses.clone();
        addresses.sort_unstable();
        let pod = endpoint.target_ref.as_ref().map(|target| (target.namespace.clone(), target.name.clone()));
        Identity { addresses, hostname: endpoint.hostname.clone(), pod }
    }
}

fn is_owned(slice: &EndpointSlice, service: &Service) -> bool {
    slice.metadata.owner_references.iter().any(|owner| owner.uid == service.metadata.uid && owner.kind == "Service")
}

fn new_slice(
    service: &Service,
    address_type: &str,
    ports: Vec<api_misc::discovery::v1::EndpointPort>,
    endpoints: Vec<Endpoint>,
) -> EndpointSlice {
    let name = &service.metadata.name;
    let dash = if name.len() < MAX_PREFIX { "-" } else { "" };
    let metadata = ObjectMeta {
        generate_name: format!("{name}{dash}"),
        namespace: service.metadata.namespace.clone(),
        labels: labels(service),
        owner_references: vec![controller_reference(service)],
        ..ObjectMeta::default()
    };
    EndpointSlice { address_type: address_type.into(), endpoints, metadata, ports }
}

fn relabelled(slice: &EndpointSlice, service: &Service) -> EndpointSlice {
    let mut after = slice.clone();
    after.metadata.labels = labels(service);
    after
}

/// The service's labels and those that slices are found by.
fn labels(service: &Service) -> BTreeMap<String, String> {
    let mut labels = service.metadata.labels.clone();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS.into(), String::new());
    }
    labels.insert(SERVICE_NAME.into(), service.metadata.name.clone());
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    labels
}

fn set_trigger(meta: &mut ObjectMeta, trigger: Option<Time>) {
    match trigger {
        Some(time) => meta.annotations.insert(TRIGGER_TIME.into(), time.to_text().to_string()),
        None => meta.annotations.remove(TRIGGER_TIME),
    };
}
