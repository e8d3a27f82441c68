//! Schemas that are not structural, in upstream's words.

use super::*;
use schema::{Value, value};

fn check(schema: Value, wanted: &[&str]) {
    let mut errors = FieldErrors::new();
    validate(&Node::parse(&schema), &Path::root("schema"), &mut errors);
    let found: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(found, wanted);
}

fn spec(schema: Value) -> Value {
    value!({ "type": "object", "properties": { "spec": schema } })
}

#[test]
fn every_field_has_a_type() {
    check(value!({}), &["schema.type: Required value: must not be empty at the root"]);
    check(
        spec(value!({})),
        &["schema.properties[spec].type: Required value: must not be empty for specified object fields"],
    );
    check(
        spec(value!({ "type": "array", "items": {} })),
        &["schema.properties[spec].items.type: Required value: must not be empty for specified array items"],
    );
    check(spec(value!({ "type": "array" })), &["schema.properties[spec].items: Required value: must be specified"]);
    check(spec(value!({ "x-kubernetes-preserve-unknown-fields": true })), &[]);
    check(spec(value!({ "x-kubernetes-int-or-string": true })), &[]);
    let any_of = value!([{ "type": "integer" }, { "type": "string" }]);
    check(spec(value!({ "x-kubernetes-int-or-string": true, "anyOf": any_of })), &[]);
}

#[test]
fn alternatives_only_narrow_what_is_specified_outside() {
    check(
        spec(value!({ "type": "object", "anyOf": [{ "type": "object" }] })),
        &["schema.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural"],
    );
    check(
        spec(value!({ "type": "object", "allOf": [{ "properties": { "a": { "minLength": 1 } } }] })),
        &[
            "schema.properties[spec].properties[a]: Required value: because it is defined in schema.properties[spec].allOf[0].properties[a]",
        ],
    );
    let named = value!({
        "type": "object", "properties": { "a": { "type": "string" } },
        "allOf": [{ "properties": { "a": { "minLength": 1 } } }]
    });
    check(spec(named), &[]);
}

#[test]
fn words_of_json_schema_that_have_no_place_are_named() {
    let unsupported = |schema: Value| unsupported(&Node::parse(&schema)).unwrap_or_default();
    assert_eq!(unsupported(spec(value!({ "$ref": "#/x" }))), "OpenAPIV3Schema '$ref' is not supported");
    assert_eq!(unsupported(value!({ "type": "object" })), "");
    assert_eq!(
        unsupported(value!({ "x-kubernetes-preserve-unknown-fields": false })),
        "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    );
}
