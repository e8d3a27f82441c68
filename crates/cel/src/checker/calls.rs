//! Calls: which function is meant, and which of its overloads fit.

use super::{Checker, qualified_name, undeclared};
use crate::ast::{Expr, ExprKind, Id, Literal};
use crate::decl::{Function, Overload};
use crate::env::Reference;
use crate::types::Type;
use crate::types::display::signature;
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn call(&mut self, expr: &mut Expr) {
        let id = expr.id;
        let ExprKind::Call { target, function, args } = &mut expr.kind else { return };
        if &**function == "_?._" {
            return self.optional_selection(id, args);
        }
        for arg in args.iter_mut() {
            self.check(arg);
        }
        let env = self.env;
        let Some(receiver) = target else {
            let Some(found) = env.function(function) else { return self.undeclared_function(id, function) };
            *function = found.name.into();
            let ids = args.iter().map(|arg| arg.id).collect();
            return self.resolve(id, found, ids, false);
        };
        // `a.b.f()` may be the function `a.b.f`.
        let full = qualified_name(receiver).map(|prefix| format!("{prefix}.{function}"));
        if let Some(found) = full.and_then(|name| env.function(&name)) {
            *function = found.name.into();
            *target = None;
            let ids = args.iter().map(|arg| arg.id).collect();
            return self.resolve(id, found, ids, false);
        }
        self.check(receiver);
        let Some(found) = env.function(function) else { return self.undeclared_function(id, function) };
        let ids = std::iter::once(receiver.id).chain(args.iter().map(|arg| arg.id)).collect();
        self.resolve(id, found, ids, true)
    }

    /// `operand.?field`
    fn optional_selection(&mut self, id: Id, args: &mut [Expr]) {
        let [operand, field] = args else { return self.set_type(id, Type::Error) };
        let ExprKind::Literal(Literal::String(name)) = &field.kind else { return self.set_type(id, Type::Error) };
        let ty = self.select_field(id, operand, name, true);
        let ty = self.solver.substitute(&ty, false);
        self.set_type(field.id, Type::String);
        self.set_type(id, ty);
        self.references.insert(id, Reference { overloads: vec!["select_optional_field"], ..Reference::default() });
    }

    fn undeclared_function(&mut self, id: Id, name: &str) {
        self.issue(id, undeclared(name));
        self.set_type(id, Type::Error);
    }

    /// Finds the overloads that take these operands, the first of which is the target of a member call.
    fn resolve(&mut self, id: Id, function: &Function, operands: Vec<Id>, member: bool) {
        let mut given: Vec<Type> = operands.iter().map(|id| self.type_of(*id)).collect();
        if matches!(function.name, "_&&_" | "_||_") {
            return self.logical(id, function, &operands, &given);
        }
        let (mut result, mut overloads): (Option<Type>, Vec<&'static str>) = (None, Vec::new());
        for overload in function.overloads.iter().filter(|overload| overload.member == member) {
            if overload.params.len() != given.len() {
                continue;
            }
            let (params, fresh_result) = self.instantiate(overload);
            if !self.solver.all_assignable(&given, &params) {
                continue;
            }
            overloads.push(overload.id);
            let this = self.solver.substitute(&fresh_result, false);
            result = Some(match result {
                None => this,
                Some(known) if known == Type::Dyn || self.solver.same(&known, &this) => known,
                Some(_) => Type::Dyn,
            });
        }
        match result {
            Some(ty) => {
                self.set_type(id, ty);
                self.references.insert(id, Reference { overloads, ..Reference::default() });
            }
            None => {
                for ty in &mut given {
                    *ty = self.solver.substitute(ty, true);
                }
                let applied = signature(&given, member);
                self.issue(id, format!("found no matching overload for '{}' applied to '{applied}'", function.name));
                self.set_type(id, Type::Error);
            }
        }
    }

    /// `&&` and `||` say of each operand by itself that it is no bool.
    fn logical(&mut self, id: Id, function: &Function, operands: &[Id], given: &[Type]) {
        let mut holds = true;
        for (operand, ty) in operands.iter().zip(given) {
            if !self.solver.assignable(ty, &Type::Bool) {
                self.mismatch(*operand, &Type::Bool, ty);
                holds = false;
            }
        }
        if !holds {
            return self.set_type(id, Type::Error);
        }
        let overloads = function.overloads.iter().map(|overload| overload.id).collect();
        self.references.insert(id, Reference { overloads, ..Reference::default() });
        self.set_type(id, Type::Bool);
    }

    /// An overload with fresh variables in place of its parameters.
    fn instantiate(&mut self, overload: &Overload) -> (Vec<Type>, Type) {
        let mut known = Vec::new();
        let params = overload.params.iter().map(|ty| self.fresh_params(ty, &mut known)).collect();
        let result = self.fresh_params(&overload.result, &mut known);
        (params, result)
    }

    fn fresh_params(&mut self, ty: &Type, known: &mut Vec<(&'static str, Type)>) -> Type {
        match ty {
            Type::Param(name) => match known.iter().find(|(param, _)| param == name) {
                Some((_, variable)) => variable.clone(),
                None => {
                    let variable = self.solver.fresh();
                    known.push((name, variable.clone()));
                    variable
                }
            },
            Type::List(element) => Type::list(self.fresh_params(element, known)),
            Type::Map(key, value) => {
                let key = self.fresh_params(key, known);
                Type::map(key, self.fresh_params(value, known))
            }
            Type::Optional(inner) => Type::optional(self.fresh_params(inner, known)),
            Type::Type(inner) => Type::Type(Arc::new(self.fresh_params(inner, known))),
            _ => ty.clone(),
        }
    }
}
