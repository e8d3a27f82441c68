//! Objects and events of a cache, each encoded at most once per form.

use crate::Storage;
use crate::entry::View;
use crate::negotiate::{Media, MetaVersion};
use crate::storage::Unreadable;
use crate::{frames, keys};
use bytes::Bytes;
use parking_lot::Mutex;
use schema::{Text, TypeRef, Value, json, protobuf};
use std::sync::{Arc, OnceLock};
use store::KeyValue;

/// One version of an object.
#[derive(Debug)]
pub struct Object {
    pub key: Arc<str>,
    pub namespace: Text,
    pub name: Text,
    pub revision: u64,
    /// As stored.
    pub raw: Bytes,
    /// Sorted by key.
    pub labels: Box<[(Text, Text)]>,
    /// Selectable fields besides name and namespace.
    pub fields: Box<[(String, String)]>,
    value: OnceLock<Arc<Value>>,
    /// In the stored version, whole.
    json: OnceLock<Encoded>,
    protobuf: OnceLock<Encoded>,
    /// Other versions and forms.
    others: Mutex<Vec<(OtherKey, Encoded)>>,
    /// By view: what someone else made of the object.
    converted: Mutex<Vec<(u32, Arc<Value>)>>,
}

/// View, form and media of an encoding.
type OtherKey = (u32, Form, Media);

/// Whole, or its metadata alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    Full,
    Partial(MetaVersion),
}

/// An encoded object, with what stands before it as an item of a list: a comma, or a protobuf key and length.
///
/// The JSON of a built-in object has no kind and apiVersion ([`View::json_head`] has them), the protobuf no envelope.
#[derive(Clone, Debug)]
pub struct Encoded {
    bytes: Bytes,
    head: usize,
}

impl Encoded {
    pub fn json(body: impl FnOnce(&mut Vec<u8>)) -> Encoded {
        let mut bytes = vec![b','];
        body(&mut bytes);
        bytes.shrink_to_fit();
        Encoded { bytes: bytes.into(), head: 1 }
    }

    pub fn protobuf(body: &[u8]) -> Encoded {
        let head = protobuf::item_head(body.len());
        let mut bytes = Vec::with_capacity(head.as_ref().len() + body.len());
        bytes.extend_from_slice(head.as_ref());
        bytes.extend_from_slice(body);
        Encoded { bytes: bytes.into(), head: head.as_ref().len() }
    }

    /// Without what stands before it.
    pub fn body(&self) -> Bytes {
        self.bytes.slice(self.head..)
    }

