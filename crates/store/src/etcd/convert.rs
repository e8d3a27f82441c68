//! From etcd's messages to the store's values.

use std::sync::Arc;

use bytes::Bytes;

use super::messages;
use crate::{Event, EventKind, KeyValue, StoreError};

pub(super) fn key_value(kv: messages::KeyValue) -> Result<KeyValue, StoreError> {
    let key = std::str::from_utf8(&kv.key)
        .map_err(|error| StoreError::Unavailable(format!("etcd holds a key that is not UTF-8: {error}")))?;
    Ok(KeyValue {
        key: Arc::from(key),
        // etcd's message is one buffer; a value that outlives it must not keep all of it.
        value: Bytes::copy_from_slice(&kv.value),
        create_revision: kv.create_revision.cast_unsigned(),
        mod_revision: kv.mod_revision.cast_unsigned(),
        version: kv.version.cast_unsigned(),
    })
}

pub(super) fn event(event: messages::Event) -> Result<Event, StoreError> {
    let kind = if event.r#type() == messages::EventType::Delete { EventKind::Delete } else { EventKind::Put };
    let kv = event.kv.ok_or_else(|| StoreError::Unavailable("etcd sent an event without a key".to_owned()))?;
    Ok(Event { kind, kv: key_value(kv)?, previous: event.prev_kv.map(key_value).transpose()? })
}

pub(super) fn key_text(key: &str) -> Bytes {
    Bytes::copy_from_slice(key.as_bytes())
}
