//! `pods/binding` and `bindings`: a pod gets its node, once.

use crate::late::Late;
use api_core::v1::Binding;
use bytes::Bytes;
use kind::ApiError;
use registry::guaranteed::Target;
use registry::{BoxFuture, Outcome, RequestContext, Virtual};
use schema::{Time, Typed, Value, value};

pub struct PodBinding {
    pub registry: Late,
}

impl Virtual for PodBinding {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        body: Value,
        _raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let binding = Binding::from_value(&body);
            let in_path = &context.info.name;
            if !in_path.is_empty() && *in_path != binding.metadata.name {
                return Err(ApiError::bad_request("name in URL does not match name in Binding object"));
            }
            check(&binding)?;
            let namespace = context.info.namespace.as_str();
            let name = binding.metadata.name.clone();
            let target = Target { group: "", resource: "pods", namespace, name: &name, counts_generation: false };
            let dry_run = context.query.get("dryRun").is_some();
            let (now, key) = (context.now, format!("/registry/pods/{namespace}/{name}"));
            let change = move |pod: &mut Value| bind(pod, &binding, &key, now);
            self.registry.get()?.guaranteed_update(target, dry_run, &change).await?;
            Ok(Outcome::created(value!({
                "kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201_i64
            })))
        })
    }
}

/// Upstream does not make these an Invalid.
fn check(binding: &Binding) -> Result<(), ApiError> {
    let plain = |message: String| Err(ApiError::new(500, "", message));
    match binding.target.kind.as_str() {
        "" | "Node" => {}
        other => {
            let supported = "supported values: \"Node\", \"<empty>\"";
            return plain(format!("target.kind: Unsupported value: \"{other}\": {supported}"));
        }
    }
    if binding.target.name.is_empty() {
        return plain("target.name: Required value".into());
    }
    Ok(())
}

fn bind(pod: &mut Value, binding: &Binding, key: &str, now: Time) -> Result<(), ApiError> {
    let name = binding.metadata.name.as_str();
    let conflict = |why: String| {
        let message = format!("Operation cannot be fulfilled on pods/binding \"{name}\": {why}");
        Err(ApiError::new(409, "Conflict", message).about("", "pods/binding", name))
    };
    let (wanted, have) = (&binding.metadata.uid, pod.str_at(&["metadata", "uid"]));
    if !wanted.is_empty() && wanted != have {
        let message = format!(
            "Operation cannot be fulfilled on pods \"{name}\": StorageError: invalid object, Code: 4, Key: {key}, \
             ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object \
             meta: {have}"
        );
        return Err(ApiError::new(409, "Conflict", message).about("", "pods", name));
    }
    if !pod.at(&["metadata", "deletionTimestamp"]).is_null() {
        return conflict(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    let node = pod.str_at(&["spec", "nodeName"]);
    if !node.is_empty() {
        return conflict(format!("pod {name} is already assigned to node \"{node}\""));
    }
    if !pod.at(&["spec", "schedulingGates"]).items().is_empty() {
        return conflict(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    pod.set(&["spec", "nodeName"], binding.target.name.as_str());
    for (field, more) in [("annotations", &binding.metadata.annotations), ("labels", &binding.metadata.labels)] {
        for (key, text) in more {
            pod.set(&["metadata", field, key], text.as_str());
        }
    }
    set_scheduled(pod, now);
    Ok(())
}

fn set_scheduled(pod: &mut Value, now: Time) {
    let mut conditions = pod.at(&["status", "conditions"]).items().to_vec();
    conditions.retain(|condition| condition.str_at(&["type"]) != "PodScheduled");
    conditions.push(value!({ "type": "PodScheduled", "status": "True", "lastTransitionTime": (now.to_text()) }));
    pod.set(&["status", "conditions"], conditions);
}
