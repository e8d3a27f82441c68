//! cel-go's extension of lists, version 3: slices, flattening, sorting, ranges.
//!
//! What these make or compare is charged before it is done, so that a large number in an expression takes neither time nor
//! memory.

use super::{CallContext, Library, error, function, member, no_such_overload, overload};
use crate::decl::Overload;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{List, Val, compare, equals};
use std::cmp::Ordering;

/// Making a list costs this and one a member.
const NEW_LIST: u64 = 10;
/// Lists inside lists.
const MAX_DEPTH: i64 = 600;
/// Members of a flattened list: lists that share parts can have far more than they cost to make.
const MAX_FLATTENED: usize = 1_000_000;

pub(super) fn library() -> Library {
    use Type::{Dyn, Int};
    let list = || Type::list(Type::Param("T"));
    Library {
        functions: vec![
            function("slice", vec![member("list_slice", &[list(), Int, Int], list())]),
            function(
                "flatten",
                vec![
                    member("list_flatten", &[Type::list(list())], list()),
                    member("list_flatten_int", &[Type::list(Dyn), Int], Type::list(Dyn)),
                ],
            ),
            function("sort", sort_overloads()),
            function("@sortByAssociatedKeys", sort_by_overloads()),
            function("lists.range", vec![overload("lists_range", &[Int], Type::list(Int))]),
            function("reverse", vec![member("list_reverse", &[list()], list())]),
            function("distinct", vec![member("list_distinct", &[list()], list())]),
        ],
        implementations: vec![
            ("slice", slice),
            ("flatten", flatten),
            ("sort", sort),
            ("@sortByAssociatedKeys", sort_by),
            ("lists.range", range),
            ("reverse", reverse),
            ("distinct", distinct),
        ],
    }
}

/// Types that have an order, in the order of their overloads.
const ORDERED: [Type; 8] =
    [Type::Int, Type::Uint, Type::Double, Type::Bool, Type::Duration, Type::Timestamp, Type::String, Type::Bytes];

fn sort_overloads() -> Vec<Overload> {
    let ids = [
        "list_int_sort",
        "list_uint_sort",
        "list_double_sort",
        "list_bool_sort",
        "list_google.protobuf.Duration_sort",
        "list_google.protobuf.Timestamp_sort",
        "list_string_sort",
        "list_bytes_sort",
    ];
    ids.into_iter().zip(ORDERED).map(|(id, ty)| member(id, &[Type::list(ty.clone())], Type::list(ty))).collect()
}

fn sort_by_overloads() -> Vec<Overload> {
    let ids = [
        "list_int_sortByAssociatedKeys",
        "list_uint_sortByAssociatedKeys",
        "list_double_sortByAssociatedKeys",
        "list_bool_sortByAssociatedKeys",
        "list_google.protobuf.Duration_sortByAssociatedKeys",
        "list_google.protobuf.Timestamp_sortByAssociatedKeys",
        "list_string_sortByAssociatedKeys",
        "list_bytes_sortByAssociatedKeys",
    ];
    let list = Type::list(Type::Param("T"));
    let of = |(id, keys)| member(id, &[list.clone(), Type::list(keys)], list.clone());
    ids.into_iter().zip(ORDERED).map(of).collect()
}

fn slice(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list), Val::Int(start), Val::Int(end)] = args else { return no_such_overload() };
    if *start < 0 || *end < 0 {
        return error(format!("cannot slice({start}, {end}), negative indexes not supported"));
    }
    if start > end {
        return error(format!("cannot slice({start}, {end}), start index must be less than or equal to end index"));
    }
    if (list.len() as u64) < *end as u64 {
        return error(format!("cannot slice({start}, {end}), list is length {}", list.len()));
    }
    let (start, count) = (*start as usize, (end - start) as usize);
    charge(context, count)?;
    list.iter().skip(start).take(count).collect::<Result<_, _>>().map(Val::list)
}

