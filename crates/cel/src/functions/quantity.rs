//! Amounts of resources: `kubernetes.Quantity`.

use super::{CallContext, Library, error, function, member, no_such_overload, overload};
use crate::decl::Function;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Opaque, Val};
use schema::Quantity;
use schema::scalar::Format;
use std::any::Any;
use std::cmp::Ordering;

const QUANTITY: Type = Type::Opaque("kubernetes.Quantity");

#[derive(Debug, PartialEq)]
struct Amount(Quantity);

impl Opaque for Amount {
    fn type_name(&self) -> &str {
        "kubernetes.Quantity"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

pub(super) fn library() -> Library {
    Library {
        functions: declarations(),
        implementations: vec![
            ("quantity", |_, args| match args {
                [Val::String(text)] => match Quantity::parse(text) {
                    Ok(quantity) => Ok(Val::opaque(Amount(quantity))),
                    Err(why) => error(why.to_string()),
                },
                _ => no_such_overload(),
            }),
            ("isQuantity", |_, args| match args {
                [Val::String(text)] => Ok(Val::Bool(Quantity::parse(text).is_ok())),
                _ => no_such_overload(),
            }),
            ("sign", |_, args| one(args, |amount| Ok(Val::Int(sign(amount))))),
            ("isInteger", |_, args| one(args, |amount| Ok(Val::Bool(whole(amount).is_some())))),
            ("asInteger", |_, args| {
                one(args, |amount| {
                    whole(amount).map_or_else(|| error("cannot convert value to integer"), |n| Ok(Val::Int(n)))
                })
            }),
            ("asApproximateFloat", |_, args| one(args, |amount| Ok(Val::Double(amount.as_f64())))),
            ("isGreaterThan", |_, args| two(args, |a, b| Val::Bool(a > b))),
            ("isLessThan", |_, args| two(args, |a, b| Val::Bool(a < b))),
            ("compareTo", |_, args| two(args, |a, b| Val::Int(a.cmp(b) as i64))),
            ("add", |context, args| changed(context, args, Quantity::add)),
            ("sub", |context, args| changed(context, args, Quantity::sub)),
        ],
    }
}

fn declarations() -> Vec<Function> {
    let own = |name, id, result| function(name, vec![member(id, &[QUANTITY], result)]);
    let pair = |name, id, result| function(name, vec![member(id, &[QUANTITY, QUANTITY], result)]);
    let change = |name, id, with_int| {
        function(
            name,
            vec![member(id, &[QUANTITY, QUANTITY], QUANTITY), member(with_int, &[QUANTITY, Type::Int], QUANTITY)],
        )
    };
    vec![
        function("quantity", vec![overload("string_to_quantity", &[Type::String], QUANTITY)]),
        function("isQuantity", vec![overload("is_quantity_string", &[Type::String], Type::Bool)]),
        // No member function, unlike the others.
        function("sign", vec![overload("quantity_sign", &[QUANTITY], Type::Int)]),
        pair("isGreaterThan", "quantity_is_greater_than", Type::Bool),
        pair("isLessThan", "quantity_is_less_than", Type::Bool),
        pair("compareTo", "quantity_compare_to", Type::Int),
        own("asApproximateFloat", "quantity_get_float", Type::Double),
        own("asInteger", "quantity_get_int", Type::Int),
        own("isInteger", "quantity_is_integer", Type::Bool),
        change("add", "quantity_add", "quantity_add_int"),
        change("sub", "quantity_sub", "quantity_sub_int"),
    ]
}

fn amount(value: &Val) -> Result<&Quantity, EvalError> {
    value.downcast::<Amount>().map(|amount| &amount.0).ok_or(EvalError::NoSuchOverload)
}

fn one(args: &[Val], of: fn(&Quantity) -> Result<Val, EvalError>) -> Result<Val, EvalError> {
    match args {
        [value] => of(amount(value)?),
        _ => no_such_overload(),
    }
}

fn two(args: &[Val], of: fn(&Quantity, &Quantity) -> Val) -> Result<Val, EvalError> {
    match args {
        [a, b] => Ok(of(amount(a)?, amount(b)?)),
        _ => no_such_overload(),
    }
}

fn changed(_: &mut CallContext<'_>, args: &[Val], change: fn(&mut Quantity, &Quantity)) -> Result<Val, EvalError> {
    let [own, other] = args else { return no_such_overload() };
    let mut sum = amount(own)?.clone();
    match other {
        Val::Int(other) => change(&mut sum, &Quantity::new((*other).into(), 0, Format::DecimalExponent)),
        other => change(&mut sum, amount(other)?),
    }
    Ok(Val::opaque(Amount(sum)))
}

fn sign(amount: &Quantity) -> i64 {
    match (amount.is_zero(), amount.is_negative()) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    }
}

/// The amount, where it is a whole number of 64 bits.
fn whole(amount: &Quantity) -> Option<i64> {
    let value = amount.value();
    (amount.cmp(&Quantity::from_units(value)) == Ordering::Equal).then_some(value)
}
