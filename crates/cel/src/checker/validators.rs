//! What types do not tell: literals that a function will not take, aggregates whose elements only seem to agree.

use crate::ast::{Expr, ExprKind, Id};
use crate::env::Program;
use crate::error::Issue;
use crate::types::Type;

/// Issues of a tree that checked.
pub(super) fn validate(program: &Program) -> Vec<Issue> {
    let mut issues = Vec::new();
    visit(&program.ast.root, &mut |expr, exempt| {
        if !exempt {
            same_types(program, expr, &mut issues);
        }
    });
    issues
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
    let mut rest = vec![(root, false)];
    while let Some((expr, exempt)) = rest.pop() {
        see(expr, exempt);
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Ident(_) => {}
            ExprKind::Select { operand, .. } => rest.push((operand, exempt)),
            ExprKind::Call { target, function, args } => {
                rest.extend(target.iter().map(|target| (&**target, exempt)));
                let exempt = exempt || &**function == "format";
                rest.extend(args.iter().map(|arg| (arg, exempt)));
            }
            ExprKind::List { elements, .. } => rest.extend(elements.iter().map(|element| (element, exempt))),
            ExprKind::Map(entries) => {
                for entry in entries {
                    rest.extend([(&entry.key, exempt), (&entry.value, exempt)]);
                }
            }
            ExprKind::Struct { fields, .. } => rest.extend(fields.iter().map(|field| (&field.value, exempt))),
            ExprKind::Comprehension(part) => {
                let parts = [&part.range, &part.init, &part.condition, &part.step, &part.result];
                rest.extend(parts.map(|part| (part, exempt)));
            }
        }
    }
}
