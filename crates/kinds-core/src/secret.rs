//! Secret: its types and the keys that each needs.

use crate::cells;
use api_core::v1;
use kind::field::Bare;
use kind::{Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Verb, Version, validate};
use schema::json::Limits;
use schema::{Bytes, Time, Value};

pub struct Secret;

/// Of all values together, as upstream.
const MAX_BYTES: usize = 1024 * 1024;
const SERVICE_ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

static NAMES: Names = Names {
    group: "",
    kind: "Secret",
    plural: "secrets",
    singular: "secret",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Secret" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::Secret>] = &[
    Column::NAME,
    Column::string(
        "Type",
        "Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types",
        0,
        type_of,
    ),
    Column::string("Data", DATA_DESCRIPTION, 0, data),
    Column::AGE,
];

const DATA_DESCRIPTION: &str = "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4";

impl Kind for Secret {
    type Object = v1::Secret;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Secret>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::Secret) {
        for (key, text) in std::mem::take(&mut object.string_data) {
            object.data.insert(key, Bytes(text.into_bytes()));
        }
        if object.type_.is_empty() {
            object.type_ = "Opaque".into();
        }
    }

    fn prepare_update(&self, new: &mut v1::Secret, old: &v1::Secret, _context: &Context) {
        // A type that was not given before the type was immutable stays what it was.
        if new.type_.is_empty() {
            new.type_ = old.type_.clone();
        }
    }

    fn validate(&self, object: &v1::Secret, errors: &mut FieldErrors) {
        let data = Path::root("data");
        for key in object.data.keys() {
            for sentence in validate::config_map_key(key) {
                errors.invalid(&data.key(key), key, sentence);
            }
        }
        let size: usize = object.data.values().map(|value| value.0.len()).sum();
        if size > MAX_BYTES {
            errors.too_long(&data, MAX_BYTES);
        }
        validate_type(object, &data, errors);
    }

    fn validate_update(&self, new: &v1::Secret, old: &v1::Secret, errors: &mut FieldErrors) {
        validate::immutable(&new.type_, &old.type_, &Path::root("type"), errors);
        if old.immutable == Some(true) {
            let why = "field is immutable when `immutable` is set";
            if new.immutable != Some(true) {
                errors.forbidden(&Path::root("immutable"), why);
            }
            if new.data != old.data {
                errors.forbidden(&Path::root("data"), why);
            }
        }
        self.validate(new, errors);
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_create: true, ..MetadataRules::COMMON }
    }

    fn selectable(&self, object: &v1::Secret) -> Vec<(&'static str, String)> {
        vec![("type", object.type_.clone())]
    }
}

fn validate_type(object: &v1::Secret, data: &Path, errors: &mut FieldErrors) {
    let has = |key: &str| object.data.contains_key(key);
    let needed: &[&str] = match object.type_.as_str() {
        "kubernetes.io/service-account-token" => return validate_account(object, errors),
        "kubernetes.io/dockercfg" => return validate_json(object, ".dockercfg", data, errors),
        "kubernetes.io/dockerconfigjson" => return validate_json(object, ".dockerconfigjson", data, errors),
        // One of the two is enough.
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => &["username", "password"],
        "kubernetes.io/ssh-auth" if object.data.get("ssh-privatekey").is_none_or(|key| key.0.is_empty()) => {
            return errors.required(&data.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        _ => &[],
    };
    for key in needed.iter().filter(|key| !has(key)) {
        errors.required(&data.key(key), "");
    }
}

/// A token says whose it is.
fn validate_account(object: &v1::Secret, errors: &mut FieldErrors) {
    if object.metadata.annotations.get(SERVICE_ACCOUNT_NAME).is_none_or(String::is_empty) {
        let metadata = Path::root("metadata");
        errors.required(&metadata.child("annotations").key(SERVICE_ACCOUNT_NAME), "");
    }
}

fn validate_json(object: &v1::Secret, key: &str, data: &Path, errors: &mut FieldErrors) {
    let Some(bytes) = object.data.get(key) else { return errors.required(&data.key(key), "") };
    if let Err(problem) = schema::json::parse(&bytes.0, Limits::default()) {
        errors.invalid(&data.key(key), Bare("<secret contents redacted>"), problem.to_string());
    }
}

fn type_of(object: &v1::Secret, _now: Time) -> Cell {
    cells::text(&object.type_)
}

fn data(object: &v1::Secret, _now: Time) -> Cell {
    Value::Int(object.data.len() as i64)
}
