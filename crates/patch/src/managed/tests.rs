use super::scale::{ReplicasPath, from_scale, to_scale};
use super::{ApplyError, FieldManager, FieldSet, MAX_UPDATE_MANAGERS, Versions, keep_times_of_unchanged};
use schema::{Schema, Time, TypeRef, Value, value};

const SCHEMA: &str = "\
type x.Pod
f apiVersion 0 string omit
f kind 0 string omit
f metadata 1 @x.Meta omit
f spec 2 @x.Spec always
f status 3 @x.Status always
type x.Meta
f name 1 string omit
f uid 2 string omit
f labels 3 {}string omit
f annotations 4 {}string omit
f managedFields 5 []raw omit
type x.Spec
f replicas 1 i32 ptr omit
f items 2 []@x.Item omit list=map:name
f set 3 []string omit list=set
f args 4 []string omit
f selector 5 @x.Selector ptr omit
type x.Item
f name 1 string always
f image 2 string omit
type x.Selector atomic
f labels 1 {}string omit
type x.Status
f phase 1 string omit
type x.Pod2
f apiVersion 0 string omit
f kind 0 string omit
f metadata 1 @x.Meta omit
f spec 2 @x.Spec2 always
f status 3 @x.Status always
type x.Spec2
f count 1 i32 ptr omit
f set 3 []string omit list=set
gvk v1 Pod x.Pod
gvk v2 Pod x.Pod2
";

struct World {
    schema: Schema,
    object: Value,
}

impl World {
    fn new() -> World {
        World { schema: Schema::parse(SCHEMA).unwrap(), object: Value::Null }
    }

    fn manager(&self) -> FieldManager<'_> {
        let ty = self.schema.by_name("x.Pod").unwrap();
        FieldManager { ty, api_version: "v1", kind: "Pod", subresource: "", reset: &[], versions: None }
    }

    fn update(&mut self, manager: &str, seconds: i64, object: Value) -> &mut World {
        let mut new = object;
        new.set(&["metadata", "uid"], "u");
        self.manager().on_update(&self.object, &mut new, manager, Time::from_unix(seconds));
        self.object = new;
        self
    }

    fn apply(&mut self, manager: &str, spec: Value, force: bool) -> Result<(), ApplyError> {
        let applied = value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec});
        self.object = self.manager().on_apply(&self.object, &applied, manager, force, Time::from_unix(9))?;
        self.object.set(&["metadata", "uid"], "u");
        Ok(())
    }

    /// The entries as lines: manager, operation, fields.
    #[track_caller]
    fn check(&self, want: &[&str]) {
        let line = |entry: &Value| {
            let fields = schema::json::to_string(&entry["fieldsV1"]);
            format!("{} {} {fields}", entry.str_at(&["manager"]), entry.str_at(&["operation"]))
        };
        let lines: Vec<String> = self.object.at(&["metadata", "managedFields"]).items().iter().map(line).collect();
        assert_eq!(lines, want);
    }
}

fn pod(spec: Value) -> Value {
    value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
}

