//! Tokens of service accounts for projected volumes, kept until they have lived through most of their life.

use crate::objects::{ObjectError, ObjectSource};
use api_core::v1::Pod;
use api_misc::authentication::v1::{BoundObjectReference, TokenRequest};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use stdx::{Clock, Rng};

/// A token is renewed after this, however long it would live.
const MAX_AGE_S: i64 = 24 * 60 * 60;
/// Renewals are spread over this time, so that a node's pods do not ask all at once.
const JITTER_S: usize = 10;
/// The API's default for `expirationSeconds`.
const DEFAULT_LIFE_S: i64 = 3600;

pub(super) struct Tokens {
    objects: Arc<dyn ObjectSource>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    held: Mutex<BTreeMap<Key, Held>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    pod_uid: String,
    audience: String,
    life_s: i64,
}

#[derive(Clone)]
struct Held {
    token: String,
    expires_unix: i64,
    renew_unix: i64,
}

impl Tokens {
    pub(super) fn new(objects: Arc<dyn ObjectSource>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Tokens {
        Tokens { objects, clock, rng, held: Mutex::default() }
    }

    /// A token that is good for a while yet. If it cannot be renewed, the old one serves until it expires.
    pub(super) async fn get(&self, pod: &Pod, audience: &str, life_s: Option<i64>) -> Result<String, ObjectError> {
        let life_s = life_s.unwrap_or(DEFAULT_LIFE_S);
        let key = Key { pod_uid: pod.metadata.uid.clone(), audience: audience.to_owned(), life_s };
        let held = self.held.lock().get(&key).cloned();
        let now = self.clock.now_seconds();
        if let Some(held) = &held
            && now < held.renew_unix
        {
            return Ok(held.token.clone());
        }
        match (self.fetch(pod, &key).await, held) {
            (Ok(fresh), _) => {
                let token = fresh.token.clone();
                self.held.lock().insert(key, fresh);
                Ok(token)
            }
            (Err(error), Some(held)) if now < held.expires_unix => {
                tracing::warn!(%error, pod = %pod.metadata.name, "cannot renew a token; the old one is kept");
                Ok(held.token)
            }
            (Err(error), _) => Err(error),
        }
    }

    pub(super) fn forget(&self, pod_uid: &str) {
        self.held.lock().retain(|key, _| key.pod_uid != pod_uid);
    }

    async fn fetch(&self, pod: &Pod, key: &Key) -> Result<Held, ObjectError> {
        let mut request = TokenRequest::default();
        if !key.audience.is_empty() {
            request.spec.audiences.push(key.audience.clone());
        }
        request.spec.expiration_seconds = Some(key.life_s);
        request.spec.bound_object_ref = Some(Box::new(BoundObjectReference {
            api_version: "v1".into(),
            kind: "Pod".into(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid.clone(),
        }));
        let account = match pod.spec.service_account_name.as_str() {
            "" => "default",
            account => account,
        };
        let answer = self.objects.create_token(&pod.metadata.namespace, account, &request).await?;
        let now = self.clock.now_seconds();
        let life_s = answer.spec.expiration_seconds.unwrap_or(key.life_s);
        let expires_unix = answer.status.expiration_timestamp.map_or(now + life_s, |time| time.unix());
        let jitter_s = self.rng.below(JITTER_S) as i64;
        let renew_unix = (expires_unix - life_s / 5).min(expires_unix - life_s + MAX_AGE_S) - jitter_s;
        Ok(Held { token: answer.status.token, expires_unix, renew_unix })
    }
}
