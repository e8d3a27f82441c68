//! Functions: what the checker and the evaluator know of each.

use crate::types::Type;

/// A function with all its overloads. A library is a list of these.
#[derive(Clone, Debug)]
pub struct Function {
    /// `size`, `_+_`, `find`
    pub name: &'static str,
    pub overloads: Vec<Overload>,
}

#[derive(Clone, Debug)]
pub struct Overload {
    /// cel-go's, such as `add_int64`; costs go by it.
    pub id: &'static str,
    /// Written `target.f(args)`; the target is the first of `params`.
    pub member: bool,
    pub params: Vec<Type>,
    pub result: Type,
}
