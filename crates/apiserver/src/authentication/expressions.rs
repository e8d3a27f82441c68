//! Expressions over claims and users.

use authn::oidc::{Expression, Expressions, Over};

/// None are understood yet: a configuration with expressions is refused, as everything that cannot be enforced.
pub struct NoExpressions;

impl Expressions for NoExpressions {
    fn compile(&self, _text: &str, _over: Over) -> Result<Box<dyn Expression>, String> {
        Err("expressions are not supported here".into())
    }
}
