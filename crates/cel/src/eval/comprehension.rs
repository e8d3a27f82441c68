//! Comprehensions: what `all`, `map` and their like become.

use super::{EvalError, Evaluator};
use crate::ast::{Comprehension, Expr, ExprKind};
use crate::cost;
use crate::value::{Key, List, Map, Val, add_lists};
use std::sync::Arc;

impl Evaluator<'_, '_> {
    pub(super) fn eval_comprehension(&mut self, comprehension: &Comprehension) -> Result<Val, EvalError> {
        let range = self.eval(&comprehension.range)?;
        let init = self.eval(&comprehension.init);
        if let Err(error) = &init
            && error.is_fatal()
        {
            return Err(error.clone());
        }
        let depth = self.scope.len();
        self.scope.push((Arc::clone(&comprehension.accumulator), init));
        let folded = match &range {
            Val::List(list) => self.fold_list(comprehension, list),
            Val::Map(map) => self.fold_map(comprehension, map),
            other => Err(EvalError::message(format!("got '{}', expected iterable type", go_type(other)))),
        };
        let result = folded.and_then(|()| self.eval(&comprehension.result));
        self.scope.truncate(depth);
        result
    }

    fn fold_list(&mut self, comprehension: &Comprehension, list: &List) -> Result<(), EvalError> {
        for (index, element) in list.iter().enumerate() {
            let more = if comprehension.second.is_some() {
                self.fold(comprehension, Ok(Val::Int(index as i64)), Some(element))?
            } else {
                self.fold(comprehension, element, None)?
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn fold_map(&mut self, comprehension: &Comprehension, map: &Map) -> Result<(), EvalError> {
        for key in map.keys() {
            let value = comprehension.second.is_some().then(|| map.get(&key).unwrap_or(Ok(Val::Null)));
            if !self.fold(comprehension, Ok(key.to_val()), value)? {
                break;
            }
        }
        Ok(())
    }

    /// One round; false where the condition ends it.
    fn fold(
        &mut self,
        comprehension: &Comprehension,
        first: Result<Val, EvalError>,
        second: Option<Result<Val, EvalError>>,
    ) -> Result<bool, EvalError> {
        self.budget.step()?;
        let accumulator = self.scope.len() - 1;
        self.scope.push((Arc::clone(&comprehension.variable), first));
        if let (Some(name), Some(value)) = (&comprehension.second, second) {
            self.scope.push((Arc::clone(name), value));
        }
        let more = match self.eval(&comprehension.condition) {
            Ok(Val::Bool(more)) => more,
            Err(error) if error.is_fatal() => return Err(error),
            _ => true,
        };
        if more {
            let step = self.eval_step(&comprehension.step, accumulator);
            if let Err(error) = &step
                && error.is_fatal()
            {
                return Err(error.clone());
            }
            self.scope[accumulator].1 = step;
        }
        self.scope.truncate(accumulator + 1);
        Ok(more)
    }

    /// As [`Evaluator::eval`], but takes the accumulator out of the scope where the step only adds to it: a list that
    /// grows by one element a round must not be copied each round.
    fn eval_step(&mut self, step: &Expr, accumulator: usize) -> Result<Val, EvalError> {
        let ExprKind::Call { target: None, function, args } = &step.kind else {
            return self.eval(step);
        };
        match (&**function, args.as_slice()) {
            ("_?_:_", [condition, then, other]) => match self.eval(condition)? {
                Val::Bool(true) => self.eval_branch(then, accumulator),
                Val::Bool(false) => self.eval_branch(other, accumulator),
                _ => Err(EvalError::NoSuchOverload),
            },
            ("_+_", [left, right]) if self.is_accumulator(left, accumulator) => {
                let held = matches!(self.scope[accumulator].1, Ok(Val::List(_)));
                if !held {
                    return self.eval(step);
                }
                let right = self.eval(right)?;
                // The name of the accumulator and the sum.
                self.budget.charge(cost::ATTRIBUTE + 1)?;
                match (std::mem::replace(&mut self.scope[accumulator].1, Ok(Val::Null)), right) {
                    (Ok(Val::List(own)), Val::List(more)) => add_lists(own, more).map(Val::List),
                    (own, _) => own.and(Err(EvalError::NoSuchOverload)),
                }
            }
            ("cel.@mapInsert", [map, key, value]) if self.is_accumulator(map, accumulator) => {
                self.insert(key, value, accumulator)
            }
            _ => self.eval(step),
        }
    }

    /// A branch of a conditional: the accumulator itself, unchanged, costs nothing.
    fn eval_branch(&mut self, branch: &Expr, accumulator: usize) -> Result<Val, EvalError> {
        if self.is_accumulator(branch, accumulator) {
            return std::mem::replace(&mut self.scope[accumulator].1, Ok(Val::Null));
        }
        self.eval_step(branch, accumulator)
    }

    fn insert(&mut self, key: &Expr, value: &Expr, accumulator: usize) -> Result<Val, EvalError> {
        let key = self.eval(key)?;
        let value = self.eval(value)?;
        self.budget.charge(cost::ATTRIBUTE + 1)?;
        let own = std::mem::replace(&mut self.scope[accumulator].1, Ok(Val::Null))?;
        let (Val::Map(Map::Made(mut entries)), Some(key)) = (own, Key::of(&key)) else {
            return Err(EvalError::NoSuchOverload);
        };
        if entries.contains_key(&key) {
            return Err(EvalError::message(format!("insert failed: key {key} already exists")));
        }
        Arc::make_mut(&mut entries).insert(key, value);
        Ok(Val::Map(Map::Made(entries)))
    }

    fn is_accumulator(&self, expr: &Expr, accumulator: usize) -> bool {
        match &expr.kind {
            ExprKind::Ident(name) => self.scope.iter().rposition(|(own, _)| own == name) == Some(accumulator),
            _ => false,
        }
    }
}

/// cel-go names a value that cannot be iterated by its Go type.
fn go_type(value: &Val) -> &'static str {
    match value {
        Val::Null => "types.Null",
        Val::Bool(_) => "types.Bool",
        Val::Int(_) => "types.Int",
        Val::Uint(_) => "types.Uint",
        Val::Double(_) => "types.Double",
        Val::String(_) => "types.String",
        Val::Bytes(_) => "types.Bytes",
        Val::Timestamp(_) => "types.Timestamp",
        Val::Duration(_) => "types.Duration",
        Val::Optional(_) => "*types.Optional",
        Val::Type(_) => "*types.Type",
        _ => "ref.Val",
    }
}
