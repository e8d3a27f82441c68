//! Tokens of OpenID Connect issuers: whether one is good, and whom its claims name.
//!
//! ```text
//!   token --issuer, audience, times, signature--> claims --mappings--> user --rules--> accepted
//! ```
//!
//! Deliberately absent: fetching of discovery documents and keys (the shell's), and the language of expressions, which
//! comes in as an [`Expressions`].

mod discovery;
mod mapping;

pub use discovery::{KeySet, Metadata, discovery_url};

use crate::config::JwtAuthenticator;
use crate::keys::{key_hint, unverified_claims};
use crate::service_account::{audiences_of, go_list};
use crate::{AuthnError, UserInfo};
use mapping::Mappings;
use serde_json::Value;

/// Those that may be configured.
pub const ALGORITHMS: &[&str] = &["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
/// What a file's issuers may sign with.
const DEFAULT_ALGORITHMS: &[&str] = ALGORITHMS;
/// Clocks of issuers may be ahead.
const NOT_BEFORE_LEEWAY_S: i64 = 5 * 60;

/// What an expression is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// `claims`, of any form.
    Claims,
    /// `user`, a UserInfo.
    User,
}

/// An expression that has been compiled.
pub trait Expression: Send + Sync {
    /// The value for one set of claims, or one user.
    fn evaluate(&self, over: &Value) -> Result<Value, String>;

    /// Whether it reads this claim.
    fn reads_claim(&self, name: &str) -> bool;
}

/// What compiles them.
pub trait Expressions: Send + Sync {
    fn compile(&self, text: &str, over: Over) -> Result<Box<dyn Expression>, String>;
}

/// One configured issuer, ready to look at tokens.
pub struct Authenticator {
    config: JwtAuthenticator,
    algorithms: Vec<String>,
    mappings: Mappings,
}

impl Authenticator {
    /// `algorithms` empty: all that are allowed.
    pub fn new(
        config: JwtAuthenticator,
        algorithms: &[String],
        expressions: &dyn Expressions,
    ) -> Result<Authenticator, AuthnError> {
        if let Some(other) = algorithms.iter().find(|name| !ALGORITHMS.contains(&name.as_str())) {
            return Err(AuthnError::Config(format!("oidc: unsupported signing alg: {other:?}")));
        }
        let all = || DEFAULT_ALGORITHMS.iter().map(|&name| name.to_owned()).collect();
        let algorithms = if algorithms.is_empty() { all() } else { algorithms.to_vec() };
        let mappings = Mappings::compile(&config, expressions)?;
        Ok(Authenticator { config, algorithms, mappings })
    }

    pub fn config(&self) -> &JwtAuthenticator {
        &self.config
    }

    /// Whether the token claims to be of this issuer.
    pub fn is_of(&self, token: &str) -> bool {
        let claims = unverified_claims(token);
        let issuer = claims.as_ref().and_then(|claims| claims["iss"].as_str()).unwrap_or_default();
        // Google's two names for itself.
        let issuer = if issuer == "accounts.google.com" { "https://accounts.google.com" } else { issuer };
        issuer == self.config.issuer.url
    }

    /// The claims of a token that is good. [`KeySet::may_hold`] tells beforehand whether newer keys are needed.
    pub fn verify(&self, token: &str, keys: &KeySet, now_unix_s: i64) -> Result<Value, AuthnError> {
        self.verified(token, keys, now_unix_s)
            .map_err(|error| AuthnError::Token(format!("oidc: verify token: {error}")))
    }

    fn verified(&self, token: &str, keys: &KeySet, now_unix_s: i64) -> Result<Value, AuthnError> {
        let refused = |why: String| Err(AuthnError::Token(why));
        let Some(claims) = unverified_claims(token) else { return refused("oidc: malformed jwt".into()) };
        let (audiences, wanted) = (audiences_of(&claims), &self.config.issuer.audiences);
        if !audiences.iter().any(|audience| wanted.contains(audience)) {
            let (wanted, got) = (go_list(wanted), go_list(&audiences));
            return refused(format!("oidc: expected audience in {wanted} got {got}"));
        }
        let time = |name: &str| claims[name].as_f64().map(|seconds| seconds as i64);
        match time("exp") {
            Some(expires) if now_unix_s <= expires => {}
            expires => {
                let shown = schema::Time::from_unix(expires.unwrap_or_default());
                return refused(format!("oidc: token is expired (Token Expiry: {})", shown.to_text()));
            }
        }
        if time("nbf").is_some_and(|begins| now_unix_s + NOT_BEFORE_LEEWAY_S < begins) {
            return refused("oidc: current time is before the nbf (not before) time".into());
        }
        keys.verify(token, &self.algorithms)
    }

    /// Whom the claims name.
    pub fn user(&self, claims: &Value) -> Result<UserInfo, AuthnError> {
        self.mappings.user(&self.config, claims).map_err(AuthnError::Token)
    }
}

/// Which key a token was signed with, as it says.
pub fn key_of(token: &str) -> String {
    key_hint(token)
}

#[cfg(test)]
mod tests;
