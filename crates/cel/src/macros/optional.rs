//! Macros of optional values.

use super::{Build, expanded_height, refuse, simple_name};
use crate::ast::Id;
use crate::parser::primary::nothing;
use crate::parser::{Parsed, Parser, Tree, tree};

/// `target.optMap(name, expr)`: the result of `expr` over the value, if there is one.
pub(super) fn map(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    expand(parser, id, target, args, true)
}

/// The same where `expr` itself is optional.
pub(super) fn flat_map(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
    expand(parser, id, target, args, false)
}

fn expand(parser: &mut Parser<'_>, id: Id, target: Option<Tree>, args: Vec<Tree>, wraps: bool) -> Parsed {
    let height = expanded_height(target.iter().chain(&args));
    let (Some(target), Ok([variable, body])) = (target, <[Tree; 2]>::try_from(args)) else { return Ok(nothing(id)) };
    let Some(name) = simple_name(&variable.expr) else {
        let call = if wraps { "optMap()" } else { "optFlatMap()" };
        let message = format!("{call} variable name must be a simple identifier");
        return Ok(refuse(parser, id, variable.expr.id, message));
    };
    let copy = parser.copy(&target.expr)?;
    let mut build = Build::new(parser, id);
    let condition = build.member_call("hasValue", copy, Vec::new());
    let value = build.member_call("value", target.expr, Vec::new());
    let bound = build.bind(&name, value, body.expr);
    let some = if wraps { build.call("optional.of", vec![bound]) } else { bound };
    let none = build.call("optional.none", Vec::new());
    let expr = build.call("_?_:_", vec![condition, some, none]);
    tree(expr, height)
}
