//! Role-based access control over an index from subjects to bindings, kept up to date object by object.
//!
//! ```text
//!   subject (user | group | service account) --> bindings (cluster-wide, or of one namespace) --> role --> rules
//! ```

use crate::{Attributes, Authorizer, Decision};
use api_misc::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use authn::UserInfo;
use parking_lot::RwLock;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Roles and bindings, and the authorizer over them.
#[derive(Default)]
pub struct Rbac {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// By namespace (empty: cluster roles) and name.
    roles: HashMap<Id, Arc<[PolicyRule]>>,
    bindings: HashMap<Id, Binding>,
    by_subject: HashMap<SubjectKey, BTreeSet<Id>>,
}

/// Namespace, empty for cluster-wide ones, and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Id {
    namespace: String,
    name: String,
}

struct Binding {
    subjects: Vec<SubjectKey>,
    role: Id,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SubjectKey {
    User(String),
    Group(String),
}

impl Rbac {
    pub fn set_role(&self, role: &Role) {
        self.set_rules(Id::new(&role.metadata.namespace, &role.metadata.name), &role.rules);
    }

    pub fn set_cluster_role(&self, role: &ClusterRole) {
        self.set_rules(Id::new("", &role.metadata.name), &role.rules);
    }

    /// `namespace` empty: a cluster role.
    pub fn remove_role(&self, namespace: &str, name: &str) {
        self.state.write().roles.remove(&Id::new(namespace, name));
    }

    pub fn set_role_binding(&self, binding: &RoleBinding) {
        let meta = &binding.metadata;
        self.set_binding(Id::new(&meta.namespace, &meta.name), &binding.subjects, &binding.role_ref);
    }

    pub fn set_cluster_role_binding(&self, binding: &ClusterRoleBinding) {
        self.set_binding(Id::new("", &binding.metadata.name), &binding.subjects, &binding.role_ref);
    }

    /// `namespace` empty: a cluster role binding.
    pub fn remove_binding(&self, namespace: &str, name: &str) {
        self.state.write().remove_binding(&Id::new(namespace, name));
    }

    /// The rules that hold for a user in a namespace (empty: cluster-wide only), and the roles that could not be found.
    pub fn rules_for(&self, user: &UserInfo, namespace: &str) -> (Vec<PolicyRule>, Vec<String>) {
        let (mut rules, mut missing) = (Vec::new(), Vec::new());
        self.state.read().visit(user, namespace, &mut |binding, found| {
            match found {
                Some(found) => rules.extend(found.iter().cloned()),
                None => missing.push(binding.role_not_found()),
            }
            true
        });
        (rules, missing)
    }

    /// The rules of a role that a binding in `namespace` refers to.
    pub fn rules_of(&self, namespace: &str, role_ref: &RoleRef) -> Option<Arc<[PolicyRule]>> {
        self.state.read().roles.get(&role_id(namespace, role_ref)).cloned()
    }

    fn set_rules(&self, id: Id, rules: &[PolicyRule]) {
        self.state.write().roles.insert(id, rules.into());
    }

    fn set_binding(&self, id: Id, subjects: &[Subject], role_ref: &RoleRef) {
        let subjects = subjects.iter().filter_map(|subject| SubjectKey::of(subject, &id.namespace)).collect();
        let binding = Binding { subjects, role: role_id(&id.namespace, role_ref) };
        let mut state = self.state.write();
        state.remove_binding(&id);
        for subject in &binding.subjects {
            state.by_subject.entry(subject.clone()).or_default().insert(id.clone());
        }
        state.bindings.insert(id, binding);
    }
}

impl Authorizer for Rbac {
    fn authorize(&self, attributes: &Attributes) -> Decision {
        let mut missing = Vec::new();
        let mut allowed = None;
        self.state.read().visit(attributes.user, attributes.namespace, &mut |binding, rules| {
            match rules {
                None => missing.push(binding.role_not_found()),
                Some(rules) if rules.iter().any(|rule| allows(rule, attributes)) => allowed = Some(binding.describe()),
                Some(_) => {}
            }
            allowed.is_none()
        });
        match allowed {
            Some(binding) => Decision::Allow { reason: format!("RBAC: allowed by {binding}") },
            None if missing.is_empty() => Decision::NoOpinion { reason: String::new() },
            None => Decision::NoOpinion { reason: format!("RBAC: {}", joined(&missing)) },
        }
    }
}

/// A binding as a visit shows it.
struct Visited<'a> {
    id: &'a Id,
    role: &'a Id,
    subject: &'a SubjectKey,
}

