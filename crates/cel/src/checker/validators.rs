//! What types do not tell: literals that a function will not take, aggregates whose elements only seem to agree.

use crate::ast::{Expr, ExprKind, Id, Literal};
use crate::cost::Budget;
use crate::env::Program;
use crate::error::Issue;
use crate::functions::{self, CallContext};
use crate::types::Type;
use crate::value::Val;

/// Issues of a tree that checked.
pub(super) fn validate(program: &Program) -> Vec<Issue> {
    let mut issues = Vec::new();
    visit(&program.ast.root, &mut |expr, exempt| {
        if let ExprKind::Call { function, args, .. } = &expr.kind
            && let Some(Expr { id, kind: ExprKind::Literal(literal) }) = args.first()
            && !takes(function, literal)
        {
            let position = program.ast.positions[*id as usize];
            issues.push(Issue::at(position, format!("invalid {function} argument")));
        }
        if !exempt {
            same_types(program, expr, &mut issues);
        }
    });
    issues
}

/// Whether a function will take a literal as its argument.
fn takes(function: &str, literal: &Literal) -> bool {
    match (function, literal) {
        ("matches", Literal::String(pattern)) => functions::regex::compile(pattern).is_ok(),
        ("duration" | "timestamp", Literal::String(text)) => converts(function, Val::str(text)),
        ("duration" | "timestamp", Literal::Int(number)) => converts(function, Val::Int(*number)),
        _ => true,
    }
}

fn converts(function: &str, value: Val) -> bool {
    let mut budget = Budget::new(u64::MAX);
    let mut context = CallContext { budget: &mut budget };
    let mut candidates = functions::implementations(function).iter();
    candidates.any(|implementation| implementation(&mut context, std::slice::from_ref(&value)).is_ok())
}

/// Elements of a list, keys of a map and values of a map must be of one type, even where one is `dyn`.
fn same_types(program: &Program, expr: &Expr, issues: &mut Vec<Issue>) {
    match &expr.kind {
        ExprKind::List { elements, optional } => {
            let ids = elements.iter().enumerate();
            let ids = ids.map(|(index, element)| (element.id, optional.binary_search(&(index as u32)).is_ok()));
            one_type(program, ids, issues);
        }
        ExprKind::Map(entries) => {
            one_type(program, entries.iter().map(|entry| (entry.key.id, false)), issues);
            one_type(program, entries.iter().map(|entry| (entry.value.id, entry.optional)), issues);
        }
        _ => {}
    }
}

fn one_type(program: &Program, ids: impl Iterator<Item = (Id, bool)>, issues: &mut Vec<Issue>) {
    let mut first: Option<&Type> = None;
    for (id, optional) in ids {
        let ty = match program.type_of(id) {
            Type::Optional(inner) if optional => inner,
            ty => ty,
        };
        match first {
            None => first = Some(ty),
            Some(wanted) if wanted == ty => {}
            Some(wanted) => {
                let message = format!("expected type '{wanted}' but found '{ty}'");
                issues.push(Issue::at(program.ast.positions[id as usize], message));
                return;
            }
        }
    }
}

/// Every node with whether it stands in the arguments of a function that takes lists of anything.
fn visit(root: &Expr, see: &mut impl FnMut(&Expr, bool)) {
    let (mut rest, mut below) = (vec![(root, false)], Vec::new());
    while let Some((expr, exempt)) = rest.pop() {
        see(expr, exempt);
        let exempt_below = exempt || matches!(&expr.kind, ExprKind::Call { function, .. } if &**function == "format");
        expr.push_children(&mut below);
        rest.extend(below.drain(..).map(|child| (child, exempt_below)));
    }
}
