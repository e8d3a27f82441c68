//! What a node's kubelet may do: what its pods need, and nothing of other nodes.
//!
//! The rules that hold for every node are those of the cluster role `system:node`. What is more than that (a secret, a
//! claim, a token) is given only where a pod on the node refers to it, which a [`Graph`] knows.

use crate::rbac::{Rbac, allows};
use crate::{Answer, Attributes, Authorizer, Decision, Rules};
use api_misc::rbac::v1::RoleRef;
use authn::UserInfo;
use std::sync::Arc;

const USER_PREFIX: &str = "system:node:";
const GROUP: &str = "system:nodes";
const ROLE: &str = "system:node";
const LEASE_NAMESPACE: &str = "kube-node-lease";

/// Which objects the pods of a node refer to.
pub trait Graph: Send + Sync {
    /// `resource`: configmaps, secrets, serviceaccounts, persistentvolumeclaims, persistentvolumes, volumeattachments or
    /// resourceclaims.
    fn refers(&self, node: &str, resource: &str, namespace: &str, name: &str) -> bool;

    /// Whether a pod of this name is the node's.
    fn has_pod(&self, node: &str, namespace: &str, name: &str) -> bool;
}

pub struct NodeAuthorizer {
    pub rbac: Arc<Rbac>,
    pub graph: Arc<dyn Graph>,
}

/// The node that a user is, if it is one.
pub fn node_name(user: &UserInfo) -> Option<&str> {
    let name = user.name.strip_prefix(USER_PREFIX)?;
    (user.in_group(GROUP) && !name.is_empty()).then_some(name)
}

impl Authorizer for NodeAuthorizer {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let decision = node_name(attributes.user).map(|node| self.decide(node, attributes));
        Answer::now(decision.unwrap_or_else(|| Decision::no_opinion("")))
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
            return no_opinion("");
        }
        match (attributes.api_group, attributes.resource) {
            ("", "configmaps" | "secrets") => self.read_referred(node, attributes),
            ("", "persistentvolumeclaims") if attributes.subresource == "status" => {
                self.referred(node, attributes, &["get", "update", "patch"])
            }
            ("", "persistentvolumeclaims" | "persistentvolumes") => self.referred(node, attributes, &["get"]),
            ("resource.k8s.io", "resourceclaims") => self.referred(node, attributes, &["get"]),
            ("storage.k8s.io", "volumeattachments") => self.referred(node, attributes, &["get"]),
            ("", "serviceaccounts") if attributes.subresource == "token" => {
                self.referred(node, attributes, &["create"])
            }
            ("", "serviceaccounts") => self.referred(node, attributes, &["get"]),
            ("", "nodes") => self.own_node(node, attributes),
            ("", "pods") => self.own_pods(node, attributes),
            ("coordination.k8s.io", "leases") => self.own_lease(node, attributes),
            ("storage.k8s.io", "csinodes") => self.own_csi_node(node, attributes),
            _ => self.by_role(attributes),
        }
    }

    /// By the rules that every node has.
    fn by_role(&self, attributes: &Attributes) -> Decision {
        let role = RoleRef { kind: "ClusterRole".into(), name: ROLE.into(), ..RoleRef::default() };
        let rules = self.rbac.rules_of("", &role).unwrap_or_default();
        if rules.iter().any(|rule| allows(rule, attributes)) { allow() } else { no_opinion("") }
    }

    /// One object by name, read in any way, that a pod of the node refers to.
    fn read_referred(&self, node: &str, attributes: &Attributes) -> Decision {
        if !matches!(attributes.verb, "get" | "list" | "watch") {
            return no_opinion("can only read resources of this type");
        }
        self.referred(node, attributes, &["get", "list", "watch"])
    }

    fn referred(&self, node: &str, attributes: &Attributes, verbs: &[&str]) -> Decision {
        if !verbs.contains(&attributes.verb) {
            return match verbs {
                [one] => no_opinion(&format!("can only {one} individual resources of this type")),
                several => no_opinion(&format!("can only {} this type", several.join("/"))),
            };
        }
        if attributes.name.is_empty() {
            return no_opinion("No Object name found");
        }
        if self.graph.refers(node, attributes.resource, attributes.namespace, attributes.name) {
            return allow();
        }
        no_opinion(&format!("no relationship found between node '{node}' and this object"))
    }

    fn own_node(&self, node: &str, attributes: &Attributes) -> Decision {
        let name = attributes.name;
        let reads = matches!(attributes.verb, "get" | "list" | "watch");
        if reads && attributes.subresource.is_empty() {
            if name == node {
                return allow();
            }
            if name.is_empty() {
                return no_opinion(&format!("node '{node}' cannot read all nodes, only its own Node object"));
            }
            return no_opinion(&format!("node '{node}' cannot read '{name}', only its own Node object"));
        }
        // Whose node is written is NodeRestriction's question.
        self.by_role(attributes)
    }

    /// Pods are watched by node: a list of the node's own needs no more than that the selector is the client's choice.
    fn own_pods(&self, node: &str, attributes: &Attributes) -> Decision {
        if attributes.verb == "get"
            && attributes.subresource.is_empty()
            && !self.graph.has_pod(node, attributes.namespace, attributes.name)
        {
            return no_opinion(&format!("no relationship found between node '{node}' and this object"));
        }
        self.by_role(attributes)
    }

    fn own_lease(&self, node: &str, attributes: &Attributes) -> Decision {
        if attributes.namespace != LEASE_NAMESPACE {
            return no_opinion(&format!("can only access leases in the \"{LEASE_NAMESPACE}\" system namespace"));
        }
        if attributes.verb != "create" && attributes.name != node {
            return no_opinion("can only access node lease with the same name as the requesting node");
        }
        self.by_role(attributes)
    }

    fn own_csi_node(&self, node: &str, attributes: &Attributes) -> Decision {
        if attributes.verb != "create" && attributes.name != node {
            return no_opinion("can only access CSINode with the same name as the requesting node");
        }
        self.by_role(attributes)
    }
}

