use super::apply;
use schema::{Schema, Value, value};

const SCHEMA: &str = "\
type x.Pod
f name 1 string omit
f labels 2 {}string omit
f finalizers 3 []string omit patch=merge
f args 4 []string omit
f containers 5 []@x.Container omit patch=merge mkey=name
f taints 6 []@x.Container omit
f raw 7 raw omit
f source 8 @x.Container ptr omit patch=replace
type x.Container
f name 1 string omit
f image 2 string omit
f ports 3 []@x.Port omit patch=merge mkey=port
type x.Port
f port 1 i32 omit
f protocol 2 string omit
";

fn run(target: Value, patch: Value) -> Result<Value, crate::PatchError> {
    let schema = Schema::parse(SCHEMA).unwrap();
    let mut target = target;
    apply(schema.by_name("x.Pod").unwrap(), &mut target, &patch)?;
    Ok(target)
}

#[track_caller]
fn check(target: Value, patch: Value, want: Value) {
    assert_eq!(run(target, patch).unwrap(), want);
}

#[track_caller]
fn check_error(target: Value, patch: Value, code: i32, message: &str) {
    let error = run(target, patch).unwrap_err();
    assert_eq!((error.code(), error.message().as_str()), (code, message));
}

#[test]
fn merges_maps_and_replaces_plain_lists() {
    check(value!({"labels": {"a": "1"}}), value!({"labels": {"b": "2"}}), value!({"labels": {"a": "1", "b": "2"}}));
    check(value!({"labels": {"a": "1"}}), value!({"labels": {"a": null}}), value!({"labels": {}}));
    check(value!({"args": ["a"]}), value!({"args": ["b"]}), value!({"args": ["b"]}));
    check(value!({}), value!({"labels": {"a": null, "b": "1"}}), value!({"labels": {"b": "1"}}));
    check(value!({"labels": {"a": "1"}}), value!({"labels": "x"}), value!({"labels": "x"}));
    check(
        value!({"source": {"name": "a", "image": "b"}}),
        value!({"source": {"name": "c"}}),
        value!({"source": {"name": "c"}}),
    );
}

#[test]
fn merges_lists_of_scalars() {
    check(value!({"finalizers": ["x"]}), value!({"finalizers": ["a", "b"]}), value!({"finalizers": ["a", "b", "x"]}));
    check(value!({"finalizers": ["x", "a"]}), value!({"finalizers": ["a"]}), value!({"finalizers": ["x", "a"]}));
    check(
        value!({"finalizers": ["a", "b", "x"]}),
        value!({"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}),
        value!({"finalizers": ["c", "b", "x"]}),
    );
    check(
        value!({"finalizers": ["x", "c", "b"]}),
        value!({"$setElementOrder/finalizers": ["b", "c"]}),
        value!({"finalizers": ["x", "b", "c"]}),
    );
    check(value!({}), value!({"$deleteFromPrimitiveList/finalizers": ["a"]}), value!({}));
}

#[test]
fn merges_lists_of_maps_by_key() {
    let have = value!({"containers": [{"name": "a", "image": "1"}, {"name": "b"}]});
    check(
        have.clone(),
        value!({"containers": [{"name": "b", "image": "2"}]}),
        value!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}),
    );
    check(
        have.clone(),
        value!({"containers": [{"name": "c"}]}),
        value!({"containers": [{"name": "c"}, {"name": "a", "image": "1"}, {"name": "b"}]}),
    );
    check(
        have.clone(),
        value!({"containers": [{"name": "a", "$patch": "delete"}]}),
        value!({"containers": [{"name": "b"}]}),
    );
    check(
        have.clone(),
        value!({"containers": [{"$patch": "replace"}, {"name": "z"}]}),
        value!({"containers": [{"name": "z"}]}),
    );
    check(
        have.clone(),
        value!({"$setElementOrder/containers": [{"name": "b"}, {"name": "n"}, {"name": "a"}],
            "containers": [{"name": "n"}, {"name": "a", "ports": [{"port": 1}]}]}),
        value!({"containers": [{"name": "b"}, {"name": "n"}, {"name": "a", "image": "1", "ports": [{"port": 1}]}]}),
    );
    check(
        value!({"containers": [{"name": "a", "ports": [{"port": 1, "protocol": "x"}]}]}),
        value!({"containers": [{"name": "a", "ports": [{"port": 1, "protocol": null}, {"port": 2}]}]}),
        value!({"containers": [{"name": "a", "ports": [{"port": 1}, {"port": 2}]}]}),
    );
}

#[test]
fn obeys_directives_in_maps() {
    check(
        value!({"labels": {"a": "1"}}),
        value!({"labels": {"$patch": "replace", "b": "2"}}),
        value!({"labels": {"b": "2"}}),
    );
    check(value!({"labels": {"a": "1"}}), value!({"labels": {"$patch": "delete"}}), value!({"labels": {}}));
    check(value!({}), value!({"labels": {"$patch": "delete"}}), value!({}));
    check(
        value!({"name": "n", "labels": {"a": "1"}, "args": []}),
        value!({"$retainKeys": ["labels", "name"], "name": "m"}),
        value!({"name": "m", "labels": {"a": "1"}}),
    );
}

#[test]
fn names_what_is_wrong() {
    check_error(
        value!({"labels": {}}),
        value!({"labels": {"p": null, "$patch": "merge"}}),
        500,
        "unknown patch type: merge in map: map[$patch:merge p:<nil>]",
    );
    check_error(
        value!({"containers": [{"name": "a"}]}),
        value!({"containers": [{"image": "a"}]}),
        500,
        "map: map[image:a] does not contain declared merge key: name",
    );
    check_error(value!({}), value!({"$retainKeys": ["a"], "name": "x"}), 400, "invalid patch format of retainKeys");
    check_error(
        value!({"containers": [{"name": "a"}]}),
        value!({"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "b"}]}),
        500,
        "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    );
    check_error(
        value!({"raw": {"a": {}}}),
        value!({"raw": {"a": {}}}),
        500,
        "unable to find api field in struct RawExtension for the json field \"a\"",
    );
}

#[test]
fn grows_with_the_length_of_the_lists() {
    let names = (0..20_000).map(|n| value!({ "name": (format!("c{n}")) })).collect::<Vec<_>>();
    let target = value!({ "containers": (names.clone()) });
    assert_eq!(run(target.clone(), target.clone()).unwrap(), target);
}
