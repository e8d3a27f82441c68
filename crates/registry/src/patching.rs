//! Patches as the verbs use them: parsing, applying to the written form, and the words for a result that is no object.

use crate::error;
use kind::{ApiError, FieldErrors, Path};
use patch::{json_patch, merge, strategic, written};
use schema::decode::{DecodeError, DecodeOptions, TypeError, normalize};
use schema::{Shape, TypeRef, Value, json, yaml};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchType {
    Json,
    Merge,
    Strategic,
    /// Server-side apply.
    Apply,
}

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
const APPLY_PATCH: &str = "application/apply-patch+yaml";

impl PatchType {
    pub fn of(content_type: &str, custom: bool) -> Result<PatchType, ApiError> {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        match media {
            JSON_PATCH => Ok(PatchType::Json),
            MERGE_PATCH => Ok(PatchType::Merge),
            STRATEGIC_PATCH if !custom => Ok(PatchType::Strategic),
            APPLY_PATCH => Ok(PatchType::Apply),
            _ if custom => Err(error::unsupported_media_type(&[JSON_PATCH, MERGE_PATCH, APPLY_PATCH])),
            _ => Err(error::unsupported_media_type(&[JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH])),
        }
    }

    pub fn is_apply(self) -> bool {
        self == PatchType::Apply
    }
}

/// A patch's body; duplicate keys only for apply, whose parser tells them.
pub(crate) fn parse(patch_type: PatchType, body: &[u8]) -> Result<yaml::Parsed, ApiError> {
    if patch_type.is_apply() {
        let parsed = yaml::parse(body, json::Limits::default())
            .map_err(|why| ApiError::bad_request(format!("error decoding YAML: {why}")))?;
        if !matches!(parsed.value, Value::Map(_) | Value::Null) {
            let why = format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                patch::go_format::json_name(&parsed.value)
            );
            return Err(ApiError::bad_request(format!(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}"
            )));
        }
        return Ok(parsed);
    }
    let value = json::parse(body, json::Limits::default()).map_err(|why| {
        // The strategic patch's decoder stands alone upstream.
        let prefix = if patch_type == PatchType::Strategic { "" } else { "error decoding patch: " };
        ApiError::bad_request(format!("{prefix}{why}"))
    })?;
    Ok(yaml::Parsed { value, duplicates: Vec::new() })
}

/// An object after a patch.
pub(crate) struct Patched {
    /// Normal.
    pub value: Value,
    /// Unknown fields, in upstream's words.
    pub strict: Vec<String>,
    /// What a message about it shows.
    pub shown: String,
}

/// Applies a patch (not a server-side apply) to a normal value.
pub(crate) fn apply(
    patch_type: PatchType,
    ty: TypeRef,
    current: &Value,
    patch: &Value,
    options: &DecodeOptions,
) -> Result<Patched, ApiError> {
    let original = written::form(ty, current);
    let mut document = original.clone();
    match patch_type {
        PatchType::Json => json_patch::apply(&mut document, patch),
        PatchType::Merge => merge::apply(&mut document, patch),
        PatchType::Strategic | PatchType::Apply => strategic::apply(ty, &mut document, patch),
    }
    .map_err(|why| error::from_patch(&why))?;
    let show = || match patch_type {
        PatchType::Strategic => patch::go_format::Go(patch).to_string(),
        _ => {
            let mut out = Vec::new();
            write_patched(Some(ty), &document, &original, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    };
    match normalize(ty, document.clone(), options) {
        Ok(decoded) => {
            let strict = crate::codec::strict_of(&decoded, options.custom);
            let shown = if strict.is_empty() { String::new() } else { show() };
            Ok(Patched { value: decoded.value, strict, shown })
        }
        Err(DecodeError::Type(why)) if patch_type == PatchType::Strategic => Err(invalid(&show(), &unstructured(&why))),
        Err(why) => Err(invalid(&show(), &why.to_string())),
    }
}

/// Upstream turns the result of a strategic patch into an object without going through text, and has other words there.
fn unstructured(why: &TypeError) -> String {
    let (kind, go_type) = match why.found.split(' ').next().unwrap_or_default() {
        "object" => ("map", "map[string]interface {}"),
        "array" => ("slice", "[]interface {}"),
        "number" if why.found.contains(['.', 'e', 'E']) => ("float64", "float64"),
        "number" => ("int64", "int64"),
        other => (other, other),
    };
    match why.wanted.as_str() {
        wanted if wanted.starts_with("map[") => format!("cannot restore map from {kind}"),
        wanted if wanted.starts_with("[]") => format!("cannot restore slice from {kind}"),
        wanted if wanted.contains('.') => format!("cannot restore struct from: {kind}"),
        wanted => format!("cannot convert {go_type} to {wanted}"),
    }
}

/// The result of a patch that is no object of the kind.
pub(crate) fn invalid(shown: &str, why: &str) -> ApiError {
    let mut errors = FieldErrors::new();
    errors.invalid(&Path::root("patch"), shown, why);
    ApiError::invalid("", "", "", &errors)
}

/// As the patching library writes it: what the patch touched with sorted keys, the rest as it was.
fn write_patched(ty: Option<TypeRef>, value: &Value, original: &Value, out: &mut Vec<u8>) {
    if let (Some(ty), true) = (ty, value == original) {
        json::encode(ty, value, out);
        return;
    }
    let Value::Map(map) = value else {
        json::write(value, out);
        return;
    };
    out.push(b'{');
    for (index, (key, member)) in map.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write(&Value::str(key), out);
        out.push(b':');
        let was = &original[key];
        match (ty.and_then(|ty| Some((ty, &ty.field(key)?.shape))), member) {
            (Some((ty, Shape::Struct(id))), _) => write_patched(Some(ty.resolve(*id)), member, was, out),
            (Some((ty, Shape::List(item))), Value::List(items)) if member == was => write_items(ty, item, items, out),
            _ => write_patched(None, member, was, out),
        }
    }
    out.push(b'}');
}

fn write_items(ty: TypeRef, item: &Shape, items: &[Value], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, value) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match item {
            Shape::Struct(id) => json::encode(ty.resolve(*id), value, out),
            _ => json::write(value, out),
        }
    }
    out.push(b']');
}
