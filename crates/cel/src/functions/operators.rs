//! Operators of arithmetic, order and membership, and `size`.

use super::{CallContext, Library, error, function, member, no_such_overload, overload};
use crate::decl::{Function, Overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Key, Timestamp, Val, add_lists, compare, equals};
use std::cmp::Ordering;
use std::sync::Arc;

const A: Type = Type::Param("A");
const B: Type = Type::Param("B");

pub(super) fn library() -> Library {
    let mut functions = forms();
    functions.extend(arithmetic());
    functions.extend(orders());
    functions.push(sizes());
    Library {
        functions,
        implementations: vec![
            ("!_", not),
            ("-_", negate),
            ("_+_", add),
            ("_-_", subtract),
            ("_*_", multiply),
            ("_/_", divide),
            ("_%_", modulo),
            ("_<_", |_, args| ordered(args, &[Ordering::Less])),
            ("_<=_", |_, args| ordered(args, &[Ordering::Less, Ordering::Equal])),
            ("_>_", |_, args| ordered(args, &[Ordering::Greater])),
            ("_>=_", |_, args| ordered(args, &[Ordering::Greater, Ordering::Equal])),
            ("@in", contains),
            ("size", size),
        ],
    }
}

/// Those that the evaluator sees to, with `!` and `in`.
fn forms() -> Vec<Function> {
    let bools = [Type::Bool, Type::Bool];
    vec![
        function("_?_:_", vec![overload("conditional", &[Type::Bool, A, A], A)]),
        function("_&&_", vec![overload("logical_and", &bools, Type::Bool)]),
        function("_||_", vec![overload("logical_or", &bools, Type::Bool)]),
        function("!_", vec![overload("logical_not", &[Type::Bool], Type::Bool)]),
        function("@not_strictly_false", vec![overload("not_strictly_false", &[Type::Bool], Type::Bool)]),
        function("_==_", vec![overload("equals", &[A, A], Type::Bool)]),
        function("_!=_", vec![overload("not_equals", &[A, A], Type::Bool)]),
        function(
            "_[_]",
            vec![
                overload("index_list", &[Type::list(A), Type::Int], A),
                overload("index_map", &[Type::map(A, B), A], B),
            ],
        ),
        function(
            "@in",
            vec![
                overload("in_list", &[A, Type::list(A)], Type::Bool),
                overload("in_map", &[A, Type::map(A, B)], Type::Bool),
            ],
        ),
    ]
}

fn binary(id: &'static str, ty: Type) -> Overload {
    overload(id, &[ty.clone(), ty.clone()], ty)
}

fn arithmetic() -> Vec<Function> {
    use Type::{Bytes, Double, Duration, Int, String, Timestamp, Uint};
    vec![
        function(
            "_+_",
            vec![
                binary("add_bytes", Bytes),
                binary("add_double", Double),
                binary("add_duration_duration", Duration),
                overload("add_duration_timestamp", &[Duration, Timestamp], Timestamp),
                overload("add_timestamp_duration", &[Timestamp, Duration], Timestamp),
                binary("add_int64", Int),
                binary("add_list", Type::list(A)),
                binary("add_string", String),
                binary("add_uint64", Uint),
            ],
        ),
        function(
            "_/_",
            vec![binary("divide_double", Double), binary("divide_int64", Int), binary("divide_uint64", Uint)],
        ),
        function("_%_", vec![binary("modulo_int64", Int), binary("modulo_uint64", Uint)]),
        function(
            "_*_",
            vec![binary("multiply_double", Double), binary("multiply_int64", Int), binary("multiply_uint64", Uint)],
        ),
        function("-_", vec![overload("negate_double", &[Double], Double), overload("negate_int64", &[Int], Int)]),
        function(
            "_-_",
            vec![
                binary("subtract_double", Double),
                binary("subtract_duration_duration", Duration),
                binary("subtract_int64", Int),
                overload("subtract_timestamp_duration", &[Timestamp, Duration], Timestamp),
                overload("subtract_timestamp_timestamp", &[Timestamp, Timestamp], Duration),
                binary("subtract_uint64", Uint),
            ],
        ),
    ]
}

