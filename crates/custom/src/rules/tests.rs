//! Rules on definitions and objects, in upstream's words.

use super::{Validator, check};
use crate::Node;
use kind::{FieldErrors, Path};
use schema::{Value, value};

fn node(schema: &Value) -> Node {
    Node::parse(schema)
}

fn check_definition(schema: Value, wanted: &[&str]) {
    let mut errors = FieldErrors::new();
    check::definition(&node(&schema), false, &Path::root("schema"), &mut errors);
    assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), wanted);
}

fn check_object(schema: &Value, object: Value, old: Option<Value>, errors: &[&str], warnings: &[&str]) {
    let findings = Validator::new(&node(schema), true).unwrap().validate(&object, old.as_ref());
    assert_eq!(findings.errors.iter().map(ToString::to_string).collect::<Vec<_>>(), errors);
    assert_eq!(findings.warnings, warnings);
}

fn with_spec(spec: Value) -> Value {
    value!({ "type": "object", "properties": { "spec": spec } })
}

#[test]
fn what_does_not_compile_is_refused() {
    let spec = |rule: Value| {
        with_spec(value!({
            "type": "object", "properties": { "a": { "type": "integer" } }, "x-kubernetes-validations": [rule]
        }))
    };
    check_definition(spec(value!({ "rule": "self.a > 0" })), &[]);
    check_definition(
        spec(value!({ "rule": "1" })),
        &[
            "schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"1\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: cel expression must evaluate to a bool",
        ],
    );
    check_definition(
        spec(value!({ "rule": "self.a > 0", "optionalOldSelf": true })),
        &[
            "schema.properties[spec].x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
        ],
    );
}

#[test]
fn items_of_plain_lists_have_no_past() {
    let items = value!({ "type": "integer", "x-kubernetes-validations": [{ "rule": "self >= oldSelf" }] });
    check_definition(
        with_spec(value!({ "type": "array", "maxItems": 3, "items": items })),
        &[
            "schema.properties[spec].items.x-kubernetes-validations[0].rule: Invalid value: \"self >= oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[spec]",
        ],
    );
}

#[test]
fn rules_tell_what_fails() {
    let schema = with_spec(value!({
        "type": "object",
        "properties": { "min": { "type": "integer" }, "max": { "type": "integer", "x-kubernetes-validations": [
            { "rule": "self < 100", "reason": "FieldValueForbidden", "message": "too much" }
        ] } },
        "x-kubernetes-validations": [
            { "rule": "self.min <= self.max", "messageExpression": "'min %d over max'.format([self.min])", "fieldPath": ".min" }
        ]
    }));
    check_object(&schema, value!({ "spec": { "min": 1, "max": 2 } }), None, &[], &[]);
    check_object(
        &schema,
        value!({ "spec": { "min": 3, "max": 2 } }),
        None,
        &["spec.min: Invalid value: min 3 over max"],
        &[],
    );
    check_object(&schema, value!({ "spec": { "min": 1, "max": 100 } }), None, &["spec.max: Forbidden: too much"], &[]);
    check_object(
        &schema,
        value!({ "spec": { "min": 1 } }),
        None,
        &["spec: Invalid value: \"object\": no such key: max evaluating rule: self.min <= self.max"],
        &[],
    );
}

#[test]
fn transitions_and_what_did_not_change() {
    let schema = with_spec(value!({
        "type": "object",
        "properties": {
            "a": { "type": "string", "x-kubernetes-validations": [{ "rule": "self == oldSelf" }, { "rule": "self != 'bad'" }] }
        }
    }));
    check_object(&schema, value!({ "spec": { "a": "x" } }), None, &[], &[]);
    let old = || Some(value!({ "spec": { "a": "bad" } }));
    check_object(
        &schema,
        value!({ "spec": { "a": "bad" } }),
        old(),
        &[],
        &["spec.a: Invalid value: \"bad\": failed rule: self != 'bad'"],
    );
    check_object(
        &schema,
        value!({ "spec": { "a": "x" } }),
        old(),
        &["spec.a: Invalid value: \"x\": failed rule: self == oldSelf"],
        &[],
    );
}

#[test]
fn names_of_objects_are_seen_at_the_root() {
    let schema =
        value!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self.metadata.name.startsWith('a')" }] });
    check_object(&schema, value!({ "metadata": { "name": "ab" } }), None, &[], &[]);
    check_object(
        &schema,
        value!({ "metadata": { "name": "b" } }),
        None,
        &["<nil>: Invalid value: failed rule: self.metadata.name.startsWith('a')"],
        &[],
    );
}
