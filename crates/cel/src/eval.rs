//! Evaluation of a checked expression.
//!
//! A walk over the tree. Names, fields and elements are *attributes*, as in cel-go: a chain `a.b[0].c` is resolved as
//! one, costs one unit for the name and one for each step, and becomes optional as a whole behind its first `.?`. An error
//! is a result that ends everything but `&&`, `||`, and the accumulator of a comprehension, which take it as a value.
//!
//! Bounded by cost ([`Budget`]), by depth, and by an interrupt. Deliberately absent: partial evaluation (unknowns).

mod attribute;
mod comprehension;
mod construct;

use crate::ast::{Expr, ExprKind, Literal};
use crate::cost::{self, Budget};
use crate::env::Program;
use crate::functions::{self, CallContext};
use crate::types::Type;
use crate::value::{Key, Val, equals};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Expressions inside expressions, after macros. The parser takes 250; macros add some to each.
const MAX_DEPTH: u32 = 1_500;

/// Why an expression has no value, in cel-go's words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvalError {
    #[error("no such overload")]
    NoSuchOverload,
    #[error("{0}")]
    Message(Arc<str>),
    /// One evaluation cost more than its limit.
    #[error("operation cancelled: actual cost limit exceeded")]
    CostExceeded,
    #[error("operation interrupted")]
    Interrupted,
    #[error("expression recursion limit exceeded")]
    TooDeep,
    /// An authorizer has no answer yet; see [`crate::functions::authorizer`].
    #[error("authorization is not decided yet")]
    Unanswered,
}

impl EvalError {
    pub fn message(text: impl AsRef<str>) -> EvalError {
        EvalError::Message(Arc::from(text.as_ref()))
    }

    /// `&&`, `||` and comprehensions do not go on after it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, EvalError::CostExceeded | EvalError::Interrupted | EvalError::TooDeep | EvalError::Unanswered)
    }
}

/// What an expression's names stand for.
pub trait Variables {
    /// `None` where there is no such variable. A lazy one computes its value now and on the account of `budget`.
    fn get(&self, name: &str, budget: &mut Budget) -> Option<Result<Val, EvalError>>;
}

impl Variables for HashMap<&str, Val> {
    fn get(&self, name: &str, _: &mut Budget) -> Option<Result<Val, EvalError>> {
        HashMap::get(self, name).cloned().map(Ok)
    }
}

impl Program {
    /// One evaluation; its cost goes to `budget`.
    pub fn evaluate(&self, variables: &dyn Variables, budget: &mut Budget) -> Result<Val, EvalError> {
        budget.call(|budget| {
            let mut evaluator = Evaluator {
                program: self,
                variables,
                budget,
                scope: Vec::new(),
                depth: 0,
                constants: HashMap::new(),
                sets: HashMap::new(),
            };
            evaluator.eval(&self.ast.root)
        })
    }
}

struct Evaluator<'p, 'b> {
    program: &'p Program,
    variables: &'b dyn Variables,
    budget: &'b mut Budget,
    /// Variables of comprehensions, innermost last.
    scope: Vec<(Arc<str>, Result<Val, EvalError>)>,
    depth: u32,
    /// Values of constant expressions, by the address of their node: they are free, so they must not be made again and again.
    constants: HashMap<usize, Option<Val>>,
    /// The same for lists on the right of `in`.
    sets: HashMap<usize, Option<Arc<BTreeSet<Key>>>>,
}

