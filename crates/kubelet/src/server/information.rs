//! The node's pods, as the API and as the runtime see them.

use super::respond::{self, Failure};
use super::{Api, names};
use bytes::Bytes;
use cri::v1;
use http::Response;
use schema::Typed;
use serde_json::json;
use serve::Body;
use std::collections::BTreeMap;

/// A PodList of all pods that are assigned to this node.
pub(super) fn pods(api: &Api) -> Response<Body> {
    let mut out = br#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":["#.to_vec();
    for (index, pod) in api.pods.all().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        schema::json::encode(api_core::v1::Pod::type_ref(), &pod.to_value(), &mut out);
    }
    out.extend_from_slice(b"]}\n");
    respond::with_type(Bytes::from(out), "application/json")
}

/// What runs, with names and images and nothing else.
pub(super) async fn running_pods(api: &Api) -> Result<Response<Body>, Failure> {
    let state = v1::ContainerStateValue { state: v1::ContainerState::ContainerRunning.into() };
    let filter = v1::ContainerFilter { state: Some(state), ..v1::ContainerFilter::default() };
    let mut pods: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for container in api.cri.list_containers(Some(filter)).await? {
        let label = |name: &str| container.labels.get(name).cloned().unwrap_or_default();
        let uid = label(names::POD_UID);
        let pod = pods.entry(uid.clone()).or_insert_with(|| {
            json!({
                "metadata": { "name": label(names::POD_NAME), "namespace": label(names::POD_NAMESPACE), "uid": uid },
                "spec": { "containers": [] },
                "status": {},
            })
        });
        let image = container.image.as_ref().map(|image| image.image.clone()).unwrap_or_default();
        let entry = json!({ "name": label(names::CONTAINER_NAME), "image": image, "resources": {} });
        if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
            containers.push(entry);
        }
    }
    let items: Vec<_> = pods.into_values().collect();
    Ok(respond::json(&json!({ "kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items })))
}