#[test]
fn sets_read_and_write_themselves() {
    let text = r#"{"f:a":{".":{},"f:b":{}},"f:l":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}},"v:\"x\"":{},"i:3":{}}}"#;
    let value = schema::json::parse(text.as_bytes(), Default::default()).unwrap();
    let set = FieldSet::from_fields_v1(&value).unwrap();
    assert_eq!(set.to_fields_v1(), value);
    let mut paths = Vec::new();
    set.for_each(&mut |path| paths.push(super::Path(path).to_string()));
    assert_eq!(
        paths,
        [".a", ".a.b", ".l[port=80,protocol=\"TCP\"]", ".l[=\"x\"]", ".l[3]", ".l[port=80,protocol=\"TCP\"].port"]
    );
    assert_eq!(set.difference(&set), FieldSet::new());
    assert_eq!(set.union(&set), set);
    assert_eq!(set.intersection(&set), set);
    let a = FieldSet::of_names(&["a"]);
    assert_eq!(schema::json::to_string(&set.difference(&a).to_fields_v1()["f:a"]), r#"{"f:b":{}}"#);
    assert!(set.recursive_difference(&a).to_fields_v1().get("f:a").is_none());
}

#[test]
fn creators_own_what_they_set() {
    let mut world = World::new();
    world.update("one", 1, pod(value!({"replicas": 1, "items": [{"name": "a", "image": "i"}], "args": ["x"]})));
    world.check(&[
        r#"one Update {"f:spec":{"f:args":{},"f:items":{".":{},"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:name":{}}},"f:replicas":{}}}"#,
    ]);
}

#[test]
fn updates_take_over_what_they_change() {
    let mut world = World::new();
    world.update("one", 1, pod(value!({"replicas": 1, "set": ["a", "b"]})));
    let entries = world.object.at(&["metadata", "managedFields"]).clone();
    let mut next = pod(value!({"replicas": 2, "set": ["b"]}));
    next.set(&["metadata", "managedFields"], entries);
    world.update("two", 2, next);
    world.check(&[
        r#"one Update {"f:spec":{"f:set":{".":{},"v:\"b\"":{}}}}"#,
        r#"two Update {"f:spec":{"f:replicas":{}}}"#,
    ]);
    assert_eq!(world.object.at(&["metadata", "managedFields"]).items()[0].str_at(&["time"]), "1970-01-01T00:00:01Z");
    // An update without effect leaves entries and times alone; one that forgets the entries too.
    let before = world.object.clone();
    world.update("three", 3, pod(value!({"replicas": 2, "set": ["b"]})));
    assert_eq!(world.object.at(&["metadata", "managedFields"]), before.at(&["metadata", "managedFields"]));
}

#[test]
fn one_empty_entry_clears_all() {
    let mut world = World::new();
    world.update("one", 1, pod(value!({"replicas": 1})));
    let mut cleared = pod(value!({"replicas": 3}));
    cleared.set(&["metadata", "managedFields"], value!([{}]));
    world.update("two", 2, cleared);
    world.check(&[]);
    // From then on updates are not tracked, until the first apply.
    world.update("two", 3, pod(value!({"replicas": 4})));
    world.check(&[]);
    world.apply("ap", value!({"set": ["a"]}), false).unwrap();
    world.check(&[
        r#"ap Apply {"f:spec":{"f:set":{"v:\"a\"":{}}}}"#,
        r#"before-first-apply Update {"f:spec":{"f:replicas":{}}}"#,
    ]);
}

#[test]
fn appliers_share_disown_and_conflict() {
    let mut world = World::new();
    world.apply("one", value!({"replicas": 1, "items": [{"name": "a", "image": "1"}, {"name": "b"}]}), false).unwrap();
    world.apply("two", value!({"replicas": 1, "items": [{"name": "c"}]}), false).unwrap();
    assert_eq!(world.object["spec"]["items"], value!([{"name": "a", "image": "1"}, {"name": "b"}, {"name": "c"}]));
    let error = world.apply("two", value!({"replicas": 2, "items": [{"name": "a", "image": "2"}]}), false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Apply failed with 2 conflicts: conflicts with \"one\":\n- .spec.replicas\n- .spec.items[name=\"a\"].image"
    );
    let error = world.apply("two", value!({"replicas": 2}), false).unwrap_err();
    assert_eq!(error.to_string(), "Apply failed with 1 conflict: conflict with \"one\": .spec.replicas");
    world.apply("two", value!({"replicas": 2}), true).unwrap();
    assert_eq!(world.object["spec"]["items"], value!([{"name": "a", "image": "1"}, {"name": "b"}]));
    world.apply("one", value!({"items": [{"name": "b"}]}), false).unwrap();
    assert_eq!(world.object["spec"], value!({"replicas": 2, "items": [{"name": "b"}]}));
    world.check(&[
        r#"one Apply {"f:spec":{"f:items":{"k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}}"#,
        r#"two Apply {"f:spec":{"f:replicas":{}}}"#,
    ]);
}

#[test]
fn applied_order_wins() {
    let mut world = World::new();
    world.apply("one", value!({"items": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}), false).unwrap();
    world.apply("two", value!({"items": [{"name": "c"}, {"name": "n"}, {"name": "a"}]}), false).unwrap();
    assert_eq!(world.object["spec"]["items"], value!([{"name": "b"}, {"name": "c"}, {"name": "n"}, {"name": "a"}]));
}

#[test]
fn client_side_apply_is_taken_over() {
    let mut world = World::new();
    let mut object = pod(value!({"replicas": 1}));
    let last = r#"{"apiVersion":"v1","kind":"Pod","spec":{"replicas":1}}"#;
    object.set(&["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], last);
    world.update("kubectl-client-side-apply", 1, object);
    assert!(world.apply("other", value!({"replicas": 2}), false).is_err());
    world.apply("kubectl", value!({"replicas": 2}), false).unwrap();
    let annotation = world.object.at(&["metadata", "annotations"]).as_map().unwrap().iter().next().unwrap().1.clone();
    assert_eq!(
        annotation.as_str().unwrap(),
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"replicas\":2}}\n"
    );
}

#[test]
fn refuses_what_is_no_configuration() {
    let world = World::new();
    let apply = |applied: Value| {
        world.manager().on_apply(&Value::Null, &applied, "m", false, Time::from_unix(1)).unwrap_err().to_string()
    };
    assert_eq!(apply(value!({"kind": "Pod"})), "invalid object type: /, Kind=Pod");
    assert_eq!(
        apply(value!({"apiVersion": "v1", "kind": "Pod", "metadata": {"managedFields": []}})),
        "metadata.managedFields must be nil"
    );
    let prefix = "failed to create typed patch object (/p; /v1, Kind=Pod): ";
    assert_eq!(apply(pod(value!({"bogus": 1}))), format!("{prefix}.spec.bogus: field not declared in schema"));
    assert_eq!(
        apply(pod(value!({"replicas": "x", "items": [{"image": "a"}]}))),
        format!(
            "{prefix}errors:\n  .spec.items: element 0: associative list with keys has an element that omits key field \"name\" (and doesn't have default value)\n  .spec.replicas: expected numeric (int or float), got string"
        )
    );
}

#[test]
fn old_updaters_are_joined() {
    let mut world = World::new();
    for n in 0..=MAX_UPDATE_MANAGERS as i64 {
        let labels = (0..=n).map(|n| (format!("l{n}").into(), Value::str("x"))).collect::<schema::Map>();
        let mut object = pod(value!({}));
        object.set(&["metadata", "labels"], labels);
        let manager = format!("m{n:02}");
        world.update(&manager, n + 1, object);
    }
    let entries = world.object.at(&["metadata", "managedFields"]).items();
    assert_eq!(entries.len(), MAX_UPDATE_MANAGERS);
    assert_eq!(entries[0].str_at(&["manager"]), "ancient-changes");
    assert_eq!(entries[0].str_at(&["time"]), "1970-01-01T00:00:02Z");
}

/// v2 calls the replicas `count`.
struct Renaming(Schema);

impl Versions for Renaming {
    fn convert(&self, value: &Value, api_version: &str) -> Option<(TypeRef<'_>, Value)> {
        let (from, to) = if api_version == "v2" { ("replicas", "count") } else { ("count", "replicas") };
        let mut converted = value.clone();
        converted.set(&["apiVersion"], api_version);
        if let Some(count) = converted.remove(&["spec", from]) {
            converted.set(&["spec", to], count);
        }
        Some((self.0.by_kind(api_version, "Pod")?, converted))
    }
}

#[test]
fn versions_are_compared_in_the_version_of_each_entry() {
    let versions = Renaming(Schema::parse(SCHEMA).unwrap());
    let manager = |api_version| {
        let ty = versions.0.by_kind(api_version, "Pod").unwrap();
        FieldManager { ty, api_version, kind: "Pod", subresource: "", reset: &[], versions: Some(&versions) }
    };
    let applied = |api_version: &str, spec: Value| value!({"apiVersion": api_version, "kind": "Pod", "spec": spec});
    let now = Time::from_unix(1);
    let old = manager("v2").on_apply(&Value::Null, &applied("v2", value!({"count": 1})), "one", false, now).unwrap();
    let (_, old) = versions.convert(&old, "v1").unwrap();
    // Entries stay in their version until their manager writes again.
    let error = manager("v1").on_apply(&old, &applied("v1", value!({"replicas": 2})), "two", false, now).unwrap_err();
    assert_eq!(error.to_string(), "Apply failed with 1 conflict: conflict with \"one\": .spec.count");
    let taken = manager("v1").on_apply(&old, &applied("v1", value!({"replicas": 2})), "two", true, now).unwrap();
    assert_eq!(taken["spec"], value!({"replicas": 2}));
    assert_eq!(taken.at(&["metadata", "managedFields"]).items().len(), 1);
    // What was applied in v2 and is no longer applied in v1 goes.
    let gone = manager("v1").on_apply(&old, &applied("v1", value!({"set": ["a"]})), "one", false, now).unwrap();
    assert_eq!(gone["spec"], value!({"set": ["a"]}));
}

#[test]
fn entries_follow_a_type_that_became_atomic() {
    let mut world = World::new();
    world.update("one", 1, pod(value!({"selector": {"labels": {"a": "1"}}})));
    let granular = value!({"f:spec": {"f:selector": {"f:labels": {"f:a": {}}}}});
    let mut object = world.object.clone();
    object.at_first_entry(granular);
    world.object = object;
    world.update("two", 2, pod(value!({"selector": {"labels": {"a": "1"}}, "replicas": 1})));
    world.check(&[r#"one Update {"f:spec":{"f:selector":{}}}"#, r#"two Update {"f:spec":{"f:replicas":{}}}"#]);
}

trait FirstEntry {
    fn at_first_entry(&mut self, fields: Value);
}

impl FirstEntry for Value {
    fn at_first_entry(&mut self, fields: Value) {
        let entries = self.get_mut("metadata").unwrap().get_mut("managedFields").unwrap();
        entries.as_list_mut().unwrap()[0].set(&["fieldsV1"], fields);
    }
}

#[test]
fn times_of_unchanged_objects_stay() {
    let object = |replicas: i64, seconds: i64| {
        let mut object = pod(value!({ "replicas": replicas }));
        let entry = value!({"manager": "m", "time": (Time::from_unix(seconds).to_text())});
        object.set(&["metadata", "managedFields"], vec![entry]);
        object
    };
    let mut same = object(1, 2);
    keep_times_of_unchanged(&object(1, 1), &mut same);
    assert_eq!(same, object(1, 1));
    let mut changed = object(2, 2);
    keep_times_of_unchanged(&object(1, 1), &mut changed);
    assert_eq!(changed, object(2, 2));
}

#[test]
fn scales_take_over_the_replicas() {
    let paths = ReplicasPath { versions: &[("v1", &["spec", "replicas"])], api_version: "v1" };
    let mut world = World::new();
    world.update("one", 1, pod(value!({"replicas": 1, "args": ["x"]})));
    let mut scale = value!({"kind": "Scale", "spec": {"replicas": 1}});
    to_scale(&world.object, &mut scale, paths);
    let entries = scale.at(&["metadata", "managedFields"]).clone();
    assert_eq!(entries.items()[0].str_at(&["apiVersion"]), "autoscaling/v1");
    assert_eq!(entries.items()[0]["fieldsV1"], value!({"f:spec": {"f:replicas": {}}}));
    // Unchanged: all stays with its manager.
    let mut object = world.object.clone();
    from_scale(&scale, &mut object, paths);
    assert_eq!(object, world.object);
    // Changed through the scale by someone else.
    let mut taken = entries.items()[0].clone();
    taken.set(&["manager"], "hpa");
    taken.set(&["subresource"], "scale");
    scale.set(&["metadata", "managedFields"], vec![taken]);
    from_scale(&scale, &mut world.object, paths);
    world.check(&[r#"hpa Update {"f:spec":{"f:replicas":{}}}"#, r#"one Update {"f:spec":{"f:args":{}}}"#]);
}
