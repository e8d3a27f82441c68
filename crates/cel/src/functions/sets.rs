//! Lists as sets.

use super::{Library, function, no_such_overload, overload};
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
            ("sets.contains", |_, args| lists(args, contains_all)),
            ("sets.equivalent", |_, args| lists(args, |a, b| Ok(contains_all(a, b)? && contains_all(b, a)?))),
            ("sets.intersects", |_, args| lists(args, intersects)),
        ],
    }
}

fn lists(args: &[Val], test: fn(&List, &List) -> Result<bool, EvalError>) -> Result<Val, EvalError> {
    match args {
        [Val::List(a), Val::List(b)] => test(a, b).map(Val::Bool),
        _ => no_such_overload(),
    }
}

fn contains_all(list: &List, wanted: &List) -> Result<bool, EvalError> {
    let mut fuel = Fuel::default();
    let list = list.to_vec()?;
    for wanted in wanted.iter() {
        if !holds(&list, &wanted?, &mut fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects(a: &List, b: &List) -> Result<bool, EvalError> {
    let mut fuel = Fuel::default();
    let a = a.to_vec()?;
    for item in b.iter() {
        if holds(&a, &item?, &mut fuel)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn holds(list: &[Val], wanted: &Val, fuel: &mut Fuel) -> Result<bool, EvalError> {
    for item in list {
        fuel.burn()?;
        if equals(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}
