//! What becomes of an event, as upstream's correlator decides it: three rules, each with a memory of bounded size.
//!
//! 1. More than ten different messages for the same reason within ten minutes become one event.
//! 2. The same event again raises the count of the first.
//! 3. An object has 25 events to give away, and gets one more every five minutes.
//!
//! Deliberately absent: IO and clocks.

use api_core::v1::Event;
use schema::Time;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const MAX_REMEMBERED: usize = 4096;
const MAX_SIMILAR: usize = 10;
const SIMILAR_WITHIN_S: i64 = 600;
const BURST: f64 = 25.0;
const SECONDS_PER_TOKEN: f64 = 300.0;

#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    Create(Box<Event>),
    /// The event is there under this name; its count and last time are new.
    Count(Box<Event>),
    Drop,
}

pub(super) struct Correlator {
    similar: Recent<Similar>,
    seen: Recent<Seen>,
    tokens: Recent<Tokens>,
}

struct Similar {
    messages: BTreeSet<String>,
    last_s: i64,
}

struct Seen {
    name: String,
    count: i32,
    first: Option<Time>,
}

struct Tokens {
    left: f64,
    at_s: i64,
}

impl Correlator {
    pub(super) fn new() -> Correlator {
        Correlator { similar: Recent::new(), seen: Recent::new(), tokens: Recent::new() }
    }

    pub(super) fn correlate(&mut self, mut event: Event, now_s: i64) -> Decision {
        let key = self.aggregate(&mut event, now_s);
        let known = self.seen.get(&key);
        let decision = match known {
            Some(seen) => {
                seen.count += 1;
                event.metadata.name = seen.name.clone();
                event.count = seen.count;
                event.first_timestamp = seen.first;
                Decision::Count as fn(Box<Event>) -> Decision
            }
            None => {
                let seen = Seen { name: event.metadata.name.clone(), count: 1, first: event.first_timestamp };
                self.seen.put(key, seen);
                Decision::Create
            }
        };
        if self.is_spam(&event, now_s) { Decision::Drop } else { decision(Box::new(event)) }
    }

    /// The key under which the event is counted; may change its message.
    fn aggregate(&mut self, event: &mut Event, now_s: i64) -> String {
        let key = aggregate_key(event);
        let exact = format!("{key}\0{}\0{}", event.involved_object.field_path, event.message);
        if self.similar.get(&key).is_none_or(|similar| now_s - similar.last_s > SIMILAR_WITHIN_S) {
            self.similar.put(key.clone(), Similar { messages: BTreeSet::new(), last_s: now_s });
        }
        let Some(similar) = self.similar.get(&key) else { return exact };
        similar.last_s = now_s;
        similar.messages.insert(event.message.clone());
        if similar.messages.len() < MAX_SIMILAR {
            return exact;
        }
        // Enough is known to combine; the oldest of the messages need not be told apart any longer.
        similar.messages.pop_first();
        event.message = format!("(combined from similar events): {}", event.message);
        key
    }

    fn is_spam(&mut self, event: &Event, now_s: i64) -> bool {
        let key = object_key(event);
        if self.tokens.get(&key).is_none() {
            self.tokens.put(key.clone(), Tokens { left: BURST, at_s: now_s });
        }
        let Some(tokens) = self.tokens.get(&key) else { return false };
        let gained = (now_s - tokens.at_s).max(0) as f64 / SECONDS_PER_TOKEN;
        tokens.left = (tokens.left + gained).min(BURST);
        tokens.at_s = now_s;
        if tokens.left < 1.0 {
            return true;
        }
        tokens.left -= 1.0;
        false
    }
}

fn object_key(event: &Event) -> String {
    let object = &event.involved_object;
    [
        event.source.component.as_str(),
        &event.source.host,
        &object.kind,
        &object.namespace,
        &object.name,
        &object.uid,
        &object.api_version,
    ]
    .join("\0")
}

fn aggregate_key(event: &Event) -> String {
    format!("{}\0{}\0{}", object_key(event), event.type_, event.reason)
}

/// A map that forgets what was not used for the longest time.
struct Recent<V> {
    values: HashMap<String, (u64, V)>,
    order: BTreeMap<u64, String>,
    tick: u64,
}

impl<V> Recent<V> {
    fn new() -> Recent<V> {
        Recent { values: HashMap::new(), order: BTreeMap::new(), tick: 0 }
    }

    fn get(&mut self, key: &str) -> Option<&mut V> {
        let (used, value) = self.values.get_mut(key)?;
        self.tick += 1;
        self.order.remove(used);
        self.order.insert(self.tick, key.to_owned());
        *used = self.tick;
        Some(value)
    }

    fn put(&mut self, key: String, value: V) {
        self.tick += 1;
        self.order.insert(self.tick, key.clone());
        if let Some((used, _)) = self.values.insert(key, (self.tick, value)) {
            self.order.remove(&used);
        }
        if self.values.len() > MAX_REMEMBERED
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
