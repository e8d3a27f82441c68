//! Asks the API server about tokens and rights, and remembers the answers for a while.

use super::access::{Authenticator, Authorizer, NodeAccess};
use api_misc::authentication::v1::TokenReview;
use api_misc::authorization::v1::{ResourceAttributes, SubjectAccessReview};
use authn::UserInfo;
use client::Client;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use stdx::Clock;

/// Upstream's defaults: `authentication.webhook.cacheTTL`, `authorization.webhook.cacheAuthorizedTTL` and
/// `cacheUnauthorizedTTL`.
const TOKEN_TTL_S: i64 = 120;
const ALLOWED_TTL_S: i64 = 300;
const REFUSED_TTL_S: i64 = 30;
/// Answers that are remembered; more are forgotten all at once.
const MAX_ANSWERS: usize = 1024;

/// The API server as judge.
pub struct Delegated {
    client: Client,
    clock: Arc<dyn Clock>,
    tokens: Answers<String, Option<UserInfo>>,
    rights: Answers<(String, Vec<String>, NodeAccess), bool>,
}

impl Delegated {
    pub fn new(client: Client, clock: Arc<dyn Clock>) -> Delegated {
        Delegated { client, clock, tokens: Answers::default(), rights: Answers::default() }
    }

    async fn review_token(&self, token: &str) -> Result<Option<UserInfo>, String> {
        let now = self.clock.now_seconds();
        if let Some(known) = self.tokens.get(&token.to_owned(), now) {
            return Ok(known);
        }
        let mut review = TokenReview::default();
        review.spec.token = token.to_owned();
        let status = self.client.create(&review).await.map_err(|error| error.to_string())?.status;
        let user = status.authenticated.then_some(UserInfo {
            name: status.user.username,
            uid: status.user.uid,
            groups: status.user.groups,
            extra: status.user.extra,
        });
        self.tokens.put(token.to_owned(), user.clone(), now + TOKEN_TTL_S);
        Ok(user)
    }

    async fn review_access(&self, user: &UserInfo, access: &NodeAccess) -> Result<bool, String> {
        let now = self.clock.now_seconds();
        let key = (user.name.clone(), user.groups.clone(), access.clone());
        if let Some(known) = self.rights.get(&key, now) {
            return Ok(known);
        }
        let mut review = SubjectAccessReview::default();
        review.spec.user = user.name.clone();
        review.spec.uid = user.uid.clone();
        review.spec.groups = user.groups.clone();
        review.spec.extra = user.extra.clone();
        review.spec.resource_attributes = Some(Box::new(ResourceAttributes {
            verb: access.verb.to_owned(),
            version: "v1".to_owned(),
            resource: "nodes".to_owned(),
            subresource: access.subresource.to_owned(),
            name: access.node_name.clone(),
            ..ResourceAttributes::default()
        }));
        let allowed = self.client.create(&review).await.map_err(|error| error.to_string())?.status.allowed;
        let ttl = if allowed { ALLOWED_TTL_S } else { REFUSED_TTL_S };
        self.rights.put(key, allowed, now + ttl);
        Ok(allowed)
    }
}

impl Authenticator for Delegated {
    fn token<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<UserInfo>, String>> {
        Box::pin(self.review_token(token))
    }
}

impl Authorizer for Delegated {
    fn authorize<'a>(&'a self, user: &'a UserInfo, attributes: &'a NodeAccess) -> BoxFuture<'a, Result<bool, String>> {
        Box::pin(self.review_access(user, attributes))
    }
}

/// Answers and when they expire, in seconds since 1970.
struct Answers<Question, Answer>(Mutex<BTreeMap<Question, (Answer, i64)>>);

impl<Question, Answer> Default for Answers<Question, Answer> {
    fn default() -> Self {
        Answers(Mutex::new(BTreeMap::new()))
    }
}

impl<Question: Ord, Answer: Clone> Answers<Question, Answer> {
    fn get(&self, question: &Question, now: i64) -> Option<Answer> {
        let answers = self.0.lock();
        answers.get(question).filter(|(_, expires)| now < *expires).map(|(answer, _)| answer.clone())
    }

    fn put(&self, question: Question, answer: Answer, expires: i64) {
        let mut answers = self.0.lock();
        if answers.len() >= MAX_ANSWERS {
            answers.clear();
        }
        answers.insert(question, (answer, expires));
    }
}