fn flatten(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (list, depth) = match args {
        [Val::List(list)] => (list, 1),
        [Val::List(list), Val::Int(depth)] => (list, *depth),
        _ => return no_such_overload(),
    };
    if depth < 0 {
        return error("level must be non-negative");
    }
    let mut members = Vec::new();
    context.budget.charge((list.len() as u64).saturating_mul(depth as u64).saturating_add(NEW_LIST))?;
    flatten_into(list, depth.min(MAX_DEPTH), &mut 0, &mut members)?;
    Ok(Val::list(members))
}

fn flatten_into(list: &List, depth: i64, visited: &mut usize, members: &mut Vec<Val>) -> Result<(), EvalError> {
    for item in list.iter() {
        *visited += 1;
        if *visited > MAX_FLATTENED {
            return Err(EvalError::CostExceeded);
        }
        match item? {
            Val::List(inner) if depth > 0 => flatten_into(&inner, depth - 1, visited, members)?,
            other => members.push(other),
        }
    }
    Ok(())
}

fn sort(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    sorted(context, list, list)
}

fn sort_by(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list), Val::List(keys)] = args else { return no_such_overload() };
    sorted(context, list, keys)
}

/// The members of a list in the order of their keys.
fn sorted(context: &mut CallContext<'_>, list: &List, keys: &List) -> Result<Val, EvalError> {
    let (length, key_count) = (list.len(), keys.len());
    if length != key_count {
        return error(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {length} and \
             {key_count} elements respectively"
        ));
    }
    charge_pairs(context, keys)?;
    let mut pairs: Vec<(Val, Val)> = Vec::with_capacity(length);
    for (key, item) in keys.iter().zip(list.iter()) {
        pairs.push((key?, item?));
    }
    if let Some((first, _)) = pairs.first() {
        if compare(first, first).is_err() {
            return error("list elements must be comparable");
        }
        let wanted = first.type_of();
        if pairs.iter().any(|(key, _)| key.type_of() != wanted) {
            return error("list elements must have the same type");
        }
    }
    pairs.sort_by(|(a, _), (b, _)| order(a, b));
    Ok(Val::list(pairs.into_iter().map(|(_, item)| item).collect()))
}

/// What is no number stands behind all numbers: sorting needs an order of everything.
fn order(a: &Val, b: &Val) -> Ordering {
    let is_nan = |value: &Val| matches!(value, Val::Double(number) if number.is_nan());
    compare(a, b).unwrap_or_else(|_| is_nan(a).cmp(&is_nan(b)))
}

fn range(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::Int(count)] = args else { return no_such_overload() };
    let count = (*count).max(0);
    charge(context, count as usize)?;
    Ok(Val::list((0..count).map(Val::Int).collect()))
}

fn reverse(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    charge(context, list.len())?;
    let mut members = list.iter().collect::<Result<Vec<_>, _>>()?;
    members.reverse();
    Ok(Val::list(members))
}

fn distinct(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::List(list)] = args else { return no_such_overload() };
    charge_pairs(context, list)?;
    let mut members: Vec<Val> = Vec::new();
    'items: for item in list.iter() {
        let item = item?;
        for known in &members {
            if equals(known, &item, context.budget.fuel())? {
                continue 'items;
            }
        }
        members.push(item);
    }
    Ok(Val::list(members))
}

/// For a new list.
fn charge(context: &mut CallContext<'_>, members: usize) -> Result<(), EvalError> {
    context.budget.charge((members as u64).saturating_add(NEW_LIST))
}

/// For comparing each member with each other, of which that of texts costs more.
fn charge_pairs(context: &mut CallContext<'_>, list: &List) -> Result<(), EvalError> {
    let factor = match list.iter().next() {
        Some(Ok(Val::String(_) | Val::Bytes(_))) => 2.1,
        _ => 2.0,
    };
    let pairs = (list.len() as u64).saturating_mul(list.len() as u64);
    context.budget.charge(((pairs as f64 * factor) as u64).saturating_add(NEW_LIST))
}