    pub fn body_len(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// With what stands before it in a list.
    pub fn item(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl Object {
    pub fn new(storage: &Storage, kv: &KeyValue) -> Result<Object, Unreadable> {
        let value = storage.decode(&kv.key, &kv.value, kv.mod_revision)?;
        let (namespace, name) = keys::split(&storage.prefix, &kv.key);
        let labels = labels_of(&value);
        let fields = storage.kind.selectable(&value).into_boxed_slice();
        let object = Object {
            key: kv.key.clone(),
            namespace: namespace.into(),
            name: name.into(),
            revision: kv.mod_revision,
            raw: kv.value.clone(),
            labels,
            fields,
            value: OnceLock::new(),
            json: OnceLock::new(),
            protobuf: OnceLock::new(),
            others: Mutex::default(),
            converted: Mutex::default(),
        };
        if storage.keep_values {
            let _ = object.value.set(Arc::new(value));
        }
        Ok(object)
    }

    /// The same content at another revision: what a deletion shows.
    fn at_revision(&self, revision: u64) -> Object {
        Object {
            key: self.key.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            revision,
            raw: self.raw.clone(),
            labels: self.labels.clone(),
            fields: self.fields.clone(),
            value: OnceLock::new(),
            json: OnceLock::new(),
            protobuf: OnceLock::new(),
            others: Mutex::default(),
            converted: Mutex::default(),
        }
    }

    /// Of the stored version, with its resourceVersion.
    pub fn value(&self, storage: &Storage) -> Result<Arc<Value>, Unreadable> {
        if let Some(value) = self.value.get() {
            return Ok(value.clone());
        }
        Ok(Arc::new(storage.decode(&self.key, &self.raw, self.revision)?))
    }

    /// As `view` shows it.
    pub fn shown(&self, storage: &Storage, view: &View) -> Result<Arc<Value>, Unreadable> {
        let value = self.value(storage)?;
        if value.str_at(&["apiVersion"]) == view.api_version {
            return Ok(value);
        }
        if let Some(converted) = self.converted(view) {
            return Ok(converted);
        }
        let fail = |error: kind::ApiError| Unreadable { key: self.key.to_string(), why: error.to_string() };
        view.show((*value).clone()).map(Arc::new).map_err(fail)
    }

    pub(crate) fn converted(&self, view: &View) -> Option<Arc<Value>> {
        self.converted.lock().iter().find(|(id, _)| *id == view.id).map(|(_, value)| value.clone())
    }

    pub(crate) fn keep_converted(&self, view: &View, value: Value) {
        let mut converted = self.converted.lock();
        if !converted.iter().any(|(id, _)| *id == view.id) {
            converted.push((view.id, Arc::new(value)));
        }
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "metadata.name" => Some(&self.name),
            "metadata.namespace" => Some(&self.namespace),
            _ => self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()),
        }
    }

    /// Encoded as `view` shows it; made once.
    pub fn encoded(&self, storage: &Storage, view: &View, form: Form, media: Media) -> Result<Encoded, Unreadable> {
        let slot = match (form, media) {
            (Form::Full, Media::Json) if view.id == storage.view.id => Some(&self.json),
            (Form::Full, Media::Protobuf) if view.id == storage.view.id => Some(&self.protobuf),
            _ => None,
        };
        if let Some(slot) = slot {
            if let Some(encoded) = slot.get() {
                return Ok(encoded.clone());
            }
            let encoded = self.encode(storage, view, form, media)?;
            return Ok(slot.get_or_init(|| encoded).clone());
        }
        let key = (view.id, form, media);
        if let Some((_, encoded)) = self.others.lock().iter().find(|(have, _)| *have == key) {
            return Ok(encoded.clone());
        }
        let encoded = self.encode(storage, view, form, media)?;
        self.others.lock().push((key, encoded.clone()));
        Ok(encoded)
    }

    fn encode(&self, storage: &Storage, view: &View, form: Form, media: Media) -> Result<Encoded, Unreadable> {
        storage.cache.count_encoded();
        let fail = |why: String| Unreadable { key: self.key.to_string(), why };
        if (form, media) == (Form::Full, Media::Protobuf)
            && view.id == storage.view.id
            && protobuf::is_envelope(&self.raw)
        {
            let envelope = protobuf::open_envelope(&self.raw).map_err(|error| fail(error.to_string()))?;
            if envelope.api_version == storage.stored_api_version {
                let body = protobuf::set_resource_version(envelope.raw, &self.revision.to_string());
                return Ok(Encoded::protobuf(&body.map_err(|error| fail(error.to_string()))?));
            }
        }
        let value = self.shown(storage, view)?;
        if let Form::Partial(version) = form {
            let partial = frames::partial(&*view.kind, &value, version);
            let ty = frames::meta_type("PartialObjectMetadata").ok_or_else(|| fail("no type".into()))?;
            return Ok(encode_value(ty, &partial, media, true));
        }
        let ty = view.ty().ok_or_else(|| fail("no type".into()))?;
        Ok(encode_value(ty, &value, media, view.custom))
    }
}

/// `typed`: the JSON carries kind and apiVersion.
pub(crate) fn encode_value(ty: TypeRef, value: &Value, media: Media, typed: bool) -> Encoded {
    match media {
        Media::Protobuf => {
            let mut body = Vec::new();
            protobuf::encode(ty, value, &mut body);
            Encoded::protobuf(&body)
        }
        Media::Json | Media::Yaml if typed => Encoded::json(|out| json::encode(ty, value, out)),
        Media::Json | Media::Yaml => {
            let mut bare = value.clone();
            bare.remove(&["kind"]);
            bare.remove(&["apiVersion"]);
            Encoded::json(|out| json::encode(ty, &bare, out))
        }
    }
}

pub(crate) fn labels_of(value: &Value) -> Box<[(Text, Text)]> {
    let labels = value.at(&["metadata", "labels"]).as_map();
    let pairs = labels.into_iter().flat_map(|labels| labels.iter());
    pairs.map(|(key, value)| (Text::from(key), Text::from(value.as_str().unwrap_or_default()))).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    Added,
    Modified,
    Deleted,
}

impl EventType {
    pub fn as_str(self) -> &'static str {
        match self {
            EventType::Added => "ADDED",
            EventType::Modified => "MODIFIED",
            EventType::Deleted => "DELETED",
        }
    }
}

/// What makes two frames of one event the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameKey {
    pub event_type: EventType,
    pub view: u32,
    pub media: Media,
    pub shape: FrameShape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameShape {
    Object(Form),
    /// A table's row without the columns' definitions; the number tells what the row includes.
    Row(MetaVersion, u8),
}

/// One change.
#[derive(Debug)]
pub struct Event {
    pub revision: u64,
    /// None: deleted.
    pub object: Option<Arc<Object>>,
    pub previous: Option<Arc<Object>>,
    gone: OnceLock<Arc<Object>>,
    frames: Mutex<Vec<(FrameKey, Bytes)>>,
}

impl Event {
    pub fn new(revision: u64, object: Option<Arc<Object>>, previous: Option<Arc<Object>>) -> Event {
        Event { revision, object, previous, gone: OnceLock::new(), frames: Mutex::default() }
    }

    pub fn size(&self) -> usize {
        let of = |object: &Option<Arc<Object>>| object.as_ref().map_or(0, |object| object.raw.len());
        of(&self.object) + of(&self.previous)
    }

    /// What a frame of this type shows: a deletion shows the last content at the deletion's revision.
    pub fn shown(&self, event_type: EventType) -> Option<&Arc<Object>> {
        if event_type != EventType::Deleted {
            return self.object.as_ref();
        }
        let previous = self.previous.as_ref()?;
        Some(self.gone.get_or_init(|| Arc::new(previous.at_revision(self.revision))))
    }

    /// The frame for `key`, made once for all watchers.
    pub fn frame<E>(&self, key: FrameKey, make: impl FnOnce() -> Result<Bytes, E>) -> Result<Bytes, E> {
        let mut frames = self.frames.lock();
        if let Some((_, frame)) = frames.iter().find(|(have, _)| *have == key) {
            return Ok(frame.clone());
        }
        let frame = make()?;
        frames.push((key, frame.clone()));
        Ok(frame)
    }
}