/// The four orders have the same overloads under ids of their own.
macro_rules! order {
    ($name:literal, $id:literal) => {
        function(
            $name,
            vec![
                overload(concat!($id, "_bool"), &[Type::Bool, Type::Bool], Type::Bool),
                overload(concat!($id, "_int64"), &[Type::Int, Type::Int], Type::Bool),
                overload(concat!($id, "_int64_double"), &[Type::Int, Type::Double], Type::Bool),
                overload(concat!($id, "_int64_uint64"), &[Type::Int, Type::Uint], Type::Bool),
                overload(concat!($id, "_uint64"), &[Type::Uint, Type::Uint], Type::Bool),
                overload(concat!($id, "_uint64_double"), &[Type::Uint, Type::Double], Type::Bool),
                overload(concat!($id, "_uint64_int64"), &[Type::Uint, Type::Int], Type::Bool),
                overload(concat!($id, "_double"), &[Type::Double, Type::Double], Type::Bool),
                overload(concat!($id, "_double_int64"), &[Type::Double, Type::Int], Type::Bool),
                overload(concat!($id, "_double_uint64"), &[Type::Double, Type::Uint], Type::Bool),
                overload(concat!($id, "_string"), &[Type::String, Type::String], Type::Bool),
                overload(concat!($id, "_bytes"), &[Type::Bytes, Type::Bytes], Type::Bool),
                overload(concat!($id, "_timestamp"), &[Type::Timestamp, Type::Timestamp], Type::Bool),
                overload(concat!($id, "_duration"), &[Type::Duration, Type::Duration], Type::Bool),
            ],
        )
    };
}

fn orders() -> Vec<Function> {
    vec![
        order!("_<_", "less"),
        order!("_<=_", "less_equals"),
        order!("_>_", "greater"),
        order!("_>=_", "greater_equals"),
    ]
}

fn sizes() -> Function {
    let (list, map) = (Type::list(A), Type::map(A, B));
    function(
        "size",
        vec![
            overload("size_bytes", &[Type::Bytes], Type::Int),
            member("bytes_size", &[Type::Bytes], Type::Int),
            overload("size_list", std::slice::from_ref(&list), Type::Int),
            member("list_size", &[list], Type::Int),
            overload("size_map", std::slice::from_ref(&map), Type::Int),
            member("map_size", &[map], Type::Int),
            overload("size_string", &[Type::String], Type::Int),
            member("string_size", &[Type::String], Type::Int),
        ],
    )
}

const INT_OVERFLOW: &str = "integer overflow";
const UINT_OVERFLOW: &str = "unsigned integer overflow";
const DURATION_OVERFLOW: &str = "duration overflow";
const TIMESTAMP_OVERFLOW: &str = "timestamp overflow";

fn checked<T>(value: Option<T>, make: fn(T) -> Val, overflow: &str) -> Result<Val, EvalError> {
    value.map(make).ok_or_else(|| EvalError::message(overflow))
}

fn not(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Bool(value)] => Ok(Val::Bool(!value)),
        _ => no_such_overload(),
    }
}

fn negate(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Int(value)] => checked(value.checked_neg(), Val::Int, INT_OVERFLOW),
        [Val::Double(value)] => Ok(Val::Double(-value)),
        [Val::Duration(value)] => checked(value.checked_neg(), Val::Duration, DURATION_OVERFLOW),
        _ => no_such_overload(),
    }
}

