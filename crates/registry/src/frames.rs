//! Objects, lists and watch frames as bytes, out of encoded pieces.

use crate::Storage;
use crate::cache::{Encoded, Event, EventType, Form, FrameKey, FrameShape, Object};
use crate::entry::View;
use crate::negotiate::{Accepted, Media, MetaVersion, Transform};
use crate::table;
use bytes::Bytes;
use kind::{ApiError, DynKind};
use schema::{Schema, Time, TypeRef, Typed, Value, json, protobuf, value, yaml};
use std::sync::Arc;
use stdx::Clock;

const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A type of `meta.k8s.io`.
pub(crate) fn meta_type(kind: &str) -> Option<TypeRef<'static>> {
    Schema::builtin().by_kind("meta.k8s.io/v1", kind)
}

/// The metadata of an object alone.
pub(crate) fn partial(kind: &dyn DynKind, value: &Value, version: MetaVersion) -> Value {
    let mut metadata = value["metadata"].clone();
    for annotation in kind.internal_annotations() {
        metadata.remove(&["annotations", annotation]);
    }
    if metadata["annotations"].as_map().is_some_and(|annotations| annotations.is_empty()) {
        metadata.remove(&["annotations"]);
    }
    value!({ "apiVersion": (version.api_version()), "kind": "PartialObjectMetadata", "metadata": metadata })
}

/// A whole response of one object.
pub(crate) fn object_chunks(view: &View, encoded: &Encoded, form: Form, accepted: Accepted) -> Vec<Bytes> {
    let body = encoded.body();
    match accepted.media {
        Media::Protobuf => {
            let (api_version, kind) = match form {
                Form::Full => (view.api_version.as_str(), view.names().kind),
                Form::Partial(version) => (version.api_version(), "PartialObjectMetadata"),
            };
            vec![protobuf::envelope(api_version, kind, &body).into()]
        }
        Media::Json if !accepted.pretty => {
            let newline = Bytes::from_static(b"\n");
            match headed(view, form) {
                Some(head) => vec![head, body.slice(1..), newline],
                None => vec![body, newline],
            }
        }
        Media::Json | Media::Yaml => {
            let whole = match headed(view, form) {
                Some(head) => [&head[..], &body[1..]].concat(),
                None => body.to_vec(),
            };
            vec![finish_text(whole, accepted)]
        }
    }
}

fn headed(view: &View, form: Form) -> Option<Bytes> {
    (form == Form::Full && !view.json_head.is_empty()).then(|| view.json_head.clone())
}

/// JSON as it is, indented, or as YAML.
/// JSON text as the client wants it.
pub(crate) fn text_chunk(compact: Vec<u8>, accepted: Accepted) -> Bytes {
    finish_text(compact, accepted)
}

fn finish_text(compact: Vec<u8>, accepted: Accepted) -> Bytes {
    match accepted.media {
        Media::Yaml => match json::parse(&compact, json::Limits::default()) {
            Ok(value) => yaml::write(&value).into(),
            Err(_) => compact.into(),
        },
        _ if accepted.pretty => {
            let mut out = Vec::with_capacity(compact.len() * 2);
            json::indent(&compact, &mut out);
            out.into()
        }
        _ => {
            let mut out = compact;
            out.push(b'\n');
            out.into()
        }
    }
}

/// A value of a type with its own kind and apiVersion, whole.
pub(crate) fn value_chunk(ty: TypeRef, value: &Value, accepted: Accepted) -> Bytes {
    if accepted.media == Media::Protobuf {
        let mut body = Vec::new();
        protobuf::encode(ty, value, &mut body);
        return protobuf::envelope(value.str_at(&["apiVersion"]), value.str_at(&["kind"]), &body).into();
    }
    let mut out = Vec::new();
    json::encode(ty, value, &mut out);
    finish_text(out, accepted)
}

/// What stands at the top of a list.
pub(crate) struct ListHead<'a> {
    pub api_version: &'a str,
    pub kind: &'a str,
    /// ListMeta: resourceVersion, continue, remainingItemCount.
    pub metadata: Value,
    /// Go writes a nil slice as null.
    pub null_if_empty: bool,
    pub custom: bool,
}

