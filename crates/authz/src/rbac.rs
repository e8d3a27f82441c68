//! Role-based access control over an index from subjects to bindings, kept up to date object by object.
//!
//! ```text
//!   subject (user | group | service account) --> bindings (cluster-wide, or of one namespace) --> role --> rules
//! ```

pub mod coverage;

use crate::{Answer, Attributes, Authorizer, Decision, Rules};
use api_misc::authorization::v1::{NonResourceRule, ResourceRule};
use api_misc::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use authn::UserInfo;
use parking_lot::RwLock;
use std::collections::HashMap;
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
    bindings: HashMap<Id, Vec<SubjectKey>>,
    /// By namespace; empty for what holds everywhere.
    scopes: HashMap<String, Subjects>,
}

/// Who is bound in one namespace.
#[derive(Default)]
struct Subjects {
    users: HashMap<String, Vec<Grant>>,
    groups: HashMap<String, Vec<Grant>>,
}

/// One binding as one of its subjects has it.
struct Grant {
    binding: String,
    role: Id,
    /// `RBAC: allowed by ...`, made once for all the requests that it allows.
    reason: Arc<str>,
}

/// Namespace, empty for cluster-wide ones, and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Id {
    namespace: String,
    name: String,
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
    pub fn rules_of_user(&self, user: &UserInfo, namespace: &str) -> (Vec<PolicyRule>, Vec<String>) {
        let (mut rules, mut missing) = (Vec::new(), Vec::new());
        self.state.read().visit(user, namespace, &mut |grant, found| {
            match found {
                Some(found) => rules.extend(found.iter().cloned()),
                None => missing.push(grant.role_not_found()),
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
        let role = role_id(&id.namespace, role_ref);
        let keys: Vec<SubjectKey> =
            subjects.iter().filter_map(|subject| SubjectKey::of(subject, &id.namespace)).collect();
        let mut state = self.state.write();
        state.remove_binding(&id);
        let scope = state.scopes.entry(id.namespace.clone()).or_default();
        for subject in &keys {
            let grant = Grant::new(&id, &role, subject);
            let grants = match subject {
                SubjectKey::User(name) => scope.users.entry(name.clone()).or_default(),
                SubjectKey::Group(name) => scope.groups.entry(name.clone()).or_default(),
            };
            // In the order of names, so that the same binding is told whatever came first.
            if let Err(at) = grants.binary_search_by(|other| other.binding.cmp(&grant.binding)) {
                grants.insert(at, grant);
            }
        }
        state.bindings.insert(id, keys);
    }
}

impl Authorizer for Rbac {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let mut missing = Vec::new();
        let mut allowed = None;
        self.state.read().visit(attributes.user, attributes.namespace, &mut |grant, rules| {
            match rules {
                None => missing.push(grant.role_not_found()),
                Some(rules) if rules.iter().any(|rule| allows(rule, attributes)) => {
                    allowed = Some(grant.reason.clone())
                }
                Some(_) => {}
            }
            allowed.is_none()
        });
        Answer::now(match allowed {
            Some(reason) => Decision::allow(reason),
            None if missing.is_empty() => Decision::no_opinion(""),
            None => Decision::no_opinion(format!("RBAC: {}", joined(&missing))),
        })
    }

    fn rules_for(&self, user: &UserInfo, namespace: &str) -> Rules {
        let (found, missing) = self.rules_of_user(user, namespace);
        let mut rules = Rules { errors: missing, ..Rules::default() };
        for rule in found {
            if rule.non_resource_urls.is_empty() {
                rules.resource.push(ResourceRule {
                    verbs: rule.verbs,
                    api_groups: rule.api_groups,
                    resources: rule.resources,
                    resource_names: rule.resource_names,
                });
            } else {
                rules
                    .non_resource
                    .push(NonResourceRule { verbs: rule.verbs, non_resource_urls: rule.non_resource_urls });
            }
        }
        rules
    }
}

impl Grant {
    fn new(binding: &Id, role: &Id, subject: &SubjectKey) -> Grant {
        let kind = if role.namespace.is_empty() { "ClusterRole" } else { "Role" };
        let (subject, name) = (subject.describe(), &binding.name);
        let described = if binding.namespace.is_empty() {
            format!("ClusterRoleBinding \"{name}\" of {kind} \"{}\" to {subject}", role.name)
        } else {
            format!("RoleBinding \"{name}/{}\" of {kind} \"{}\" to {subject}", binding.namespace, role.name)
        };
        let reason = format!("RBAC: allowed by {described}").into();
        Grant { binding: name.clone(), role: role.clone(), reason }
    }

    fn role_not_found(&self) -> String {
        let kind = if self.role.namespace.is_empty() { "clusterrole" } else { "role" };
        format!("{kind}.rbac.authorization.k8s.io \"{}\" not found", self.role.name)
    }
}

impl State {
    fn remove_binding(&mut self, id: &Id) {
        let Some(subjects) = self.bindings.remove(id) else { return };
        let Some(scope) = self.scopes.get_mut(&id.namespace) else { return };
        for subject in subjects {
            let (of, name) = match subject {
                SubjectKey::User(name) => (&mut scope.users, name),
                SubjectKey::Group(name) => (&mut scope.groups, name),
            };
            if let Some(grants) = of.get_mut(&name) {
                grants.retain(|grant| grant.binding != id.name);
                if grants.is_empty() {
                    of.remove(&name);
                }
            }
        }
        if scope.users.is_empty() && scope.groups.is_empty() {
            self.scopes.remove(&id.namespace);
        }
    }

    /// Calls `each` with the grants of the user, cluster-wide ones first, until it returns false.
    fn visit(&self, user: &UserInfo, namespace: &str, each: &mut dyn FnMut(&Grant, Option<&[PolicyRule]>) -> bool) {
        let scopes: &[&str] = if namespace.is_empty() { &[""] } else { &["", namespace] };
        for scope in scopes.iter().filter_map(|scope| self.scopes.get(*scope)) {
            let of_user = scope.users.get(&user.name);
            let of_groups = user.groups.iter().filter_map(|group| scope.groups.get(group));
            for grant in of_user.into_iter().chain(of_groups).flatten() {
                let rules = self.roles.get(&grant.role).map(|rules| &rules[..]);
                if !each(grant, rules) {
                    return;
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
