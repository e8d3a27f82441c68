//! Endpoints, the older form of what EndpointSlices tell: one object a service, of the service's first family.
//!
//! Deliberately absent: pods that are being deleted (only slices tell of them).

mod subsets;

use crate::service_pods::{self, HEADLESS, TRIGGER_TIME, is_headless, is_selecting, services_of};
use crate::{Controller, EventRecord, Plan, Tolerate, Watch, Write};
use api_core::v1::{EndpointSubset, Endpoints, Pod, Service};
use informer::{Key, View};
use schema::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// Addresses in one object.
const MAX_ADDRESSES: usize = 1000;

pub struct EndpointsController;

impl Controller for EndpointsController {
    fn name(&self) -> &'static str {
        "endpoints-controller"
    }

    fn event_source(&self) -> &'static str {
        "endpoint-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<Service>(),
            Watch::of::<Pod, _>(services_of),
            Watch::of::<Endpoints, _>(|endpoints, view| {
                // Without a service only what was made here concerns us: users may keep Endpoints of their own.
                let key = Key::of(&endpoints.metadata);
                let ours = endpoints.metadata.labels.get(MANAGED_BY).is_some_and(|manager| manager == MANAGER);
                let concerned = ours || view.get::<Service>(&key.namespace, &key.name).is_some();
                Some(key).filter(|_| concerned).into_iter().collect()
            }),
        ]
    }

    fn reconcile(&self, key: &Key, view: &View, _now: Time) -> Plan {
        let current = view.get::<Endpoints>(&key.namespace, &key.name);
        let mut plan = Plan::default();
        match view.get::<Service>(&key.namespace, &key.name) {
            Some(service) if is_selecting(&service) => keep(&mut plan, &service, current, view),
            Some(_) => {}
            None => current.iter().for_each(|endpoints| plan.delete(endpoints.as_ref())),
        }
        plan
    }
}

fn keep(plan: &mut Plan, service: &Service, current: Option<Arc<Endpoints>>, view: &View) {
    let pods = service_pods::pods_of(service, view, service.spec.publish_not_ready_addresses);
    let mut subsets = subsets::of(service, &pods);
    let over_capacity = subsets::truncate(&mut subsets, MAX_ADDRESSES);
    let mut after = current.as_deref().cloned().unwrap_or_default();
    let told = after.metadata.annotations.get(TRIGGER_TIME).and_then(|text| Time::parse(text).ok());
    let unchanged = current.is_some()
        && same_subsets(&after.subsets, &subsets)
        && after.metadata.labels == labels(service)
        && after.metadata.annotations.contains_key(OVER_CAPACITY) == over_capacity;
    if unchanged {
        return;
    }
    after.metadata.name = service.metadata.name.clone();
    after.metadata.namespace = service.metadata.namespace.clone();
    after.metadata.labels = labels(service);
    after.subsets = subsets;
    let annotations = &mut after.metadata.annotations;
    match service_pods::trigger_time(service, &pods, told) {
        Some(time) => annotations.insert(TRIGGER_TIME.into(), time.to_text().to_string()),
        None => annotations.remove(TRIGGER_TIME),
    };
    match over_capacity {
        true => annotations.insert(OVER_CAPACITY.into(), "truncated".into()),
        false => annotations.remove(OVER_CAPACITY),
    };
    let write = match &current {
        Some(before) => {
            let event = failure(&after, "FailedToUpdateEndpoint", "update endpoint");
            Write::update(before.as_ref(), &after).with_failure_event(event)
        }
        None => {
            let event = failure(&after, "FailedToCreateEndpoint", "create endpoint for service");
            Write::create(&after).tolerating(Tolerate::NamespaceTerminating).with_failure_event(event)
        }
    };
    plan.push(write);
}

fn failure(endpoints: &Endpoints, reason: &str, what: &str) -> EventRecord {
    let (namespace, name) = (&endpoints.metadata.namespace, &endpoints.metadata.name);
    EventRecord::warning(endpoints, reason, format!("Failed to {what} {namespace}/{name}: {{error}}"))
}

fn labels(service: &Service) -> BTreeMap<String, String> {
    let mut labels = service.metadata.labels.clone();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS.into(), String::new());
    }
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    labels
}

/// Equal but for the versions of the pods, which older servers have written.
fn same_subsets(a: &[EndpointSubset], b: &[EndpointSubset]) -> bool {
    let plain = |subsets: &[EndpointSubset]| {
        let mut subsets = subsets.to_vec();
        for subset in &mut subsets {
            for address in subset.addresses.iter_mut().chain(&mut subset.not_ready_addresses) {
                address.target_ref.iter_mut().for_each(|target| target.resource_version.clear());
            }
        }
        subsets
    };
    a.len() == b.len() && plain(a) == plain(b)
}

#[cfg(test)]
mod tests;