fn allow() -> Decision {
    Decision::allow("")
}

fn no_opinion(reason: &str) -> Decision {
    Decision::no_opinion(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use api_misc::rbac::v1::{ClusterRole, PolicyRule};

    struct OneSecret;

    impl Graph for OneSecret {
        fn refers(&self, node: &str, resource: &str, namespace: &str, name: &str) -> bool {
            (node, resource, namespace, name) == ("n", "secrets", "a", "s")
        }
        fn has_pod(&self, _: &str, _: &str, name: &str) -> bool {
            name == "p"
        }
    }

    fn authorizer() -> NodeAuthorizer {
        let rbac = Rbac::default();
        let mut role = ClusterRole::default();
        role.metadata.name = ROLE.into();
        let rule = |group: &str, resources: &[&str], verbs: &[&str]| PolicyRule {
            api_groups: vec![group.into()],
            resources: resources.iter().map(|&resource| resource.to_owned()).collect(),
            verbs: verbs.iter().map(|&verb| verb.to_owned()).collect(),
            ..PolicyRule::default()
        };
        role.rules = vec![
            rule("", &["pods", "nodes"], &["get", "list", "watch", "create"]),
            rule("coordination.k8s.io", &["leases"], &["get", "create", "update"]),
        ];
        rbac.set_cluster_role(&role);
        NodeAuthorizer { rbac: Arc::new(rbac), graph: Arc::new(OneSecret) }
    }

    #[test]
    fn a_node_sees_what_its_pods_need() {
        let user = UserInfo::new("system:node:n", &[GROUP]);
        for (verb, group, resource, namespace, name, expected) in [
            ("get", "", "secrets", "a", "s", true),
            ("get", "", "secrets", "a", "other", false),
            ("list", "", "secrets", "a", "", false),
            ("delete", "", "secrets", "a", "s", false),
            ("get", "", "nodes", "", "n", true),
            ("get", "", "nodes", "", "m", false),
            ("get", "", "pods", "a", "p", true),
            ("get", "", "pods", "a", "q", false),
            ("list", "", "pods", "", "", true),
            ("update", "coordination.k8s.io", "leases", LEASE_NAMESPACE, "n", true),
            ("update", "coordination.k8s.io", "leases", LEASE_NAMESPACE, "m", false),
            ("update", "coordination.k8s.io", "leases", "a", "n", false),
            ("delete", "", "namespaces", "", "a", false),
        ] {
            let attributes = Attributes {
                resource_request: true,
                api_group: group,
                resource,
                namespace,
                name,
                ..Attributes::of(&user, verb)
            };
            let allowed = authorizer().authorize(&attributes).into_now().is_ok_and(|decision| decision.allowed());
            assert_eq!(allowed, expected, "{verb} {resource} {namespace}/{name}");
        }
    }
}
