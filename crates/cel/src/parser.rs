//! Tokens to a tree, by recursive descent; macros expand on the way.
//!
//! Where the grammar does not hold, parsing ends here and [`crate::syntax`] says why, in the words of cel-go's generated
//! parser. What is wrong beyond the grammar (a reserved name, a number out of range, a macro's argument) is noted, and
//! parsing goes on.

pub(crate) mod primary;

use crate::ast::{Ast, Expr, ExprKind, Id};
use crate::error::{CompileError, Issue};
use crate::lexer::{self, Kind, Token};
use crate::macros;
use crate::syntax;
use std::sync::Arc;

/// Longest source, in characters.
const MAX_SOURCE: usize = 100_000;
/// How often one rule of the grammar may stand within itself.
const MAX_RECURSION: u32 = 250;
/// How deep a tree may be. The grammar's own bound does not hold chains (`a.b.c...`, `1+1+1...`); everything that walks trees
/// relies on this one.
pub(crate) const MAX_HEIGHT: u32 = 500;
/// Nodes that macros copy: each of a chain of macros may copy what the one before made, so that trees would double.
const MAX_COPIED: usize = 100_000;

/// Parses an expression.
pub fn parse(source: &str) -> Result<Ast, CompileError> {
    let text: Arc<str> = source.into();
    let characters: Vec<char> = source.chars().collect();
    if characters.len() > MAX_SOURCE {
        let message =
            format!("expression code point size exceeds limit: size: {}, limit {MAX_SOURCE}", characters.len());
        return Err(CompileError::new(text, vec![Issue::nowhere(message)]));
    }
    let scan = lexer::scan(&characters);
    let mut parser = Parser::new(&characters, &scan.tokens, scan.issues.clone());
    let root = parser.whole();
    let Parser { positions, mut issues, at, .. } = parser;
    match root {
        Ok(root) if issues.is_empty() => Ok(Ast { root: root.expr, source: text, positions }),
        Ok(_) => Err(CompileError::new(text, issues)),
        Err(Stop::Limit) => {
            issues.push(Issue::nowhere(format!("expression recursion limit exceeded: {MAX_RECURSION}")));
            Err(CompileError::new(text, issues))
        }
        Err(Stop::Syntax) => {
            issues.extend(syntax::explain(&characters, &scan, at));
            Err(CompileError::new(text, issues))
        }
    }
}

/// A tree with its height.
pub(crate) struct Tree {
    pub expr: Expr,
    pub height: u32,
}

/// Why parsing ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Syntax,
    Limit,
}

pub(crate) type Parsed = Result<Tree, Stop>;

pub(crate) struct Parser<'s> {
    source: &'s [char],
    tokens: &'s [Token],
    at: usize,
    positions: Vec<u32>,
    issues: Vec<Issue>,
    /// How often these rules stand within themselves right now.
    exprs: u32,
    relations: u32,
    calcs: u32,
    copied: usize,
}

