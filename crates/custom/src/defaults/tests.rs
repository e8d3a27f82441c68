//! What is filled in and what is dropped; doing it again changes nothing.

use super::*;
use schema::value;
use stdx::{Rng, SeededRng};

fn defaulted(schema: &Value, mut object: Value) -> Value {
    apply(&Node::parse(schema), &mut object);
    object
}

#[test]
fn absent_members_and_nulls_get_their_defaults() {
    let schema = value!({ "type": "object", "properties": {
        "a": { "type": "string", "default": "x" },
        "b": { "type": "object", "default": {}, "properties": { "c": { "type": "integer", "default": 1 } } },
        "d": { "type": "object", "properties": { "e": { "type": "integer", "default": 2 } } },
        "n": { "type": "string", "nullable": true, "default": "y" },
        "z": { "type": "string" },
        "m": { "type": "object", "additionalProperties": { "type": "string", "default": "v" } },
        "l": { "type": "array", "items": { "type": "object", "properties": { "f": { "type": "string", "default": "g" } } } }
    } });
    assert_eq!(defaulted(&schema, value!({})), value!({ "a": "x", "b": { "c": 1 }, "n": "y" }));
    let given = value!({
        "a": null, "b": { "c": 5 }, "d": {}, "n": null, "z": null, "m": { "k": null }, "l": [{}], "unknown": null
    });
    let wanted = value!({
        "a": "x", "b": { "c": 5 }, "d": { "e": 2 }, "n": null, "m": { "k": "v" }, "l": [{ "f": "g" }], "unknown": null
    });
    assert_eq!(defaulted(&schema, given), wanted);
}

#[test]
fn unknown_members_of_defaults_go() {
    let node = Node::parse(&value!({ "type": "object", "properties": {
        "a": { "type": "object", "properties": { "b": { "type": "string" } } },
        "keep": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
    } }));
    let mut object = value!({ "a": { "b": "x", "c": 1 }, "keep": { "any": 1 }, "gone": 1, "kind": "K" });
    let mut embedded = object.clone();
    prune(&node, &mut object, false);
    assert_eq!(object, value!({ "a": { "b": "x" }, "keep": { "any": 1 } }));
    prune(&node, &mut embedded, true);
    assert_eq!(embedded, value!({ "a": { "b": "x" }, "keep": { "any": 1 }, "kind": "K" }));
}

fn random_schema(rng: &SeededRng, depth: usize) -> Value {
    let mut schema = match rng.below(if depth == 0 { 2 } else { 5 }) {
        0 => value!({ "type": "string", "default": "d" }),
        1 => value!({ "type": "integer" }),
        2 => value!({ "type": "array", "items": (random_schema(rng, depth - 1)) }),
        3 => value!({ "type": "object", "additionalProperties": (random_schema(rng, depth - 1)) }),
        _ => {
            let mut schema = value!({ "type": "object", "default": {} });
            for name in ["a", "b", "c"] {
                schema.set(&["properties", name], random_schema(rng, depth - 1));
            }
            schema
        }
    };
    if rng.below(3) == 0 {
        schema.set(&["nullable"], true);
    }
    schema
}

fn random_object(rng: &SeededRng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 3 } else { 6 }) {
        0 => Value::Null,
        1 => value!("s"),
        2 => value!(7),
        3 => value!([(random_object(rng, depth - 1)), (random_object(rng, depth - 1))]),
        _ => {
            let mut object = Value::map();
            for name in ["a", "b", "c", "unknown"].into_iter().filter(|_| rng.below(2) == 0) {
                object.set(&[name], random_object(rng, depth - 1));
            }
            object
        }
    }
}

#[test]
fn doing_it_again_changes_nothing() {
    for seed in 0..2_000 {
        let rng = SeededRng::new(seed);
        let node = Node::parse(&random_schema(&rng, 3));
        let mut object = random_object(&rng, 4);
        apply(&node, &mut object);
        let once = object.clone();
        apply(&node, &mut object);
        assert_eq!(object, once, "seed {seed}: defaulting");
        prune(&node, &mut object, false);
        let pruned = object.clone();
        prune(&node, &mut object, false);
        assert_eq!(object, pruned, "seed {seed}: pruning");
        apply(&node, &mut object);
        assert_eq!(object, pruned, "seed {seed}: nothing known is pruned");
    }
}
