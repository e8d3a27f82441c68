//! What a bound token says.

use super::{Found, Lookup, Resource, audiences_of, groups, username};
use crate::{AuthnError, UserInfo};
use serde_json::{Map, Value, json};

/// What a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub name: String,
    pub uid: String,
}

/// Everything in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub namespace: String,
    pub service_account: Bound,
    pub pod: Option<Bound>,
    pub node: Option<Bound>,
    pub secret: Option<Bound>,
    pub audiences: Vec<String>,
    pub issued_at: i64,
    pub expires_at: i64,
    /// The client should have renewed it by then; it is good for longer because old clients do not.
    pub warn_after: Option<i64>,
    /// Unique id of the token.
    pub id: String,
}

impl Claims {
    pub fn user(&self) -> UserInfo {
        let mut user = UserInfo {
            name: username(&self.namespace, &self.service_account.name),
            uid: self.service_account.uid.clone(),
            groups: groups(&self.namespace),
            ..UserInfo::default()
        };
        let mut extra =
            |key: &str, value: String| user.extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value]);
        if !self.id.is_empty() {
            extra("credential-id", format!("JTI={}", self.id));
        }
        if let Some(pod) = &self.pod {
            extra("pod-name", pod.name.clone());
            extra("pod-uid", pod.uid.clone());
        }
        if let Some(node) = &self.node {
            extra("node-name", node.name.clone());
            if !node.uid.is_empty() {
                extra("node-uid", node.uid.clone());
            }
        }
        user.authenticated()
    }

    /// Whether everything that the token is bound to is there. What was deleted before `deleted_before` is not.
    pub(super) fn check_bound(&self, lookup: &dyn Lookup, deleted_before: i64) -> Result<(), AuthnError> {
        let (namespace, account) = (&self.namespace, &self.service_account);
        let gone = |found: &Found| found.deleted_at.is_some_and(|at| at < deleted_before);
        let refused = |why: String| Err(AuthnError::Token(why));
        match lookup.find(Resource::ServiceAccount, namespace, &account.name) {
            None => return refused(format!("serviceaccounts \"{}\" not found", account.name)),
            Some(found) if gone(&found) => {
                return refused(format!("service account {namespace}/{} has been deleted", account.name));
            }
            Some(found) if found.uid != account.uid => {
                let why = format!("service account UID ({}) does not match claim ({})", found.uid, account.uid);
                return refused(why);
            }
            Some(_) => {}
        }
        // A node's name in a pod's token only informs; a token bound to the node itself needs the node.
        let node = self.node.as_ref().filter(|_| self.pod.is_none());
        let bound = [
            (Resource::Secret, namespace.as_str(), self.secret.as_ref(), "secret UID", "secret ref"),
            (Resource::Pod, namespace.as_str(), self.pod.as_ref(), "pod UID", "pod ref"),
            (Resource::Node, "", node, "node UID", "node ref"),
        ];
        for (resource, namespace, bound, what, claim) in bound {
            let Some(bound) = bound else { continue };
            match lookup.find(resource, namespace, &bound.name).filter(|found| !gone(found)) {
                None => return refused("service account token has been invalidated".into()),
                Some(found) if found.uid != bound.uid => {
                    let uid = &bound.uid;
                    let why = format!("{what} ({}) does not match service account {claim} claim ({uid})", found.uid);
                    return refused(why);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn to_json(&self, issuer: &str) -> Value {
        let bound = |b: &Bound| match b.uid.as_str() {
            "" => json!({ "name": b.name }),
            uid => json!({ "name": b.name, "uid": uid }),
        };
        let mut kubernetes = Map::new();
        kubernetes.insert("namespace".into(), json!(self.namespace));
        kubernetes.insert("serviceaccount".into(), bound(&self.service_account));
        for (key, part) in [("pod", &self.pod), ("node", &self.node), ("secret", &self.secret)] {
            if let Some(part) = part {
                kubernetes.insert(key.into(), bound(part));
            }
        }
        if let Some(warn_after) = self.warn_after {
            kubernetes.insert("warnafter".into(), json!(warn_after));
        }
        json!({
            "aud": self.audiences, "exp": self.expires_at, "iat": self.issued_at, "nbf": self.issued_at, "iss": issuer,
            "jti": self.id, "kubernetes.io": kubernetes,
            "sub": username(&self.namespace, &self.service_account.name),
        })
    }

    pub(super) fn from_json(json: &Value) -> Option<Claims> {
        let kubernetes = &json["kubernetes.io"];
        let bound = |key: &str| {
            let part = &kubernetes[key];
            let uid = part["uid"].as_str().unwrap_or_default();
            Some(Bound { name: part["name"].as_str()?.into(), uid: uid.into() })
        };
        Some(Claims {
            namespace: kubernetes["namespace"].as_str()?.into(),
            service_account: bound("serviceaccount")?,
            pod: bound("pod"),
            node: bound("node"),
            secret: bound("secret"),
            audiences: audiences_of(json),
            issued_at: json["iat"].as_i64().unwrap_or_default(),
            expires_at: json["exp"].as_i64()?,
            warn_after: kubernetes["warnafter"].as_i64(),
            id: json["jti"].as_str().unwrap_or_default().into(),
        })
    }
}