impl<'s> Parser<'s> {
    fn new(source: &'s [char], tokens: &'s [Token], issues: Vec<Issue>) -> Parser<'s> {
        Parser { source, tokens, at: 0, positions: vec![0], issues, exprs: 0, relations: 0, calcs: 0, copied: 0 }
    }

    fn whole(&mut self) -> Parsed {
        let root = self.expr()?;
        self.expect(Kind::Eof)?;
        Ok(root)
    }

    /// `condition ? then : else`, or less.
    fn expr(&mut self) -> Parsed {
        let _ = enter(&mut self.exprs)?;
        let condition = self.operators(Level::Or)?;
        let tree = match self.accept(Kind::Question) {
            None => condition,
            Some(mark) => {
                let id = self.id(mark);
                let yes = self.operators(Level::Or)?;
                self.expect(Kind::Colon)?;
                let no = self.expr()?;
                self.call(id, "_?_:_", vec![condition, yes, no])?
            }
        };
        self.exprs -= 1;
        Ok(tree)
    }

    /// Operands joined by operators of at least a level.
    fn operators(&mut self, lowest: Level) -> Parsed {
        let saved = (self.relations, self.calcs);
        if lowest <= Level::Sum {
            enter(&mut self.relations)?;
        }
        enter(&mut self.calcs)?;
        let mut left = self.unary()?;
        while let Some((level, function)) = operator(self.peek()).filter(|(level, _)| *level >= lowest) {
            if level <= Level::And {
                // The rules below have been left when the next operand begins.
                (self.relations, self.calcs) = saved;
                left = self.logical(level, function, left)?;
                continue;
            }
            if level == Level::Relation {
                self.calcs = saved.1;
            }
            let token = self.advance();
            let id = self.id(token);
            let right = self.operators(level.tighter())?;
            left = self.call(id, function, vec![left, right])?;
        }
        (self.relations, self.calcs) = saved;
        Ok(left)
    }

    /// `a && b && c` as a balanced tree: long conditions stay shallow.
    fn logical(&mut self, level: Level, function: &'static str, first: Tree) -> Parsed {
        let token = self.peek();
        let (mut terms, mut ids) = (vec![Some(first)], Vec::new());
        while self.peek() == token {
            let operator = self.advance();
            terms.push(Some(self.operators(level.tighter())?));
            ids.push(self.id(operator));
        }
        self.balance(function, &mut terms, &ids, 0, ids.len() - 1)
    }

    fn balance(
        &mut self,
        function: &'static str,
        terms: &mut [Option<Tree>],
        ids: &[Id],
        low: usize,
        high: usize,
    ) -> Parsed {
        const ONCE: &str = "the halves are disjoint, so each term is taken once";
        let middle = (low + high).div_ceil(2);
        let left = match middle == low {
            true => terms[middle].take().expect(ONCE),
            false => self.balance(function, terms, ids, low, middle - 1)?,
        };
        let right = match middle == high {
            true => terms[middle + 1].take().expect(ONCE),
            false => self.balance(function, terms, ids, middle + 1, high)?,
        };
        self.call(ids[middle], function, vec![left, right])
    }

    /// `!!a`, `--a`, or less. A minus before a number belongs to the number.
    fn unary(&mut self) -> Parsed {
        let sign = self.peek();
        let function = match sign {
            Kind::Not => "!_",
            Kind::Minus => "-_",
            _ => return self.member(),
        };
        let run = self.tokens[self.at..].iter().take_while(|token| token.kind == sign).count();
        let number = matches!(self.tokens[self.at + run].kind, Kind::Int | Kind::Float);
        if sign == Kind::Minus && run == 1 && number {
            return self.member();
        }
        let first = self.advance();
        self.at += run - 1;
        if run % 2 == 0 {
            return self.member();
        }
        let id = self.id(first);
        let operand = self.member()?;
        self.call(id, function, vec![operand])
    }

    fn peek(&self) -> Kind {
        self.tokens[self.at].kind
    }

    fn peek_at(&self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).map_or(Kind::Eof, |token| token.kind)
    }

    /// The token that stands here; the end is never passed.
    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at];
        if token.kind != Kind::Eof {
            self.at += 1;
        }
        token
    }

    fn accept(&mut self, kind: Kind) -> Option<Token> {
        (self.peek() == kind).then(|| self.advance())
    }

    fn expect(&mut self, kind: Kind) -> Result<Token, Stop> {
        self.accept(kind).ok_or(Stop::Syntax)
    }

    fn text(&self, token: Token) -> String {
        self.source[token.start as usize..token.end as usize].iter().collect()
    }

    fn id(&mut self, token: Token) -> Id {
        self.id_at(token.start)
    }

    pub(crate) fn id_at(&mut self, position: u32) -> Id {
        self.positions.push(position);
        (self.positions.len() - 1) as Id
    }

    pub(crate) fn position(&self, id: Id) -> u32 {
        self.positions[id as usize]
    }

    pub(crate) fn issue(&mut self, position: u32, message: impl Into<String>) {
        self.issues.push(Issue::at(position, message));
    }

    /// A copy for a macro that needs an operand twice.
    pub(crate) fn copy(&mut self, expr: &Expr) -> Result<Expr, Stop> {
        self.copied += expr.count();
        if self.copied > MAX_COPIED { Err(Stop::Limit) } else { Ok(expr.clone()) }
    }

    /// An operator or a function without a target: a macro's expansion where there is one.
    fn call(&mut self, id: Id, function: &str, args: Vec<Tree>) -> Parsed {
        self.call_or_macro(id, function, None, args)
    }

    fn call_or_macro(&mut self, id: Id, function: &str, target: Option<Tree>, args: Vec<Tree>) -> Parsed {
        match macros::find(function, target.is_some(), args.len()) {
            Some(expand) => expand(self, id, target, args),
            None => {
                let height = height(target.iter().chain(&args));
                let target = target.map(|tree| Box::new(tree.expr));
                let args = args.into_iter().map(|tree| tree.expr).collect();
                tree(Expr { id, kind: ExprKind::Call { target, function: function.into(), args } }, height)
            }
        }
    }
}

/// The height of a node over these.
pub(crate) fn height<'t>(below: impl IntoIterator<Item = &'t Tree>) -> u32 {
    1 + below.into_iter().map(|tree| tree.height).max().unwrap_or(0)
}

pub(crate) fn tree(expr: Expr, height: u32) -> Parsed {
    if height > MAX_HEIGHT { Err(Stop::Limit) } else { Ok(Tree { expr, height }) }
}

fn enter(count: &mut u32) -> Result<u32, Stop> {
    *count += 1;
    if *count >= MAX_RECURSION { Err(Stop::Limit) } else { Ok(*count) }
}

/// How tightly an operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Relation,
    Sum,
    Product,
    Unary,
}

impl Level {
    fn tighter(self) -> Level {
        match self {
            Level::Or => Level::And,
            Level::And => Level::Relation,
            Level::Relation => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product | Level::Unary => Level::Unary,
        }
    }
}

fn operator(kind: Kind) -> Option<(Level, &'static str)> {
    Some(match kind {
        Kind::Or => (Level::Or, "_||_"),
        Kind::And => (Level::And, "_&&_"),
        Kind::Equal => (Level::Relation, "_==_"),
        Kind::NotEqual => (Level::Relation, "_!=_"),
        Kind::In => (Level::Relation, "@in"),
        Kind::Less => (Level::Relation, "_<_"),
        Kind::LessEqual => (Level::Relation, "_<=_"),
        Kind::GreaterEqual => (Level::Relation, "_>=_"),
        Kind::Greater => (Level::Relation, "_>_"),
        Kind::Plus => (Level::Sum, "_+_"),
        Kind::Minus => (Level::Sum, "_-_"),
        Kind::Star => (Level::Product, "_*_"),
        Kind::Slash => (Level::Product, "_/_"),
        Kind::Percent => (Level::Product, "_%_"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
