//! Values against schemas, in upstream's words.

use super::*;
use schema::{json, value};

fn check(schema: Value, object: Value, old: Option<Value>, wanted: &[&str]) {
    let node = Node::parse(&schema);
    let mut errors = FieldErrors::new();
    match old {
        Some(old) => validate_update(&node, &object, &old, "", &mut errors),
        None => validate(&node, &object, "", &mut errors),
    }
    let found: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let mut shown = Vec::new();
    json::write(&object, &mut shown);
    assert_eq!(found, wanted, "{}", String::from_utf8_lossy(&shown));
}

fn spec(schema: Value) -> Value {
    value!({ "type": "object", "properties": { "spec": schema } })
}

#[test]
fn wrong_types_are_named() {
    for (schema, object, wanted) in [
        (
            value!({ "type": "string" }),
            value!(1),
            "spec: Invalid value: \"integer\": spec in body must be of type string: \"integer\"",
        ),
        (
            value!({ "type": "integer" }),
            value!("x"),
            "spec: Invalid value: \"string\": spec in body must be of type integer: \"string\"",
        ),
        (
            value!({ "type": "object" }),
            Value::Null,
            "spec: Invalid value: \"null\": spec in body must be of type object: \"null\"",
        ),
        (
            value!({ "x-kubernetes-int-or-string": true }),
            value!(true),
            "spec: Invalid value: \"boolean\": spec in body must be of type integer,string: \"boolean\"",
        ),
        (
            value!({ "type": "string", "format": "date-time" }),
            value!(5),
            "spec: Invalid value: \"int64\": spec in body must be of type date-time: \"int64\"",
        ),
    ] {
        check(spec(schema), value!({ "spec": object }), None, &[wanted]);
    }
    for (schema, object) in [
        (value!({ "type": "number" }), value!(1)),
        (value!({ "type": "integer" }), value!(2.0)),
        (value!({ "type": "string", "nullable": true }), Value::Null),
        (value!({ "x-kubernetes-int-or-string": true }), value!("1")),
        (value!({}), value!([1, "a"])),
    ] {
        check(spec(schema), value!({ "spec": object }), None, &[]);
    }
}

#[test]
fn items_and_members_have_paths() {
    let list = value!({ "type": "array", "items": { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } } });
    check(spec(list), value!({ "spec": [{ "a": "x" }, {}] }), None, &["spec[1].a: Required value"]);
    let map = value!({ "type": "object", "additionalProperties": { "type": "integer" } });
    check(
        spec(map),
        value!({ "spec": { "k": "x" } }),
        None,
        &["spec.k: Invalid value: \"string\": spec.k in body must be of type integer: \"string\""],
    );
}

#[test]
fn of_alternatives_that_fail_the_nearest_is_told() {
    let one_of = value!({ "type": "object", "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] });
    check(
        spec(one_of.clone()),
        value!({ "spec": { "a": 1, "b": 1 } }),
        None,
        &[
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid alternatives",
        ],
    );
    check(
        spec(one_of),
        value!({ "spec": {} }),
        None,
        &[
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid",
            "spec.a: Required value",
        ],
    );
}

#[test]
fn what_did_not_change_may_stay_wrong() {
    let schema = spec(value!({
        "type": "object",
        "properties": {
            "a": { "type": "integer", "maximum": 3 },
            "l": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": { "type": "object", "properties": { "k": { "type": "string" }, "v": { "type": "integer", "maximum": 3 } } }
            }
        }
    }));
    let old = value!({ "spec": { "a": 5, "l": [{ "k": "x", "v": 9 }] } });
    check(
        schema.clone(),
        value!({ "spec": { "a": 5, "b": 1, "l": [{ "k": "y", "v": 1 }, { "k": "x", "v": 9 }] } }),
        Some(old.clone()),
        &[],
    );
    check(
        schema,
        value!({ "spec": { "a": 6, "l": [{ "k": "z", "v": 9 }] } }),
        Some(old),
        &[
            "spec.a: Invalid value: 6: spec.a in body should be less than or equal to 3",
            "spec.l[0].v: Invalid value: 9: spec.l[0].v in body should be less than or equal to 3",
        ],
    );
}
