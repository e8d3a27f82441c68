use super::apply;
use schema::{Value, value};

#[track_caller]
fn check(doc: Value, patch: Value, want: Value) {
    let mut doc = doc;
    apply(&mut doc, &patch).unwrap();
    assert_eq!(doc, want);
}

#[track_caller]
fn check_error(doc: Value, patch: Value, code: i32, message: &str) {
    let mut doc = doc;
    let error = apply(&mut doc, &patch).unwrap_err();
    assert_eq!((error.code(), error.message().as_str()), (code, message), "{error:?}");
}

const REJECTED: &str = "the server rejected our request due to an error in our request";

#[test]
fn adds_removes_and_replaces() {
    check(value!({"a": 1}), value!([{"op": "add", "path": "/b", "value": {"c": 2}}]), value!({"a": 1, "b": {"c": 2}}));
    check(value!({"a": [1, 3]}), value!([{"op": "add", "path": "/a/1", "value": 2}]), value!({"a": [1, 2, 3]}));
    check(value!({"a": [1]}), value!([{"op": "add", "path": "/a/-", "value": 2}]), value!({"a": [1, 2]}));
    check(value!({"a": [1, 2]}), value!([{"op": "remove", "path": "/a/0"}]), value!({"a": [2]}));
    check(value!({"a": 1}), value!([{"op": "replace", "path": "/b", "value": 2}]), value!({"a": 1, "b": 2}));
    check(value!({"a/b": 1, "m~n": 2}), value!([{"op": "remove", "path": "/a~1b"}]), value!({"m~n": 2}));
    check(value!({"m~n": 2}), value!([{"op": "replace", "path": "/m~0n", "value": 3}]), value!({"m~n": 3}));
    check(value!({"a": 1}), value!([{"op": "replace", "path": "", "value": {"b": 1}}]), value!({"b": 1}));
    check(value!({"a": [1, 2]}), value!([{"op": "replace", "path": "/a/-1", "value": 9}]), value!({"a": [1, 9]}));
}

#[test]
fn moves_copies_and_tests() {
    check(value!({"a": 1}), value!([{"op": "move", "from": "/a", "path": "/b"}]), value!({"b": 1}));
    check(value!({"a": [1]}), value!([{"op": "copy", "from": "/a/0", "path": "/a/-"}]), value!({"a": [1, 1]}));
    check(value!({"a": 1}), value!([{"op": "copy", "from": "/none", "path": "/b"}]), value!({"a": 1, "b": null}));
    check(value!({"a": 1}), value!([{"op": "test", "path": "/a", "value": 1}]), value!({"a": 1}));
    check(value!({"a": 1}), value!([{"op": "test", "path": "/b", "value": null}]), value!({"a": 1}));
    check(value!({"a": 1}), value!(null), value!({"a": 1}));
}

#[test]
fn rejects_what_does_not_apply() {
    for patch in [
        value!([{"op": "test", "path": "/a", "value": 2}]),
        value!([{"op": "remove", "path": "/none"}]),
        value!([{"op": "add", "path": "/none/b", "value": 1}]),
        value!([{"op": "add", "path": "", "value": 1}]),
        value!([{"op": "replace", "path": "", "value": 1}]),
        value!([{"op": "add", "path": "/l/3", "value": 1}]),
        value!([{"op": "remove", "path": "/l/-"}]),
        value!([{"op": "remove", "path": "/l/1"}]),
        value!([{"op": "remove", "path": "/l/-2"}]),
        value!([{"op": "remove", "path": "/l/x"}]),
        value!([{"op": "remove", "path": "/l/99999999999999999999999"}]),
        value!([{"op": "move", "from": "/l", "path": "/l/0"}]),
        value!([{"op": "move", "path": "/b"}]),
        value!([{"op": "remove"}]),
        value!([{"op": "bogus", "path": "/a"}]),
        value!([{}]),
        value!([null]),
    ] {
        check_error(value!({"a": 1, "l": [1]}), patch, 422, REJECTED);
    }
}

#[test]
fn refuses_what_is_no_patch() {
    let wrong = |what: &str| format!("error decoding patch: json: cannot unmarshal {what}");
    check_error(value!({}), value!({"op": "add"}), 400, &wrong("object into Go value of type []handlers.jsonPatchOp"));
    check_error(value!({}), value!([1]), 400, &wrong("number into Go value of type handlers.jsonPatchOp"));
    check_error(
        value!({}),
        value!([{"op": 1}]),
        400,
        &wrong("number into Go struct field jsonPatchOp.op of type string"),
    );
}

#[test]
fn bounds_operations_and_copies() {
    let operations = vec![value!({"op": "test", "path": "/a", "value": 1}); super::MAX_OPERATIONS + 1];
    check_error(
        value!({"a": 1}),
        Value::List(operations),
        413,
        "Request entity is too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
    let doubling = vec![value!({"op": "copy", "from": "/a", "path": "/a/-"}); 64];
    check_error(value!({"a": ["x"]}), Value::List(doubling), 422, REJECTED);
}

#[test]
fn bounds_depth() {
    let doubling = (0..18).map(|n| {
        let path = "/a".repeat((1 << n) + 1);
        value!({ "op": "copy", "from": "/a", "path": path })
    });
    check_error(value!({"a": {}}), Value::List(doubling.collect()), 422, REJECTED);
}
