//! The annotation of `kubectl apply` without `--server-side`, which an upgrade to server-side apply takes over.

use super::compare::compare;
use super::typed::Typed;
use super::{FieldManager, FieldSet};
use schema::{Value, json};

/// The manager whose applies look at the annotation and renew it.
pub(super) const MANAGER: &str = "kubectl";
const ANNOTATION: &[&str] = &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"];
/// All annotations of an object together.
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;

/// The fields that were last applied and still are as they were applied; `None` without a readable annotation.
pub(super) fn fields(manager: &FieldManager, live: &Value) -> Option<FieldSet> {
    let text = live.at(ANNOTATION).as_str()?;
    let applied = json::parse(text.as_bytes(), json::Limits::default()).ok()?;
    if applied.str_at(&["apiVersion"]) != manager.api_version {
        return None;
    }
    let applied = Typed { ty: manager.ty, value: applied };
    let live = manager.typed(live);
    applied.validate(false).ok()?;
    live.validate(true).ok()?;
    let changes = compare(&applied, &live);
    Some(applied.fields().difference(&changes.modified).difference(&changes.added).difference(&changes.removed))
}

/// Writes the applied configuration into the annotation, if the object has it.
pub(super) fn renew(object: &mut Value, applied: &Value) {
    if object.at(ANNOTATION).as_str().is_none_or(str::is_empty) {
        return;
    }
    let mut applied = applied.clone();
    applied.remove(ANNOTATION);
    let text = json::to_string(&applied) + "\n";
    let annotations = object.at(&ANNOTATION[..2]).as_map();
    let others = annotations.into_iter().flat_map(schema::Map::iter).filter(|(key, _)| *key != ANNOTATION[2]);
    let bytes: usize = others.map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    if bytes + ANNOTATION[2].len() + text.len() > MAX_ANNOTATION_BYTES {
        object.remove(ANNOTATION);
    } else {
        object.set(ANNOTATION, text);
    }
}