fn add(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [a, b] = args else { return no_such_overload() };
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => checked(a.checked_add(*b), Val::Int, INT_OVERFLOW),
        (Val::Uint(a), Val::Uint(b)) => checked(a.checked_add(*b), Val::Uint, UINT_OVERFLOW),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a + b)),
        (Val::String(a), Val::String(b)) => Ok(Val::String(format!("{a}{b}").into())),
        (Val::Bytes(a), Val::Bytes(b)) => Ok(Val::Bytes([&**a, &**b].concat().into())),
        (Val::List(a), Val::List(b)) => add_lists(a.clone(), b.clone()).map(Val::List),
        (Val::Duration(a), Val::Duration(b)) => checked(a.checked_add(*b), Val::Duration, DURATION_OVERFLOW),
        (Val::Timestamp(at), Val::Duration(span)) | (Val::Duration(span), Val::Timestamp(at)) => {
            checked(at.plus_nanos(*span), Val::Timestamp, TIMESTAMP_OVERFLOW)
        }
        _ => no_such_overload(),
    }
}

fn subtract(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [a, b] = args else { return no_such_overload() };
    let back = |at: &Timestamp, span: i64| at.plus_nanos(span.checked_neg()?);
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => checked(a.checked_sub(*b), Val::Int, INT_OVERFLOW),
        (Val::Uint(a), Val::Uint(b)) => checked(a.checked_sub(*b), Val::Uint, UINT_OVERFLOW),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a - b)),
        (Val::Duration(a), Val::Duration(b)) => checked(a.checked_sub(*b), Val::Duration, DURATION_OVERFLOW),
        (Val::Timestamp(at), Val::Duration(span)) => checked(back(at, *span), Val::Timestamp, TIMESTAMP_OVERFLOW),
        (Val::Timestamp(a), Val::Timestamp(b)) => checked(a.nanos_since(b), Val::Duration, DURATION_OVERFLOW),
        _ => no_such_overload(),
    }
}

fn multiply(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Int(a), Val::Int(b)] => checked(a.checked_mul(*b), Val::Int, INT_OVERFLOW),
        [Val::Uint(a), Val::Uint(b)] => checked(a.checked_mul(*b), Val::Uint, UINT_OVERFLOW),
        [Val::Double(a), Val::Double(b)] => Ok(Val::Double(a * b)),
        _ => no_such_overload(),
    }
}

fn divide(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Int(_), Val::Int(0)] | [Val::Uint(_), Val::Uint(0)] => error("division by zero"),
        [Val::Int(a), Val::Int(b)] => checked(a.checked_div(*b), Val::Int, INT_OVERFLOW),
        [Val::Uint(a), Val::Uint(b)] => checked(a.checked_div(*b), Val::Uint, UINT_OVERFLOW),
        [Val::Double(a), Val::Double(b)] => Ok(Val::Double(a / b)),
        _ => no_such_overload(),
    }
}

fn modulo(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::Int(_), Val::Int(0)] | [Val::Uint(_), Val::Uint(0)] => error("modulus by zero"),
        [Val::Int(a), Val::Int(b)] => checked(a.checked_rem(*b), Val::Int, INT_OVERFLOW),
        [Val::Uint(a), Val::Uint(b)] => checked(a.checked_rem(*b), Val::Uint, UINT_OVERFLOW),
        _ => no_such_overload(),
    }
}

fn ordered(args: &[Val], wanted: &[Ordering]) -> Result<Val, EvalError> {
    match args {
        [a, b] => Ok(Val::Bool(wanted.contains(&compare(a, b)?))),
        _ => no_such_overload(),
    }
}

fn contains(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [element, Val::List(list)] => {
            for item in list.iter() {
                if equals(&item?, element, context.budget.fuel())? {
                    return Ok(Val::Bool(true));
                }
            }
            Ok(Val::Bool(false))
        }
        [key, Val::Map(map)] => Ok(Val::Bool(Key::of(key).is_some_and(|key| map.get(&key).is_some()))),
        [Val::String(name), Val::Object(object)] => Ok(Val::Bool(object.fields.contains_key(&Arc::clone(name)))),
        _ => no_such_overload(),
    }
}

fn size(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [value @ (Val::String(_) | Val::Bytes(_) | Val::List(_) | Val::Map(_))] => Ok(Val::Int(value.size() as i64)),
        _ => no_such_overload(),
    }
}
