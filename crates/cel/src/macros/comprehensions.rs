//! Macros that loop: over elements or keys, and over two variables (index and element, key and value).

use super::{ACCUMULATOR, Build, OLD_ACCUMULATOR, expanded_height, refuse, simple_name};
use crate::ast::{Comprehension, Expr, ExprKind, Id};
use crate::parser::primary::nothing;
use crate::parser::{Parsed, Parser, Tree, tree};
use std::sync::Arc;

const MUST_BE_NAME: &str = "argument must be a simple name";
const NOT_A_NAME: &str = "argument is not an identifier";
const OVERWRITES: &str = "iteration variable overwrites accumulator variable";

/// A call with its variables read.
struct Loop {
    range: Expr,
    variable: Arc<str>,
    second: Option<Arc<str>>,
    /// The arguments behind the variables.
    rest: Vec<Expr>,
    height: u32,
}

/// What a loop is made of, apart from its range and variables.
struct Body {
    init: Expr,
    condition: Expr,
    step: Expr,
    result: Expr,
}

pub(super) fn all(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let two = args.len() == 3;
    quantifier(parser, id, target, args, two, |build, predicate| {
        let accumulator = build.accumulator();
        let condition = build.call("@not_strictly_false", vec![accumulator]);
        let accumulator = build.accumulator();
        Body {
            init: build.bool(true),
            condition,
            step: build.call("_&&_", vec![accumulator, predicate]),
            result: build.accumulator(),
        }
    })
}

pub(super) fn exists(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let two = args.len() == 3;
    quantifier(parser, id, target, args, two, |build, predicate| {
        let accumulator = build.accumulator();
        let not = build.call("!_", vec![accumulator]);
        let condition = build.call("@not_strictly_false", vec![not]);
        let accumulator = build.accumulator();
        Body {
            init: build.bool(false),
            condition,
            step: build.call("_||_", vec![accumulator, predicate]),
            result: build.accumulator(),
        }
    })
}

pub(super) fn exists_one(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let two = args.len() == 3;
    quantifier(parser, id, target, args, two, |build, predicate| {
        let (accumulator, one) = (build.accumulator(), build.int(1));
        let more = build.call("_+_", vec![accumulator, one]);
        let same = build.accumulator();
        let (accumulator, one) = (build.accumulator(), build.int(1));
        Body {
            init: build.int(0),
            condition: build.bool(true),
            step: build.call("_?_:_", vec![predicate, more, same]),
            result: build.call("_==_", vec![accumulator, one]),
        }
    })
}

/// `map(x, f)`, `map(x, p, f)`
pub(super) fn map(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let Some(read) = read(parser, id, target, args, false, NOT_A_NAME) else { return Ok(nothing(id)) };
    gather(parser, id, read, list_step, |build| build.list(Vec::new()))
}

pub(super) fn filter(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let name = args.first().map(|tree| tree.expr.clone());
    let Some(mut read) = read(parser, id, target, args, false, NOT_A_NAME) else { return Ok(nothing(id)) };
    // What is kept is the variable itself.
    read.rest.extend(name);
    gather(parser, id, read, list_step, |build| build.list(Vec::new()))
}

/// `transformList(i, x, f)`, `transformList(i, x, p, f)`
pub(super) fn transform_list(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let Some(read) = read(parser, id, target, args, true, MUST_BE_NAME) else { return Ok(nothing(id)) };
    gather(parser, id, read, list_step, |build| build.list(Vec::new()))
}

/// `transformMap(k, v, f)`, `transformMap(k, v, p, f)`
pub(super) fn transform_map(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let Some(read) = read(parser, id, target, args, true, MUST_BE_NAME) else { return Ok(nothing(id)) };
    let key = read.variable.clone();
    let step = move |build: &mut Build<'_, '_>, transform: Expr| {
        let (accumulator, key) = (build.accumulator(), build.ident(&key));
        build.call("cel.@mapInsert", vec![accumulator, key, transform])
    };
    gather(parser, id, read, step, |build| build.expr(ExprKind::Map(Vec::new())))
}

/// The same where the transform gives a map of one entry.
pub(super) fn transform_map_entry(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    let Some(read) = read(parser, id, target, args, true, MUST_BE_NAME) else { return Ok(nothing(id)) };
    let step = |build: &mut Build<'_, '_>, entry: Expr| {
        let accumulator = build.accumulator();
        build.call("cel.@mapInsert", vec![accumulator, entry])
    };
    gather(parser, id, read, step, |build| build.expr(ExprKind::Map(Vec::new())))
}