impl Evaluator<'_, '_> {
    fn eval(&mut self, expr: &Expr) -> Result<Val, EvalError> {
        self.budget.step()?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(EvalError::TooDeep);
        }
        let result = self.eval_node(expr);
        self.depth -= 1;
        result
    }

    fn eval_node(&mut self, expr: &Expr) -> Result<Val, EvalError> {
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(literal_value(literal)),
            ExprKind::Ident(_) => match self.type_named_by(expr) {
                Some(ty) => Ok(Val::Type(ty.clone())),
                None => self.eval_attribute(expr),
            },
            ExprKind::Select { operand, field, test_only: true } => self.eval_presence(operand, field),
            ExprKind::Select { .. } => self.eval_attribute(expr),
            ExprKind::Call { target, function, args } => self.eval_call(expr, target.as_deref(), function, args),
            ExprKind::List { elements, optional } => self.eval_list(expr, elements, optional),
            ExprKind::Map(entries) => self.eval_map(expr, entries),
            ExprKind::Struct { type_name, fields } => self.eval_struct(expr, type_name, fields),
            ExprKind::Comprehension(comprehension) => self.eval_comprehension(comprehension),
        }
    }

    fn eval_call(
        &mut self,
        expr: &Expr,
        target: Option<&Expr>,
        function: &str,
        args: &[Expr],
    ) -> Result<Val, EvalError> {
        match (function, args) {
            ("_&&_", [left, right]) => self.eval_logic(left, right, false),
            ("_||_", [left, right]) => self.eval_logic(left, right, true),
            ("_?_:_", [condition, then, other]) => self.eval_conditional(condition, then, other),
            ("@not_strictly_false" | "__not_strictly_false__", [arg]) => {
                let value = self.eval(arg);
                self.budget.charge(1)?;
                match value {
                    Err(error) if error.is_fatal() => Err(error),
                    Ok(Val::Bool(false)) => Ok(Val::Bool(false)),
                    _ => Ok(Val::Bool(true)),
                }
            }
            ("_[_]" | "_?._" | "_[?_]", [_, _]) => self.eval_attribute(expr),
            ("@in", [element, list]) => self.eval_membership(expr, element, list, args),
            _ => self.eval_function(expr, target, function, args),
        }
    }

    /// `&&` and `||`: the side that decides wins over an error of the other.
    fn eval_logic(&mut self, left: &Expr, right: &Expr, decisive: bool) -> Result<Val, EvalError> {
        let mut error = None;
        for side in [left, right] {
            match self.eval(side) {
                Ok(Val::Bool(value)) if value == decisive => return Ok(Val::Bool(decisive)),
                Ok(Val::Bool(_)) => {}
                Err(fatal) if fatal.is_fatal() => return Err(fatal),
                Err(other) => error = error.or(Some(other)),
                Ok(_) => error = error.or(Some(EvalError::NoSuchOverload)),
            }
        }
        error.map_or(Ok(Val::Bool(!decisive)), Err)
    }

    /// `element in list`; where the list is constant and simple, looking into it is free.
    fn eval_membership(&mut self, expr: &Expr, element: &Expr, list: &Expr, args: &[Expr]) -> Result<Val, EvalError> {
        if !matches!(list.kind, ExprKind::List { .. }) {
            return self.eval_function(expr, None, "@in", args);
        }
        match (self.constant_set(list)?, self.constant(list)?) {
            (Some(set), _) if set.is_empty() => Ok(Val::Bool(false)),
            (Some(set), _) => {
                let element = self.eval(element)?;
                Ok(Val::Bool(Key::of(&element).is_some_and(|key| set.contains(&key))))
            }
            (None, Some(Val::List(list))) if list.iter().all(|item| item.as_ref().is_ok_and(is_primitive)) => {
                let element = self.eval(element)?;
                self.call("@in", &[element, Val::List(list)])
            }
            (None, _) => self.eval_function(expr, None, "@in", args),
        }
    }

    fn eval_function(
        &mut self,
        expr: &Expr,
        target: Option<&Expr>,
        function: &str,
        args: &[Expr],
    ) -> Result<Val, EvalError> {
        if functions::is_conversion(function)
            && target.is_none()
            && let Some(constant) = self.constant(expr)?
        {
            return Ok(constant);
        }
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in target.into_iter().chain(args) {
            values.push(self.eval(arg)?);
        }
        let result = self.call(function, &values)?;
        let cost = cost::of_call(function, self.overload(expr), &values, &result);
        self.budget.charge(cost)?;
        self.budget.make(&result)?;
        Ok(result)
    }

    /// Calls what is registered under `name` for values such as these.
    fn call(&mut self, name: &str, values: &[Val]) -> Result<Val, EvalError> {
        match (name, values) {
            ("_==_", [a, b]) => return equals(a, b, self.budget.fuel()).map(Val::Bool),
            ("_!=_", [a, b]) => return equals(a, b, self.budget.fuel()).map(|equal| Val::Bool(!equal)),
            _ => {}
        }
        let mut context = CallContext { budget: self.budget };
        for implementation in functions::implementations(name) {
            match implementation(&mut context, values) {
                Err(EvalError::NoSuchOverload) => {}
                result => return result,
            }
        }
        Err(functions::unmatched(name, values))
    }

    /// The one overload that the checker found; empty where there are several.
    fn overload(&self, expr: &Expr) -> &'static str {
        match self.program.overloads(expr.id) {
            [overload] => overload,
            _ => "",
        }
    }

    /// The value of a conversion, list or map of constants. Upstream computes it once, before it counts cost.
    fn constant(&mut self, expr: &Expr) -> Result<Option<Val>, EvalError> {
        let key = std::ptr::from_ref(expr).addr();
        if let Some(known) = self.constants.get(&key) {
            return Ok(known.clone());
        }
        let value = construct::constant(expr, 0);
        self.constants.insert(key, value.clone());
        Ok(value)
    }

    /// The members of a constant list of values that can be told apart as keys.
    fn constant_set(&mut self, list: &Expr) -> Result<Option<Arc<BTreeSet<Key>>>, EvalError> {
        let key = std::ptr::from_ref(list).addr();
        if let Some(known) = self.sets.get(&key) {
            return Ok(known.clone());
        }
        let set = match self.constant(list)? {
            Some(Val::List(list)) => {
                let keys: Result<Vec<_>, _> = list.iter().map(|item| Ok(Key::of(&item?))).collect();
                keys?.into_iter().collect::<Option<BTreeSet<Key>>>().map(Arc::new)
            }
            _ => None,
        };
        self.sets.insert(key, set.clone());
        Ok(set)
    }

    /// The type that a name stands for, where it is no variable.
    fn type_named_by(&self, expr: &Expr) -> Option<&Type> {
        self.program.references.get(&expr.id)?.constant.as_ref()
    }

    fn declared_type(&self, expr: &Expr) -> Option<&Type> {
        self.program.types.get(&expr.id)
    }
}

fn is_primitive(value: &Val) -> bool {
    matches!(value, Val::Bool(_) | Val::Int(_) | Val::Uint(_) | Val::Double(_) | Val::String(_))
}

fn literal_value(literal: &Literal) -> Val {
    match literal {
        Literal::Null => Val::Null,
        Literal::Bool(value) => Val::Bool(*value),
        Literal::Int(value) => Val::Int(*value),
        Literal::Uint(value) => Val::Uint(*value),
        Literal::Double(value) => Val::Double(*value),
        Literal::String(text) => Val::String(Arc::clone(text)),
        Literal::Bytes(bytes) => Val::Bytes(Arc::clone(bytes)),
    }
}

#[cfg(test)]
mod tests;