impl Visited<'_> {
    fn role_not_found(&self) -> String {
        if self.role.namespace.is_empty() {
            format!("clusterrole.rbac.authorization.k8s.io \"{}\" not found", self.role.name)
        } else {
            format!("role.rbac.authorization.k8s.io \"{}\" not found", self.role.name)
        }
    }

    fn describe(&self) -> String {
        let role = if self.role.namespace.is_empty() { "ClusterRole" } else { "Role" };
        let subject = self.subject.describe();
        if self.id.namespace.is_empty() {
            format!("ClusterRoleBinding \"{}\" of {role} \"{}\" to {subject}", self.id.name, self.role.name)
        } else {
            let binding = format!("{}/{}", self.id.name, self.id.namespace);
            format!("RoleBinding \"{binding}\" of {role} \"{}\" to {subject}", self.role.name)
        }
    }
}

impl State {
    fn remove_binding(&mut self, id: &Id) {
        let Some(old) = self.bindings.remove(id) else { return };
        for subject in old.subjects {
            if let Some(ids) = self.by_subject.get_mut(&subject) {
                ids.remove(id);
                if ids.is_empty() {
                    self.by_subject.remove(&subject);
                }
            }
        }
    }

    /// Calls `each` with the bindings of the user, cluster-wide ones first, until it returns false.
    fn visit(&self, user: &UserInfo, namespace: &str, each: &mut dyn FnMut(Visited, Option<&[PolicyRule]>) -> bool) {
        let groups = user.groups.iter().map(|group| SubjectKey::Group(group.clone()));
        let subjects: Vec<(&SubjectKey, &BTreeSet<Id>)> = std::iter::once(SubjectKey::User(user.name.clone()))
            .chain(groups)
            .filter_map(|subject| self.by_subject.get_key_value(&subject))
            .collect();
        let scopes: &[&str] = if namespace.is_empty() { &[""] } else { &["", namespace] };
        for scope in scopes {
            for (subject, ids) in &subjects {
                for id in ids.iter().filter(|id| id.namespace == *scope) {
                    let Some(binding) = self.bindings.get(id) else { continue };
                    let rules = self.roles.get(&binding.role).map(|rules| &rules[..]);
                    if !each(Visited { id, role: &binding.role, subject }, rules) {
                        return;
                    }
                }
            }
        }
    }
}

impl SubjectKey {
    fn describe(&self) -> String {
        match self {
            SubjectKey::User(name) => match authn::service_account::split_username(name) {
                Some((namespace, name)) => format!("ServiceAccount \"{name}/{namespace}\""),
                None => format!("User \"{name}\""),
            },
            SubjectKey::Group(name) => format!("Group \"{name}\""),
        }
    }

    /// A service account is the user of its name; one without a namespace is of the binding's.
    fn of(subject: &Subject, namespace: &str) -> Option<SubjectKey> {
        match subject.kind.as_str() {
            "User" => Some(SubjectKey::User(subject.name.clone())),
            "Group" => Some(SubjectKey::Group(subject.name.clone())),
            "ServiceAccount" => {
                let namespace = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
                Some(SubjectKey::User(authn::service_account::username(namespace, &subject.name)))
            }
            _ => None,
        }
    }
}

impl Id {
    fn new(namespace: &str, name: &str) -> Id {
        Id { namespace: namespace.into(), name: name.into() }
    }
}

fn role_id(namespace: &str, role_ref: &RoleRef) -> Id {
    Id::new(if role_ref.kind == "ClusterRole" { "" } else { namespace }, &role_ref.name)
}

fn joined(texts: &[String]) -> String {
    match texts {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Whether one rule allows what is asked.
pub fn allows(rule: &PolicyRule, attributes: &Attributes) -> bool {
    if !matches_any(&rule.verbs, attributes.verb) {
        return false;
    }
    if !attributes.resource_request {
        return rule.non_resource_urls.iter().any(|url| url_matches(url, attributes.path));
    }
    matches_any(&rule.api_groups, attributes.api_group)
        && resource_matches(&rule.resources, attributes.resource, attributes.subresource)
        && (rule.resource_names.is_empty() || rule.resource_names.iter().any(|name| name == attributes.name))
}

fn matches_any(have: &[String], wanted: &str) -> bool {
    have.iter().any(|one| one == "*" || one == wanted)
}

/// `*`, `pods`, `pods/log`, `*/log`
fn resource_matches(have: &[String], resource: &str, subresource: &str) -> bool {
    have.iter().any(|one| match (one.as_str(), one.split_once('/')) {
        ("*", _) => true,
        (one, None) => subresource.is_empty() && one == resource,
        (_, Some((of, sub))) => !subresource.is_empty() && sub == subresource && (of == "*" || of == resource),
    })
}

fn url_matches(have: &str, path: &str) -> bool {
    match have.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => have == path,
    }
}

#[cfg(test)]
mod tests;
