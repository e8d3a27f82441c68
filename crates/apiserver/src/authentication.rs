//! Who is calling: the authenticators in upstream's order.
//!
//! ```text
//!   front proxy's headers -> client certificate -> token: file, service account, bootstrap, OpenID Connect, webhook
//!     -> nobody accepted, somebody refused: 401;  nothing was shown: anonymous, where that is allowed
//! ```
//!
//! What credentials mean is the crate `authn`'s; here are the clock, the network, files that change, and the order.

mod assemble;
mod keys;
mod oidc;
mod tokens;

pub use assemble::{AuthenticationError, Credentials, assemble};
pub use keys::Keys;
pub use tokens::{TokenAuthenticator, Tokens};

use arc_swap::ArcSwap;
use authn::config::Anonymous;
use authn::request_header::{self, Names};
use authn::{AuthnError, UserInfo, bearer};
use http::{HeaderMap, header};
use kind::ApiError;
use serve::Peer;
use serve::tls::ClientCertificates;
use std::sync::Arc;
use stdx::Clock;

pub struct Authentication {
    front_proxy: Option<FrontProxy>,
    certificates: ClientCertificates,
    tokens: Arc<Tokens>,
    anonymous: Arc<ArcSwap<Anonymous>>,
    clock: Arc<dyn Clock>,
}

/// Whose headers name users.
struct FrontProxy {
    certificates: ClientCertificates,
    /// Common names; empty: any that is signed.
    allowed: Vec<String>,
    names: Names,
}

impl Authentication {
    /// The caller of a request; what it showed is taken out of the headers.
    pub async fn user(&self, headers: &mut HeaderMap, path: &str, peer: &Peer) -> Result<UserInfo, ApiError> {
        let now_unix_s = self.clock.now_seconds().unsigned_abs();
        let mut refused = Refused { peer, any: false };
        if let Some(proxy) = &self.front_proxy {
            match proxy.user(headers, peer, now_unix_s) {
                Ok(Some(user)) => return Ok(user),
                Ok(None) => {}
                Err(error) => refused.by(&error),
            }
        }
        match self.certificates.user(peer.certificates.as_deref(), now_unix_s) {
            Some(Ok(user)) => return Ok(user),
            Some(Err(error)) => refused.by(&error),
            None => {}
        }
        let mut shown: Vec<String> = bearer::of_header(headers).map(str::to_owned).into_iter().collect();
        match bearer::of_websocket(headers) {
            Ok(token) => shown.extend(token),
            Err(why) => refused.by(&AuthnError::Token(why.to_owned())),
        }
        headers.remove(header::AUTHORIZATION);
        for token in shown {
            match self.tokens.authenticate(&token, &[]).await {
                Ok(Some(found)) => return Ok(found.user),
                Ok(None) => refused.by(&AuthnError::Token("invalid bearer token".into())),
                Err(error) => refused.by(&error),
            }
        }
        let anonymous = self.anonymous.load();
        let may = anonymous.enabled && (anonymous.paths.is_empty() || anonymous.paths.iter().any(|one| one == path));
        if refused.any || !may { Err(ApiError::unauthorized()) } else { Ok(UserInfo::anonymous()) }
    }
}

/// What was not accepted, for the log.
struct Refused<'a> {
    peer: &'a Peer,
    any: bool,
}

impl Refused<'_> {
    fn by(&mut self, error: &AuthnError) {
        tracing::debug!(%error, peer = %self.peer.address, "authentication failed");
        self.any = true;
    }
}

impl FrontProxy {
    fn user(&self, headers: &mut HeaderMap, peer: &Peer, now_unix_s: u64) -> Result<Option<UserInfo>, AuthnError> {
        let Some(verified) = self.certificates.verified(peer.certificates.as_deref(), now_unix_s) else {
            return Ok(None);
        };
        let name = authn::x509::common_name(verified?)?;
        if !self.allowed.is_empty() && !self.allowed.contains(&name) {
            let why = format!("x509: subject with cn={name} is not in the allowed list");
            return Err(AuthnError::Certificate(why));
        }
        Ok(request_header::user(headers, &self.names))
    }
}
