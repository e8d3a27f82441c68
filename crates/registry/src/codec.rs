//! Bodies of requests into normal values, with upstream's words for what is wrong with them.

use crate::context::RequestContext;
use crate::error;
use crate::negotiate::{self, Media};
use crate::options::FieldValidation;
use kind::ApiError;
use schema::decode::{DecodeOptions, Decoded, normalize, type_meta};
use schema::json::TypeMeta;
use schema::{Schema, TypeRef, Value, json, protobuf, yaml};

/// The largest body that is read.
pub const MAX_BODY: usize = 3 * 1024 * 1024;
/// Upstream decodes what came within a body with this many bytes shown in an error.
const SUMMARY: usize = 30;

/// What a body is expected to be.
pub(crate) struct Expected<'e> {
    pub ty: TypeRef<'e>,
    pub api_version: &'e str,
    pub kind: &'e str,
    pub custom: bool,
    /// The apiVersions that the endpoint takes.
    pub accepts: &'e [String],
}

/// Why a body was refused, before it is put into a sentence.
struct Refused {
    /// What the body says it is, if that could be read.
    meta: Option<TypeMeta>,
    why: String,
}

/// Decodes a body; warns or fails on unknown and duplicate fields as asked. The value is normal, of `expected.ty` or of
/// another accepted version, and names its apiVersion and kind.
pub(crate) fn decode_body(
    context: &RequestContext,
    bytes: &[u8],
    expected: &Expected,
    validation: FieldValidation,
) -> Result<Value, ApiError> {
    if bytes.len() > MAX_BODY {
        return Err(error::too_large_body(MAX_BODY));
    }
    let media = negotiate::input(context.header(http::header::CONTENT_TYPE))?;
    let (value, strict) =
        decode(media, bytes, expected, validation).map_err(|refused| refused.words(expected, bytes))?;
    if !strict.is_empty() {
        match validation {
            FieldValidation::Ignore => {}
            FieldValidation::Warn => context.warn_all(strict),
            FieldValidation::Strict => {
                let meta = TypeMeta {
                    api_version: value.str_at(&["apiVersion"]).into(),
                    kind: value.str_at(&["kind"]).into(),
                };
                let why = format!("strict decoding error: {}", strict.join(", "));
                return Err(Refused { meta: Some(meta), why }.words(expected, bytes));
            }
        }
    }
    let api_version = value.str_at(&["apiVersion"]);
    if !expected.accepts.iter().any(|accepted| accepted == api_version) {
        let message = format!(
            "the API version in the data ({api_version}) does not match the expected API version ({})",
            expected.api_version
        );
        return Err(ApiError::bad_request(message));
    }
    if let Some(record) = &context.record {
        record.object(expected.ty, &value);
    }
    Ok(value)
}

fn decode(
    media: Media,
    bytes: &[u8],
    expected: &Expected,
    validation: FieldValidation,
) -> Result<(Value, Vec<String>), Refused> {
    let options = DecodeOptions { strict: validation != FieldValidation::Ignore, custom: expected.custom };
    match media {
        Media::Json => {
            let meta = json::type_meta(bytes).map_err(no_meta)?;
            let (meta, ty) = settle(meta, expected)?;
            let decoded = json::decode(ty, bytes, &options).map_err(|error| refused(&meta, error))?;
            let strict = strict_of(&decoded, expected.custom);
            finish(decoded.value, meta, strict, expected)
        }
        Media::Yaml => {
            let parsed = yaml::parse(bytes, json::Limits::default())
                .map_err(|error| Refused { meta: None, why: error.to_string() })?;
            let meta = type_meta(&parsed.value).map_err(no_meta)?;
            let (meta, ty) = settle(meta, expected)?;
            let decoded = normalize(ty, parsed.value, &options).map_err(|error| refused(&meta, error))?;
            let mut strict = parsed.duplicates;
            strict.extend(strict_of(&decoded, expected.custom));
            finish(decoded.value, meta, strict, expected)
        }
        Media::Protobuf => {
            if !protobuf::is_envelope(bytes) {
                let why = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
                return Err(Refused { meta: None, why: why.into() });
            }
            let envelope = protobuf::open_envelope(bytes)
                .map_err(|error| Refused { meta: None, why: bare_protobuf(&error.to_string()) })?;
            let meta = TypeMeta { api_version: envelope.api_version.clone(), kind: envelope.kind.clone() };
            let (meta, ty) = settle(meta, expected)?;
            let value = protobuf::decode(ty, envelope.raw).map_err(|error| refused(&meta, error))?;
            finish(value, meta, Vec::new(), expected)
        }
    }
}

