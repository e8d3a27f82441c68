//! Kubernetes' functions of lists.

use super::{CallContext, Library, error, function, implementations, member, no_such_overload};
use crate::decl::Overload;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Val, compare, equals};
use std::cmp::Ordering;

pub(super) fn library() -> Library {
    let a = Type::Param("A");
    Library {
        functions: vec![
            function("isSorted", sorted_overloads()),
            function("sum", sum_overloads()),
            function("max", max_overloads()),
            function("min", min_overloads()),
            function("indexOf", vec![member("list_a_index_of_int", &[Type::list(a.clone()), a.clone()], Type::Int)]),
            function("lastIndexOf", vec![member("list_a_last_index_of_int", &[Type::list(a.clone()), a], Type::Int)]),
        ],
        implementations: vec![
            ("isSorted", is_sorted),
            ("sum", sum),
            ("max", |_, args| extreme(args, "max", Ordering::Less)),
            ("min", |_, args| extreme(args, "min", Ordering::Greater)),
            ("indexOf", |context, args| position(context, args, false)),
            ("lastIndexOf", |context, args| position(context, args, true)),
        ],
    }
}

pub(super) fn includes_library() -> Library {
    let overload = member("list_includes_dyn_dyn", &[Type::Dyn, Type::Dyn], Type::Bool);
    Library { functions: vec![function("includes", vec![overload])], implementations: vec![("includes", includes)] }
}

/// One overload for each type that has an order.
macro_rules! comparable {
    ($begin:literal, $end:literal, $typed:expr) => {{
        let of = |id, ty: Type| {
            let result = if $typed { ty.clone() } else { Type::Bool };
            member(id, &[Type::list(ty)], result)
        };
        vec![
            of(concat!("list_int", $begin, $end), Type::Int),
            of(concat!("list_uint", $begin, $end), Type::Uint),
            of(concat!("list_double", $begin, $end), Type::Double),
            of(concat!("list_bool", $begin, $end), Type::Bool),
            of(concat!("list_duration", $begin, $end), Type::Duration),
            of(concat!("list_timestamp", $begin, $end), Type::Timestamp),
            of(concat!("list_string", $begin, $end), Type::String),
            of(concat!("list_bytes", $begin, $end), Type::Bytes),
        ]
    }};
}

fn sorted_overloads() -> Vec<Overload> {
    comparable!("_is_sorted", "_bool", false)
}

fn max_overloads() -> Vec<Overload> {
    let ids = [
        "list_int_max_int",
        "list_uint_max_uint",
        "list_double_max_double",
        "list_bool_max_bool",
        "list_duration_max_duration",
        "list_timestamp_max_timestamp",
        "list_string_max_string",
        "list_bytes_max_bytes",
    ];
    typed_overloads(&ids)
}

fn min_overloads() -> Vec<Overload> {
    let ids = [
        "list_int_min_int",
        "list_uint_min_uint",
        "list_double_min_double",
        "list_bool_min_bool",
        "list_duration_min_duration",
        "list_timestamp_min_timestamp",
        "list_string_min_string",
        "list_bytes_min_bytes",
    ];
    typed_overloads(&ids)
}

/// From a list to its element, for ids in the order of the types that have an order.
fn typed_overloads(ids: &[&'static str; 8]) -> Vec<Overload> {
    use Type::{Bool, Bytes, Double, Duration, Int, String, Timestamp, Uint};
    let types = [Int, Uint, Double, Bool, Duration, Timestamp, String, Bytes];
    ids.iter().zip(types).map(|(id, ty)| member(id, &[Type::list(ty.clone())], ty)).collect()
}

fn sum_overloads() -> Vec<Overload> {
    let of = |id, ty: Type| member(id, &[Type::list(ty.clone())], ty);
    vec![
        of("list_int_sum_int", Type::Int),
        of("list_uint_sum_uint", Type::Uint),
        of("list_double_sum_double", Type::Double),
        of("list_duration_sum_duration", Type::Duration),
    ]
}

fn is_sorted(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    let mut previous: Option<Val> = None;
    for item in list.iter() {
        let item = item?;
        if let Some(previous) = &previous
            && compare(previous, &item)? == Ordering::Greater
        {
            return Ok(Val::Bool(false));
        }
        previous = Some(item);
    }
    Ok(Val::Bool(true))
}

fn sum(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    let mut sum: Option<Val> = None;
    for item in list.iter() {
        let item = item?;
        sum = Some(match sum {
            None => item,
            Some(sum) => match implementations("_+_") {
                [add, ..] => add(context, &[sum, item])?,
                [] => return no_such_overload(),
            },
        });
    }
    Ok(sum.unwrap_or(Val::Int(0)))
}

fn extreme(args: &[Val], name: &str, replaced_when: Ordering) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    let mut found: Option<Val> = None;
    for item in list.iter() {
        let item = item?;
        match &found {
            Some(best) if compare(best, &item)? != replaced_when => {}
            _ => found = Some(item),
        }
    }
    match found {
        Some(found) => Ok(found),
        None => error(format!("{name} called on empty list")),
    }
}

fn position(context: &mut CallContext<'_>, args: &[Val], last: bool) -> Result<Val, EvalError> {
    let [Val::List(list), wanted] = args else { return no_such_overload() };
    let mut found = -1;
    for (at, item) in list.iter().enumerate() {
        if equals(&item?, wanted, context.budget.fuel())? {
            found = at as i64;
            if !last {
                break;
            }
        }
    }
    Ok(Val::Int(found))
}

fn includes(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::List(list), wanted] => {
            for item in list.iter() {
                if equals(&item?, wanted, context.budget.fuel())? {
                    return Ok(Val::Bool(true));
                }
            }
            Ok(Val::Bool(false))
        }
        [value, wanted] => equals(value, wanted, context.budget.fuel()).map(Val::Bool),
        _ => no_such_overload(),
    }
}
