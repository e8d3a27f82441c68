//! No input makes an engine panic, and the laws of sets and merges hold.

use patch::managed::{FieldManager, FieldSet};
use proptest::prelude::*;
use schema::{Schema, Text, Time, TypeRef, Value, value};

/// Depth, nodes and width of random values.
const DEPTH: u32 = 5;
const NODES: u32 = 48;
const WIDTH: u32 = 4;

/// Few names, most of them meaningful, so that random values meet each other and the schema.
const NAMES: &[&str] = &[
    "spec",
    "metadata",
    "template",
    "containers",
    "initContainers",
    "ports",
    "env",
    "name",
    "labels",
    "finalizers",
    "ownerReferences",
    "uid",
    "containerPort",
    "protocol",
    "image",
    "replicas",
    "selector",
    "matchLabels",
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "$setElementOrder/finalizers",
    "$deleteFromPrimitiveList/finalizers",
    "$deleteFromPrimitiveList",
    "op",
    "path",
    "from",
    "value",
    "managedFields",
    "fieldsV1",
    "manager",
    "operation",
    "apiVersion",
    "kind",
    "fieldsType",
    "f:spec",
    "k:{\"name\":\"a\"}",
    "v:1",
    "i:0",
    ".",
    "x",
];
const TEXTS: &[&str] = &[
    "a",
    "b",
    "",
    "delete",
    "replace",
    "merge",
    "add",
    "remove",
    "move",
    "copy",
    "test",
    "/spec",
    "/metadata/labels/a",
    "/spec/containers/0",
    "/spec/containers/-",
    "/~1/~0",
    "Deployment",
    "apps/v1",
    "FieldsV1",
    "Update",
    "Apply",
    "TCP",
];

fn any_value() -> impl Strategy<Value = Value> {
    let name = || prop::sample::select(NAMES).prop_map(Text::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2i64..90).prop_map(Value::Int),
        (-2.0..2.0f64).prop_map(Value::Float),
        prop::sample::select(TEXTS).prop_map(Value::str),
    ];
    leaf.prop_recursive(DEPTH, NODES, WIDTH, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..WIDTH as usize).prop_map(Value::List),
            prop::collection::vec((name(), inner), 0..WIDTH as usize)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

/// A deployment with random parts.
fn any_object() -> impl Strategy<Value = Value> {
    (any_value(), any_value(), any_value(), any_value()).prop_map(|(finalizers, containers, spec, entries)| {
        let mut object = value!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec});
        object.set(&["metadata", "finalizers"], Value::List(finalizers.items().to_vec()));
        object.set(&["metadata", "managedFields"], entries);
        object.set(&["spec", "template", "spec", "containers"], containers);
        object
    })
}

/// Without what decoding takes away: nulls, and what is empty without them.
fn settled(value: &Value) -> Value {
    let kept = |value: &Value| !value.is_null() && value != &Value::map() && value != &Value::List(Vec::new());
    match value {
        Value::Map(map) => {
            let members = map.iter().map(|(key, member)| (key.into(), settled(member)));
            Value::Map(members.filter(|(_, member)| kept(member)).collect())
        }
        Value::List(items) => Value::List(items.iter().map(settled).filter(kept).collect()),
        other => other.clone(),
    }
}

fn deployment() -> TypeRef<'static> {
    Schema::builtin().by_kind("apps/v1", "Deployment").unwrap()
}

fn field_manager() -> FieldManager<'static> {
    FieldManager {
        ty: deployment(),
        api_version: "apps/v1",
        kind: "Deployment",
        subresource: "",
        reset: &[],
        versions: None,
    }
}

proptest! {
    #[test]
    fn plain_patches_do_not_panic(target in any_object(), patch in any_value()) {
        let _ = patch::json_patch::apply(&mut target.clone(), &patch);
        let _ = patch::json_patch::apply(&mut target.clone(), &Value::List(vec![patch.clone()]));
        let _ = patch::merge::apply(&mut target.clone(), &patch);
        let _ = patch::strategic::apply(deployment(), &mut target.clone(), &patch);
        let mut written = patch::written::form(deployment(), &target);
        let _ = patch::strategic::apply(deployment(), &mut written, &patch);
    }

    #[test]
    fn merging_an_object_into_itself_changes_nothing(target in any_object()) {
        let mut clean = value!({});
        patch::merge::apply(&mut clean, &target).unwrap();
        let mut merged = clean.clone();
        patch::merge::apply(&mut merged, &clean).unwrap();
        prop_assert_eq!(merged, clean);
    }

    #[test]
    fn field_management_does_not_panic(live in any_object(), new in any_object(), applied in any_object()) {
        let manager = field_manager();
        let mut created = new.clone();
        manager.on_update(&Value::Null, &mut created, "m", Time::from_unix(1));
        let mut updated = new;
        manager.on_update(&live, &mut updated, "m", Time::from_unix(1));
        let mut applied = applied;
        applied.remove(&["metadata", "managedFields"]);
        for force in [false, true] {
            let _ = manager.on_apply(&Value::Null, &applied, "m", force, Time::from_unix(2));
            if let Ok(first) = manager.on_apply(&created, &applied, "m", force, Time::from_unix(2)) {
                // Applying the same again changes nothing.
                let second = manager.on_apply(&first, &applied, "m", force, Time::from_unix(3));
                let spec = |object: &Value| settled(&value!({ "spec": (object["spec"].clone()) }));
                prop_assert_eq!(second.map(|object| spec(&object)), Ok(spec(&first)));
            }
        }
    }

    #[test]
    fn sets_obey_their_laws(a in any_value(), b in any_value()) {
        let (Ok(a), Ok(b)) = (FieldSet::from_fields_v1(&a), FieldSet::from_fields_v1(&b)) else { return Ok(()) };
        prop_assert_eq!(&FieldSet::from_fields_v1(&a.to_fields_v1()).unwrap(), &a);
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
        prop_assert_eq!(&a.difference(&b).union(&a.intersection(&b)), &a);
        prop_assert!(a.intersection(&b).difference(&a).is_empty());
    }
}
