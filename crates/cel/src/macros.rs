//! Macros: calls that become other trees while parsing.
//!
//! The standard ones, those of optional values, of comprehensions over two variables and of sorting. Deliberately absent:
//! `cel.bind`, which Kubernetes' environments do not have.

mod comprehensions;
mod optional;

use crate::ast::{Comprehension, Expr, ExprKind, Id, Literal};
use crate::parser::primary::nothing;
use crate::parser::{Parsed, Parser, Tree, height, tree};
use std::sync::Arc;

/// The variable in which comprehensions gather their result; no source can name it.
pub(crate) const ACCUMULATOR: &str = "@result";
/// What cel-go once called it; still not allowed as a variable's name.
const OLD_ACCUMULATOR: &str = "__result__";
/// The loop variable of a comprehension that never loops.
const UNUSED: &str = "#unused";
/// How much higher than its highest part an expansion can be.
const EXPANSION_HEIGHT: u32 = 5;

pub(crate) type Expand = fn(&mut Parser<'_>, Id, Option<Tree>, Vec<Tree>) -> Parsed;

/// The macro with this name, kind of call and count of arguments.
pub(crate) fn find(function: &str, member: bool, args: usize) -> Option<Expand> {
    Some(match (function, member, args) {
        ("has", false, 1) => has,
        ("all", true, 2 | 3) => comprehensions::all,
        ("exists", true, 2 | 3) => comprehensions::exists,
        ("exists_one" | "existsOne", true, 2 | 3) => comprehensions::exists_one,
        ("map", true, 2 | 3) => comprehensions::map,
        ("filter", true, 2) => comprehensions::filter,
        ("transformList", true, 3 | 4) => comprehensions::transform_list,
        ("transformMap", true, 3 | 4) => comprehensions::transform_map,
        ("transformMapEntry", true, 3 | 4) => comprehensions::transform_map_entry,
        ("optMap", true, 2) => optional::map,
        ("optFlatMap", true, 2) => optional::flat_map,
        ("sortBy", true, 2) => comprehensions::sort_by,
        _ => return None,
    })
}

/// `has(a.b)`: a selection that only tests.
fn has(parser: &mut Parser<'_>, id: Id, _target: Option<Tree>, mut args: Vec<Tree>) -> Parsed {
    let Some(Tree { expr, height }) = args.pop() else { return Ok(nothing(id)) };
    let at = expr.id;
    match expr.kind {
        ExprKind::Select { operand, field, .. } => {
            let id = Build::new(parser, id).id();
            tree(Expr { id, kind: ExprKind::Select { operand, field, test_only: true } }, height)
        }
        _ => Ok(refuse(parser, id, at, "invalid argument to has() macro")),
    }
}

/// Notes what is wrong with a macro's argument.
fn refuse(parser: &mut Parser<'_>, id: Id, at: Id, message: impl Into<String>) -> Tree {
    let position = parser.position(at);
    parser.issue(position, message);
    nothing(id)
}

/// Makes nodes that stand where the macro's call stands.
struct Build<'p, 's> {
    parser: &'p mut Parser<'s>,
    position: u32,
}

impl<'p, 's> Build<'p, 's> {
    fn new(parser: &'p mut Parser<'s>, call: Id) -> Build<'p, 's> {
        let position = parser.position(call);
        Build { parser, position }
    }

    fn id(&mut self) -> Id {
        self.parser.id_at(self.position)
    }

    fn expr(&mut self, kind: ExprKind) -> Expr {
        Expr { id: self.id(), kind }
    }

    fn ident(&mut self, name: &str) -> Expr {
        self.expr(ExprKind::Ident(name.into()))
    }

    fn accumulator(&mut self) -> Expr {
        self.ident(ACCUMULATOR)
    }

    fn bool(&mut self, value: bool) -> Expr {
        self.expr(ExprKind::Literal(Literal::Bool(value)))
    }

    fn int(&mut self, value: i64) -> Expr {
        self.expr(ExprKind::Literal(Literal::Int(value)))
    }

    fn list(&mut self, elements: Vec<Expr>) -> Expr {
        self.expr(ExprKind::List { elements, optional: Vec::new() })
    }

    fn call(&mut self, function: &str, args: Vec<Expr>) -> Expr {
        self.expr(ExprKind::Call { target: None, function: function.into(), args })
    }

    fn member_call(&mut self, function: &str, target: Expr, args: Vec<Expr>) -> Expr {
        self.expr(ExprKind::Call { target: Some(Box::new(target)), function: function.into(), args })
    }

    /// `bound` under a name, seen by `result` alone: a comprehension that never loops.
    fn bind(&mut self, name: &str, bound: Expr, result: Expr) -> Expr {
        let range = self.list(Vec::new());
        let condition = self.bool(false);
        let step = self.ident(name);
        self.expr(ExprKind::Comprehension(Box::new(Comprehension {
            range,
            variable: UNUSED.into(),
            second: None,
            accumulator: name.into(),
            init: bound,
            condition,
            step,
            result,
        })))
    }
}

/// The height of an expansion over these.
fn expanded_height<'t>(parts: impl IntoIterator<Item = &'t Tree>) -> u32 {
    height(parts) + EXPANSION_HEIGHT
}

/// The name, where an argument is nothing else.
fn simple_name(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Ident(name) if !name.starts_with('.') => Some(name.clone()),
        _ => None,
    }
}
