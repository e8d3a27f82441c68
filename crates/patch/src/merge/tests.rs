use super::apply;
use schema::{Value, value};

#[track_caller]
fn check(target: Value, patch: Value, want: Value) {
    let mut target = target;
    apply(&mut target, &patch).unwrap();
    assert_eq!(target, want);
}

#[test]
fn merges_maps_and_deletes_by_null() {
    check(value!({"a": "b"}), value!({"a": "c"}), value!({"a": "c"}));
    check(value!({"a": "b"}), value!({"b": "c"}), value!({"a": "b", "b": "c"}));
    check(value!({"a": "b", "b": "c"}), value!({"a": null}), value!({"b": "c"}));
    check(value!({"a": ["b"]}), value!({"a": "c"}), value!({"a": "c"}));
    check(value!({"a": {"b": "c"}}), value!({"a": {"b": "d", "c": null}}), value!({"a": {"b": "d"}}));
    check(value!({"a": [{"b": "c"}]}), value!({"a": [1]}), value!({"a": [1]}));
    check(value!({"e": null}), value!({"a": 1}), value!({"e": null, "a": 1}));
    check(value!({}), value!({"a": {"bb": {"ccc": null}}}), value!({"a": {"bb": {}}}));
}

#[test]
fn drops_nulls_from_what_is_new() {
    check(value!({}), value!({"a": [null, {"b": null}]}), value!({"a": [null, {}]}));
    check(value!({"a": {}}), value!({"a": [{"b": null}]}), value!({"a": [{"b": null}]}));
}

#[test]
fn refuses_what_is_no_map() {
    let error = apply(&mut value!({}), &value!([1])).unwrap_err();
    assert_eq!(error.code(), 400);
    assert_eq!(
        error.message(),
        "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
    );
}

#[test]
fn deep_documents_fit_a_small_stack() {
    let deep = |leaf: Value| (0..1_000).fold(leaf, |inner, _| value!({ "a": inner }));
    let mut target = deep(value!({"x": 1}));
    apply(&mut target, &deep(value!({"y": 2}))).unwrap();
    assert_eq!(target, deep(value!({"x": 1, "y": 2})));
}
