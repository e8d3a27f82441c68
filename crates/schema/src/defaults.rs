//! Filling in the defaults that the schema states.
//!
//! A field that is absent gets its default, at any depth. A struct that is absent behind a pointer stays absent (its own
//! defaults are for those who wrote it); a struct that is not behind a pointer always exists in Go, so its defaults come
//! even where the object does not mention it. Defaults that depend on other fields are the kinds' own (crate `kind`).

use crate::{Field, Map, Shape, TypeRef, Value};

/// Fills the absent fields of `value`, a normal value of type `ty`, and keeps it normal.
pub fn apply(ty: TypeRef, value: &mut Value) {
    if let Value::Map(map) = value {
        fill(ty, map);
    }
}

fn fill(ty: TypeRef, map: &mut Map) {
    for field in ty.fields() {
        let key = field.json.as_str();
        let present = map.get(key).is_some_and(|value| field.nullable || !value.is_null());
        if !present && let Some(default) = wanted(field) {
            map.insert(field.json.clone(), default.clone());
        }
        match map.get_mut(key) {
            Some(value) => walk(ty, &field.shape, value),
            None => fill_absent(ty, field, map),
        }
    }
    if let Some(shape) = &ty.def().additional {
        for (key, value) in map.iter_mut() {
            if ty.field(key).is_none() {
                walk(ty, shape, value);
            }
        }
    }
}

/// The default, unless a normal value leaves it out anyway.
fn wanted(field: &Field) -> Option<&Value> {
    field.default.as_ref().filter(|default| field.pointer || !default.is_zero())
}

/// The defaults of a struct that is not behind a pointer and has nothing in it yet.
fn fill_absent(ty: TypeRef, field: &Field, map: &mut Map) {
    if let Shape::Struct(id) = field.shape
        && !field.pointer
    {
        let mut made = Map::new();
        fill(ty.resolve(id), &mut made);
        if !made.is_empty() {
            map.insert(field.json.clone(), made);
        }
    }
}

fn walk(ty: TypeRef, shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Struct(id), Value::Map(map)) => fill(ty.resolve(*id), map),
        (Shape::List(item) | Shape::WrappedList(item), Value::List(items)) => {
            items.iter_mut().for_each(|value| walk(ty, item, value));
        }
        (Shape::Map(item), Value::Map(map)) => map.iter_mut().for_each(|(_, value)| walk(ty, item, value)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Schema, value};

    const TEXT: &str = r#"
type Top
f name 1 string omit
f mode 2 string omit def="Always"
f count 3 i32 omit ptr def=1
f inner 4 @Inner omit def={}
f behind 5 @Inner omit ptr
f many 6 []@Inner omit
f keyed 7 {}@Inner omit
type Inner
f port 1 i32 omit def=80
f note 2 string always def=""
"#;

    fn check(mut before: Value, after: Value) {
        let schema = Schema::parse(TEXT).unwrap();
        apply(schema.by_name("Top").unwrap(), &mut before);
        assert_eq!(before, after);
    }

    #[test]
    fn absent_fields_and_structs_that_are_not_behind_pointers_are_filled() {
        check(value!({}), value!({ "mode": "Always", "count": 1, "inner": { "port": 80 } }));
    }

    #[test]
    fn what_is_there_stays() {
        let given = value!({ "mode": "Never", "count": 0, "inner": { "port": 1 } });
        check(given.clone(), given);
    }

    #[test]
    fn lists_maps_and_present_pointers_are_walked() {
        check(
            value!({ "mode": "x", "count": 2, "inner": { "port": 1 }, "behind": {}, "many": [{}, { "port": 3 }], "keyed": { "a": {} } }),
            value!({
                "mode": "x", "count": 2, "inner": { "port": 1 }, "behind": { "port": 80 },
                "many": [{ "port": 80 }, { "port": 3 }], "keyed": { "a": { "port": 80 } }
            }),
        );
    }
}
