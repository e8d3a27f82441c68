//! The nodes and the pods on them, kept up to date event by event, and snapshots of that.

use crate::node::NodeInfo;
use api_core::v1::{Node, Pod};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Nodes with their pods, among them those that were given a node but not yet seen there.
#[derive(Default)]
pub struct Cache {
    nodes: BTreeMap<String, Entry>,
    /// Pod uid to the node that it counts on.
    node_of_pod: HashMap<String, String>,
    /// Uids of pods that were given a node but not yet seen there.
    assumed: HashSet<String>,
    snapshot: Option<Snapshot>,
}

#[derive(Default)]
struct Entry {
    info: Arc<NodeInfo>,
    /// The node's object is there; pods may be known before it.
    exists: bool,
}

/// The nodes at one moment. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    nodes: Arc<Vec<Arc<NodeInfo>>>,
    /// How many nodes have an image.
    images: Arc<HashMap<String, usize>>,
}

impl Snapshot {
    pub fn nodes(&self) -> &[Arc<NodeInfo>] {
        &self.nodes
    }

    pub fn nodes_with_image(&self, image: &str) -> usize {
        self.images.get(image).copied().unwrap_or_default()
    }
}

impl Cache {
    pub fn set_node(&mut self, node: &Node) {
        self.snapshot = None;
        let entry = self.nodes.entry(node.metadata.name.clone()).or_default();
        entry.exists = true;
        Arc::make_mut(&mut entry.info).set_node(node);
    }

    pub fn remove_node(&mut self, name: &str) {
        self.snapshot = None;
        if let Some(entry) = self.nodes.get_mut(name) {
            entry.exists = false;
            if entry.info.pods.is_empty() {
                self.nodes.remove(name);
            }
        }
    }

    /// A pod that has a node, seen or assumed. One that is over takes nothing.
    pub fn set_pod(&mut self, pod: &Arc<Pod>) {
        let (uid, node) = (&pod.metadata.uid, &pod.spec.node_name);
        self.assumed.remove(uid);
        let over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if self.node_of_pod.get(uid).is_some_and(|before| before != node) || node.is_empty() || over {
            self.remove_pod(uid);
        }
        if node.is_empty() || over {
            return;
        }
        self.snapshot = None;
        self.node_of_pod.insert(uid.clone(), node.clone());
        let entry = self.nodes.entry(node.clone()).or_default();
        Arc::make_mut(&mut entry.info).add_pod(pod);
    }

    /// Counts a pod on the node that was decided, before the API server says so.
    pub fn assume(&mut self, pod: &Pod, node: &str) {
        let mut assumed = pod.clone();
        assumed.spec.node_name = node.to_owned();
        self.set_pod(&Arc::new(assumed));
        self.assumed.insert(pod.metadata.uid.clone());
    }

    /// Takes an assumed pod back. False if it was none, or has been seen on a node since.
    pub fn forget(&mut self, uid: &str) -> bool {
        self.assumed.contains(uid) && self.remove_pod(uid)
    }

    /// False if the pod was on no node.
    pub fn remove_pod(&mut self, uid: &str) -> bool {
        self.assumed.remove(uid);
        let Some(node) = self.node_of_pod.remove(uid) else { return false };
        self.snapshot = None;
        if let Some(entry) = self.nodes.get_mut(&node) {
            Arc::make_mut(&mut entry.info).remove_pod(uid);
            if !entry.exists && entry.info.pods.is_empty() {
                self.nodes.remove(&node);
            }
        }
        true
    }

    pub fn snapshot(&mut self) -> Snapshot {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.clone();
        }
        let nodes: Vec<Arc<NodeInfo>> =
            self.nodes.values().filter(|entry| entry.exists).map(|entry| entry.info.clone()).collect();
        let mut images: HashMap<String, usize> = HashMap::new();
        for image in nodes.iter().flat_map(|node| node.images.keys()) {
            *images.entry(image.clone()).or_default() += 1;
        }
        let snapshot = Snapshot { nodes: Arc::new(nodes), images: Arc::new(images) };
        self.snapshot = Some(snapshot.clone());
        snapshot
    }
}