/// `list.sortBy(x, key)`: the keys are made in one loop, and a function sorts by them.
pub(super) fn sort_by(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    const INPUT: &str = "@__sortBy_input__";
    let Some(target) = target else { return Ok(nothing(id)) };
    if matches!(target.expr.kind, ExprKind::Literal(_) | ExprKind::Map(_) | ExprKind::Struct { .. }) {
        let message = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
        return Ok(refuse(parser, id, target.expr.id, message));
    }
    let mut build = Build::new(parser, id);
    let input = Tree { expr: build.ident(INPUT), height: 1 };
    let keys = map(parser, id, Some(input), args)?;
    let height = expanded_height([&target, &keys]);
    let mut build = Build::new(parser, id);
    let input = build.ident(INPUT);
    let sorted = build.member_call("@sortByAssociatedKeys", input, vec![keys.expr]);
    let expr = build.bind(INPUT, target.expr, sorted);
    tree(expr, height)
}

/// A loop whose result is one value.
fn quantifier(
    parser: &mut Parser<'_>,
    id: Id,
    target: Option<Tree>,
    args: Vec<Tree>,
    two: bool,
    body: fn(&mut Build<'_, '_>, Expr) -> Body,
) -> Parsed {
    let Some(mut read) = read(parser, id, target, args, two, MUST_BE_NAME) else { return Ok(nothing(id)) };
    let Some(predicate) = read.rest.pop() else { return Ok(nothing(id)) };
    let mut build = Build::new(parser, id);
    let body = body(&mut build, predicate);
    finish(&mut build, read, body)
}

/// A loop that gathers what its last argument gives, where its first, if there are two, holds.
fn gather(
    parser: &mut Parser<'_>,
    id: Id,
    mut read: Loop,
    step: impl Fn(&mut Build<'_, '_>, Expr) -> Expr,
    init: fn(&mut Build<'_, '_>) -> Expr,
) -> Parsed {
    let Some(transform) = read.rest.pop() else { return Ok(nothing(id)) };
    let mut build = Build::new(parser, id);
    let init = init(&mut build);
    let condition = build.bool(true);
    let mut step = step(&mut build, transform);
    if let Some(predicate) = read.rest.pop() {
        let same = build.accumulator();
        step = build.call("_?_:_", vec![predicate, step, same]);
    }
    let result = build.accumulator();
    finish(&mut build, read, Body { init, condition, step, result })
}

fn list_step(build: &mut Build<'_, '_>, element: Expr) -> Expr {
    let (accumulator, element) = (build.accumulator(), build.list(vec![element]));
    build.call("_+_", vec![accumulator, element])
}

fn finish(build: &mut Build<'_, '_>, read: Loop, body: Body) -> Parsed {
    let expr = build.expr(ExprKind::Comprehension(Box::new(Comprehension {
        range: read.range,
        variable: read.variable,
        second: read.second,
        accumulator: ACCUMULATOR.into(),
        init: body.init,
        condition: body.condition,
        step: body.step,
        result: body.result,
    })));
    tree(expr, read.height)
}

/// Reads the variables; notes what is wrong with them.
fn read(
    parser: &mut Parser<'_>,
    id: Id,
    target: Option<Tree>,
    args: Vec<Tree>,
    two: bool,
    message: &str,
) -> Option<Loop> {
    let height = expanded_height(target.iter().chain(&args));
    let range = target?.expr;
    let mut args = args.into_iter().map(|tree| tree.expr);
    let variable = name(parser, id, &args.next()?, message)?;
    let mut second = None;
    if two {
        let argument = args.next()?;
        let name = name(parser, id, &argument, message)?;
        if name == variable {
            refuse(parser, id, argument.id, format!("duplicate variable name: {name}"));
            return None;
        }
        second = Some(name);
    }
    Some(Loop { range, variable, second, rest: args.collect(), height })
}

fn name(parser: &mut Parser<'_>, id: Id, argument: &Expr, message: &str) -> Option<Arc<str>> {
    let Some(name) = simple_name(argument) else {
        refuse(parser, id, argument.id, message);
        return None;
    };
    if &*name == ACCUMULATOR || &*name == OLD_ACCUMULATOR {
        refuse(parser, id, argument.id, OVERWRITES);
        return None;
    }
    Some(name)
}
