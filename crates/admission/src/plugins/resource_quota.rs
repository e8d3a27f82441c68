//! ResourceQuota: what a namespace may use in all, charged before it is stored.
//!
//! ```text
//!   quotas of the namespace -> those that speak of the object -> their status has room -> charged by compare and swap
//! ```
//!
//! The check runs again inside the compare and swap, on the status as it then is: two writes at once cannot share the last
//! place. What is charged for a write that fails afterwards, the controller gives back. Deliberately absent: device claims.

mod limited;
mod usage;

pub(super) use usage::is_best_effort;

use limited::Limited;

use super::resources::{Amounts, add, amounts, less};
use crate::{AsyncPlugin, Attributes, BoxFuture, Lookup, Operation};
use kind::ApiError;
use schema::{Quantity, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Changes the status of quotas.
pub trait QuotaStore: Send + Sync {
    /// Lets `change` see and change the newest form of a quota, as often as others write it at the same time.
    fn change<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
        change: &'a (dyn Fn(&mut Value) -> Result<(), ApiError> + Send + Sync),
    ) -> BoxFuture<'a, Result<(), ApiError>>;
}

pub struct ResourceQuota {
    store: Arc<dyn QuotaStore>,
    limited: Vec<Limited>,
}

impl ResourceQuota {
    /// With the `limitedResources` of a ResourceQuotaConfiguration.
    pub fn new(store: Arc<dyn QuotaStore>, configuration: &Value) -> ResourceQuota {
        let limited = configuration.at(&["limitedResources"]).items().iter().map(Limited::of).collect();
        ResourceQuota { store, limited }
    }
}

/// A refusal as data: it outlives the attributes' borrow.
struct Refusals<'a> {
    group: &'a str,
    resource: &'a str,
    name: &'a str,
}

impl AsyncPlugin for ResourceQuota {
    fn name(&self) -> &'static str {
        "ResourceQuota"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[("", "resourcequotas")]
    }

    fn validate<'a>(
        &'a self,
        attributes: &'a mut Attributes<'_>,
        lookup: &'a dyn Lookup,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let Some(charges) = charges(attributes, lookup, &self.limited)? else { return Ok(()) };
            let refusals = Refusals { group: attributes.group, resource: attributes.resource, name: attributes.name };
            for (quota, _) in &charges.quotas {
                refusals.charged(quota, &charges.delta)?;
            }
            if attributes.dry_run {
                return Ok(());
            }
            for (quota, name) in &charges.quotas {
                let charge = |quota: &mut Value| {
                    let used = refusals.charged(quota, &charges.delta)?;
                    for (resource, amount) in used {
                        quota.set(&["status", "used", &resource], amount.to_text());
                    }
                    Ok(())
                };
                if !masked(&charges.delta, &names(quota.at(&["status", "hard"]))).is_empty() {
                    self.store.change(attributes.namespace, name, &charge).await?;
                }
            }
            Ok(())
        })
    }
}

struct Charges {
    /// With their names.
    quotas: Vec<(Arc<Value>, String)>,
    delta: Amounts,
}

/// None: no quota speaks of this write.
fn charges(attributes: &Attributes, lookup: &dyn Lookup, limited: &[Limited]) -> Result<Option<Charges>, ApiError> {
    if attributes.namespace.is_empty() || !usage::is_charged(attributes) {
        return Ok(None);
    }
    let mut quotas = lookup.list("", "resourcequotas", attributes.namespace);
    quotas.sort_by(|a, b| a.str_at(&["metadata", "name"]).cmp(b.str_at(&["metadata", "name"])));
    let mut matching = Vec::new();
    for quota in quotas {
        let hard = names(quota.at(&["status", "hard"]));
        let spoken: BTreeSet<String> = hard.into_iter().filter(|name| usage::speaks_of(attributes, name)).collect();
        if spoken.is_empty() || !usage::in_scope(attributes, &quota) {
            continue;
        }
        let name = quota.str_at(&["metadata", "name"]).to_owned();
        if let Some(missing) = usage::missing(attributes, &spoken) {
            return Err(attributes.forbidden(format!("failed quota: {name}: {missing}")));
        }
        let used = names(quota.at(&["status", "used"]));
        let unknown: Vec<&str> = spoken.iter().filter(|one| !used.contains(*one)).map(String::as_str).collect();
        if !unknown.is_empty() {
            let why = format!("status unknown for quota: {name}, resources: {}", unknown.join(","));
            return Err(attributes.forbidden(why));
        }
        matching.push((quota, name));
    }
    limited::check(attributes, limited, &matching)?;
    if matching.is_empty() {
        return Ok(None);
    }
    let mut delta = usage::of(attributes, &attributes.object);
    if attributes.operation == Operation::Update {
        for (name, mut amount) in usage::of(attributes, attributes.old) {
            amount.neg();
            add(&mut delta, &Amounts::from([(name, amount)]));
        }
    }
    delta.retain(|_, amount| !amount.is_zero());
    Ok((!delta.is_empty()).then_some(Charges { quotas: matching, delta }))
}

impl Refusals<'_> {
    /// The status' amounts after the charge, or the refusal.
    fn charged(&self, quota: &Value, delta: &Amounts) -> Result<Amounts, ApiError> {
        let hard = amounts(quota.at(&["status", "hard"]));
        let used = amounts(quota.at(&["status", "used"]));
        let requested = masked(delta, &hard.keys().cloned().collect());
        let mut after = masked(&used, &requested.keys().cloned().collect());
        add(&mut after, &requested);
        let exceeded: BTreeSet<String> = after
            .iter()
            .filter(|(name, amount)| hard.get(*name).is_some_and(|limit| less(limit, amount)))
            .filter(|(name, _)| requested.get(*name).is_some_and(|more| !more.is_negative()))
            .map(|(name, _)| name.clone())
            .collect();
        if exceeded.is_empty() {
            return Ok(after);
        }
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            quota.str_at(&["metadata", "name"]),
            told(&masked(&requested, &exceeded)),
            told(&masked(&used, &exceeded)),
            told(&masked(&hard, &exceeded)),
        );
        Err(ApiError::forbidden(self.group, self.resource, self.name, &why))
    }
}

fn names(map: &Value) -> BTreeSet<String> {
    map.as_map().into_iter().flat_map(|map| map.keys()).map(str::to_owned).collect()
}

fn masked(amounts: &Amounts, names: &BTreeSet<String>) -> Amounts {
    amounts
        .iter()
        .filter(|(name, _)| names.contains(*name))
        .map(|(name, amount)| (name.clone(), amount.clone()))
        .collect()
}

/// `pods=1,requests.cpu=600m`
fn told(amounts: &Amounts) -> String {
    let one = |(name, amount): (&String, &Quantity)| format!("{name}={}", amount.to_text());
    amounts.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
