//! What is noted of a request while it is handled, for the audit log: annotations, the object that was sent.
//!
//! Whoever handles a request writes here; who reads it, and what becomes of it, is the shell's business.

use bytes::Bytes;
use parking_lot::Mutex;
use schema::{TypeRef, Value, json};
use std::collections::BTreeMap;

/// Annotations of one request; more are dropped.
const MAX_ANNOTATIONS: usize = 256;

/// The notes on one request.
#[derive(Debug)]
pub struct Record {
    /// The object that was sent is kept.
    pub keeps_object: bool,
    pub omits_managed_fields: bool,
    noted: Mutex<Noted>,
}

#[derive(Clone, Debug, Default)]
pub struct Noted {
    pub annotations: BTreeMap<String, String>,
    /// JSON.
    pub object: Option<Bytes>,
    /// What the object says of itself: namespace, name, uid, resourceVersion.
    pub named: [String; 4],
}

impl Record {
    pub fn new(keeps_object: bool, omits_managed_fields: bool) -> Record {
        Record { keeps_object, omits_managed_fields, noted: Mutex::default() }
    }

    /// The first value of a key stays.
    pub fn annotate(&self, key: impl Into<String>, value: impl Into<String>) {
        let mut noted = self.noted.lock();
        if noted.annotations.len() < MAX_ANNOTATIONS {
            noted.annotations.entry(key.into()).or_insert_with(|| value.into());
        }
    }

    /// The object that was sent, decoded.
    pub fn object(&self, ty: TypeRef<'_>, value: &Value) {
        let meta = |name: &str| value.str_at(&["metadata", name]).to_owned();
        let named = ["namespace", "name", "uid", "resourceVersion"].map(meta);
        let object = self.keeps_object.then(|| {
            let mut text = Vec::new();
            match self.omits_managed_fields && !value.at(&["metadata", "managedFields"]).is_null() {
                true => {
                    let mut without = value.clone();
                    without.remove(&["metadata", "managedFields"]);
                    json::encode(ty, &without, &mut text);
                }
                false => json::encode(ty, value, &mut text),
            }
            Bytes::from(text)
        });
        let mut noted = self.noted.lock();
        (noted.named, noted.object) = (named, object);
    }

    /// A patch: it has no metadata.
    pub fn patch(&self, make: impl FnOnce() -> Bytes) {
        if self.keeps_object {
            self.noted.lock().object = Some(make());
        }
    }

    pub fn noted(&self) -> Noted {
        self.noted.lock().clone()
    }
}
