//! What calls of the standard functions cost.

use super::{Call, EntrySize, Estimator, Node, REGEX_LENGTH, Range, STRING_TRAVERSAL};
use crate::ast::Expr;

/// Steps that one overload names, as cel-go counts them.
impl<'p> Estimator<'p> {
    /// One overload of a call, with the cost of its arguments.
    pub(super) fn function(
        &mut self,
        expr: &'p Expr,
        function: &str,
        overload: &str,
        target: Option<&Node<'p>>,
        args: &[Node<'p>],
        costs: &[Range],
    ) -> Call {
        let arguments = costs.iter().fold(Range::ZERO, |sum, cost| sum.plus(*cost));
        let special = self
            .extension(overload, target, args)
            .or_else(|| self.kubernetes(function, overload, target, args))
            .or_else(|| self.by_size(expr, overload, target, args));
        if let Some(call) = special {
            return Call { cost: call.cost.plus(arguments), size: call.size };
        }
        match (overload, args, costs) {
            // The right side may not run.
            ("logical_or" | "logical_and", _, [left, right]) => {
                Call { cost: Range { min: left.min, max: left.plus(*right).max }, size: None }
            }
            ("conditional", [_, yes, no], [condition, yes_cost, no_cost]) => {
                let size = or_unknown(yes.size).union(or_unknown(no.size));
                let entry = EntrySize::union(self.entry_size(yes.expr), self.entry_size(no.expr));
                if let Some(entry) = entry {
                    self.entry_sizes.insert(expr.id, entry);
                }
                Call { cost: condition.plus(yes_cost.union(*no_cost)), size: Some(size) }
            }
            _ => Call { cost: Range::exactly(1).plus(arguments), size: None },
        }
    }

    /// Functions whose work grows with their operands.
    fn by_size(&mut self, expr: &Expr, overload: &str, target: Option<&Node<'p>>, args: &[Node<'p>]) -> Option<Call> {
        match (overload, target, args) {
            ("string_format", Some(target), _) => Call::costs(or_unknown(target.size).scale(STRING_TRAVERSAL)),
            ("string_to_bytes", _, [text]) => {
                let size = or_unknown(text.size);
                let most = size.max.saturating_mul(4);
                Call::sized(size.scale(STRING_TRAVERSAL), Range { min: size.min, max: most })
            }
            ("bytes_to_string", _, [bytes]) => {
                let size = or_unknown(bytes.size);
                Call::sized(size.scale(STRING_TRAVERSAL), Range { min: size.min / 4, max: size.max })
            }
            ("strings_quote", _, [text]) => {
                let size = or_unknown(text.size);
                let quoted =
                    Range { min: size.min.saturating_add(2), max: size.max.saturating_mul(2).saturating_add(2) };
                Call::sized(size.scale(STRING_TRAVERSAL), quoted)
            }
            ("starts_with_string" | "ends_with_string", _, [part]) => {
                Call::costs(or_unknown(part.size).scale(STRING_TRAVERSAL))
            }
            ("in_list", _, [_, list]) => Call::costs(or_unknown(list.size)),
            ("matches_string", Some(text), [pattern]) => {
                // One more, so that an empty string does not make the expression cheap.
                let text = or_unknown(text.size).plus(Range::exactly(1)).scale(STRING_TRAVERSAL);
                Call::costs(text.times(or_unknown(pattern.size).scale(REGEX_LENGTH)))
            }
            ("contains_string", Some(text), [part]) => {
                let part = or_unknown(part.size).scale(STRING_TRAVERSAL);
                Call::costs(or_unknown(text.size).scale(STRING_TRAVERSAL).times(part))
            }
            ("add_string" | "add_bytes" | "add_list", _, [left, right]) => {
                let size = or_unknown(left.size).plus(or_unknown(right.size));
                let entry = EntrySize::union(self.entry_size(left.expr), self.entry_size(right.expr));
                if let Some(entry) = entry {
                    self.entry_sizes.insert(expr.id, entry);
                }
                let cost = if overload == "add_list" { Range::exactly(1) } else { size.scale(STRING_TRAVERSAL) };
                Call::sized(cost, size)
            }
            (
                "less_string"
                | "greater_string"
                | "less_equals_string"
                | "greater_equals_string"
                | "less_bytes"
                | "greater_bytes"
                | "less_equals_bytes"
                | "greater_equals_bytes"
                | "equals"
                | "not_equals",
                _,
                [left, right],
            ) => {
                let max = or_unknown(left.size).max.min(or_unknown(right.size).max);
                Call::costs(Range { min: (max > 0) as u64, max }.scale(STRING_TRAVERSAL))
            }
            _ => None,
        }
    }
}

pub(super) fn or_unknown(size: Option<Range>) -> Range {
    size.unwrap_or(Range::UNKNOWN)
}
