//! An expression that compiled.

use crate::ast::{Ast, Id};
use crate::types::Type;
use std::collections::HashMap;
use std::sync::Arc;

/// What evaluation and cost estimation need of an expression.
///
/// Names in the tree are resolved: a dotted name that is one variable is one [`crate::ast::ExprKind::Ident`], and a call of a
/// function with a dotted name has no target.
#[derive(Clone, Debug)]
pub struct Program {
    pub ast: Arc<Ast>,
    /// Of every node.
    pub types: HashMap<Id, Type>,
    /// Of names, calls and constructed objects.
    pub references: HashMap<Id, Reference>,
}

/// What a name or a call means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Of a variable or a type.
    pub name: Option<Arc<str>>,
    /// Of a function: the overloads that fit; more than one where types are known at run time only.
    pub overloads: Vec<&'static str>,
    /// The type that a name stands for, where it is no variable.
    pub constant: Option<Type>,
}

impl Program {
    /// The type of what comes out.
    pub fn output(&self) -> &Type {
        self.types.get(&self.ast.root.id).unwrap_or(&Type::Dyn)
    }

    /// Of a node.
    pub fn type_of(&self, id: Id) -> &Type {
        self.types.get(&id).unwrap_or(&Type::Dyn)
    }

    /// The overloads of a call.
    pub fn overloads(&self, id: Id) -> &[&'static str] {
        self.references.get(&id).map_or(&[], |reference| &reference.overloads)
    }
}
