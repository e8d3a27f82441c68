//! What a node's kubelet may do: what its pods need, and nothing of other nodes.
//!
//! The rules that hold for every node are fixed. What is more than that (a secret, a claim, a token) is given only where a
//! pod on the node refers to it, which a [`Graph`] knows.

pub mod graph;
pub mod references;

pub use graph::Graph;

use crate::rbac::allows;
use crate::{Answer, Attributes, Authorizer, Decision, Rules};
use api_misc::rbac::v1::PolicyRule;
use authn::UserInfo;
use graph::Kind;
use std::sync::Arc;

const USER_PREFIX: &str = "system:node:";
const GROUP: &str = "system:nodes";
const LEASE_NAMESPACE: &str = "kube-node-lease";

pub struct NodeAuthorizer {
    /// For what is the same on all nodes: those of the cluster role `system:node` as the server comes with it.
    pub rules: Vec<PolicyRule>,
    pub graph: Arc<Graph>,
}

/// The node that a user is, if it is one.
pub fn node_name(user: &UserInfo) -> Option<&str> {
    let name = user.name.strip_prefix(USER_PREFIX)?;
    (user.in_group(GROUP) && !name.is_empty()).then_some(name)
}

impl Authorizer for NodeAuthorizer {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let decision = node_name(attributes.user).map(|node| self.decide(node, attributes));
        Answer::now(decision.unwrap_or_else(|| no_opinion("")))
    }

    fn rules_for(&self, user: &UserInfo, _namespace: &str) -> Rules {
        match node_name(user) {
            Some(_) => Rules::unknown("node authorizer does not support user rule resolution"),
            None => Rules::default(),
        }
    }
}

impl NodeAuthorizer {
    fn decide(&self, node: &str, attributes: &Attributes) -> Decision {
        if !attributes.resource_request {
            return self.by_rules(attributes);
        }
        match (attributes.api_group, attributes.resource) {
            ("", "secrets") => self.read_referred(node, Kind::Secret, attributes),
            ("", "configmaps") => self.read_referred(node, Kind::ConfigMap, attributes),
            ("", "persistentvolumeclaims") if attributes.subresource == "status" => match attributes.verb {
                "get" | "update" | "patch" => self.referred(node, Kind::Claim, attributes),
                _ => no_opinion("can only get/update/patch this type"),
            },
            ("", "persistentvolumeclaims") => self.get_referred(node, Kind::Claim, attributes),
            ("", "persistentvolumes") => self.get_referred(node, Kind::Volume, attributes),
            ("resource.k8s.io", "resourceclaims") => self.get_referred(node, Kind::ResourceClaim, attributes),
            ("resource.k8s.io", "resourceslices") => self.slice(node, attributes),
            ("storage.k8s.io", "volumeattachments") => self.get_referred(node, Kind::Attachment, attributes),
            ("", "serviceaccounts") => self.service_account(node, attributes),
            ("", "nodes") => own_node(node, attributes),
            ("", "pods") => self.pod(node, attributes),
            ("coordination.k8s.io", "leases") => lease(node, attributes),
            ("storage.k8s.io", "csinodes") => csi_node(node, attributes),
            _ => self.by_rules(attributes),
        }
    }

    fn by_rules(&self, attributes: &Attributes) -> Decision {
        if self.rules.iter().any(|rule| allows(rule, attributes)) { allow() } else { no_opinion("") }
    }

    /// One object by name, read in any way.
    fn read_referred(&self, node: &str, kind: Kind, attributes: &Attributes) -> Decision {
        if !attributes.is_read_only() {
            return no_opinion("can only read resources of this type");
        }
        if !attributes.subresource.is_empty() {
            return no_opinion("cannot read subresource");
        }
        if attributes.namespace.is_empty() {
            return no_opinion("can only read namespaced object of this type");
        }
        self.referred(node, kind, attributes)
    }

    fn get_referred(&self, node: &str, kind: Kind, attributes: &Attributes) -> Decision {
        if attributes.verb != "get" {
            return no_opinion("can only get individual resources of this type");
        }
        if !attributes.subresource.is_empty() {
            return no_opinion("cannot get subresource");
        }
        self.referred(node, kind, attributes)
    }

    fn referred(&self, node: &str, kind: Kind, attributes: &Attributes) -> Decision {
        if attributes.name.is_empty() {
            return no_opinion("No Object name found");
        }
        if self.graph.leads(kind, attributes.namespace, attributes.name, node) {
            return allow();
        }
        no_relationship(node)
    }

