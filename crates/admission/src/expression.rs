//! Expressions of webhooks and policies: compiled once, evaluated for a write.
//!
//! ```text
//!   Bindings: object, oldObject, request, namespaceObject, params, authorizer, and variables (each evaluated once, if asked)
//!   Program + Bindings + Budget -> Val, or upstream's error text
//! ```
//!
//! Evaluation does not wait. Where an authorizer must ask elsewhere, the question is kept, answered between evaluations, and
//! the evaluation begins again with the answer: see [`Asking`].

mod asking;
mod bindings;
mod conditions;

pub use asking::Asking;
pub use bindings::{Bindings, Variables};
pub use conditions::{Conditions, Outcome};

use cel::{Budget, Program, Val};

/// Further expressions are not evaluated when the budget is used up.
pub const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// Evaluates one expression of several that share a budget. The outer error ends them all.
pub fn evaluate(
    program: &Program,
    source: &str,
    bindings: &Bindings,
    budget: &mut Budget,
) -> Result<Result<Val, String>, String> {
    let value = program.evaluate(bindings, budget);
    if budget.is_exhausted() {
        return Err(OUT_OF_BUDGET.into());
    }
    Ok(value.map_err(|error| format!("expression '{source}' resulted in error: {error}")))
}
