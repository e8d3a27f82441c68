//! `pods/eviction`: a deletion that respects disruption budgets.

use crate::late::Late;
use api_apps::policy::v1::{Eviction, PodDisruptionBudget};
use api_core::v1::Pod;
use api_meta::v1::{LabelSelector, StatusCause};
use bytes::Bytes;
use kind::ApiError;
use registry::guaranteed::Target;
use registry::options::DeleteOptions;
use registry::{BoxFuture, Outcome, Place, Registry, RequestContext, Virtual};
use schema::typed::Part;
use schema::{Time, Typed, Value, value};
use std::sync::Arc;

/// As many pods may be on their way out by one budget, as upstream.
const MAX_DISRUPTED: usize = 2000;

pub struct PodEviction {
    pub registry: Late,
}

impl Virtual for PodEviction {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move { self.evict(context, Eviction::from_value(&body)).await })
    }
}

impl PodEviction {
    async fn evict(&self, context: &RequestContext, eviction: Eviction) -> Result<Outcome, ApiError> {
        let (namespace, name) = (context.info.namespace.as_str(), context.info.name.as_str());
        if !eviction.metadata.name.is_empty() && eviction.metadata.name != name {
            return Err(ApiError::bad_request("name in URL does not match name in Eviction object"));
        }
        let registry = self.registry.get()?;
        let found = registry.lookup("", "pods", namespace, name).ok_or_else(|| {
            ApiError::new(404, "NotFound", format!("pods \"{name}\" not found")).about("", "pods", name)
        })?;
        let pod = Pod::from_value(&found);
        if guarded(&pod) {
            self.take_from_budget(&registry, context, &pod).await?;
        }
        self.delete(&registry, context, &pod, &eviction).await
    }

    /// Counts the pod against its budget, if it has one and may go.
    async fn take_from_budget(
        &self,
        registry: &Arc<Registry>,
        context: &RequestContext,
        pod: &Pod,
    ) -> Result<(), ApiError> {
        let namespace = &pod.metadata.namespace;
        let budgets = registry.lookup_all("policy", "poddisruptionbudgets", namespace);
        let matching: Vec<Arc<Value>> = budgets.into_iter().filter(|budget| selects(budget, pod)).collect();
        let budget = match matching.as_slice() {
            [] => return Ok(()),
            [one] => one,
            _ => {
                let message =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                return Err(ApiError::new(500, "", message));
            }
        };
        let budget_name = budget.str_at(&["metadata", "name"]).to_owned();
        if !is_ready(pod) && lets_unhealthy_go(&PodDisruptionBudget::from_value(budget)) {
            return Ok(());
        }
        let dry_run = context.query.get("dryRun").is_some();
        let (pod_name, now) = (pod.metadata.name.clone(), context.now);
        let change = move |budget: &mut Value| take(budget, &pod_name, now);
        let target = Target {
            group: "policy",
            resource: "poddisruptionbudgets",
            namespace,
            name: &budget_name,
            counts_generation: false,
        };
        registry.guaranteed_update(target, dry_run, &change).await.map(drop)
    }

