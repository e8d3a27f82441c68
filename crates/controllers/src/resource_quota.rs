//! Tells in the status of each quota how much of it is used. That no more is used is the matter of admission.

mod usage;

use crate::{Controller, Plan, Watch};
use api_core::v1::{PersistentVolumeClaim, Pod, ResourceQuota, Service};
use informer::{Key, View};
use schema::Time;

pub struct ResourceQuotaController;

impl Controller for ResourceQuotaController {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![
            Watch::own::<ResourceQuota>(),
            Watch::cached::<Pod>(),
            Watch::cached::<Service>(),
            Watch::cached::<PersistentVolumeClaim>(),
            Watch::all_metadata(|resource, meta, view| {
                if !resource.namespaced {
                    return Vec::new();
                }
                let quotas = view.list_in::<ResourceQuota>(&meta.metadata.namespace);
                quotas.iter().map(|quota| Key::of(&quota.metadata)).collect()
            }),
        ]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let mut plan = Plan::default();
        if let Some(quota) = view.get::<ResourceQuota>(&key.namespace, &key.name) {
            let mut after = quota.as_ref().clone();
            after.status.hard = quota.spec.hard.clone();
            after.status.used = usage::of(&quota, view, now);
            plan.update_status(quota.as_ref(), &after);
        }
        plan
    }
}

#[cfg(test)]
mod tests;
