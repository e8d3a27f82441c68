//! AdmissionReview: the question to a webhook, and what an answer must be.

use super::config::ReviewVersion;
use crate::Attributes;
use crate::matching::Seen;
use crate::shapes::{GroupVersionKind, written};
use api_meta::v1::Status;
use authn::UserInfo;
use kind::ApiError;
use kind::field::quoted;
use schema::decode::{DecodeOptions, normalize};
use schema::json::{self, Limits};
use schema::typed::Part;
use schema::{Bytes, Schema, Value, value};

/// A question, ready to be sent.
pub struct Request {
    pub body: Vec<u8>,
    /// The object as the webhook sees it; Null for a deletion.
    pub shown: Value,
}

/// A valid answer.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    pub allowed: bool,
    pub status: Option<Status>,
    /// The text of a JSON patch; empty for none.
    pub patch: Vec<u8>,
    pub warnings: Vec<String>,
    pub annotations: Vec<(String, String)>,
}

pub async fn request(
    attributes: &Attributes<'_>,
    seen: &Seen,
    uid: &str,
    version: ReviewVersion,
) -> Result<Request, ApiError> {
    let object = shown(attributes, seen, &attributes.object).await?;
    let old = shown(attributes, seen, attributes.old).await?;
    let mut request = request_value(attributes, seen);
    request.set(&["uid"], uid);
    request.set(&["object"], object.clone());
    request.set(&["oldObject"], old);
    let review = value!({ "kind": "AdmissionReview", "apiVersion": (version.api_version()), "request": request });
    let mut body = Vec::new();
    json::write(&review, &mut body);
    Ok(Request { body, shown: object })
}

/// The request, without the objects and its uid.
pub(crate) fn request_value(attributes: &Attributes, seen: &Seen) -> Value {
    let asked = attributes.as_requested();
    let mut request = value!({
        "kind": (kind_value(&seen.kind)),
        "resource": (resource_value(seen)),
        "requestKind": (kind_value(&asked.kind)),
        "requestResource": (resource_value(&asked)),
        "operation": (attributes.operation.as_str()),
        "userInfo": (user_value(attributes.user)),
        "dryRun": (attributes.dry_run),
        "options": (attributes.options.clone())
    });
    let texts = [
        ("subResource", attributes.subresource),
        ("requestSubResource", attributes.subresource),
        ("name", attributes.name),
        ("namespace", attributes.namespace),
    ];
    for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        request.set(&[field], text);
    }
    request
}

/// The written form of an object in the version in which it is seen.
pub(crate) async fn shown(attributes: &Attributes<'_>, seen: &Seen, object: &Value) -> Result<Value, ApiError> {
    if object.is_null() {
        return Ok(Value::Null);
    }
    let api_version = seen.kind.api_version();
    let converted = match object.str_at(&["apiVersion"]) == api_version {
        true => object.clone(),
        false => attributes.shapes.convert(object.clone(), &api_version).await?,
    };
    Ok(written(attributes.shapes, &converted))
}

fn kind_value(kind: &GroupVersionKind) -> Value {
    value!({ "group": (kind.group.as_str()), "version": (kind.version.as_str()), "kind": (kind.kind.as_str()) })
}

fn resource_value(seen: &Seen) -> Value {
    value!({
        "group": (seen.group.as_str()), "version": (seen.version.as_str()), "resource": (seen.resource.as_str())
    })
}

/// As authentication/v1 has it.
fn user_value(user: &UserInfo) -> Value {
    let mut value = Value::map();
    for (field, text) in [("username", &user.name), ("uid", &user.uid)] {
        if !text.is_empty() {
            value.set(&[field], text.as_str());
        }
    }
    let texts = |texts: &[String]| Value::List(texts.iter().map(|text| Value::str(text.as_str())).collect());
    if !user.groups.is_empty() {
        value.set(&["groups"], texts(&user.groups));
    }
    for (key, values) in &user.extra {
        value.set(&["extra", key], texts(values));
    }
    value
}

