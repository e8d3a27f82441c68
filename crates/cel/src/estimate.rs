//! What an expression may cost, before it ever runs: cel-go's estimate, by which Kubernetes refuses expressions.
//!
//! Every node has a range of costs, and strings, bytes, lists and maps a range of sizes. Sizes of literals are known, those
//! of declared data are asked of [`SizeHints`] by their path, and all others may be anything: then a loop over them costs as
//! much as can be counted. Numbers are upstream's, also where our evaluation does less: clients see them.

mod extensions;
mod functions;
mod path;
mod range;

pub use path::Path;
pub use range::Range;

use crate::ast::{Comprehension, Expr, ExprKind, Id, Literal, MapEntry};
use crate::env::Program;
use crate::macros::ACCUMULATOR;
use crate::types::Type;
use std::collections::HashMap;
use std::sync::Arc;

/// Selecting a field, reading a variable.
const SELECT: Range = Range::exactly(1);
const LIST: Range = Range::exactly(10);
const MAP: Range = Range::exactly(30);
const STRUCT: Range = Range::exactly(40);
/// The cost of walking a string, a character.
const STRING_TRAVERSAL: f64 = 0.1;
/// The cost of a regular expression, a character of its source.
const REGEX_LENGTH: f64 = 0.25;

/// Knows how large declared data can be.
pub trait SizeHints {
    /// The size of what is at a path: characters, bytes, elements. The path begins with a variable; what follows are names
    /// of fields (as expressions write them), `@items`, `@keys`, `@values` and `@indices`.
    fn size(&self, path: &[Arc<str>], ty: &Type) -> Option<Range>;
}

/// Knows nothing: all data may be of any size.
pub struct NoHints;

impl SizeHints for NoHints {
    fn size(&self, _path: &[Arc<str>], _ty: &Type) -> Option<Range> {
        None
    }
}

impl Program {
    /// The range of what evaluating can cost.
    pub fn estimate(&self, hints: &dyn SizeHints) -> Range {
        let mut estimator = Estimator {
            program: self,
            hints,
            paths: HashMap::new(),
            locals: HashMap::new(),
            sizes: HashMap::new(),
            entry_sizes: HashMap::new(),
        };
        estimator.cost(&self.ast.root)
    }
}

struct Estimator<'p> {
    program: &'p Program,
    hints: &'p dyn SizeHints,
    paths: HashMap<Id, Path>,
    /// Variables of comprehensions by name, the innermost last.
    locals: HashMap<Arc<str>, Vec<Local>>,
    sizes: HashMap<Id, Range>,
    entry_sizes: HashMap<Id, EntrySize>,
}

#[derive(Clone)]
struct Local {
    path: Path,
    size: Option<Range>,
    entry: Option<EntrySize>,
}

/// Sizes of what is in a list or a map.
#[derive(Clone, Copy)]
struct EntrySize {
    is_list: bool,
    key: Range,
    value: Range,
}

impl EntrySize {
    fn union(this: Option<EntrySize>, other: Option<EntrySize>) -> Option<EntrySize> {
        let (this, other) = (this?, other?);
        Some(EntrySize { is_list: this.is_list, key: this.key.union(other.key), value: this.value.union(other.value) })
    }
}

/// An operand of a call, as estimates of functions see it.
struct Node<'e> {
    expr: &'e Expr,
    path: Path,
    ty: Type,
    size: Option<Range>,
}

/// What a call costs without its operands, and how large its result is.
struct Call {
    cost: Range,
    size: Option<Range>,
}

impl Call {
    fn costs(cost: Range) -> Option<Call> {
        Some(Call { cost, size: None })
    }

    fn sized(cost: Range, size: Range) -> Option<Call> {
        Some(Call { cost, size: Some(size) })
    }
}

