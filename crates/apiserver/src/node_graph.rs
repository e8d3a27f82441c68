//! Keeps the graph of what leads to nodes up to date: one watch for each kind in it.

use crate::feed::{self, Sink};
use api_core::v1::{PersistentVolume, Pod};
use api_misc::resource::v1::ResourceSlice;
use api_misc::storage::v1::VolumeAttachment;
use authz::node::Graph;
use authz::node::graph::Kind;
use authz::node::references::{PodReferences, VolumeReferences};
use client::Client;
use informer::Resource;
use schema::Value;
use std::sync::Arc;

/// Follows the kinds until the runtime ends.
pub fn spawn(client: &Client, graph: &Arc<Graph>) {
    let graph = || graph.clone();
    feed::follow(client, Resource::of::<Pod>(), Pods(graph()));
    feed::follow(client, Resource::of::<PersistentVolume>(), Volumes(graph()));
    feed::follow(client, Resource::of::<VolumeAttachment>(), Single(graph(), Kind::Attachment));
    feed::follow(client, Resource::of::<ResourceSlice>(), Single(graph(), Kind::Slice));
}

struct Pods(Arc<Graph>);
struct Volumes(Arc<Graph>);
/// What names its node itself.
struct Single(Arc<Graph>, Kind);

impl Sink for Pods {
    fn set(&self, pod: &Value) {
        let (namespace, name) = (pod.str_at(&["metadata", "namespace"]), pod.str_at(&["metadata", "name"]));
        self.0.set_pod(namespace, name, PodReferences::of(pod));
    }

    fn remove(&self, namespace: &str, name: &str) {
        self.0.remove_pod(namespace, name);
    }
}

impl Sink for Volumes {
    fn set(&self, volume: &Value) {
        self.0.set_volume(volume.str_at(&["metadata", "name"]), VolumeReferences::of(volume));
    }

    fn remove(&self, _namespace: &str, name: &str) {
        self.0.remove_volume(name);
    }
}

impl Sink for Single {
    fn set(&self, object: &Value) {
        self.0.set_single(self.1, object.str_at(&["metadata", "name"]), object.str_at(&["spec", "nodeName"]));
    }

    fn remove(&self, _namespace: &str, name: &str) {
        self.0.set_single(self.1, name, "");
    }
}