/// A list out of encoded items, which are shared, not copied (but for YAML and indented text).
pub(crate) fn list_chunks(head: &ListHead, items: &[Encoded], accepted: Accepted) -> Vec<Bytes> {
    if accepted.media == Media::Protobuf {
        let lengths = items.iter().map(Encoded::body_len);
        let mut chunks: Vec<Bytes> = Vec::with_capacity(items.len() + 2);
        chunks.push(protobuf::list_head(head.api_version, head.kind, &head.metadata, lengths).into());
        chunks.extend(items.iter().map(Encoded::item));
        chunks.push(Bytes::from_static(protobuf::LIST_TAIL));
        return chunks;
    }
    let mut text = Vec::new();
    let meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
    let mut metadata = Vec::new();
    match Schema::builtin().by_name(meta).filter(|_| !head.custom) {
        Some(ty) => json::encode(ty, &head.metadata, &mut metadata),
        None => {
            // Upstream's lists of custom resources are maps, and always say how they go on.
            let mut written = head.metadata.clone();
            written.make_map().entry("continue").make_text();
            json::write(&written, &mut metadata);
        }
    }
    let start = if head.custom {
        format!("{{\"apiVersion\":\"{}\",\"items\":[", head.api_version)
    } else {
        format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":", head.kind, head.api_version)
    };
    text.extend_from_slice(start.as_bytes());
    let mut end = Vec::new();
    if head.custom {
        end.extend_from_slice(format!("],\"kind\":\"{}\",\"metadata\":", head.kind).as_bytes());
        end.extend_from_slice(&metadata);
        end.push(b'}');
    } else {
        text.extend_from_slice(&metadata);
        if items.is_empty() && head.null_if_empty {
            end.extend_from_slice(b",\"items\":null}");
        } else {
            text.extend_from_slice(b",\"items\":[");
            end.extend_from_slice(b"]}");
        }
    }
    if accepted.media == Media::Json && !accepted.pretty {
        end.push(b'\n');
        let mut chunks: Vec<Bytes> = Vec::with_capacity(items.len() + 2);
        chunks.push(text.into());
        chunks.extend(items.iter().enumerate().map(|(index, item)| if index == 0 { item.body() } else { item.item() }));
        chunks.push(end.into());
        return chunks;
    }
    for (index, item) in items.iter().enumerate() {
        text.extend_from_slice(&if index == 0 { item.body() } else { item.item() });
    }
    text.extend_from_slice(&end);
    vec![finish_text(text, accepted)]
}

/// Makes the frames of one watch.
pub struct FrameEncoder {
    pub view: Arc<View>,
    pub accepted: Accepted,
    pub include: table::Include,
    pub clock: Arc<dyn Clock>,
    /// The first row of a watched table tells the columns.
    pub columns_told: bool,
}

impl FrameEncoder {
    fn form(&self) -> Form {
        match self.accepted.transform {
            Transform::Partial(version) | Transform::PartialList(version) => Form::Partial(version),
            _ => Form::Full,
        }
    }

    pub fn event(&mut self, storage: &Storage, event_type: EventType, event: &Event) -> Result<Bytes, ApiError> {
        let Some(object) = event.shown(event_type) else {
            return Err(ApiError::internal("an event without an object"));
        };
        let shape = match self.accepted.transform {
            Transform::Table(version) => {
                if !self.columns_told {
                    return self.object(storage, event_type, object);
                }
                FrameShape::Row(version, self.include as u8)
            }
            _ => FrameShape::Object(self.form()),
        };
        let key = FrameKey { event_type, view: self.view.id, media: self.accepted.media, shape };
        event.frame(key, || self.made(storage, event_type, object))
    }

    /// A frame that is made for this watch alone.
    pub fn object(&mut self, storage: &Storage, event_type: EventType, object: &Object) -> Result<Bytes, ApiError> {
        let frame = self.made(storage, event_type, object);
        self.columns_told = true;
        frame
    }