impl<'p> Estimator<'p> {
    fn cost(&mut self, expr: &'p Expr) -> Range {
        match &expr.kind {
            ExprKind::Literal(_) => Range::ZERO,
            ExprKind::Ident(name) => {
                let path = match self.local(name) {
                    Some(local) => local.path.clone(),
                    None => Path::default().then(name),
                };
                self.paths.insert(expr.id, path);
                SELECT
            }
            ExprKind::Select { operand, test_only: true, .. } => self.cost(operand),
            ExprKind::Select { operand, field, test_only: false } => self.select(expr.id, operand, field),
            ExprKind::Call { target, function, args } => self.call(expr, target.as_deref(), function, args),
            ExprKind::List { elements, .. } => self.list(expr.id, elements),
            ExprKind::Map(entries) => self.map(expr.id, entries),
            ExprKind::Struct { fields, .. } => {
                fields.iter().fold(STRUCT, |sum, field| sum.plus(self.cost(&field.value)))
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(expr.id, comprehension),
        }
    }

    fn select(&mut self, id: Id, operand: &'p Expr, field: &Arc<str>) -> Range {
        let mut sum = self.cost(operand);
        if matches!(self.program.type_of(operand.id), Type::Map(..) | Type::Object(_) | Type::Param(_)) {
            sum = sum.plus(SELECT);
        }
        let path = self.path(operand).then(field);
        self.paths.insert(id, path);
        sum
    }

    fn call(&mut self, expr: &'p Expr, target: Option<&'p Expr>, function: &str, args: &'p [Expr]) -> Range {
        if let ("dyn", [arg]) = (function, args) {
            // It only stops the checker.
            let cost = self.cost(arg);
            self.copy_sizes(expr.id, arg);
            return cost.plus(Range::exactly(1));
        }
        let costs: Vec<Range> = args.iter().map(|arg| self.cost(arg)).collect();
        let nodes: Vec<Node<'p>> = args.iter().map(|arg| self.node(arg)).collect();
        let program = self.program;
        let overloads = program.overloads(expr.id);
        if overloads.is_empty() {
            return Range::ZERO;
        }
        let sum = target.map_or(Range::ZERO, |target| self.cost(target));
        let target = target.map(|target| self.node(target));
        let mut cost = Range { min: u64::MAX, max: 0 };
        let mut size: Option<Range> = None;
        for overload in overloads {
            let this = self.function(expr, function, overload, target.as_ref(), &nodes, &costs);
            cost = cost.union(this.cost);
            size = match (size, this.size) {
                (Some(known), Some(new)) => Some(known.union(new)),
                (known, new) => known.or(new),
            };
            let below = match *overload {
                "index_list" => Some("@items"),
                "index_map" => Some("@values"),
                _ => None,
            };
            if let (Some(name), Some(container)) = (below, args.first()) {
                size = self.entry_size(container).map(|entry| entry.value);
                let path = self.path(container).then_static(name);
                self.paths.insert(expr.id, path);
            }
            size = size.or_else(|| self.size(expr));
        }
        if let Some(size) = size {
            self.sizes.insert(expr.id, size);
        }
        sum.plus(cost)
    }

    fn list(&mut self, id: Id, elements: &'p [Expr]) -> Range {
        let mut value = Range { min: if elements.is_empty() { 0 } else { u64::MAX }, max: 0 };
        let mut sum = LIST;
        for element in elements {
            sum = sum.plus(self.cost(element));
            value = value.union(self.size_or_unknown(element));
        }
        self.entry_sizes.insert(id, EntrySize { is_list: true, key: Range::exactly(1), value });
        sum
    }

    fn map(&mut self, id: Id, entries: &'p [MapEntry]) -> Range {
        let mut key = Range { min: if entries.is_empty() { 0 } else { u64::MAX }, max: 0 };
        let mut value = key;
        let mut sum = MAP;
        for entry in entries {
            sum = sum.plus(self.cost(&entry.key)).plus(self.cost(&entry.value));
            key = key.union(self.size_or_unknown(&entry.key));
            value = value.union(self.size_or_unknown(&entry.value));
        }
        self.entry_sizes.insert(id, EntrySize { is_list: false, key, value });
        sum
    }

    fn comprehension(&mut self, id: Id, part: &'p Comprehension) -> Range {
        let mut sum = self.cost(&part.range).plus(self.cost(&part.init));
        let accumulator =
            Local { path: self.path(&part.init), size: self.size(&part.init), entry: self.entry_size(&part.init) };
        self.push(&part.accumulator, accumulator);
        if is_bind(part) {
            sum = sum.plus(self.cost(&part.result));
            self.pop(&part.accumulator);
            self.copy_sizes(id, &part.result);
            return sum;
        }
        self.push_loop_variables(part);
        let condition = self.cost(&part.condition);
        let step = self.cost(&part.step);
        self.pop(&part.variable);
        if let Some(second) = &part.second {
            self.pop(second);
        }
        sum = sum.plus(self.cost(&part.result));
        self.pop(&part.accumulator);
        let count = self.size_or_unknown(&part.range);
        sum = sum.plus(count.times(step.plus(condition)));
        match part.init.kind {
            ExprKind::Literal(_) => {
                if let Some(size) = self.size(&part.init) {
                    self.sizes.insert(id, size);
                }
            }
            ExprKind::List { .. } | ExprKind::Map(_) => {
                self.sizes.insert(id, count);
                if let Some(entry) = self.entry_size(&part.step) {
                    self.entry_sizes.insert(id, entry);
                }
            }
            _ => {}
        }
        sum
    }

    fn push_loop_variables(&mut self, part: &'p Comprehension) {
        let entry = self.entry_size(&part.range);
        let is_list = match entry {
            Some(entry) => entry.is_list,
            None => matches!(self.program.type_of(part.range.id), Type::List(_)),
        };
        let path = self.path(&part.range);
        let (key, value) = if is_list { ("@indices", "@items") } else { ("@keys", "@values") };
        let key = Local { path: path.then_static(key), size: entry.map(|entry| entry.key), entry: None };
        let value = Local { path: path.then_static(value), size: entry.map(|entry| entry.value), entry: None };
        match &part.second {
            Some(second) => {
                self.push(&part.variable, key);
                self.push(second, value);
            }
            None => self.push(&part.variable, if is_list { value } else { key }),
        }
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.get(name)?.last()
    }

    fn push(&mut self, name: &Arc<str>, local: Local) {
        self.locals.entry(name.clone()).or_default().push(local);
    }

    fn pop(&mut self, name: &str) {
        if let Some(stack) = self.locals.get_mut(name) {
            stack.pop();
        }
    }

    fn path(&self, expr: &Expr) -> Path {
        if let ExprKind::Ident(name) = &expr.kind
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&expr.id).cloned().unwrap_or_default()
    }