    async fn delete(
        &self,
        registry: &Arc<Registry>,
        context: &RequestContext,
        pod: &Pod,
        eviction: &Eviction,
    ) -> Result<Outcome, ApiError> {
        let mut options = eviction.delete_options.clone().unwrap_or_default();
        let preconditions = options.preconditions.get_or_insert_default();
        preconditions.uid.get_or_insert_with(|| pod.metadata.uid.clone());
        if context.query.get("dryRun").is_some() {
            options.dry_run = vec!["All".into()];
        }
        if options.dry_run.is_empty() {
            let target = Target {
                group: "",
                resource: "pods",
                namespace: &pod.metadata.namespace,
                name: &pod.metadata.name,
                counts_generation: false,
            };
            let (uid, now) = (options.preconditions.as_ref().and_then(|wanted| wanted.uid.clone()), context.now);
            let change = move |pod: &mut Value| {
                // The deletion below tells of another pod of the name.
                if uid.as_deref() == pod.at(&["metadata", "uid"]).as_str() {
                    set_disrupted(pod, now);
                }
                Ok(())
            };
            registry.guaranteed_update(target, false, &change).await?;
        }
        let place = Place {
            group: "",
            resource: "pods",
            subresource: "",
            namespace: &pod.metadata.namespace,
            name: &pod.metadata.name,
        };
        registry.remove(context, place, &DeleteOptions::read(options.to_value())?).await?;
        Ok(Outcome::created(value!({ "kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201_i64 })))
    }
}

/// Tells why the pod ends.
fn set_disrupted(pod: &mut Value, now: Time) {
    let mut conditions = pod.at(&["status", "conditions"]).items().to_vec();
    let is_target = |condition: &Value| condition.str_at(&["type"]) == "DisruptionTarget";
    if conditions.iter().any(|condition| is_target(condition) && condition.str_at(&["status"]) == "True") {
        return;
    }
    conditions.retain(|condition| !is_target(condition));
    conditions.push(value!({
        "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting", "lastTransitionTime": (now.to_text())
    }));
    pod.set(&["status", "conditions"], conditions);
}

/// A pod that is over, not yet begun or already going is nobody's loss.
fn guarded(pod: &Pod) -> bool {
    let phase = pod.status.phase.as_str();
    !matches!(phase, "Succeeded" | "Failed" | "Pending") && pod.metadata.deletion_timestamp.is_none()
}

fn selects(budget: &Value, pod: &Pod) -> bool {
    let selector: LabelSelector = Part::read(budget.at(&["spec", "selector"]));
    if budget.at(&["spec", "selector"]).is_null() {
        return false;
    }
    let labels = &pod.metadata.labels;
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| {
            let have = labels.get(&requirement.key);
            match requirement.operator.as_str() {
                "In" => have.is_some_and(|value| requirement.values.contains(value)),
                "NotIn" => have.is_none_or(|value| !requirement.values.contains(value)),
                "Exists" => have.is_some(),
                _ => have.is_none(),
            }
        })
}

fn is_ready(pod: &Pod) -> bool {
    pod.status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// A pod that is not ready protects nothing: by policy always, or while the rest is healthy enough.
fn lets_unhealthy_go(budget: &PodDisruptionBudget) -> bool {
    let status = &budget.status;
    match budget.spec.unhealthy_pod_eviction_policy.as_deref() {
        Some("AlwaysAllow") => true,
        _ => status.current_healthy >= status.desired_healthy && status.desired_healthy > 0,
    }
}

fn take(budget: &mut Value, pod: &str, now: Time) -> Result<(), ApiError> {
    let name = budget.str_at(&["metadata", "name"]).to_owned();
    let number = |path: &[&str]| budget.at(path).as_i64().unwrap_or_default();
    let too_many = |why: String, retry_after: i32| {
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut error = ApiError::new(429, "TooManyRequests", message);
        error.details().causes =
            vec![StatusCause { reason: "DisruptionBudget".into(), message: why, ..StatusCause::default() }];
        if retry_after > 0 { error.retry_after_seconds(retry_after) } else { error }
    };
    if number(&["status", "observedGeneration"]) < number(&["metadata", "generation"]) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(why, 10));
    }
    let allowed = number(&["status", "disruptionsAllowed"]);
    if allowed < 0 {
        let message =
            format!("poddisruptionbudgets.policy \"{name}\" is forbidden: pdb disruptions allowed is negative");
        return Err(ApiError::new(403, "Forbidden", message).about("policy", "poddisruptionbudgets", &name));
    }
    let disrupted = budget.at(&["status", "disruptedPods"]).as_map().map_or(0, |map| map.len());
    if disrupted > MAX_DISRUPTED {
        let message = format!(
            "poddisruptionbudgets.policy \"{name}\" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        );
        return Err(ApiError::new(403, "Forbidden", message).about("policy", "poddisruptionbudgets", &name));
    }
    if allowed == 0 {
        let (desired, current) = (number(&["status", "desiredHealthy"]), number(&["status", "currentHealthy"]));
        let why = format!("The disruption budget {name} needs {desired} healthy pods and has {current} currently");
        return Err(too_many(why, 0));
    }
    budget.set(&["status", "disruptionsAllowed"], allowed - 1);
    budget.set(&["status", "disruptedPods", pod], now.to_text());
    Ok(())
}
