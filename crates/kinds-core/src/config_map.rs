//! ConfigMap.

use api_core::v1;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
use schema::Value;
use std::collections::BTreeSet;

pub struct ConfigMap;

/// Of all values together, as upstream.
const MAX_BYTES: usize = 1024 * 1024;

static NAMES: Names = Names {
    group: "",
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ConfigMap" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::ConfigMap>] =
    &[Column::NAME, Column::string("Data", DATA_DESCRIPTION, 0, data), Column::AGE];

const DATA_DESCRIPTION: &str = "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.";

impl Kind for ConfigMap {
    type Object = v1::ConfigMap;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ConfigMap>] {
        COLUMNS
    }

    fn validate(&self, object: &v1::ConfigMap, errors: &mut FieldErrors) {
        let (data, binary) = (Path::root("data"), Path::root("binaryData"));
        for key in object.data.keys() {
            for sentence in validate::config_map_key(key) {
                errors.invalid(&data.key(key), key, sentence);
            }
            if object.binary_data.contains_key(key) {
                let why = format!("duplicate of key present in binaryData: {key:?}");
                errors.invalid(&data.key(key), key, why);
            }
        }
        for key in object.binary_data.keys() {
            for sentence in validate::config_map_key(key) {
                errors.invalid(&binary.key(key), key, sentence);
            }
        }
        let size: usize = object.data.values().map(String::len).sum::<usize>()
            + object.binary_data.values().map(|value| value.0.len()).sum::<usize>();
        if size > MAX_BYTES {
            errors.too_long(&Path::root(""), MAX_BYTES);
        }
    }

    fn validate_update(&self, new: &v1::ConfigMap, old: &v1::ConfigMap, errors: &mut FieldErrors) {
        if old.immutable == Some(true) {
            let (immutable, data, binary) = (Path::root("immutable"), Path::root("data"), Path::root("binaryData"));
            if new.immutable != Some(true) {
                errors.forbidden(&immutable, "field is immutable when `immutable` is set");
            }
            if new.data != old.data {
                errors.forbidden(&data, "field is immutable when `immutable` is set");
            }
            if new.binary_data != old.binary_data {
                errors.forbidden(&binary, "field is immutable when `immutable` is set");
            }
        }
        self.validate(new, errors);
    }
}

fn data(object: &v1::ConfigMap, _now: schema::Time) -> Cell {
    let keys: BTreeSet<&String> = object.data.keys().chain(object.binary_data.keys()).collect();
    Value::Int(keys.len() as i64)
}
