//! ConversionReview: the question to a conversion webhook, and what an answer must be.
//!
//! Deliberately absent: how a webhook is reached.

#[cfg(test)]
mod tests;

use crate::resource::checks::go_type;
use kind::field::quoted;
use kind::{FieldErrors, Path, metadata};
use schema::json::{self, Limits};
use schema::{Map, Value, value};

const GROUP: &str = "apiextensions.k8s.io";
const KIND: &str = "ConversionReview";

/// A version of the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewVersion {
    V1,
    V1beta1,
}

impl ReviewVersion {
    /// The first of those that a webhook understands.
    pub fn first_known(understood: &[String]) -> Option<ReviewVersion> {
        understood.iter().find_map(|version| match version.as_str() {
            "v1" => Some(ReviewVersion::V1),
            "v1beta1" => Some(ReviewVersion::V1beta1),
            _ => None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            ReviewVersion::V1 => "v1",
            ReviewVersion::V1beta1 => "v1beta1",
        }
    }
}

/// One question.
pub struct Question<'q> {
    pub uid: &'q str,
    pub version: ReviewVersion,
    /// What the objects are to become.
    pub to_api_version: &'q str,
    /// At least one, all of one kind.
    pub objects: &'q [Value],
}

impl Question<'_> {
    /// The text that goes to the webhook.
    pub fn body(&self) -> Vec<u8> {
        let review = value!({
            "kind": KIND,
            "apiVersion": (format!("{GROUP}/{}", self.version.name())),
            "request": {
                "uid": (self.uid),
                "desiredAPIVersion": (self.to_api_version),
                "objects": (self.objects.to_vec())
            }
        });
        let mut body = Vec::new();
        json::write(&review, &mut body);
        body
    }

    /// The converted objects, with the metadata of the originals but for labels and annotations. An error is the whole
    /// message to the client.
    pub fn answer(&self, body: Result<Vec<u8>, String>) -> Result<Vec<Value>, String> {
        let source = self.source();
        let failed = |why: String| format!("conversion webhook for {source} failed: {why}");
        let converted = body.and_then(|body| self.objects_of(&body)).map_err(failed)?;
        if converted.len() != self.objects.len() {
            return Err(format!(
                "conversion webhook for {source} returned {} objects, expected {}",
                converted.len(),
                self.objects.len()
            ));
        }
        let pairs = self.objects.iter().zip(converted).enumerate();
        pairs.map(|(index, (original, converted))| self.settled(index, original, converted)).collect()
    }

    /// The objects' kind as Go writes it.
    fn source(&self) -> String {
        self.objects.first().map(shown_kind).unwrap_or_default()
    }

    fn objects_of(&self, body: &[u8]) -> Result<Vec<Value>, String> {
        let mut review = json::parse(body, Limits::default()).map_err(|error| error.to_string())?;
        if self.version == ReviewVersion::V1 {
            let wanted = format!("{GROUP}/v1, Kind={KIND}");
            if shown_kind(&review) != wanted {
                return Err(format!("expected webhook response of {wanted}, got {}", shown_kind(&review)));
            }
        }
        let mut response =
            review.remove(&["response"]).filter(|response| !response.is_null()).ok_or("no response provided")?;
        let uid = response.str_at(&["uid"]);
        if self.version == ReviewVersion::V1 && uid != self.uid {
            return Err(format!("expected response.uid={}, got {}", quoted(self.uid), quoted(uid)));
        }
        let status = response.str_at(&["result", "status"]);
        if status != "Success" {
            let message = response.str_at(&["result", "message"]);
            return Err(match message.is_empty() {
                true => format!("response.result.status was '{status}', not 'Success'"),
                false => message.to_owned(),
            });
        }
        match response.remove(&["convertedObjects"]) {
            Some(Value::List(objects)) => Ok(objects),
            _ => Ok(Vec::new()),
        }
    }

    /// One converted object, if it may be what it says.
    fn settled(&self, index: usize, original: &Value, mut converted: Value) -> Result<Value, String> {
        let source = shown_kind(original);
        // Upstream's words differ between one object and the items of a list.
        let (what, of_what) = match self.objects.len() {
            1 => ("object at index 0".to_owned(), String::new()),
            _ => (format!("converted object at index {index}"), format!(" in object at index {index}")),
        };
        let got = converted.str_at(&["apiVersion"]);
        if got != self.to_api_version {
            return Err(format!(
                "conversion webhook for {source} returned invalid {what}: invalid groupVersion (expected {}, received {got})",
                self.to_api_version
            ));
        }
        let (expected, got) = (original.str_at(&["kind"]), converted.str_at(&["kind"]));
        if expected != got {
            return Err(format!(
                "conversion webhook for {source} returned invalid {what}: invalid kind (expected {expected}, received {got})"
            ));
        }
        for (field, words) in [("name", "name"), ("namespace", "namespace"), ("uid", "UID")] {
            let (expected, got) = (original.str_at(&["metadata", field]), converted.str_at(&["metadata", field]));
            if expected != got {
                let what = if self.objects.len() == 1 { "object" } else { &what };
                return Err(format!(
                    "conversion webhook for {source} returned invalid {what}: must have the same {words}: {expected} != {got}"
                ));
            }
        }
        restore_metadata(original, &mut converted)
            .map_err(|why| format!("conversion webhook for {source} returned invalid metadata{of_what}: {why}"))?;
        Ok(converted)
    }
}

/// `example.com/v1, Kind=Widget`
fn shown_kind(value: &Value) -> String {
    format!("{}, Kind={}", value.str_at(&["apiVersion"]), value.str_at(&["kind"]))
}

/// A webhook may change labels and annotations; all other metadata is the original's.
fn restore_metadata(original: &Value, converted: &mut Value) -> Result<(), String> {
    let answered = converted.remove(&["metadata"]).ok_or("missing metadata in converted object")?;
    let Some(answered) = answered.as_map() else {
        return Err(format!("invalid metadata of type {} in converted object", go_type(&answered)));
    };
    let mut metadata = original["metadata"].clone();
    for field in ["labels", "annotations"] {
        let changed = answered.get(field).filter(|changed| !changed.is_null());
        let Some(changed) = changed else {
            metadata.remove(&[field]);
            continue;
        };
        let Some(texts) = changed.as_map() else {
            return Err(format!("invalid metadata.{field} of type {} in converted object", go_type(changed)));
        };
        check_texts(field, texts)?;
        if metadata[field] != *changed {
            check_changed(field, changed)?;
        }
        metadata.set(&[field], changed.clone());
    }
    converted.set(&["metadata"], metadata);
    Ok(())
}

fn check_texts(field: &str, texts: &Map) -> Result<(), String> {
    match texts.iter().find(|(_, value)| value.as_str().is_none()) {
        None => Ok(()),
        Some((key, value)) => {
            Err(format!("metadata.{field}[{key}] must be a string, but is {} in converted object", go_type(value)))
        }
    }
}

fn check_changed(field: &str, changed: &Value) -> Result<(), String> {
    let mut errors = FieldErrors::new();
    let root = Path::root("metadata");
    match field {
        "labels" => metadata::check_labels(changed, &root.child("labels"), &mut errors),
        _ => metadata::check_annotations(changed, &root.child("annotation"), &mut errors),
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.to_string()) }
}
