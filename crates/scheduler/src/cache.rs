//! The nodes and the pods on them, kept up to date event by event, and snapshots of that.

use crate::around::Surroundings;
use crate::class::Classes;
use crate::node::{NodeInfo, Placed};
use api_core::v1::{Node, Pod};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Nodes with their pods, among them those that were given a node but not yet seen there.
#[derive(Default)]
pub struct Cache {
    live: Snapshot,
    /// Where a node is among the snapshot's.
    index: HashMap<String, usize>,
    /// Pods of nodes that are not known, or no longer.
    strays: HashMap<String, NodeInfo>,
    /// Pod uid to the node that it counts on.
    node_of_pod: HashMap<String, String>,
    /// Uids of pods that were given a node but not yet seen there.
    assumed: HashSet<String>,
    /// Pod uid to the node that it was promised.
    nominations: HashMap<String, String>,
    classes: Classes,
}

/// The nodes at one moment. Cheap to clone; the cache copies only what changes while a snapshot is held.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Sorted by name.
    nodes: Arc<Vec<Arc<NodeInfo>>>,
    /// How many nodes have an image.
    images: Arc<HashMap<String, usize>>,
    /// By node, pods that were promised room on it.
    nominated: Arc<HashMap<String, Vec<Arc<Placed>>>>,
    around: Arc<Surroundings>,
}

impl Snapshot {
    pub fn nodes(&self) -> &[Arc<NodeInfo>] {
        &self.nodes
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok()
    }

    pub fn nodes_with_image(&self, image: &str) -> usize {
        self.images.get(image).copied().unwrap_or_default()
    }

    pub fn nominated_on(&self, node: &str) -> &[Arc<Placed>] {
        self.nominated.get(node).map_or(&[], Vec::as_slice)
    }

    pub fn around(&self) -> &Surroundings {
        &self.around
    }
}

impl Cache {
    pub fn set_node(&mut self, node: &Node) {
        let name = &node.metadata.name;
        let nodes = Arc::make_mut(&mut self.live.nodes);
        let at = match self.index.get(name) {
            Some(&at) => at,
            None => {
                let at = nodes.partition_point(|other| other.name < *name);
                nodes.insert(at, Arc::new(self.strays.remove(name).unwrap_or_default()));
                self.index.values_mut().filter(|other| **other >= at).for_each(|other| *other += 1);
                self.index.insert(name.clone(), at);
                at
            }
        };
        let info = Arc::make_mut(&mut nodes[at]);
        count_images(Arc::make_mut(&mut self.live.images), info, false);
        info.set_node(node);
        count_images(Arc::make_mut(&mut self.live.images), info, true);
    }

    pub fn remove_node(&mut self, name: &str) {
        let Some(at) = self.index.remove(name) else { return };
        let mut info = Arc::unwrap_or_clone(Arc::make_mut(&mut self.live.nodes).remove(at));
        self.index.values_mut().filter(|other| **other > at).for_each(|other| *other -= 1);
        count_images(Arc::make_mut(&mut self.live.images), &info, false);
        info.images.clear();
        if !info.pods.is_empty() {
            self.strays.insert(name.to_owned(), info);
        }
    }

    /// A pod that has a node, seen or assumed. One that is over takes nothing.
    pub fn set_pod(&mut self, pod: &Arc<Pod>) {
        let (uid, node) = (&pod.metadata.uid, &pod.spec.node_name);
        self.clear_nomination(uid);
        self.assumed.remove(uid);
        let over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if self.node_of_pod.get(uid).is_some_and(|before| before != node) || node.is_empty() || over {
            self.remove_pod(uid);
        }
        if node.is_empty() || over {
            return;
        }
        self.node_of_pod.insert(uid.clone(), node.clone());
        let placed = Arc::new(Placed::new(pod, self.classes.of(pod)));
        self.node_mut(node).add_pod(&placed);
    }

    /// Counts a pod on the node that was decided, before the API server says so.
    pub fn assume(&mut self, pod: &Pod, node: &str) {
        let mut assumed = pod.clone();
        assumed.spec.node_name = node.to_owned();
        self.set_pod(&Arc::new(assumed));
        self.assumed.insert(pod.metadata.uid.clone());
    }

    pub fn is_assumed(&self, uid: &str) -> bool {
        self.assumed.contains(uid)
    }

    /// Takes an assumed pod back. False if it was none, or has been seen on a node since.
    pub fn forget(&mut self, uid: &str) -> bool {
        self.assumed.contains(uid) && self.remove_pod(uid)
    }

    /// False if the pod was on no node.
    pub fn remove_pod(&mut self, uid: &str) -> bool {
        self.clear_nomination(uid);
        self.assumed.remove(uid);
        let Some(name) = self.node_of_pod.remove(uid) else { return false };
        let node = self.node_mut(&name);
        node.remove_pod(uid);
        if node.pods.is_empty() {
            self.strays.remove(&name);
        }
        true
    }

    /// Promises a pod room on a node.
    pub fn nominate(&mut self, pod: &Arc<Pod>, node: &str) {
        self.clear_nomination(&pod.metadata.uid);
        let placed = Arc::new(Placed::new(pod, self.classes.of(pod)));
        self.nominations.insert(pod.metadata.uid.clone(), node.to_owned());
        Arc::make_mut(&mut self.live.nominated).entry(node.to_owned()).or_default().push(placed);
    }

    pub fn clear_nomination(&mut self, uid: &str) {
        let Some(node) = self.nominations.remove(uid) else { return };
        let nominated = Arc::make_mut(&mut self.live.nominated);
        if let Some(pods) = nominated.get_mut(&node) {
            pods.retain(|placed| placed.pod.metadata.uid != uid);
            if pods.is_empty() {
                nominated.remove(&node);
            }
        }
    }

    pub fn around_mut(&mut self) -> &mut Surroundings {
        Arc::make_mut(&mut self.live.around)
    }

    pub fn snapshot(&self) -> Snapshot {
        self.live.clone()
    }

    fn node_mut(&mut self, name: &str) -> &mut NodeInfo {
        match self.index.get(name) {
            Some(&at) => Arc::make_mut(&mut Arc::make_mut(&mut self.live.nodes)[at]),
            None => self.strays.entry(name.to_owned()).or_default(),
        }
    }
}

fn count_images(images: &mut HashMap<String, usize>, node: &NodeInfo, more: bool) {
    for name in node.images.keys() {
        let count = images.entry(name.clone()).or_default();
        *count = if more { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            images.remove(name);
        }
    }
}
