//! Who may do what: RBAC, and what a node may see.
//!
//! [`Chain`] asks its authorizers in order; the first that allows or denies decides, and what nobody decides is refused.
//! Deliberately absent: IO; the authorizers hold what they need in memory and are told of changes.

pub mod node;
pub mod rbac;

use authn::UserInfo;
use std::sync::Arc;

/// One question: may this user do this?
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    pub user: &'a UserInfo,
    /// `get`, `list`, ..., or the lower-case HTTP method for paths that are no resources.
    pub verb: &'a str,
    pub resource_request: bool,
    pub api_group: &'a str,
    pub api_version: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// The path, where it is no resource.
    pub path: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow { reason: String },
    Deny { reason: String },
    NoOpinion { reason: String },
}

pub trait Authorizer: Send + Sync {
    fn authorize(&self, attributes: &Attributes) -> Decision;
}

/// Authorizers in order.
#[derive(Clone, Default)]
pub struct Chain {
    pub links: Vec<Arc<dyn Authorizer>>,
}

/// Everything is allowed to the members of system:masters.
pub struct Masters;

impl Authorizer for Chain {
    fn authorize(&self, attributes: &Attributes) -> Decision {
        let mut reasons = Vec::new();
        for link in &self.links {
            match link.authorize(attributes) {
                Decision::NoOpinion { reason } if reason.is_empty() => {}
                Decision::NoOpinion { reason } => reasons.push(reason),
                decided => return decided,
            }
        }
        Decision::NoOpinion { reason: reasons.join(", ") }
    }
}

impl Authorizer for Masters {
    fn authorize(&self, attributes: &Attributes) -> Decision {
        if attributes.user.in_group(authn::MASTERS) {
            return Decision::Allow { reason: String::new() };
        }
        Decision::NoOpinion { reason: String::new() }
    }
}

impl Decision {
    pub fn allowed(&self) -> bool {
        matches!(self, Decision::Allow { .. })
    }

    pub fn reason(&self) -> &str {
        match self {
            Decision::Allow { reason } | Decision::Deny { reason } | Decision::NoOpinion { reason } => reason,
        }
    }
}

impl Attributes<'_> {
    /// `pods` or `pods/log`
    pub fn qualified_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.into()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// Upstream's sentence for a refusal: `User "eve" cannot list resource "pods" in API group "" in the namespace "a"`.
    pub fn refusal(&self, reason: &str) -> String {
        let user = &self.user.name;
        let verb = self.verb;
        let mut text = if self.resource_request {
            let resource = self.qualified_resource();
            format!("User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{}\"", self.api_group)
        } else {
            format!("User \"{user}\" cannot {verb} path \"{}\"", self.path)
        };
        if self.resource_request {
            if self.namespace.is_empty() {
                text.push_str(" at the cluster scope");
            } else {
                text.push_str(&format!(" in the namespace \"{}\"", self.namespace));
            }
        }
        if !reason.is_empty() {
            text.push_str(": ");
            text.push_str(reason);
        }
        text
    }
}
