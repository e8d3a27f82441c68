//! Names, fields, elements, conditionals and presence.

use super::{EvalError, Evaluator, literal_value};
use crate::ast::{Expr, ExprKind, Literal};
use crate::cost::ATTRIBUTE;
use crate::value::{Key, Val};
use std::sync::Arc;

/// Where a chain of steps stands.
enum Resolved {
    Value(Val),
    /// Behind a `.?`: every step from here on may find nothing.
    Optional(Option<Val>),
}

impl Evaluator<'_, '_> {
    /// A whole chain, with the cost of its name.
    pub(super) fn eval_attribute(&mut self, expr: &Expr) -> Result<Val, EvalError> {
        let resolved = self.resolve(expr)?;
        if !begins_with_conditional(expr) {
            self.budget.charge(ATTRIBUTE)?;
        }
        Ok(finish(resolved))
    }

    /// `c ? a : b`: names in the branches cost nothing by themselves.
    pub(super) fn eval_conditional(&mut self, condition: &Expr, then: &Expr, other: &Expr) -> Result<Val, EvalError> {
        let branch = match self.eval(condition)? {
            Val::Bool(true) => then,
            Val::Bool(false) => other,
            _ => return Err(EvalError::NoSuchOverload),
        };
        self.resolve(branch).map(finish)
    }

    /// `has(operand.field)`
    pub(super) fn eval_presence(&mut self, operand: &Expr, field: &Arc<str>) -> Result<Val, EvalError> {
        let found = match self.resolve(operand)? {
            Resolved::Value(Val::Optional(inner)) => match inner {
                Some(inner) => self.field(&inner, field)?.is_some(),
                None => return Ok(Val::Bool(false)),
            },
            Resolved::Value(value) => self.field(&value, field)?.is_some(),
            Resolved::Optional(Some(value)) => self.field(&value, field)?.is_some(),
            Resolved::Optional(None) => return Ok(Val::Bool(false)),
        };
        self.budget.charge(ATTRIBUTE)?;
        Ok(Val::Bool(found))
    }

    /// The chain that ends in `expr`, without the cost of its name.
    fn resolve(&mut self, expr: &Expr) -> Result<Resolved, EvalError> {
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            return Err(EvalError::TooDeep);
        }
        let resolved = self.resolve_node(expr);
        self.depth -= 1;
        resolved
    }

    fn resolve_node(&mut self, expr: &Expr) -> Result<Resolved, EvalError> {
        match &expr.kind {
            ExprKind::Ident(name) => self.variable(expr, name).map(Resolved::Value),
            ExprKind::Select { operand, field, test_only: false } => {
                let operand = self.resolve(operand)?;
                self.select(operand, field, false)
            }
            ExprKind::Call { target: None, function, args } => match (&**function, args.as_slice()) {
                ("_?_:_", [condition, then, other]) => match self.eval(condition)? {
                    Val::Bool(true) => self.resolve(then),
                    Val::Bool(false) => self.resolve(other),
                    _ => Err(EvalError::NoSuchOverload),
                },
                ("_?._", [operand, Expr { kind: ExprKind::Literal(Literal::String(field)), .. }]) => {
                    let operand = self.resolve(operand)?;
                    self.select(operand, field, true)
                }
                ("_[_]", [operand, index]) => self.index(operand, index, false),
                ("_[?_]", [operand, index]) => self.index(operand, index, true),
                _ => self.eval(expr).map(Resolved::Value),
            },
            _ => self.eval(expr).map(Resolved::Value),
        }
    }

    fn select(&mut self, operand: Resolved, field: &Arc<str>, optional: bool) -> Result<Resolved, EvalError> {
        let (value, optional) = match entered(operand, optional) {
            Ok(entered) => entered,
            Err(absent) => return Ok(absent),
        };
        let found = self.field(&value, field)?;
        match found {
            Some(found) => {
                self.budget.charge(ATTRIBUTE)?;
                Ok(if optional { Resolved::Optional(Some(found)) } else { Resolved::Value(found) })
            }
            None if optional => Ok(Resolved::Optional(None)),
            None => Err(no_such_key(field)),
        }
    }

    fn index(&mut self, operand: &Expr, index: &Expr, optional: bool) -> Result<Resolved, EvalError> {
        let operand = self.resolve(operand)?;
        // A conditional as an index has no cost but that of its parts.
        let mut cost = ATTRIBUTE;
        let key = match &index.kind {
            ExprKind::Literal(literal) => literal_value(literal),
            ExprKind::Call { function, .. } if &**function == "_?_:_" => {
                cost = 0;
                self.eval(index)?
            }
            _ => finish(self.resolve(index)?),
        };
        let (value, optional) = match entered(operand, optional) {
            Ok(entered) => entered,
            Err(absent) => return Ok(absent),
        };
        match element(&value, &key)? {
            Some(found) => {
                self.budget.charge(cost)?;
                Ok(if optional { Resolved::Optional(Some(found)) } else { Resolved::Value(found) })
            }
            None if optional => Ok(Resolved::Optional(None)),
            None => Err(missing(&value, &key)),
        }
    }

    /// A field of what has fields; nothing else has any.
    fn field(&mut self, value: &Val, field: &Arc<str>) -> Result<Option<Val>, EvalError> {
        match value {
            Val::Map(map) => map.field(field).transpose(),
            Val::Object(object) => Ok(object.fields.get(field).cloned()),
            Val::Opaque(value) => value.field(field, self.budget).transpose(),
            _ => Ok(None),
        }
    }

    fn variable(&mut self, expr: &Expr, name: &Arc<str>) -> Result<Val, EvalError> {
        if let Some((_, value)) = self.scope.iter().rev().find(|(own, _)| own == name) {
            return value.clone();
        }
        if let Some(ty) = self.type_named_by(expr) {
            return Ok(Val::Type(ty.clone()));
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        match self.variables.get(name, self.budget) {
            Some(value) => value,
            None => Err(EvalError::message(format!("no such attribute(s): {name}"))),
        }
    }
}

