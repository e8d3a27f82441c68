//! Who is calling: client certificates, tokens of all kinds, users that a proxy names, anonymous, and impersonation.
//!
//! Each part is a function from what the caller showed to a [`UserInfo`]. Deliberately absent: IO and clocks (the time and
//! what the cluster holds come in as arguments), and who may do what (crate `authz`).

pub mod bearer;
pub mod bootstrap_token;
pub mod cache;
pub mod config;
pub mod impersonation;
pub mod keys;
pub mod oidc;
pub mod request_header;
pub mod service_account;
pub mod strict;
pub mod token_file;
pub mod token_review;
pub mod x509;

use std::collections::BTreeMap;

/// A caller's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    pub name: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub extra: BTreeMap<String, Vec<String>>,
}

pub const ANONYMOUS: &str = "system:anonymous";
pub const AUTHENTICATED: &str = "system:authenticated";
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
pub const MASTERS: &str = "system:masters";

impl UserInfo {
    /// A caller that showed nothing.
    pub fn anonymous() -> UserInfo {
        UserInfo { name: ANONYMOUS.into(), groups: vec![UNAUTHENTICATED.into()], ..UserInfo::default() }
    }

    /// A named user with groups; `system:authenticated` is added.
    pub fn new(name: impl Into<String>, groups: &[&str]) -> UserInfo {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        UserInfo { name: name.into(), groups, ..UserInfo::default() }.authenticated()
    }

    pub fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|have| have == group)
    }

    /// Adds the group of everybody who is authenticated.
    pub fn authenticated(mut self) -> UserInfo {
        if !self.in_group(AUTHENTICATED) && !self.in_group(UNAUTHENTICATED) {
            self.groups.push(AUTHENTICATED.into());
        }
        self
    }
}

/// Who showed a token, and which of the audiences asked for it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub user: UserInfo,
    pub audiences: Vec<String>,
}

/// The credentials were not accepted, or what they are checked with cannot be used. Clients see a bare 401; the reason is
/// for the log, and for who asks by TokenReview.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthnError {
    #[error("client certificate: {0}")]
    Certificate(String),
    #[error("{0}")]
    Token(String),
    #[error("key: {0}")]
    Key(String),
    #[error("{0}")]
    Config(String),
}