/// What strict decoding found. Upstream prunes custom resources after it has read them: first what came twice, then what is
/// unknown, sorted.
pub(crate) fn strict_of(decoded: &Decoded, custom: bool) -> Vec<String> {
    if !custom {
        return decoded.strict.iter().map(ToString::to_string).collect();
    }
    let mut unknown: Vec<String> = decoded.unknown().collect();
    unknown.sort();
    decoded.duplicate().chain(unknown).collect()
}

/// The envelope's errors come without the codec's name.
fn bare_protobuf(text: &str) -> String {
    text.strip_prefix("proto: ").unwrap_or(text).to_owned()
}

fn no_meta(why: String) -> Refused {
    Refused { meta: None, why: format!("couldn't get version/kind; json parse error: {why}") }
}

fn refused(meta: &TypeMeta, error: schema::decode::DecodeError) -> Refused {
    Refused { meta: Some(meta.clone()), why: error.to_string() }
}

/// Fills in what the body does not say and finds the type that it is.
fn settle<'e>(mut meta: TypeMeta, expected: &Expected<'e>) -> Result<(TypeMeta, TypeRef<'e>), Refused> {
    if meta.kind.is_empty() {
        meta.kind = expected.kind.to_owned();
    }
    if meta.api_version.is_empty() {
        meta.api_version = expected.api_version.to_owned();
    }
    if (meta.api_version.as_str(), meta.kind.as_str()) == (expected.api_version, expected.kind) {
        return Ok((meta, expected.ty));
    }
    // Options are registered in every group.
    let shared = matches!(meta.kind.as_str(), "DeleteOptions") && meta.kind == expected.kind;
    if shared {
        return Ok((meta, expected.ty));
    }
    match Schema::builtin().by_kind(&meta.api_version, &meta.kind) {
        Some(ty) if !expected.custom => Ok((meta, ty)),
        _ => {
            let why = format!(
                "no kind \"{}\" is registered for version \"{}\" in scheme \"{}\"",
                meta.kind,
                meta.api_version,
                scheme_of(expected.api_version)
            );
            Err(Refused { meta: Some(meta), why })
        }
    }
}

/// Where upstream has the types of a group: its errors name the file.
fn scheme_of(api_version: &str) -> &'static str {
    match api_version.split('/').next() {
        Some("apiextensions.k8s.io") => "k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55",
        Some("apiregistration.k8s.io") => "k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28",
        _ => "pkg/api/legacyscheme/scheme.go:30",
    }
}

fn finish(
    mut value: Value,
    meta: TypeMeta,
    strict: Vec<String>,
    expected: &Expected,
) -> Result<(Value, Vec<String>), Refused> {
    if meta.kind != expected.kind {
        let version = |api_version: &str| api_version.rsplit('/').next().unwrap_or_default().to_owned();
        let why = format!(
            "converting ({}.{}) to (core.{}): unknown conversion",
            version(&meta.api_version),
            meta.kind,
            expected.kind
        );
        return Err(Refused { meta: Some(meta), why });
    }
    if value.is_null() {
        value = Value::map();
    }
    value.set(&["apiVersion"], meta.api_version);
    value.set(&["kind"], meta.kind);
    Ok((value, strict))
}

impl Refused {
    fn words(self, expected: &Expected, body: &[u8]) -> ApiError {
        let why = self.why;
        match self.meta {
            // The version of the group that the endpoint serves; of another group's object its own.
            Some(meta) => {
                let version = meta.api_version.rsplit('/').next().unwrap_or_default();
                ApiError::bad_request(format!(
                    "{} in version \"{version}\" cannot be handled as a {}: {why}",
                    meta.kind, expected.kind
                ))
            }
            None => ApiError::bad_request(format!(
                "the object provided is unrecognized (must be of type {}): {why} ({})",
                expected.kind,
                summary(body)
            )),
        }
    }
}

fn summary(body: &[u8]) -> String {
    if body.is_empty() {
        return "<empty>".into();
    }
    let cut = &body[..body.len().min(SUMMARY)];
    let mut text = match body[0] {
        b'{' => String::from_utf8_lossy(cut).into_owned(),
        _ => cut.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    if body.len() > SUMMARY {
        text.push_str(" ...");
    }
    text
}

/// The options in a DELETE's body: of any group's version.
pub(crate) fn decode_options(
    context: &RequestContext,
    bytes: &[u8],
    expected: &Expected,
    validation: FieldValidation,
) -> Result<Value, ApiError> {
    if bytes.len() > MAX_BODY {
        return Err(error::too_large_body(MAX_BODY));
    }
    let media = negotiate::input(context.header(http::header::CONTENT_TYPE))?;
    let (value, _) = decode(media, bytes, expected, validation).map_err(|refused| error::bare(refused.why))?;
    Ok(value)
}