/// Reads an answer. The error is told after `failed calling webhook "x": `.
pub fn answer(body: &[u8], uid: &str, version: ReviewVersion, mutating: bool) -> Result<Answer, String> {
    let failed = |why: String| format!("failed to call webhook: {why}");
    let parsed = json::parse(body, Limits::default())
        .map_err(|error| failed(format!("couldn't get version/kind; json parse error: {error}")))?;
    let (api_version, kind) = (parsed.str_at(&["apiVersion"]).to_owned(), parsed.str_at(&["kind"]).to_owned());
    let ty = Schema::builtin()
        .by_name("io.k8s.api.admission.v1.AdmissionReview")
        .ok_or_else(|| failed("no type AdmissionReview".into()))?;
    let review = normalize(ty, parsed, &DecodeOptions::default()).map_err(|error| failed(error.to_string()))?.value;
    verify(&review["response"], &api_version, &kind, uid, version, mutating)
        .map_err(|why| format!("received invalid webhook response: {why}"))
}

fn verify(
    response: &Value,
    api_version: &str,
    kind: &str,
    uid: &str,
    version: ReviewVersion,
    mutating: bool,
) -> Result<Answer, String> {
    if response.is_null() {
        return Err("webhook response was absent".into());
    }
    let given = response.str_at(&["uid"]);
    if version == ReviewVersion::V1 && given != uid {
        return Err(format!("expected response.uid={}, got {}", quoted(uid), quoted(given)));
    }
    if api_version != version.api_version() || kind != "AdmissionReview" {
        return Err(format!(
            "expected webhook response of {}, Kind=AdmissionReview, got {}, Kind={kind}",
            version.api_version(),
            if api_version.contains('/') { api_version.to_owned() } else { format!("/{api_version}") },
        ));
    }
    let patch = Bytes::read(response.at(&["patch"])).0;
    let patch_type = response.at(&["patchType"]).as_str();
    if version == ReviewVersion::V1 {
        check_patch(&patch, patch_type, mutating)?;
    }
    if mutating && !patch.is_empty() && version == ReviewVersion::V1 && patch_type != Some("JSONPatch") {
        return Err(format!("unsupported patch type {}", quoted(patch_type.unwrap_or_default())));
    }
    let texts = |list: &Value| list.items().iter().filter_map(|text| text.as_str().map(str::to_owned)).collect();
    let annotations = response.at(&["auditAnnotations"]).as_map().into_iter().flat_map(|map| map.iter());
    Ok(Answer {
        allowed: response.at(&["allowed"]).as_bool().unwrap_or(false),
        status: response.get("status").filter(|status| !status.is_null()).map(Status::read),
        patch: if mutating { patch } else { Vec::new() },
        warnings: texts(response.at(&["warnings"])),
        annotations: annotations
            .map(|(key, text)| (key.to_owned(), text.as_str().unwrap_or_default().to_owned()))
            .collect(),
    })
}

fn check_patch(patch: &[u8], patch_type: Option<&str>, mutating: bool) -> Result<(), String> {
    match (mutating, patch.is_empty(), patch_type) {
        (true, false, None) => Err("webhook returned response.patch but not response.patchType".into()),
        (true, true, Some(_)) => Err("webhook returned response.patchType but not response.patch".into()),
        (true, false, Some("")) => Err("webhook returned invalid response.patchType of \"\"".into()),
        (false, false, _) => Err("validating webhook may not return response.patch".into()),
        (false, true, Some(_)) => Err("validating webhook may not return response.patchType".into()),
        _ => Ok(()),
    }
}

/// A refusal as the client reads it.
pub fn refusal(hook: &str, status: Option<Status>) -> ApiError {
    let mut status = status.unwrap_or_default();
    let denied = format!("admission webhook {} denied the request", quoted(hook));
    status.code = status.code.max(400);
    if matches!(status.status.as_str(), "" | "Success") {
        status.status = "Failure".into();
    }
    status.message = match (status.message.as_str(), status.reason.as_str()) {
        ("", "") => format!("{denied} without explanation"),
        ("", reason) => format!("{denied}: {reason}"),
        (message, _) => format!("{denied}: {message}"),
    };
    ApiError(Box::new(status))
}
