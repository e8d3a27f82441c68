//! Tables: what `kubectl get` prints, made by the kind's columns.

use crate::entry::View;
use crate::negotiate::MetaVersion;
use kind::ApiError;
use schema::{Schema, Time, Value, json, value};

/// What each row says of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    pub fn parse(text: &str) -> Result<Include, ApiError> {
        match text {
            "" | "Metadata" => Ok(Include::Metadata),
            "None" => Ok(Include::None),
            "Object" => Ok(Include::Object),
            other => {
                Err(ApiError::bad_request(format!("unrecognized includeObject value: {}", kind::field::quoted(other))))
            }
        }
    }
}

/// The JSON text of a table, without a line's end. `values` are of the view's version.
pub(crate) fn table(
    view: &View,
    version: MetaVersion,
    metadata: Value,
    values: &[Value],
    include: Include,
    columns: bool,
    now: Time,
) -> Result<Vec<u8>, ApiError> {
    let mut out = Vec::new();
    let api_version = version.api_version();
    out.extend_from_slice(format!("{{\"kind\":\"Table\",\"apiVersion\":\"{api_version}\",\"metadata\":").as_bytes());
    let list_meta = Schema::builtin().by_name("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta");
    json::encode(list_meta.ok_or_else(|| ApiError::internal("no type"))?, &metadata, &mut out);
    out.extend_from_slice(b",\"columnDefinitions\":");
    if columns {
        write_columns(view, &mut out);
    } else {
        out.extend_from_slice(b"null");
    }
    out.extend_from_slice(b",\"rows\":[");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"cells\":");
        let hub = hub(view, value)?;
        json::write(&Value::List(view.kind.cells(&hub, now)), &mut out);
        if let Some((condition, reason, message)) = view.kind.row_condition(&hub) {
            out.extend_from_slice(b",\"conditions\":[");
            let condition = value!({ "type": condition, "status": "True", "reason": reason, "message": message });
            json::write(&condition, &mut out);
            out.push(b']');
        }
        out.extend_from_slice(b",\"object\":");
        write_object(view, version, value, include, &mut out)?;
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

/// The kind's logic works on its first version.
fn hub(view: &View, value: &Value) -> Result<Value, ApiError> {
    let Some(first) = view.names().versions.first().filter(|_| !view.custom) else { return Ok(value.clone()) };
    view.kind.convert(value.clone(), &view.names().api_version(first.name))
}

fn write_columns(view: &View, out: &mut Vec<u8>) {
    out.push(b'[');
    let columns = view.kind.columns_of(&view.version).into_iter();
    for (index, column) in columns.filter(|column| !column.name.is_empty()).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        for (key, text) in [
            ("{\"name\":", column.name),
            (",\"type\":", column.kind),
            (",\"format\":", column.format),
            (",\"description\":", column.description),
        ] {
            out.extend_from_slice(key.as_bytes());
            json::write(&Value::str(text), out);
        }
        out.extend_from_slice(format!(",\"priority\":{}}}", column.priority).as_bytes());
    }
    out.push(b']');
}

fn write_object(
    view: &View,
    version: MetaVersion,
    value: &Value,
    include: Include,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let no_type = || ApiError::internal("no type");
    match include {
        Include::None => out.extend_from_slice(b"null"),
        Include::Metadata => {
            let ty = crate::frames::meta_type("PartialObjectMetadata").ok_or_else(no_type)?;
            json::encode(ty, &crate::frames::partial(&*view.kind, value, version), out);
        }
        Include::Object => json::encode(view.ty().ok_or_else(no_type)?, value, out),
    }
    Ok(())
}
