//! Optional values: cel-go's library of version 2.

use super::{CallContext, Library, error, function, member, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::Val;
use std::sync::Arc;

pub(super) fn library() -> Library {
    use Type::{Bool, Int};
    let (v, k) = (Type::Param("V"), Type::Param("K"));
    let some = Type::optional(v.clone());
    let (list, map) = (Type::list(v.clone()), Type::map(k.clone(), v.clone()));
    let (some_list, some_map) = (Type::optional(list.clone()), Type::optional(map.clone()));
    let some_items = Type::list(some.clone());
    Library {
        functions: vec![
            function("optional.of", vec![overload("optional_of", std::slice::from_ref(&v), some.clone())]),
            function(
                "optional.ofNonZeroValue",
                vec![overload("optional_ofNonZeroValue", std::slice::from_ref(&v), some.clone())],
            ),
            function("optional.none", vec![overload("optional_none", &[], some.clone())]),
            function("value", vec![member("optional_value", std::slice::from_ref(&some), v.clone())]),
            function("hasValue", vec![member("optional_hasValue", std::slice::from_ref(&some), Bool)]),
            function("or", vec![member("optional_or_optional", &[some.clone(), some.clone()], some.clone())]),
            function("orValue", vec![member("optional_orValue_value", &[some.clone(), v.clone()], v.clone())]),
            function("_?._", vec![overload("select_optional_field", &[Type::Dyn, Type::String], some.clone())]),
            function(
                "_[?_]",
                vec![
                    overload("list_optindex_optional_int", &[list.clone(), Int], some.clone()),
                    overload("optional_list_optindex_optional_int", &[some_list.clone(), Int], some.clone()),
                    overload("map_optindex_optional_value", &[map.clone(), k.clone()], some.clone()),
                    overload("optional_map_optindex_optional_value", &[some_map.clone(), k.clone()], some.clone()),
                ],
            ),
            function(
                "_[_]",
                vec![
                    overload("optional_list_index_int", &[some_list, Int], some.clone()),
                    overload("optional_map_index_value", &[some_map, k], some.clone()),
                ],
            ),
            function(
                "optional.unwrap",
                vec![overload("optional_unwrap", std::slice::from_ref(&some_items), list.clone())],
            ),
            function("unwrapOpt", vec![member("optional_unwrapOpt", &[some_items], list.clone())]),
            function("first", vec![member("list_first", std::slice::from_ref(&list), some.clone())]),
            function("last", vec![member("list_last", &[list], some)]),
        ],
        implementations: vec![
            ("optional.of", |_, args| one(args, |value| Ok(Val::some(value.clone())))),
            ("optional.ofNonZeroValue", |_, args| {
                one(args, |value| Ok(if is_zero(value) { Val::NONE } else { Val::some(value.clone()) }))
            }),
            ("optional.none", |_, args| if args.is_empty() { Ok(Val::NONE) } else { no_such_overload() }),
            ("value", value),
            ("hasValue", |_, args| match args {
                [Val::Optional(inner)] => Ok(Val::Bool(inner.is_some())),
                _ => no_such_overload(),
            }),
            ("or", or),
            ("orValue", or_value),
            ("optional.unwrap", unwrap),
            ("unwrapOpt", unwrap),
            ("first", |_, args| edge(args, false)),
            ("last", |_, args| edge(args, true)),
        ],
    }
}

fn one(args: &[Val], of: fn(&Val) -> Result<Val, EvalError>) -> Result<Val, EvalError> {
    match args {
        [value] => of(value),
        _ => no_such_overload(),
    }
}

fn is_zero(value: &Val) -> bool {
    match value {
        Val::Null => true,
        Val::Bool(value) => !value,
        Val::Int(value) | Val::Duration(value) => *value == 0,
        Val::Uint(value) => *value == 0,
        Val::Double(value) => *value == 0.0,
        Val::String(_) | Val::Bytes(_) | Val::List(_) | Val::Map(_) => value.size() == 0,
        Val::Timestamp(at) => at.seconds == -62_135_596_800 && at.nanos == 0,
        Val::Object(object) => object.fields.values().all(is_zero),
        Val::Optional(inner) => inner.is_none(),
        Val::Type(_) | Val::Opaque(_) => false,
    }
}

fn value(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Optional(Some(inner))] => Ok((**inner).clone()),
        [Val::Optional(None)] => error("optional.none() dereference"),
        _ => no_such_overload(),
    }
}

fn or(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [some @ Val::Optional(Some(_)), Val::Optional(_)] => Ok(some.clone()),
        [Val::Optional(None), other @ Val::Optional(_)] => Ok(other.clone()),
        _ => no_such_overload(),
    }
}

fn or_value(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Optional(Some(inner)), _] => Ok((**inner).clone()),
        [Val::Optional(None), other] => Ok(other.clone()),
        _ => no_such_overload(),
    }
}

fn unwrap(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    let mut items = Vec::new();
    for item in list.iter() {
        match item? {
            Val::Optional(inner) => items.extend(inner.map(Arc::unwrap_or_clone)),
            _ => return no_such_overload(),
        }
    }
    Ok(Val::list(items))
}

fn edge(args: &[Val], last: bool) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    let at = if last { list.len().checked_sub(1) } else { Some(0) };
    Ok(Val::Optional(at.and_then(|at| list.get(at)).transpose()?.map(Arc::new)))
}
