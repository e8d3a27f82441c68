//! Whether a caller may act as somebody else: for one kind of user and one action at a time (constrained), or for all.
//!
//! ```text
//!   modes, the first that allows decides:
//!     associated-node   a service account acts as the node that its pod runs on
//!     arbitrary-node    a node            serviceaccount   a service account            user-info   anybody else
//!       each needs `impersonate-on:<mode>:<verb>` on what is asked for, and `impersonate:<mode>` on who is asked to be
//!     legacy            needs `impersonate` on each part of who is asked to be
//! ```

use crate::{Attributes, Authorizer};
use authn::service_account::split_username;
use authn::{ANONYMOUS, AUTHENTICATED, MASTERS, UNAUTHENTICATED, UserInfo};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};

const NODE_PREFIX: &str = "system:node:";
const NODES: &str = "system:nodes";
const NODE_NAME: &str = "authentication.kubernetes.io/node-name";
const ASSOCIATED_KEYS: &str = "authentication.kubernetes.io/associated-node-keys";
const GROUP: &str = "authentication.k8s.io";
/// From so many on, the right to all of them is asked for first.
const MANY: usize = 4;
/// Callers whose last mode is remembered; when there are more, all are forgotten.
const MAX_REMEMBERED: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    AssociatedNode,
    ArbitraryNode,
    ServiceAccount,
    UserInfo,
    Legacy,
}

const MODES: &[Mode] = &[Mode::AssociatedNode, Mode::ArbitraryNode, Mode::ServiceAccount, Mode::UserInfo, Mode::Legacy];

/// Who the caller is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonated {
    pub user: UserInfo,
    /// The verb that allowed it, for the audit log; empty for the old way.
    pub constraint: &'static str,
}

/// What the caller may not, as a Forbidden is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub api_group: String,
    pub resource: String,
    pub name: String,
    pub why: String,
}

/// Remembers which mode a caller needed last, which is tried first: most always need the same.
#[derive(Default)]
pub struct Impersonation {
    last: Mutex<HashMap<String, usize>>,
}

impl Impersonation {
    /// `wanted` as the headers say; `asked` is the request, by the caller himself.
    pub async fn check(
        &self,
        authorizer: &dyn Authorizer,
        wanted: &UserInfo,
        asked: &Attributes<'_>,
    ) -> Result<Impersonated, Refusal> {
        let last = self.last.lock().get(&asked.user.name).copied();
        let others = (0..MODES.len()).filter(|at| Some(*at) != last);
        let mut first_refusal = None;
        for at in last.into_iter().chain(others) {
            match MODES[at].check(authorizer, wanted, asked).await {
                Ok(Some(user)) => {
                    self.remember(&asked.user.name, at);
                    return Ok(Impersonated { user, constraint: MODES[at].constraint() });
                }
                Ok(None) => {}
                Err(refusal) => drop(first_refusal.get_or_insert(refusal)),
            }
        }
        let nobody = || Refusal {
            api_group: String::new(),
            resource: "users".into(),
            name: wanted.name.clone(),
            why: "all impersonation modes failed".into(),
        };
        Err(first_refusal.unwrap_or_else(nobody))
    }

    fn remember(&self, name: &str, mode: usize) {
        let mut last = self.last.lock();
        if last.get(name) == Some(&mode) {
            return;
        }
        if last.len() >= MAX_REMEMBERED {
            last.clear();
        }
        last.insert(name.to_owned(), mode);
    }
}

impl Mode {
    fn constraint(self) -> &'static str {
        match self {
            Mode::AssociatedNode => "impersonate:associated-node",
            Mode::ArbitraryNode => "impersonate:arbitrary-node",
            Mode::ServiceAccount => "impersonate:serviceaccount",
            Mode::UserInfo => "impersonate:user-info",
            Mode::Legacy => "",
        }
    }

    fn name(self) -> &'static str {
        self.constraint().trim_start_matches("impersonate:")
    }

    fn applies(self, wanted: &UserInfo, requestor: &UserInfo) -> bool {
        let only_name = wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty();
        let node = node_of(&wanted.name);
        let is_account = split_username(&wanted.name).is_some();
        match self {
            Mode::AssociatedNode => {
                let of_requestor = requestor.extra.get(NODE_NAME).map(Vec::as_slice);
                let runs_there = matches!((of_requestor, node), (Some([its]), Some(node)) if its == node);
                only_name && runs_there && split_username(&requestor.name).is_some()
            }
            Mode::ArbitraryNode => only_name && node.is_some(),
            Mode::ServiceAccount => only_name && is_account,
            Mode::UserInfo => node.is_none() && !is_account,
            Mode::Legacy => true,
        }
    }

    /// `None`: not by this mode.
    async fn check(
        self,
        authorizer: &dyn Authorizer,
        wanted: &UserInfo,
        asked: &Attributes<'_>,
    ) -> Result<Option<UserInfo>, Refusal> {
        if !self.applies(wanted, asked.user) {
            return Ok(None);
        }
        // Who acts as its own node is looked at without what differs from pod to pod: its account decides.
        let plain;
        let requestor = if self == Mode::AssociatedNode {
            let keys = asked.user.extra.keys().cloned().collect();
            plain = UserInfo { extra: BTreeMap::from([(ASSOCIATED_KEYS.to_owned(), keys)]), ..asked.user.clone() };
            &plain
        } else {
            asked.user
        };
        if self != Mode::Legacy {
            let verb = format!("impersonate-on:{}:{}", self.name(), asked.verb);
            allowed(authorizer, &Attributes { user: requestor, verb: &verb, ..*asked }).await?;
        }
        let check = Check { mode: self, authorizer, requestor };
        let mut user = wanted.clone();
        check.name(wanted, &mut user).await?;
        check.uid(&wanted.uid).await?;
        check.groups(&wanted.groups).await?;
        check.extra(&wanted.extra).await?;
        if user.name == ANONYMOUS {
            add_group(&mut user, UNAUTHENTICATED);
        } else if !user.in_group(UNAUTHENTICATED) {
            add_group(&mut user, AUTHENTICATED);
        }
        Ok(Some(user))
    }
}

