//! Expressions that say whether a webhook is asked.

use authz::webhook::Condition;

/// None are understood yet: a configuration with conditions is refused, as everything that cannot be enforced.
pub fn compile(_expression: &str) -> Result<Box<dyn Condition>, String> {
    Err("expressions are not supported here".into())
}
