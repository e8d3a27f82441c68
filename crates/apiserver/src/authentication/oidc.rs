//! Issuers of OpenID Connect: their keys are fetched when they are needed, and kept.

use super::tokens::{Answer, TokenAuthenticator, for_own_audiences};
use crate::outbound;
use arc_swap::ArcSwap;
use authn::AuthnError;
use authn::oidc::{Authenticator, KeySet, Metadata, discovery_url};
use registry::BoxFuture;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;
use tokio::sync::Mutex;

/// Tokens that name unknown keys make us ask the issuer at most this often.
const MIN_BETWEEN_FETCHES: Duration = Duration::from_secs(1);

/// The issuers that are configured now.
pub struct OidcTokens {
    pub issuers: Arc<ArcSwap<Vec<Arc<Issuer>>>>,
    pub audiences: Vec<String>,
}

/// One of them.
pub struct Issuer {
    authenticator: Authenticator,
    keys: ArcSwap<KeySet>,
    /// When the keys were asked for last, in nanoseconds since the Unix epoch; held while they are fetched.
    fetched_at: Mutex<i64>,
    clock: Arc<dyn Clock>,
}

impl TokenAuthenticator for OidcTokens {
    fn authenticate<'a>(&'a self, token: &'a str, audiences: &'a [String]) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let issuers = self.issuers.load_full();
            let Some(issuer) = issuers.iter().find(|issuer| issuer.authenticator.is_of(token)) else { return Ok(None) };
            let user = issuer.user(token).await?;
            for_own_audiences(Some(user), &self.audiences, audiences)
        })
    }
}

impl Issuer {
    pub fn new(authenticator: Authenticator, clock: Arc<dyn Clock>) -> Issuer {
        Issuer { authenticator, keys: ArcSwap::default(), fetched_at: Mutex::new(0), clock }
    }

    async fn user(&self, token: &str) -> Result<authn::UserInfo, AuthnError> {
        if !self.keys.load().may_hold(token) {
            self.fetch(token).await?;
        }
        let claims = self.authenticator.verify(token, &self.keys.load(), self.clock.now_seconds())?;
        let claims = self.with_distributed(claims).await?;
        self.authenticator.user(&claims)
    }

    /// Fetches the keys, unless another request just did.
    async fn fetch(&self, token: &str) -> Result<(), AuthnError> {
        let mut fetched_at = self.fetched_at.lock().await;
        let now = self.clock.now();
        let since = u64::try_from(now.saturating_sub(*fetched_at)).unwrap_or_default();
        if self.keys.load().may_hold(token) || Duration::from_nanos(since) < MIN_BETWEEN_FETCHES {
            return Ok(());
        }
        *fetched_at = now;
        let issuer = &self.authenticator.config().issuer;
        let keys = fetch_keys(&issuer.url, &issuer.discovery_url, &issuer.certificate_authority).await;
        match keys {
            Ok(keys) => {
                self.keys.store(Arc::new(keys));
                Ok(())
            }
            Err(error) => {
                tracing::warn!(issuer = issuer.url, %error, "cannot fetch the keys of an issuer");
                Err(AuthnError::Token("oidc: authenticator not initialized".into()))
            }
        }
    }

    /// With the groups that stand in another token, which the claims say where to get.
    async fn with_distributed(&self, mut claims: Value) -> Result<Value, AuthnError> {
        let config = self.authenticator.config();
        let claim = &config.groups.claim;
        if claim.is_empty() || claims.get(claim).is_some() {
            return Ok(claims);
        }
        let Some(source) = claims["_claim_names"][claim].as_str() else { return Ok(claims) };
        let failed = |why: String| AuthnError::Token(format!("oidc: could not expand distributed claims: {why}"));
        let endpoint = &claims["_claim_sources"][source];
        let Some(url) = endpoint["endpoint"].as_str().filter(|url| !url.is_empty()) else {
            return match endpoint {
                Value::Null => {
                    Err(failed(format!("id token _claim_names contained a source {source} missing in _claims_sources")))
                }
                // An aggregated claim, which upstream does not read either.
                _ => Ok(claims),
            };
        };
        let authority = &config.issuer.certificate_authority;
        let got = outbound::get(url, authority, endpoint["access_token"].as_str()).await;
        let got = got.map_err(|error| failed(format!("while getting distributed claim {claim:?}: {error}")))?;
        let token = String::from_utf8(got.to_vec()).map_err(|error| failed(error.to_string()))?;
        let issuer =
            authn::keys::unverified_claims(&token).and_then(|claims| claims["iss"].as_str().map(str::to_owned));
        let issuer = issuer.ok_or_else(|| failed(format!("no issuer in the token of {url:?}")))?;
        let keys = fetch_keys(&issuer, "", authority).await.map_err(|error| failed(error.to_string()))?;
        let theirs = self.authenticator.verify(&token, &keys, self.clock.now_seconds());
        let theirs = theirs.map_err(|error| failed(format!("verify distributed claim token: {error}")))?;
        let value = theirs.get(claim).cloned();
        claims[claim] = value.ok_or_else(|| {
            failed(format!("jwt returned by distributed claim endpoint {url:?} did not contain claim: {claim}"))
        })?;
        Ok(claims)
    }
}

async fn fetch_keys(issuer: &str, discovery: &str, authority: &str) -> Result<KeySet, AuthnError> {
    let refused = |error: outbound::OutboundError| AuthnError::Config(error.to_string());
    let url = if discovery.is_empty() { discovery_url(issuer) } else { discovery.to_owned() };
    let document = outbound::get(&url, authority, None).await.map_err(refused)?;
    let metadata = Metadata::parse(&document, issuer)?;
    KeySet::parse(&outbound::get(&metadata.jwks_uri, authority, None).await.map_err(refused)?)
}