/// Whether the chain takes its first step from `c ? a : b`, which has no name to pay for.
fn begins_with_conditional(mut expr: &Expr) -> bool {
    loop {
        expr = match &expr.kind {
            ExprKind::Select { operand, test_only: false, .. } => operand,
            ExprKind::Call { target: None, function, args } => match (&**function, args.as_slice()) {
                ("_?._" | "_[_]" | "_[?_]", [operand, _]) => operand,
                (function, _) => return function == "_?_:_",
            },
            _ => return false,
        }
    }
}

/// The value to take a step from, and whether the step may find nothing; or that there was nothing already.
fn entered(operand: Resolved, optional: bool) -> Result<(Val, bool), Resolved> {
    match operand {
        Resolved::Value(Val::Optional(Some(inner))) => Ok(((*inner).clone(), true)),
        Resolved::Optional(Some(inner)) => Ok((inner, true)),
        Resolved::Value(Val::Optional(None)) | Resolved::Optional(None) => Err(Resolved::Optional(None)),
        Resolved::Value(value) => Ok((value, optional)),
    }
}

fn finish(resolved: Resolved) -> Val {
    match resolved {
        Resolved::Value(value) => value,
        Resolved::Optional(inner) => Val::Optional(inner.map(Arc::new)),
    }
}

/// `value[key]`
pub(super) fn element(value: &Val, key: &Val) -> Result<Option<Val>, EvalError> {
    match value {
        Val::List(list) => {
            let index = match key {
                Val::Int(index) => usize::try_from(*index).ok(),
                Val::Uint(index) => usize::try_from(*index).ok(),
                Val::Double(index) if *index == index.trunc() && index.abs() < 9e15 => {
                    usize::try_from(*index as i64).ok()
                }
                other => {
                    return Err(EvalError::message(format!("unsupported index type '{}' in list", other.type_name())));
                }
            };
            index.and_then(|index| list.get(index)).transpose()
        }
        Val::Map(map) => match Key::of(key) {
            Some(key) => map.get(&key).transpose(),
            None => Ok(None),
        },
        Val::Object(object) => Ok(key.as_str().and_then(|name| object.fields.get(name)).cloned()),
        _ => Ok(None),
    }
}

fn missing(value: &Val, key: &Val) -> EvalError {
    let shown = crate::functions::plain_text(key);
    match value {
        Val::List(_) => EvalError::message(format!("index out of bounds: {shown}")),
        _ => no_such_key(&shown),
    }
}

fn no_such_key(key: &str) -> EvalError {
    EvalError::message(format!("no such key: {key}"))
}