/// The parts of who is asked to be, by one mode.
struct Check<'a> {
    mode: Mode,
    authorizer: &'a dyn Authorizer,
    requestor: &'a UserInfo,
}

impl Check<'_> {
    fn attributes<'b>(&'b self, api_group: &'b str, resource: &'b str, name: &'b str) -> Attributes<'b> {
        let verb = if self.mode == Mode::Legacy { "impersonate" } else { self.mode.constraint() };
        Attributes {
            resource_request: true,
            api_group,
            api_version: "v1",
            resource,
            name,
            ..Attributes::of(self.requestor, verb)
        }
    }

    /// Of users and groups.
    fn group(&self) -> &'static str {
        if self.mode == Mode::Legacy { "" } else { GROUP }
    }

    async fn name(&self, wanted: &UserInfo, user: &mut UserInfo) -> Result<(), Refusal> {
        let constrained = self.mode != Mode::Legacy;
        let attributes = if let Some((namespace, name)) = split_username(&wanted.name) {
            if wanted.groups.is_empty() {
                user.groups = authn::service_account::groups(namespace);
            }
            Attributes { namespace, ..self.attributes(self.group(), "serviceaccounts", name) }
        } else if let Some(node) = node_of(&wanted.name).filter(|_| constrained) {
            user.groups = vec![NODES.to_owned()];
            let name = if self.mode == Mode::AssociatedNode { "*" } else { node };
            self.attributes(self.group(), "nodes", name)
        } else {
            self.attributes(self.group(), "users", &wanted.name)
        };
        allowed(self.authorizer, &attributes).await
    }

    async fn uid(&self, uid: &str) -> Result<(), Refusal> {
        if uid.is_empty() {
            return Ok(());
        }
        allowed(self.authorizer, &self.attributes(GROUP, "uids", uid)).await
    }

    async fn groups(&self, groups: &[String]) -> Result<(), Refusal> {
        let constrained = self.mode != Mode::Legacy;
        let of = |name| self.attributes(self.group(), "groups", name);
        if constrained && groups.iter().any(String::is_empty) {
            return Err(refusal(&of(""), "impersonating the empty string group is not allowed"));
        }
        if constrained && groups.iter().any(|group| group == MASTERS) {
            return Err(refusal(&of(MASTERS), "impersonating the system:masters group is not allowed"));
        }
        if constrained && groups.len() >= MANY && allowed(self.authorizer, &of("*")).await.is_ok() {
            return Ok(());
        }
        for group in groups {
            allowed(self.authorizer, &of(group)).await?;
        }
        Ok(())
    }

    async fn extra(&self, extra: &BTreeMap<String, Vec<String>>) -> Result<(), Refusal> {
        let constrained = self.mode != Mode::Legacy;
        let of = |subresource, name| Attributes { subresource, ..self.attributes(GROUP, "userextras", name) };
        if constrained && let Err(why) = check_extra(extra) {
            return Err(refusal(&of("", ""), &why));
        }
        let count: usize = extra.values().map(Vec::len).sum();
        if constrained && count.max(extra.len()) >= MANY && allowed(self.authorizer, &of("*", "*")).await.is_ok() {
            return Ok(());
        }
        for (key, values) in extra {
            for value in values {
                allowed(self.authorizer, &of(key, value)).await?;
            }
        }
        Ok(())
    }
}

fn check_extra(extra: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    for (key, values) in extra {
        if key.is_empty() {
            return Err("impersonating the empty string key in extra is not allowed".into());
        }
        let wrong = authn::config::domain_prefixed_path(key);
        if !wrong.is_empty() {
            let why = format!("extra.key: Invalid value: {key:?}: {}", wrong.join(", "));
            return Err(format!("impersonating an invalid key in extra is not allowed: {why}"));
        }
        if *key != key.to_lowercase() {
            return Err(format!("impersonating a non-lowercase key in extra is not allowed: {key:?}"));
        }
        if values.iter().any(String::is_empty) {
            return Err("impersonating the empty string value in extra is not allowed".into());
        }
    }
    Ok(())
}

fn node_of(user: &str) -> Option<&str> {
    let name = user.strip_prefix(NODE_PREFIX)?;
    kind::validate::dns1123_subdomain(name).is_empty().then_some(name)
}

fn add_group(user: &mut UserInfo, group: &str) {
    if !user.in_group(group) {
        user.groups.push(group.to_owned());
    }
}

async fn allowed(authorizer: &dyn Authorizer, attributes: &Attributes<'_>) -> Result<(), Refusal> {
    let decision = authorizer.authorize(attributes).await;
    if decision.allowed() {
        return Ok(());
    }
    let why = match (&decision.error, decision.reason()) {
        (Some(error), "") => error.clone(),
        (Some(error), reason) => format!("{error}: {reason}"),
        (None, reason) => reason.to_owned(),
    };
    Err(refusal(attributes, &why))
}

fn refusal(attributes: &Attributes<'_>, why: &str) -> Refusal {
    Refusal {
        api_group: attributes.api_group.to_owned(),
        resource: attributes.resource.to_owned(),
        name: attributes.name.to_owned(),
        why: attributes.refusal(why),
    }
}

#[cfg(test)]
mod tests;
