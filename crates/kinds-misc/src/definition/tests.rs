//! Definitions that are refused, in upstream's words and at its paths.

use super::*;
use schema::decode::{DecodeOptions, normalize};
use schema::{Typed, Value, value};

fn good() -> Value {
    value!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList" },
            "conversion": { "strategy": "None" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "properties": { "size": { "type": "integer" } } }
                } } }
            }]
        },
        "status": { "storedVersions": ["v1"] }
    })
}

fn read(value: Value) -> v1::CustomResourceDefinition {
    let ty = v1::CustomResourceDefinition::type_ref();
    v1::CustomResourceDefinition::from_value(&normalize(ty, value, &DecodeOptions::default()).unwrap().value)
}

fn found(errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn check(change: impl FnOnce(&mut v1::CustomResourceDefinition), wanted: &[&str]) {
    let mut object = read(good());
    change(&mut object);
    let mut errors = FieldErrors::new();
    validate_name(&object, &mut errors);
    validate(&object, &mut errors);
    assert_eq!(found(&errors), wanted);
}

fn schema(schema: Value) -> impl FnOnce(&mut v1::CustomResourceDefinition) {
    let mut value = good();
    let versions = value.get_mut("spec").and_then(|spec| spec.get_mut("versions"));
    versions.and_then(Value::as_list_mut).unwrap()[0].set(&["schema", "openAPIV3Schema"], schema);
    move |object| *object = read(value)
}

#[test]
fn names_and_versions_are_checked() {
    check(|_| {}, &[]);
    check(
        |object| object.metadata.name = "gadgets.example.com".into(),
        &["metadata.name: Invalid value: \"gadgets.example.com\": must be spec.names.plural+\".\"+spec.group"],
    );
    check(
        |object| object.spec.scope = "Everywhere".into(),
        &["spec.scope: Unsupported value: \"Everywhere\": supported values: \"Cluster\", \"Namespaced\""],
    );
    check(
        |object| object.spec.names.list_kind = "Widget".into(),
        &["spec.names.listKind: Invalid value: \"Widget\": kind and listKind may not be the same"],
    );
}

#[test]
fn schemas_are_checked_where_the_internal_form_has_them() {
    check(
        schema(value!({ "type": "object", "properties": { "spec": {} } })),
        &[
            "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
        ],
    );
    check(
        schema(value!({ "type": "object", "properties": { "a": { "type": "string", "default": 1 } } })),
        &[
            "spec.validation.openAPIV3Schema.properties[a].default: Invalid value: \"integer\":  in body must be of type string: \"integer\"",
        ],
    );
    let mut object = read(good());
    schema(value!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self.nothing == 1" }] }))(&mut object);
    let mut errors = FieldErrors::new();
    validate(&object, &mut errors);
    let told = found(&errors).concat();
    let (place, why) =
        ("spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule: ", "undefined field 'nothing'");
    assert!(told.starts_with(place) && told.contains(why), "{told}");
}

#[test]
fn what_is_established_keeps_its_identity() {
    let mut old = read(good());
    old.status.conditions.push(status::condition("Established", true, "", ""));
    let mut new = old.clone();
    new.spec.scope = "Cluster".into();
    new.spec.names.kind = "Gadget".into();
    let mut errors = FieldErrors::new();
    validate_update(&new, &old, &mut errors);
    assert_eq!(
        found(&errors),
        [
            "spec.scope: Invalid value: \"Cluster\": field is immutable",
            "spec.names.kind: Invalid value: \"Gadget\": field is immutable",
        ]
    );
}
