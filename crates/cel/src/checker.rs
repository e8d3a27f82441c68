//! The type checker: what every node is, which overloads a call means, and what is wrong, in cel-go's words.
//!
//! Parameters of overloads become variables that [`unify`] solves. Names are resolved in the tree itself. After a check
//! without issues, [`validators`] look at what types do not tell.

mod calls;
mod unify;
mod validators;

use crate::ast::{Ast, Comprehension, Expr, ExprKind, Id, Literal, MapEntry, StructField};
use crate::env::{Env, Program, Reference};
use crate::error::{CompileError, Issue};
use crate::types::{ObjectType, Type};
use std::collections::HashMap;
use std::sync::Arc;
use unify::Solver;

/// Checks a tree.
pub(crate) fn check(env: &Env, mut ast: Ast) -> Result<Program, CompileError> {
    let mut checker = Checker {
        env,
        positions: &ast.positions,
        scopes: Vec::new(),
        solver: Solver::default(),
        types: HashMap::new(),
        references: HashMap::new(),
        issues: Vec::new(),
    };
    checker.check(&mut ast.root);
    let Checker { mut solver, mut types, references, mut issues, .. } = checker;
    for ty in types.values_mut() {
        *ty = solver.substitute(ty, true);
    }
    if solver.exhausted() {
        issues = vec![Issue::nowhere("expression type checking limit exceeded")];
    }
    if issues.is_empty() {
        let program = Program { ast: Arc::new(ast), types, references };
        issues = validators::validate(&program);
        if issues.is_empty() {
            return Ok(program);
        }
        return Err(CompileError::new(program.ast.source.clone(), issues));
    }
    Err(CompileError::new(ast.source, issues))
}

struct Checker<'e> {
    env: &'e Env,
    positions: &'e [u32],
    /// Variables of comprehensions, the innermost last.
    scopes: Vec<(Arc<str>, Type)>,
    solver: Solver,
    types: HashMap<Id, Type>,
    references: HashMap<Id, Reference>,
    issues: Vec<Issue>,
}

