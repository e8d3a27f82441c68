//! The authenticators of tokens, asked in order: the first that knows the token decides who it is.

use crate::late::Late;
use crate::outbound::Webhook;
use authn::bootstrap_token::{self, BootstrapToken, TokenSecret};
use authn::cache::Cache;
use authn::service_account::Verifier;
use authn::token_file::TokenFile;
use authn::{Authenticated, AuthnError, token_review};
use registry::BoxFuture;
use schema::{Bytes, Time, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;

/// Answers of a webhook that are kept.
const MAX_KEPT_ANSWERS: usize = 4096;

/// `None`: not one of its tokens. An error is for one that is, and is not good.
pub type Answer = Result<Option<Authenticated>, AuthnError>;

pub trait TokenAuthenticator: Send + Sync {
    /// `audiences`: those that the token must be for, at least one; empty: the server's own.
    fn authenticate<'a>(&'a self, token: &'a str, audiences: &'a [String]) -> BoxFuture<'a, Answer>;
}

/// All of them.
pub struct Tokens {
    pub links: Vec<Box<dyn TokenAuthenticator>>,
}

impl Tokens {
    /// What went wrong is told only if nobody accepts the token.
    pub async fn authenticate(&self, token: &str, audiences: &[String]) -> Answer {
        let mut errors: Vec<String> = Vec::new();
        for link in &self.links {
            match link.authenticate(token, audiences).await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) => errors.push(error.to_string()),
            }
        }
        match errors.as_slice() {
            [] => Ok(None),
            [one] => Err(AuthnError::Token(one.clone())),
            several => Err(AuthnError::Token(format!("[{}]", several.join(", ")))),
        }
    }
}

/// For authenticators that know of no audiences: their tokens are for the server's own.
pub fn for_own_audiences(
    found: Option<authn::UserInfo>,
    own: &[String],
    wanted: &[String],
) -> Result<Option<Authenticated>, AuthnError> {
    let Some(user) = found else { return Ok(None) };
    let audiences: Vec<String> = own.iter().filter(|one| wanted.is_empty() || wanted.contains(one)).cloned().collect();
    Ok((!audiences.is_empty() || own.is_empty()).then_some(Authenticated { user, audiences }))
}

/// `--token-auth-file`
pub struct StaticTokens {
    pub file: TokenFile,
    pub audiences: Vec<String>,
}

impl TokenAuthenticator for StaticTokens {
    fn authenticate<'a>(&'a self, token: &'a str, audiences: &'a [String]) -> BoxFuture<'a, Answer> {
        Box::pin(async move { for_own_audiences(self.file.user(token), &self.audiences, audiences) })
    }
}

/// Bound and legacy tokens of service accounts.
pub struct ServiceAccountTokens {
    pub verifier: Arc<Verifier>,
    pub lookup: Late,
    pub clock: Arc<dyn Clock>,
}

impl TokenAuthenticator for ServiceAccountTokens {
    fn authenticate<'a>(&'a self, token: &'a str, audiences: &'a [String]) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.verifier.verify(token, audiences, self.clock.now_seconds(), &self.lookup) })
    }
}

/// Tokens by which nodes introduce themselves.
pub struct BootstrapTokens {
    pub lookup: Late,
    pub audiences: Vec<String>,
    pub clock: Arc<dyn Clock>,
}

struct StoredSecret(Arc<Value>);

impl TokenSecret for StoredSecret {
    fn secret_type(&self) -> &str {
        self.0.str_at(&["type"])
    }

    fn is_being_deleted(&self) -> bool {
        !self.0.at(&["metadata", "deletionTimestamp"]).is_null()
    }

    fn value(&self, key: &str) -> Option<String> {
        String::from_utf8(Bytes::from_base64(self.0.str_at(&["data", key])).ok()?.0).ok()
    }
}

impl TokenAuthenticator for BootstrapTokens {
    fn authenticate<'a>(&'a self, token: &'a str, audiences: &'a [String]) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Some(token) = BootstrapToken::parse(token) else { return Ok(None) };
            let secret = self.lookup.find("secrets", bootstrap_token::NAMESPACE, &token.secret_name()).ok().flatten();
            let Some(secret) = secret else { return Ok(None) };
            let now = self.clock.now_seconds();
            let expired = |text: &str| Some(Time::parse(text).ok()?.unix() <= now);
            let user = token.user(&StoredSecret(secret), expired)?;
            for_own_audiences(user, &self.audiences, audiences)
        })
    }
}

/// `--authentication-token-webhook-config-file`
pub struct WebhookTokens {
    webhook: Webhook,
    version: String,
    audiences: Vec<String>,
    ttl: Duration,
    kept: Cache<[u8; 32], Option<Authenticated>>,
    clock: Arc<dyn Clock>,
}

impl WebhookTokens {
    pub fn new(
        webhook: Webhook,
        version: String,
        audiences: Vec<String>,
        ttl: Duration,
        clock: Arc<dyn Clock>,
    ) -> WebhookTokens {
        WebhookTokens { webhook, version, audiences, ttl, kept: Cache::new(MAX_KEPT_ANSWERS), clock }
    }
}

impl TokenAuthenticator for WebhookTokens {
    fn authenticate<'a>(&'a self, token: &'a str, audiences: &'a [String]) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let wanted = if audiences.is_empty() { &self.audiences } else { audiences };
            let key = digest(token, wanted);
            if let Some(answer) = self.kept.get(&key, self.clock.now()) {
                return Ok(answer);
            }
            let review = token_review::request(&self.version, token, wanted);
            let answered = self.webhook.ask(&review).await.map_err(|error| AuthnError::Token(error.to_string()))?;
            let answer = token_review::answer(&answered, wanted)?;
            self.kept.put(key, answer.clone(), self.clock.now(), self.ttl);
            Ok(answer)
        })
    }
}

/// A token is a secret: what is kept is known by a digest.
fn digest(token: &str, audiences: &[String]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in std::iter::once(token).chain(audiences.iter().map(String::as_str)) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
