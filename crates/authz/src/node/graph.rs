//! Which objects lead to which nodes, kept up to date object by object, so that a question is a look into a map.
//!
//! ```text
//!   secret, config map, claim, service account, resource claim --> pod --> node
//!   secret --> volume --> claim --> pod --> node
//!   attachment, slice --> node
//! ```
//!
//! How many ways lead from an object to a node is counted, so that nothing is searched when one of them goes.

use super::references::{PodReferences, VolumeReferences};
use parking_lot::RwLock;
use std::collections::{BTreeSet, HashMap};

/// Of what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Pod,
    Secret,
    ConfigMap,
    Claim,
    Volume,
    ServiceAccount,
    ResourceClaim,
    Attachment,
    Slice,
}

#[derive(Default)]
pub struct Graph {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    pods: HashMap<Id, PodReferences>,
    volumes: HashMap<String, VolumeReferences>,
    /// Volumes of a claim: one, but for those that were bound twice.
    of_claim: HashMap<Id, BTreeSet<String>>,
    /// The node of an attachment or a slice.
    single: HashMap<(Kind, String), String>,
    ways: HashMap<Kind, ByNamespace>,
}

type ByNamespace = HashMap<String, HashMap<String, Nodes>>;
/// How many ways lead to each node.
type Nodes = HashMap<String, usize>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub namespace: String,
    pub name: String,
}

impl Id {
    pub fn new(namespace: &str, name: &str) -> Id {
        Id { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl Graph {
    /// Whether the object leads to the node.
    pub fn leads(&self, kind: Kind, namespace: &str, name: &str, node: &str) -> bool {
        // What has no namespace is found without one, whatever a path says.
        let namespace = if matches!(kind, Kind::Volume | Kind::Attachment | Kind::Slice) { "" } else { namespace };
        let state = self.state.read();
        let nodes = state.ways.get(&kind).and_then(|ways| ways.get(namespace)).and_then(|names| names.get(name));
        nodes.is_some_and(|nodes| nodes.contains_key(node))
    }

    /// A pod as it is now; what it refers to counts once it is bound to a node.
    pub fn set_pod(&self, namespace: &str, name: &str, references: PodReferences) {
        let id = Id::new(namespace, name);
        if self.state.read().pods.get(&id) == Some(&references) {
            return;
        }
        let mut state = self.state.write();
        state.remove_pod(&id);
        if !references.node.is_empty() {
            state.add_pod(id, references);
        }
    }

    pub fn remove_pod(&self, namespace: &str, name: &str) {
        self.state.write().remove_pod(&Id::new(namespace, name));
    }

    /// A persistent volume as it is now.
    pub fn set_volume(&self, name: &str, references: VolumeReferences) {
        if self.state.read().volumes.get(name) == Some(&references) {
            return;
        }
        let mut state = self.state.write();
        state.remove_volume(name);
        state.add_volume(name, references);
    }

    pub fn remove_volume(&self, name: &str) {
        self.state.write().remove_volume(name);
    }

    /// An attachment or a slice, which is of one node; of none, if `node` is empty.
    pub fn set_single(&self, kind: Kind, name: &str, node: &str) {
        let key = (kind, name.to_owned());
        let mut state = self.state.write();
        if let Some(before) = state.single.remove(&key) {
            state.change(kind, &Id::new("", name), &before, Change::Remove);
        }
        if !node.is_empty() {
            state.change(kind, &Id::new("", name), node, Change::Add);
            state.single.insert(key, node.to_owned());
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
}

impl State {
    fn add_pod(&mut self, id: Id, references: PodReferences) {
        self.change_pod(&id, &references, Change::Add);
        self.pods.insert(id, references);
    }

    fn remove_pod(&mut self, id: &Id) {
        if let Some(references) = self.pods.remove(id) {
            self.change_pod(id, &references, Change::Remove);
        }
    }

    fn change_pod(&mut self, id: &Id, references: &PodReferences, change: Change) {
        let node = &references.node;
        self.change(Kind::Pod, id, node, change);
        for (kind, name) in &references.objects {
            let object = Id::new(&id.namespace, name);
            let crossed = self.change(*kind, &object, node, change);
            if *kind == Kind::Claim && crossed {
                self.change_volumes_of(&object, node, change);
            }
        }
    }

    /// A claim has begun, or ceased, to lead to a node: so have its volumes and their secrets.
    fn change_volumes_of(&mut self, claim: &Id, node: &str, change: Change) {
        let volumes: Vec<String> = self.of_claim.get(claim).into_iter().flatten().cloned().collect();
        for volume in volumes {
            self.change_volume(&volume, node, change);
        }
    }

    fn change_volume(&mut self, volume: &str, node: &str, change: Change) {
        self.change(Kind::Volume, &Id::new("", volume), node, change);
        let secrets = self.volumes.get(volume).map(|volume| volume.secrets.clone()).unwrap_or_default();
        for secret in secrets {
            self.change(Kind::Secret, &secret, node, change);
        }
    }

    fn add_volume(&mut self, name: &str, references: VolumeReferences) {
        let claim = references.claim.clone();
        self.volumes.insert(name.to_owned(), references);
        let Some(claim) = claim else { return };
        for node in self.nodes_of_claim(&claim) {
            self.change_volume(name, &node, Change::Add);
        }
        self.of_claim.entry(claim).or_default().insert(name.to_owned());
    }

    fn remove_volume(&mut self, name: &str) {
        let Some(claim) = self.volumes.get(name).map(|volume| volume.claim.clone()) else { return };
        if let Some(claim) = claim {
            for node in self.nodes_of_claim(&claim) {
                self.change_volume(name, &node, Change::Remove);
            }
            if let Some(volumes) = self.of_claim.get_mut(&claim) {
                volumes.remove(name);
                if volumes.is_empty() {
                    self.of_claim.remove(&claim);
                }
            }
        }
        self.volumes.remove(name);
    }

    fn nodes_of_claim(&self, claim: &Id) -> Vec<String> {
        let names = self.ways.get(&Kind::Claim).and_then(|ways| ways.get(&claim.namespace));
        let nodes = names.and_then(|names| names.get(&claim.name));
        nodes.into_iter().flat_map(|nodes| nodes.keys().cloned()).collect()
    }

    /// One way more or less; whether that was the first or the last.
    fn change(&mut self, kind: Kind, object: &Id, node: &str, change: Change) -> bool {
        let ways = self.ways.entry(kind).or_default();
        match change {
            Change::Add => {
                let names = ways.entry(object.namespace.clone()).or_default();
                let count = names.entry(object.name.clone()).or_default().entry(node.to_owned()).or_default();
                *count += 1;
                *count == 1
            }
            Change::Remove => {
                let Some(names) = ways.get_mut(&object.namespace) else { return false };
                let Some(nodes) = names.get_mut(&object.name) else { return false };
                let Some(count) = nodes.get_mut(node) else { return false };
                *count -= 1;
                let last = *count == 0;
                if last {
                    nodes.remove(node);
                }
                if nodes.is_empty() {
                    names.remove(&object.name);
                }
                if names.is_empty() {
                    ways.remove(&object.namespace);
                }
                last
            }
        }
    }
}