impl Checker<'_> {
    fn check(&mut self, expr: &mut Expr) {
        let id = expr.id;
        match &mut expr.kind {
            ExprKind::Literal(literal) => {
                let ty = literal_type(literal);
                self.set_type(id, ty);
            }
            ExprKind::Ident(_) => self.ident(expr),
            ExprKind::Select { .. } => self.select(expr),
            ExprKind::Call { .. } => self.call(expr),
            ExprKind::List { elements, optional } => self.list(id, elements, optional),
            ExprKind::Map(entries) => self.map(id, entries),
            ExprKind::Struct { type_name, fields } => self.structure(id, type_name, fields),
            ExprKind::Comprehension(comprehension) => self.comprehension(id, comprehension),
        }
    }

    fn ident(&mut self, expr: &mut Expr) {
        let ExprKind::Ident(name) = &mut expr.kind else { return };
        match self.lookup(name) {
            Some((resolved, ty)) => {
                *name = resolved.clone();
                self.set_named(expr.id, resolved, ty);
            }
            None => {
                let message = undeclared(name);
                self.issue(expr.id, message);
                self.set_type(expr.id, Type::Error);
            }
        }
    }

    fn select(&mut self, expr: &mut Expr) {
        // First as one dotted name.
        if let Some((name, ty)) = qualified_name(expr).and_then(|name| self.lookup(&name)) {
            expr.kind = ExprKind::Ident(name.clone());
            self.set_named(expr.id, name, ty);
            return;
        }
        let ExprKind::Select { operand, field, test_only } = &mut expr.kind else { return };
        let field_type = self.select_field(expr.id, operand, field, false);
        let ty = if *test_only { Type::Bool } else { self.solver.substitute(&field_type, false) };
        self.set_type(expr.id, ty);
    }

    /// The type of a field of the operand. What is selected of an optional value is optional.
    fn select_field(&mut self, id: Id, operand: &mut Expr, field: &str, optional: bool) -> Type {
        self.check(operand);
        let operand_type = self.type_of(operand.id);
        let operand_type = self.solver.substitute(&operand_type, false);
        let (target, was_optional) = unwrap_optional(&operand_type);
        let result = match target {
            Type::Map(_, value) => (**value).clone(),
            Type::Object(object) => self.field_type(id, object, field),
            Type::Var(_) => {
                // Nothing may be assumed of it later.
                self.solver.assignable(&Type::Dyn, target);
                Type::Dyn
            }
            Type::Dyn | Type::Error => Type::Dyn,
            other => {
                let message = format!("type '{other}' does not support field selection");
                self.issue(id, message);
                Type::Dyn
            }
        };
        if was_optional || optional { Type::optional(result) } else { result }
    }

    fn field_type(&mut self, id: Id, object: &ObjectType, field: &str) -> Type {
        match object.field(field) {
            Some(found) => found.ty,
            None => {
                self.issue(id, format!("undefined field '{field}'"));
                Type::Error
            }
        }
    }

    fn list(&mut self, id: Id, elements: &mut [Expr], optional: &[u32]) {
        let mut joined = None;
        for (index, element) in elements.iter_mut().enumerate() {
            self.check(element);
            let is_optional = optional.binary_search(&(index as u32)).is_ok();
            let ty = self.entry_type(element.id, is_optional);
            joined = Some(self.join(element.id, joined, ty));
        }
        let element = joined.unwrap_or_else(|| self.solver.fresh());
        self.set_type(id, Type::list(element));
    }

    fn map(&mut self, id: Id, entries: &mut [MapEntry]) {
        let (mut keys, mut values) = (None, None);
        for entry in entries {
            self.check(&mut entry.key);
            let key = self.type_of(entry.key.id);
            keys = Some(self.join(entry.key.id, keys, key));
            self.check(&mut entry.value);
            let value = self.entry_type(entry.value.id, entry.optional);
            values = Some(self.join(entry.value.id, values, value));
        }
        let key = keys.unwrap_or_else(|| self.solver.fresh());
        let value = values.unwrap_or_else(|| self.solver.fresh());
        self.set_type(id, Type::map(key, value));
    }

    /// The type that an element or a value adds to its aggregate: behind a `?`, what is in the optional value.
    fn entry_type(&mut self, id: Id, optional: bool) -> Type {
        let ty = self.type_of(id);
        if !optional {
            return ty;
        }
        match unwrap_optional(&ty) {
            (inner, true) => inner.clone(),
            (Type::Dyn, false) => ty,
            _ => {
                self.mismatch(id, &Type::optional(ty.clone()), &ty);
                ty
            }
        }
    }

    /// Elements of an aggregate must agree.
    fn join(&mut self, id: Id, previous: Option<Type>, current: Type) -> Type {
        let Some(previous) = previous else { return current };
        if self.solver.assignable(&previous, &current) {
            return self.solver.more_general(&previous, &current);
        }
        self.mismatch(id, &previous, &current);
        Type::Error
    }

    fn structure(&mut self, id: Id, type_name: &mut Arc<str>, fields: &mut [StructField]) {
        let Some((name, ty)) = self.lookup(type_name) else {
            self.issue(id, undeclared(type_name));
            self.set_type(id, Type::Error);
            return;
        };
        *type_name = name.clone();
        self.references.insert(id, Reference { name: Some(name), ..Reference::default() });
        let object = match &ty {
            Type::Type(inner) => match &**inner {
                Type::Object(object) => Some(object.clone()),
                other => {
                    self.issue(id, format!("'{other}' is not a message type"));
                    None
                }
            },
            Type::Error => None,
            other => {
                self.issue(id, format!("'{other}' is not a type"));
                None
            }
        };
        self.set_type(id, object.clone().map_or(Type::Error, Type::Object));
        for field in fields {
            self.check(&mut field.value);
            let wanted = match &object {
                Some(object) => self.field_type(field.id, object, &field.name),
                None => Type::Error,
            };
            let given = self.entry_type(field.value.id, field.optional);
            if !self.solver.assignable(&wanted, &given) {
                let name = &field.name;
                let message = format!("expected type of field '{name}' is '{wanted}' but provided type is '{given}'");
                self.issue(field.id, message);
            }
        }
    }

    fn comprehension(&mut self, id: Id, comprehension: &mut Comprehension) {
        self.check(&mut comprehension.range);
        self.check(&mut comprehension.init);
        let accumulator = self.type_of(comprehension.init.id);
        let (first, second) = self.loop_variables(comprehension);
        self.scopes.push((comprehension.accumulator.clone(), accumulator.clone()));
        let outside = self.scopes.len();
        self.scopes.push((comprehension.variable.clone(), first));
        if let Some(name) = &comprehension.second {
            self.scopes.push((name.clone(), second));
        }
        self.check(&mut comprehension.condition);
        self.must_be(comprehension.condition.id, &Type::Bool);
        self.check(&mut comprehension.step);
        self.must_be(comprehension.step.id, &accumulator);
        self.scopes.truncate(outside);
        self.check(&mut comprehension.result);
        self.scopes.truncate(outside - 1);
        let result = self.type_of(comprehension.result.id);
        let result = self.solver.substitute(&result, false);
        self.set_type(id, result);
    }

    /// The types of the variables of a loop; the second counts only where there are two.
    fn loop_variables(&mut self, comprehension: &Comprehension) -> (Type, Type) {
        let range = &comprehension.range;
        let two = comprehension.second.is_some();
        let range_type = self.type_of(range.id);
        match self.solver.substitute(&range_type, false) {
            Type::List(element) if two => (Type::Int, (*element).clone()),
            Type::List(element) => ((*element).clone(), Type::Dyn),
            Type::Map(key, value) => ((*key).clone(), (*value).clone()),
            ty @ (Type::Dyn | Type::Error | Type::Var(_)) => {
                self.solver.assignable(&Type::Dyn, &ty);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.issue(range.id, message);
                (Type::Error, Type::Error)
            }
        }
    }

    /// A variable or the name of a type: its full name and its type.
    fn lookup(&self, name: &str) -> Option<(Arc<str>, Type)> {
        let local = self.scopes.iter().rev().find(|(local, _)| &**local == name);
        local.cloned().or_else(|| self.env.ident(name))
    }

    fn set_named(&mut self, id: Id, name: Arc<str>, ty: Type) {
        let is_variable = self.scopes.iter().any(|(local, _)| *local == name) || self.env.is_variable(&name);
        let constant = match &ty {
            Type::Type(named) if !is_variable => Some((**named).clone()),
            _ => None,
        };
        self.references.insert(id, Reference { name: Some(name), overloads: Vec::new(), constant });
        self.set_type(id, ty);
    }

    fn set_type(&mut self, id: Id, ty: Type) {
        self.types.insert(id, ty);
    }

    fn type_of(&self, id: Id) -> Type {
        self.types.get(&id).cloned().unwrap_or(Type::Error)
    }

    fn must_be(&mut self, id: Id, wanted: &Type) {
        let given = self.type_of(id);
        if !self.solver.assignable(wanted, &given) {
            self.mismatch(id, wanted, &given);
        }
    }

    fn mismatch(&mut self, id: Id, wanted: &Type, given: &Type) {
        self.issue(id, format!("expected type '{wanted}' but found '{given}'"));
    }

    fn issue(&mut self, id: Id, message: String) {
        self.issues.push(Issue::at(self.positions[id as usize], message));
    }
}

fn undeclared(name: &str) -> String {
    format!("undeclared reference to '{name}' (in container '')")
}

fn unwrap_optional(ty: &Type) -> (&Type, bool) {
    match ty {
        Type::Optional(inner) => (inner, true),
        other => (other, false),
    }
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}

/// `a.b.c` as one name, where it is one.
fn qualified_name(expr: &Expr) -> Option<String> {
    let (mut fields, mut at): (Vec<&str>, _) = (Vec::new(), expr);
    loop {
        match &at.kind {
            ExprKind::Ident(name) => {
                let mut name = name.to_string();
                for field in fields.iter().rev() {
                    name.push('.');
                    name.push_str(field);
                }
                return Some(name);
            }
            ExprKind::Select { operand, field, test_only: false } => {
                fields.push(field);
                at = operand;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
