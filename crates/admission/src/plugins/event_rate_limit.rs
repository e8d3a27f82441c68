//! EventRateLimit: events come only so fast: of the whole server, a namespace, a user, or one source about one object.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;
use parking_lot::Mutex;
use schema::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use stdx::Clock;

pub struct EventRateLimit {
    clock: Arc<dyn Clock>,
    limits: Vec<Limit>,
}

struct Limit {
    kind: Kind,
    per_second: f64,
    burst: f64,
    /// Keys that are remembered; the one that was used least recently makes room.
    max_keys: usize,
    buckets: Mutex<Buckets>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Server,
    Namespace,
    User,
    SourceAndObject,
}

#[derive(Default)]
struct Buckets {
    by_key: HashMap<String, Bucket>,
    /// Keys by when they were used.
    by_use: BTreeMap<u64, String>,
    uses: u64,
}

struct Bucket {
    tokens: f64,
    at_nanos: i64,
    used: u64,
}

const DEFAULT_KEYS: usize = 4096;

impl EventRateLimit {
    /// From the `limits` of the configuration.
    pub fn new(configuration: &Value, clock: Arc<dyn Clock>) -> Result<EventRateLimit, String> {
        let limits: Result<Vec<Limit>, String> = configuration.at(&["limits"]).items().iter().map(Limit::of).collect();
        let limits = limits?;
        if limits.is_empty() {
            return Err("limits: Invalid value: null: must provide at least one limit".into());
        }
        Ok(EventRateLimit { clock, limits })
    }
}

impl Limit {
    fn of(limit: &Value) -> Result<Limit, String> {
        let kind = match limit.str_at(&["type"]) {
            "Server" => Kind::Server,
            "Namespace" => Kind::Namespace,
            "User" => Kind::User,
            "SourceAndObject" => Kind::SourceAndObject,
            other => return Err(format!("limits.type: Unsupported value: {other:?}")),
        };
        let number = |field: &str| limit.at(&[field]).as_i64().unwrap_or_default();
        for field in ["burst", "qps"] {
            if number(field) <= 0 {
                return Err(format!("limits.{field}: Invalid value: {}: must be positive", number(field)));
            }
        }
        let max_keys = usize::try_from(number("cacheSize")).ok().filter(|size| *size > 0).unwrap_or(DEFAULT_KEYS);
        let (per_second, burst) = (number("qps") as f64, number("burst") as f64);
        Ok(Limit { kind, per_second, burst, max_keys, buckets: Mutex::default() })
    }

    fn key(&self, attributes: &Attributes) -> String {
        match self.kind {
            Kind::Server => String::new(),
            Kind::Namespace => attributes.namespace.to_owned(),
            Kind::User => attributes.user.name.clone(),
            Kind::SourceAndObject => {
                let event = &attributes.object;
                let object =
                    ["kind", "namespace", "name", "uid", "apiVersion"].map(|f| event.str_at(&["involvedObject", f]));
                [event.str_at(&["source", "component"]), event.str_at(&["source", "host"])]
                    .into_iter()
                    .chain(object)
                    .collect()
            }
        }
    }

    fn accepts(&self, key: &str, now_nanos: i64) -> bool {
        let buckets = &mut *self.buckets.lock();
        buckets.uses += 1;
        let now_used = buckets.uses;
        let fresh = || Bucket { tokens: self.burst, at_nanos: now_nanos, used: now_used };
        let bucket = buckets.by_key.entry(key.to_owned()).or_insert_with(fresh);
        buckets.by_use.remove(&bucket.used);
        buckets.by_use.insert(now_used, key.to_owned());
        bucket.used = now_used;
        let passed_s = (now_nanos - bucket.at_nanos).max(0) as f64 / 1e9;
        bucket.tokens = (bucket.tokens + passed_s * self.per_second).min(self.burst);
        bucket.at_nanos = now_nanos;
        let accepts = bucket.tokens >= 1.0;
        if accepts {
            bucket.tokens -= 1.0;
        }
        while buckets.by_key.len() > self.max_keys {
            let Some((_, oldest)) = buckets.by_use.pop_first() else { break };
            buckets.by_key.remove(&oldest);
        }
        accepts
    }
}

impl Plugin for EventRateLimit {
    fn name(&self) -> &'static str {
        "EventRateLimit"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        if (attributes.kind_group, attributes.kind) != ("", "Event") || attributes.dry_run {
            return Ok(());
        }
        let now = self.clock.now();
        let mut reached = Vec::new();
        for limit in &self.limits {
            let key = limit.key(attributes);
            if !limit.accepts(&key, now) {
                reached.push(format!("limit reached on type {:?} for key {key}", limit.kind));
            }
        }
        let why = match reached.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        Err(ApiError::new(429, "TooManyRequests", format!("Too many requests: {why}")))
    }
}
