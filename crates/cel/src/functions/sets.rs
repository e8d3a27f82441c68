//! Lists as sets.

use super::{CallContext, Library, function, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Fuel, List, Val, equals};

pub(super) fn library() -> Library {
    let list = Type::list(Type::Param("T"));
    let of = |name, id| function(name, vec![overload(id, &[list.clone(), list.clone()], Type::Bool)]);
    Library {
        functions: vec![
            of("sets.contains", "list_sets_contains_list"),
            of("sets.equivalent", "list_sets_equivalent_list"),
            of("sets.intersects", "list_sets_intersects_list"),
        ],
        implementations: vec![
            ("sets.contains", |context, args| lists(context, args, contains_all)),
            ("sets.equivalent", |context, args| {
                lists(context, args, |a, b, fuel| Ok(contains_all(a, b, fuel)? && contains_all(b, a, fuel)?))
            }),
            ("sets.intersects", |context, args| lists(context, args, intersects)),
        ],
    }
}

type Test = fn(&List, &List, &mut Fuel) -> Result<bool, EvalError>;

fn lists(context: &mut CallContext<'_>, args: &[Val], test: Test) -> Result<Val, EvalError> {
    match args {
        [Val::List(a), Val::List(b)] => test(a, b, context.budget.fuel()).map(Val::Bool),
        _ => no_such_overload(),
    }
}

fn contains_all(list: &List, wanted: &List, fuel: &mut Fuel) -> Result<bool, EvalError> {
    let list = list.to_vec()?;
    for wanted in wanted.iter() {
        if !holds(&list, &wanted?, fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects(a: &List, b: &List, fuel: &mut Fuel) -> Result<bool, EvalError> {
    let a = a.to_vec()?;
    for item in b.iter() {
        if holds(&a, &item?, fuel)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn holds(list: &[Val], wanted: &Val, fuel: &mut Fuel) -> Result<bool, EvalError> {
    for item in list {
        if equals(item, wanted, fuel)? {
            return Ok(true);
        }
    }
    Ok(false)
}