    fn made(&self, storage: &Storage, event_type: EventType, object: &Object) -> Result<Bytes, ApiError> {
        if let Transform::Table(version) = self.accepted.transform {
            let now = Time::from_unix(self.clock.now_seconds());
            let value = object.shown(storage, &self.view).map_err(ApiError::internal)?;
            let columns = !self.columns_told;
            let metadata = value!({ "resourceVersion": (object.revision.to_string()) });
            let table = table::table(&self.view, version, metadata, &[(*value).clone()], self.include, columns, now)?;
            return Ok(json_frame(event_type.as_str(), &[&table]));
        }
        let form = self.form();
        let encoded = object.encoded(storage, &self.view, form, self.accepted.media).map_err(ApiError::internal)?;
        let plain = Accepted { pretty: false, ..self.accepted };
        let chunks = object_chunks(&self.view, &encoded, form, plain);
        Ok(self.frame(event_type.as_str(), &chunks))
    }

    /// A bookmark at `revision`; `end` marks the end of the initial state.
    pub fn bookmark(&mut self, storage: &Storage, revision: u64, end: bool) -> Result<Bytes, ApiError> {
        let mut object = value!({
            "apiVersion": (self.view.api_version.as_str()),
            "kind": (self.view.names().kind),
            "metadata": { "resourceVersion": (revision.to_string()) }
        });
        if end {
            object.set(&["metadata", "annotations", INITIAL_EVENTS_END], "true");
        }
        let _ = storage;
        if let Transform::Table(version) = self.accepted.transform {
            let now = Time::from_unix(self.clock.now_seconds());
            let metadata = value!({ "resourceVersion": (revision.to_string()) });
            let table = table::table(&self.view, version, metadata, &[object], self.include, !self.columns_told, now)?;
            self.columns_told = true;
            return Ok(json_frame("BOOKMARK", &[&table]));
        }
        let (ty, object) = match self.form() {
            Form::Partial(version) => (meta_type("PartialObjectMetadata"), partial(&*self.view.kind, &object, version)),
            Form::Full => (self.view.ty(), object),
        };
        let ty = ty.ok_or_else(|| ApiError::internal("no type"))?;
        let plain = Accepted { pretty: false, ..self.accepted };
        Ok(self.frame("BOOKMARK", &[value_chunk(ty, &object, plain)]))
    }

    /// The frame that ends a watch which failed.
    pub fn error(&self, error: &ApiError) -> Bytes {
        let plain = Accepted { pretty: false, ..self.accepted };
        self.frame("ERROR", &[status_chunk(error, plain)])
    }

    fn frame(&self, event_type: &str, object: &[Bytes]) -> Bytes {
        let parts: Vec<&[u8]> = object.iter().map(|chunk| &chunk[..]).collect();
        match self.accepted.media {
            Media::Protobuf => protobuf_frame(event_type, &parts.concat()),
            _ => json_frame(event_type, &parts),
        }
    }
}

/// A Status as a response's body.
pub(crate) fn status_chunk(error: &ApiError, accepted: Accepted) -> Bytes {
    let mut value = error.0.to_value();
    value.set(&["kind"], "Status");
    value.set(&["apiVersion"], "v1");
    value_chunk(api_meta::v1::Status::type_ref(), &value, accepted)
}

/// `{"type":"ADDED","object":...}` and a line's end, which the object may have at its own end.
fn json_frame(event_type: &str, object: &[&[u8]]) -> Bytes {
    let length: usize = object.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(length + event_type.len() + 24);
    frame.extend_from_slice(b"{\"type\":\"");
    frame.extend_from_slice(event_type.as_bytes());
    frame.extend_from_slice(b"\",\"object\":");
    object.iter().for_each(|part| frame.extend_from_slice(part));
    if frame.last() == Some(&b'\n') {
        frame.pop();
    }
    frame.extend_from_slice(b"}\n");
    frame.into()
}

/// A WatchEvent with its length before it, in four bytes.
fn protobuf_frame(event_type: &str, object: &[u8]) -> Bytes {
    let mut raw = Vec::with_capacity(object.len() + 8);
    push_field(1, object, &mut raw);
    let mut event = vec![0; 4];
    push_field(1, event_type.as_bytes(), &mut event);
    push_field(2, &raw, &mut event);
    let length = (event.len() - 4) as u32;
    event[..4].copy_from_slice(&length.to_be_bytes());
    event.into()
}

fn push_field(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
}
