//! Which alternative ANTLR would take, where the next token alone does not tell.
//!
//! ANTLR looks as far ahead as it must, and where nothing fits, it takes an alternative that could end before the misfit, if
//! there is one. Deliberately not followed: a minus before a number with a broken selection behind it, of which ANTLR
//! complains from the minus on.

use super::grammar::{Choice, Node};
use super::{Trouble, Walk};
use crate::lexer::Kind;

impl Walk<'_> {
    /// Whether an option is taken, a loop goes on.
    pub(super) fn enters(&mut self, choice: Choice, _state: usize, body: &Node) -> Result<bool, Trouble> {
        let next = self.kind(0);
        let precedence = self.precedences.last().copied().unwrap_or(0);
        Ok(match choice {
            Choice::RelationLoop => precedence <= 1 && self.starts(body, next),
            Choice::CalcLoop => match next {
                Kind::Star | Kind::Slash | Kind::Percent => precedence <= 2,
                Kind::Plus | Kind::Minus => precedence <= 1,
                _ => false,
            },
            Choice::MinusLoop => match next {
                Kind::Minus if self.kind(1) == Kind::Minus || is_operand(self.kind(1)) => true,
                Kind::Minus => return Err(self.no_viable(1)),
                _ if is_operand(next) => false,
                _ => return Err(self.no_viable(0)),
            },
            Choice::ListLoop | Choice::MapLoop => {
                next == Kind::Comma && (self.kind(1) == Kind::Question || is_expr(self.kind(1)))
            }
            Choice::FieldLoop => {
                next == Kind::Comma && matches!(self.kind(1), Kind::Question | Kind::Ident | Kind::EscapedIdent)
            }
            _ => self.starts(body, next),
        })
    }

    /// The index of the alternative that is taken.
    pub(super) fn choose(&mut self, choice: Choice, bodies: &[Node]) -> Result<usize, Trouble> {
        let next = self.kind(0);
        let chosen = match choice {
            Choice::Unary => match next {
                Kind::Not => Some(1),
                Kind::Minus => match self.kind(1) {
                    Kind::Int | Kind::Float => Some(0),
                    Kind::Minus => Some(2),
                    other if is_operand(other) => Some(2),
                    _ => return Err(self.no_viable(1)),
                },
                other => is_operand(other).then_some(0),
            },
            Choice::MemberSuffix => match next {
                Kind::LeftBracket => Some(2),
                Kind::Dot => match (self.kind(1), self.kind(2)) {
                    (Kind::Ident, Kind::LeftParen) => Some(1),
                    (Kind::Ident | Kind::EscapedIdent | Kind::Question, _) => Some(0),
                    _ => return Err(self.no_viable(1)),
                },
                _ => None,
            },
            Choice::Primary => match next {
                Kind::Dot if self.kind(1) != Kind::Ident => return Err(self.no_viable(1)),
                Kind::Dot => Some(self.named(1)),
                Kind::Ident => Some(self.named(0)),
                _ => bodies.iter().position(|body| self.starts(body, next)),
            },
            Choice::Literal if next == Kind::Minus => match self.kind(1) {
                Kind::Int => Some(0),
                Kind::Float => Some(2),
                _ => return Err(self.no_viable(1)),
            },
            _ => bodies.iter().position(|body| self.starts(body, next)),
        };
        chosen.ok_or_else(|| self.no_viable(0))
    }

    /// What a name at an offset begins: a variable, a call or an object.
    fn named(&self, mut ahead: usize) -> usize {
        if self.kind(ahead + 1) == Kind::LeftParen {
            return 1;
        }
        while self.kind(ahead) == Kind::Ident {
            match self.kind(ahead + 1) {
                Kind::LeftBrace => return 5,
                Kind::Dot => ahead += 2,
                _ => return 0,
            }
        }
        // A selection of a literal word is said to lack a name.
        match self.kind(ahead) {
            Kind::True | Kind::False | Kind::Null => 5,
            _ => 0,
        }
    }

    fn starts(&self, body: &Node, next: Kind) -> bool {
        self.grammar.first(body).contains(next)
    }

    /// The tokens from here to the one that rules out the last alternative.
    fn no_viable(&self, ahead: usize) -> Trouble {
        Trouble::NoViable { start: self.at, offending: (self.at + ahead).min(self.tokens.len() - 1) }
    }
}

/// Whether an operand (`member` in the grammar) may begin so.
fn is_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::LeftBracket
            | Kind::LeftBrace
            | Kind::LeftParen
            | Kind::Dot
            | Kind::Minus
            | Kind::True
            | Kind::False
            | Kind::Null
            | Kind::Float
            | Kind::Int
            | Kind::Uint
            | Kind::String
            | Kind::Bytes
            | Kind::Ident
    )
}

fn is_expr(kind: Kind) -> bool {
    kind == Kind::Not || is_operand(kind)
}
