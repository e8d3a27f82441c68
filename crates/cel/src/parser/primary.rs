//! What stands between operators: names, calls, literals, aggregates, selections.

use super::{Parsed, Parser, Stop, Tree, height, tree};
use crate::ast::{Expr, ExprKind, Id, Literal, MapEntry, StructField};
use crate::lexer::text::{unquote, unquote_bytes};
use crate::lexer::{Kind, Token};
use std::sync::Arc;

/// Names that variables and functions may not have.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "null",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// Kubernetes does not let fields be written in backticks.
const BACKTICKS: &str = "unsupported syntax: '`'";

impl Parser<'_> {
    /// A primary expression with all that is selected from it.
    pub(super) fn member(&mut self) -> Parsed {
        let mut operand = self.primary()?;
        loop {
            operand = match self.peek() {
                Kind::Dot => self.selection(operand)?,
                Kind::LeftBracket => self.index(operand)?,
                _ => return Ok(operand),
            };
        }
    }

    fn selection(&mut self, operand: Tree) -> Parsed {
        let dot = self.advance();
        let optional = self.accept(Kind::Question).is_some();
        let name = self.field_name()?;
        let open = (!optional && name.kind == Kind::Ident).then(|| self.accept(Kind::LeftParen)).flatten();
        let field = self.text(name);
        if let Some(open) = open {
            let id = self.id(open);
            let args = self.args()?;
            return self.call_or_macro(id, &field, Some(operand), args);
        }
        let id = self.id(dot);
        if optional {
            let field = Expr { id: self.id(name), kind: ExprKind::Literal(Literal::String(field.into())) };
            return self.call(id, "_?._", vec![operand, Tree { expr: field, height: 1 }]);
        }
        let height = height([&operand]);
        let kind = ExprKind::Select { operand: Box::new(operand.expr), field: field.into(), test_only: false };
        tree(Expr { id, kind }, height)
    }

    fn index(&mut self, operand: Tree) -> Parsed {
        let bracket = self.advance();
        let function = if self.accept(Kind::Question).is_some() { "_[?_]" } else { "_[_]" };
        let id = self.id(bracket);
        let index = self.expr()?;
        self.expect(Kind::RightBracket)?;
        self.call(id, function, vec![operand, index])
    }

    fn primary(&mut self) -> Parsed {
        match self.peek() {
            Kind::Dot | Kind::Ident => self.name(),
            Kind::LeftParen => {
                self.advance();
                let inner = self.expr()?;
                self.expect(Kind::RightParen)?;
                Ok(inner)
            }
            Kind::LeftBracket => self.list(),
            Kind::LeftBrace => self.map(),
            _ => self.literal(),
        }
    }

    /// `name`, `name(args)` or `a.name{field: value}`.
    fn name(&mut self) -> Parsed {
        if self.is_struct() {
            return self.structure();
        }
        let start = self.tokens[self.at];
        let mut name = String::new();
        if self.accept(Kind::Dot).is_some() {
            name.push('.');
        }
        let token = self.expect(Kind::Ident)?;
        let word = self.text(token);
        let open = self.accept(Kind::LeftParen);
        if RESERVED.contains(&word.as_str()) {
            if open.is_some() {
                self.args()?;
            }
            self.issue(start.start, format!("reserved identifier: {word}"));
            return Ok(self.nothing(start));
        }
        name.push_str(&word);
        match open {
            Some(open) => {
                let id = self.id(open);
                let args = self.args()?;
                self.call(id, &name, args)
            }
            None => {
                let id = self.id(token);
                Ok(Tree { expr: Expr { id, kind: ExprKind::Ident(name.into()) }, height: 1 })
            }
        }
    }

    /// Whether a dotted name with a brace behind it stands here.
    fn is_struct(&self) -> bool {
        let mut ahead = (self.peek() == Kind::Dot) as usize;
        loop {
            if self.peek_at(ahead) != Kind::Ident {
                return false;
            }
            match self.peek_at(ahead + 1) {
                Kind::LeftBrace => return true,
                Kind::Dot => ahead += 2,
                _ => return false,
            }
        }
    }

    fn structure(&mut self) -> Parsed {
        let mut type_name = String::new();
        while self.peek() != Kind::LeftBrace {
            let token = self.advance();
            type_name.push_str(&self.text(token));
        }
        let brace = self.advance();
        let id = self.id(brace);
        let (mut fields, mut tallest) = (Vec::new(), 0);
        while self.peek() != Kind::RightBrace && !self.only_comma(Kind::RightBrace) {
            let optional = self.accept(Kind::Question).is_some();
            let name = self.field_name()?;
            let colon = self.expect(Kind::Colon)?;
            let id = self.id(colon);
            let value = self.expr()?;
            tallest = tallest.max(value.height);
            let name: Arc<str> = self.text(name).into();
            fields.push(StructField { id, name, value: value.expr, optional });
            if self.accept(Kind::Comma).is_none() {
                break;
            }
        }
        self.accept_last_comma(fields.is_empty());
        self.expect(Kind::RightBrace)?;
        tree(Expr { id, kind: ExprKind::Struct { type_name: type_name.into(), fields } }, tallest + 1)
    }

    fn list(&mut self) -> Parsed {
        let bracket = self.advance();
        let id = self.id(bracket);
        let (mut elements, mut optional, mut tallest) = (Vec::new(), Vec::new(), 0);
        while self.peek() != Kind::RightBracket && !self.only_comma(Kind::RightBracket) {
            if self.accept(Kind::Question).is_some() {
                optional.push(elements.len() as u32);
            }
            let element = self.expr()?;
            tallest = tallest.max(element.height);
            elements.push(element.expr);
            if self.accept(Kind::Comma).is_none() {
                break;
            }
        }
        self.accept_last_comma(elements.is_empty());
        self.expect(Kind::RightBracket)?;
        tree(Expr { id, kind: ExprKind::List { elements, optional } }, tallest + 1)
    }

    fn map(&mut self) -> Parsed {
        let brace = self.advance();
        let id = self.id(brace);
        let (mut entries, mut tallest) = (Vec::new(), 0);
        while self.peek() != Kind::RightBrace && !self.only_comma(Kind::RightBrace) {
            let optional = self.accept(Kind::Question).is_some();
            let key = self.expr()?;
            let colon = self.expect(Kind::Colon)?;
            let id = self.id(colon);
            let value = self.expr()?;
            tallest = tallest.max(key.height).max(value.height);
            entries.push(MapEntry { id, key: key.expr, value: value.expr, optional });
            if self.accept(Kind::Comma).is_none() {
                break;
            }
        }
        self.accept_last_comma(entries.is_empty());
        self.expect(Kind::RightBrace)?;
        tree(Expr { id, kind: ExprKind::Map(entries) }, tallest + 1)
    }

    /// A comma with nothing before it, which the grammar allows in empty aggregates.
    fn only_comma(&self, close: Kind) -> bool {
        self.peek() == Kind::Comma && self.peek_at(1) == close
    }

    fn accept_last_comma(&mut self, empty: bool) {
        if empty {
            self.accept(Kind::Comma);
        }
    }

    /// The arguments behind an opened parenthesis, and its end.
    fn args(&mut self) -> Result<Vec<Tree>, Stop> {
        let mut args = Vec::new();
        if self.accept(Kind::RightParen).is_some() {
            return Ok(args);
        }
        loop {
            args.push(self.expr()?);
            if self.accept(Kind::Comma).is_none() {
                self.expect(Kind::RightParen)?;
                return Ok(args);
            }
        }
    }

    fn field_name(&mut self) -> Result<Token, Stop> {
        if let Some(token) = self.accept(Kind::EscapedIdent) {
            self.issue(token.start, BACKTICKS);
            return Ok(token);
        }
        self.expect(Kind::Ident)
    }

    fn literal(&mut self) -> Parsed {
        let start = self.advance();
        let token = match start.kind {
            Kind::Minus if matches!(self.peek(), Kind::Int | Kind::Float) => self.advance(),
            _ => start,
        };
        let characters = &self.source[token.start as usize..token.end as usize];
        let sign = if start.kind == Kind::Minus { "-" } else { "" };
        let value = match token.kind {
            Kind::True => Ok(Literal::Bool(true)),
            Kind::False => Ok(Literal::Bool(false)),
            Kind::Null => Ok(Literal::Null),
            Kind::Int => int(sign, &self.text(token)).map(Literal::Int).ok_or("invalid int literal"),
            Kind::Uint => uint(&self.text(token)).map(Literal::Uint).ok_or("invalid uint literal"),
            Kind::Float => double(sign, &self.text(token)).map(Literal::Double).ok_or("invalid double literal"),
            Kind::String => unquote(characters).map(|text| Literal::String(text.into())),
            Kind::Bytes => unquote_bytes(&characters[1..]).map(|bytes| Literal::Bytes(bytes.into())),
            _ => return Err(Stop::Syntax),
        };
        match value {
            Ok(literal) => {
                let id = self.id(start);
                Ok(Tree { expr: Expr { id, kind: ExprKind::Literal(literal) }, height: 1 })
            }
            Err(message) => {
                self.issue(start.start, message);
                Ok(self.nothing(start))
            }
        }
    }

    /// What stands for an expression that was reported as wrong: the tree is thrown away.
    fn nothing(&mut self, token: Token) -> Tree {
        let id = self.id(token);
        nothing(id)
    }
}

/// The same for macros.
pub(crate) fn nothing(id: Id) -> Tree {
    Tree { expr: Expr { id, kind: ExprKind::Literal(Literal::Null) }, height: 1 }
}

fn int(sign: &str, text: &str) -> Option<i64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

fn uint(text: &str) -> Option<u64> {
    let text = &text[..text.len() - 1];
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn double(sign: &str, text: &str) -> Option<f64> {
    format!("{sign}{text}").parse().ok().filter(|number: &f64| number.is_finite())
}