    fn node(&mut self, expr: &'p Expr) -> Node<'p> {
        let path = self.path(expr);
        let path = if path.first().is_some_and(|name| &**name == ACCUMULATOR) { Path::default() } else { path };
        Node { expr, path, ty: self.program.type_of(expr.id).clone(), size: self.size(expr) }
    }

    fn size_or_unknown(&mut self, expr: &Expr) -> Range {
        self.size(expr).unwrap_or(Range::UNKNOWN)
    }

    fn size(&mut self, expr: &Expr) -> Option<Range> {
        if let Some(size) = self.sizes.get(&expr.id) {
            return Some(*size);
        }
        if let Some(size) = literal_size(expr) {
            return Some(Range::exactly(size));
        }
        let ty = self.program.type_of(expr.id);
        if let Some(size) = self.hinted(&self.path(expr), ty) {
            self.sizes.insert(expr.id, size);
            return Some(size);
        }
        if is_scalar(ty) {
            return Some(Range::exactly(1));
        }
        match &expr.kind {
            ExprKind::Ident(name) => self.local(name).and_then(|local| local.size),
            _ => None,
        }
    }

    fn hinted(&self, path: &Path, ty: &Type) -> Option<Range> {
        self.hints.size(&path.names(), ty)
    }

    fn entry_size(&self, expr: &Expr) -> Option<EntrySize> {
        if let Some(size) = self.entry_sizes.get(&expr.id) {
            return Some(*size);
        }
        match &expr.kind {
            ExprKind::Ident(name) => self.local(name).and_then(|local| local.entry),
            _ => None,
        }
    }

    fn copy_sizes(&mut self, to: Id, from: &Expr) {
        if let Some(size) = self.size(from) {
            self.sizes.insert(to, size);
        }
        if let Some(entry) = self.entry_size(from) {
            self.entry_sizes.insert(to, entry);
        }
    }
}

/// A comprehension that never loops and only names a value.
fn is_bind(part: &Comprehension) -> bool {
    matches!(&part.range.kind, ExprKind::List { elements, .. } if elements.is_empty())
        && part.condition.kind == ExprKind::Literal(Literal::Bool(false))
        && &*part.accumulator != ACCUMULATOR
}

fn literal_size(expr: &Expr) -> Option<u64> {
    let size = match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => text.chars().count(),
        ExprKind::Literal(Literal::Bytes(bytes)) => bytes.len(),
        ExprKind::Literal(_) => 1,
        ExprKind::List { elements, .. } => elements.len(),
        ExprKind::Map(entries) => entries.len(),
        _ => return None,
    };
    Some(size as u64)
}

/// Whether values of the type are all of one size.
fn is_scalar(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Double | Type::Duration | Type::Int | Type::Timestamp | Type::Uint => true,
        Type::Optional(inner) => is_scalar(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
