//! Lists, maps and objects.

use super::{EvalError, Evaluator, literal_value};
use crate::ast::{Expr, ExprKind, MapEntry, StructField};
use crate::cost::{self, Budget};
use crate::functions::{self, CallContext};
use crate::types::Type;
use crate::value::{Key, Map, Object, Val};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Constants inside constants; deeper ones are made each time.
const MAX_CONSTANT_DEPTH: u32 = 64;

impl Evaluator<'_, '_> {
    pub(super) fn eval_list(&mut self, expr: &Expr, elements: &[Expr], optional: &[u32]) -> Result<Val, EvalError> {
        if let Some(constant) = self.constant(expr)? {
            return Ok(constant);
        }
        let mut items = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            let value = self.eval(element)?;
            if optional.contains(&(at as u32)) {
                items.extend(unwrapped(value)?);
            } else {
                items.push(value);
            }
        }
        self.budget.charge(cost::LIST)?;
        Ok(Val::list(items))
    }

    pub(super) fn eval_map(&mut self, expr: &Expr, entries: &[MapEntry]) -> Result<Val, EvalError> {
        if let Some(constant) = self.constant(expr)? {
            return Ok(constant);
        }
        let mut map = BTreeMap::new();
        for entry in entries {
            let key = self.eval(&entry.key)?;
            let key = Key::of(&key).ok_or_else(|| unsupported_key(&key))?;
            let value = self.eval(&entry.value)?;
            if !entry.optional {
                map.insert(key, value);
            } else if let Some(value) = unwrapped(value)? {
                map.insert(key, value);
            }
        }
        self.budget.charge(cost::MAP)?;
        Ok(Val::Map(Map::Made(Arc::new(map))))
    }

    pub(super) fn eval_struct(
        &mut self,
        expr: &Expr,
        type_name: &Arc<str>,
        fields: &[StructField],
    ) -> Result<Val, EvalError> {
        let declared = match self.declared_type(expr) {
            Some(Type::Object(object)) => Some(Arc::clone(object)),
            _ => None,
        };
        let mut values = BTreeMap::new();
        for field in fields {
            let value = self.eval(&field.value)?;
            let value = if field.optional { unwrapped(value)? } else { Some(value) };
            let Some(value) = value else { continue };
            let json = declared.as_ref().and_then(|object| object.field(&field.name)).map(|field| field.json);
            values.insert(json.unwrap_or_else(|| Arc::clone(&field.name)), value);
        }
        self.budget.charge(cost::STRUCT)?;
        let type_name = declared.map_or_else(|| Arc::clone(type_name), |object| Arc::clone(&object.name));
        Ok(Val::Object(Arc::new(Object { type_name, fields: values })))
    }
}

/// The value behind a `?`.
fn unwrapped(value: Val) -> Result<Option<Val>, EvalError> {
    match value {
        Val::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
        other => {
            let ty = other.type_name();
            Err(EvalError::message(format!("cannot initialize optional list element from non-optional value {ty}")))
        }
    }
}

fn unsupported_key(key: &Val) -> EvalError {
    EvalError::message(format!("unsupported key type: {}", key.type_name()))
}

/// The value of an expression that consists of literals, in lists, maps and conversions.
pub(super) fn constant(expr: &Expr, depth: u32) -> Option<Val> {
    if depth > MAX_CONSTANT_DEPTH {
        return None;
    }
    match &expr.kind {
        ExprKind::Literal(literal) => Some(literal_value(literal)),
        ExprKind::List { elements, optional } if optional.is_empty() => {
            let items: Option<Vec<Val>> = elements.iter().map(|element| constant(element, depth + 1)).collect();
            items.map(Val::list)
        }
        ExprKind::Map(entries) if entries.iter().all(|entry| !entry.optional) => {
            let entries: Option<Vec<(Key, Val)>> = entries
                .iter()
                .map(|entry| Some((Key::of(&constant(&entry.key, depth + 1)?)?, constant(&entry.value, depth + 1)?)))
                .collect();
            entries.map(Val::map)
        }
        ExprKind::Call { target: None, function, args } if functions::is_conversion(function) => {
            let [arg] = args.as_slice() else { return None };
            let arg = constant(arg, depth + 1)?;
            let mut budget = Budget::new(0);
            let mut context = CallContext { budget: &mut budget };
            functions::implementations(function)
                .iter()
                .find_map(|implementation| implementation(&mut context, std::slice::from_ref(&arg)).ok())
        }
        _ => None,
    }
}