    /// Tokens for the accounts of its pods, and those accounts themselves.
    fn service_account(&self, node: &str, attributes: &Attributes) -> Decision {
        match (attributes.verb, attributes.subresource) {
            ("get", "") => self.get_referred(node, Kind::ServiceAccount, attributes),
            ("create", "token") if !attributes.name.is_empty() => self.referred(node, Kind::ServiceAccount, attributes),
            ("create", sub) if !attributes.name.is_empty() && sub != "token" => {
                no_opinion("can only create token subresource of serviceaccount")
            }
            _ => no_opinion("can only create tokens for individual service accounts"),
        }
    }

    fn slice(&self, node: &str, attributes: &Attributes) -> Decision {
        if !attributes.subresource.is_empty() {
            return no_opinion("cannot authorize ResourceSlice subresources");
        }
        match attributes.verb {
            // Whose slice is created is NodeRestriction's question.
            "create" => allow(),
            "get" | "update" | "patch" | "delete" => self.referred(node, Kind::Slice, attributes),
            "list" | "watch" | "deletecollection" if selects(attributes, "spec.nodeName", node) => allow(),
            "list" | "watch" | "deletecollection" => {
                no_opinion("can only list/watch/deletecollection resourceslices with spec.nodeName field selector")
            }
            _ => no_opinion(
                "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
            ),
        }
    }

    fn pod(&self, node: &str, attributes: &Attributes) -> Decision {
        match (attributes.subresource, attributes.verb) {
            ("", "get") => self.get_referred(node, Kind::Pod, attributes),
            ("", "list" | "watch") if selects(attributes, "spec.nodeName", node) => allow(),
            ("", "list" | "watch") if !attributes.name.is_empty() => self.referred(node, Kind::Pod, attributes),
            ("", "list" | "watch") => no_opinion("can only list/watch pods with spec.nodeName field selector"),
            // Which pods is NodeRestriction's question.
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => allow(),
            _ => no_opinion(""),
        }
    }
}

/// Whose node is written is NodeRestriction's question.
fn own_node(node: &str, attributes: &Attributes) -> Decision {
    match (attributes.subresource, attributes.verb) {
        ("", "create" | "update" | "patch") | ("status", "update" | "patch") => allow(),
        ("", "get" | "list" | "watch") => match attributes.name {
            name if name == node => allow(),
            "" => no_opinion(format!("node '{node}' cannot read all nodes, only its own Node object")),
            name => no_opinion(format!("node '{node}' cannot read '{name}', only its own Node object")),
        },
        _ => no_opinion(""),
    }
}

fn lease(node: &str, attributes: &Attributes) -> Decision {
    if !matches!(attributes.verb, "get" | "create" | "update" | "patch" | "delete") {
        return no_opinion("can only get, create, update, patch, or delete a node lease");
    }
    if attributes.namespace != LEASE_NAMESPACE {
        return no_opinion(format!("can only access leases in the \"{LEASE_NAMESPACE}\" system namespace"));
    }
    // The name of what is created is NodeRestriction's question.
    if attributes.verb != "create" && attributes.name != node {
        return no_opinion("can only access node lease with the same name as the requesting node");
    }
    allow()
}

fn csi_node(node: &str, attributes: &Attributes) -> Decision {
    if !matches!(attributes.verb, "get" | "create" | "update" | "patch" | "delete") {
        return no_opinion("can only get, create, update, patch, or delete a CSINode");
    }
    if !attributes.subresource.is_empty() {
        return no_opinion("cannot authorize CSINode subresources");
    }
    if attributes.verb != "create" && attributes.name != node {
        return no_opinion("can only access CSINode with the same name as the requesting node");
    }
    allow()
}

/// Whether only objects with this value of a field are asked for.
fn selects(attributes: &Attributes, field: &str, value: &str) -> bool {
    attributes.field_selector.iter().any(|requirement| requirement.exact(field) == Some(value))
}

fn no_relationship(node: &str) -> Decision {
    no_opinion(format!("no relationship found between node '{node}' and this object"))
}

fn allow() -> Decision {
    Decision::allow("")
}

fn no_opinion(reason: impl Into<crate::Reason>) -> Decision {
    Decision::no_opinion(reason)
}

#[cfg(test)]
mod tests;
