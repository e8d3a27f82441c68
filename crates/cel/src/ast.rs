//! What the parser makes and the checker and the evaluator read.

use std::sync::Arc;

/// Of one node in its [`Ast`]; counted from 1 in the order of parsing.
pub type Id = u32;

/// An expression with where its nodes stand in the source.
#[derive(Clone, Debug)]
pub struct Ast {
    pub root: Expr,
    pub source: Arc<str>,
    /// Offset in characters of the node with the id that is the index.
    pub positions: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub id: Id,
    pub kind: ExprKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Literal(Literal),
    /// `a`, `.a`
    Ident(Arc<str>),
    /// `operand.field`; `has(operand.field)` where only its presence is asked. `operand.?field` is a call of `_?._`.
    Select {
        operand: Box<Expr>,
        field: Arc<str>,
        test_only: bool,
    },
    /// `f(args)`, `target.f(args)`; operators under cel-go's names (`_+_`, `_[_]`, `_?_:_`, `!_`, `@in`).
    Call {
        target: Option<Box<Expr>>,
        function: Arc<str>,
        args: Vec<Expr>,
    },
    List {
        elements: Vec<Expr>,
        /// Indices of the elements that stand behind a `?`.
        optional: Vec<u32>,
    },
    Map(Vec<MapEntry>),
    Struct {
        type_name: Arc<str>,
        fields: Vec<StructField>,
    },
    Comprehension(Box<Comprehension>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapEntry {
    pub id: Id,
    pub key: Expr,
    pub value: Expr,
    pub optional: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StructField {
    pub id: Id,
    pub name: Arc<str>,
    pub value: Expr,
    pub optional: bool,
}

/// What `all`, `exists`, `map` and their like become.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    pub range: Expr,
    /// The element of a list, the key of a map; with [`Comprehension::second`] the index or the key.
    pub variable: Arc<str>,
    /// The element or the value, in comprehensions of two variables.
    pub second: Option<Arc<str>>,
    pub accumulator: Arc<str>,
    pub init: Expr,
    pub condition: Expr,
    pub step: Expr,
    pub result: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
}

impl Expr {
    /// Appends the nodes right below this one.
    pub fn push_children<'e>(&'e self, to: &mut Vec<&'e Expr>) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Ident(_) => {}
            ExprKind::Select { operand, .. } => to.push(operand),
            ExprKind::Call { target, args, .. } => {
                to.extend(target.as_deref());
                to.extend(args);
            }
            ExprKind::List { elements, .. } => to.extend(elements),
            ExprKind::Map(entries) => to.extend(entries.iter().flat_map(|entry| [&entry.key, &entry.value])),
            ExprKind::Struct { fields, .. } => to.extend(fields.iter().map(|field| &field.value)),
            ExprKind::Comprehension(part) => {
                to.extend([&part.range, &part.init, &part.condition, &part.step, &part.result]);
            }
        }
    }

    /// How many nodes there are, this one and all below.
    pub fn count(&self) -> usize {
        let (mut count, mut rest) = (0, vec![self]);
        while let Some(expr) = rest.pop() {
            count += 1;
            expr.push_children(&mut rest);
        }
        count
    }
}
