//! The rules as cel-go has them.

use super::{Choice, RULES, Rule};
use crate::lexer::Kind;

/// The grammar as it is written.
pub(super) enum Spec {
    Token(&'static [Kind]),
    Rule(Rule, u8),
    Sequence(Vec<Spec>),
    Optional(Box<Spec>, Choice),
    Star(Box<Spec>, Choice),
    Plus(Box<Spec>, Choice),
    Alternatives(Vec<Spec>, Choice),
}

fn rule(rule: Rule) -> Spec {
    Spec::Rule(rule, 0)
}

fn optional(body: Spec) -> Spec {
    Spec::Optional(Box::new(body), Choice::NextToken)
}

fn star(choice: Choice, body: Vec<Spec>) -> Spec {
    Spec::Star(Box::new(Spec::Sequence(body)), choice)
}

fn plus(choice: Choice, token: Spec) -> Spec {
    Spec::Plus(Box::new(token), choice)
}

macro_rules! token {
    ($($kind:ident)|+) => { Spec::Token(&[$(Kind::$kind),+]) };
}

macro_rules! seq {
    ($($part:expr),+ $(,)?) => { Spec::Sequence(vec![$($part),+]) };
}

/// In the order of [`Rule`]. Left recursion is written as loops, as ANTLR does it.
pub(super) fn specs() -> [Spec; RULES] {
    use Rule::*;
    [
        seq![rule(Expr), token!(Eof)],
        seq![rule(Or), optional(seq![token!(Question), rule(Or), token!(Colon), rule(Expr)])],
        seq![rule(And), star(Choice::NextToken, vec![token!(Or), rule(And)])],
        seq![rule(Relation), star(Choice::NextToken, vec![token!(And), rule(Relation)])],
        seq![
            rule(Calc),
            star(
                Choice::RelationLoop,
                vec![
                    token!(Equal | NotEqual | In | Less | LessEqual | GreaterEqual | Greater),
                    Spec::Rule(Relation, 2),
                ],
            ),
        ],
        seq![
            rule(Unary),
            star(
                Choice::CalcLoop,
                vec![Spec::Alternatives(
                    vec![
                        seq![token!(Star | Slash | Percent), Spec::Rule(Calc, 3)],
                        seq![token!(Plus | Minus), Spec::Rule(Calc, 2)],
                    ],
                    Choice::NextToken,
                )],
            ),
        ],
        Spec::Alternatives(
            vec![
                rule(Member),
                seq![plus(Choice::NextToken, token!(Not)), rule(Member)],
                seq![plus(Choice::MinusLoop, token!(Minus)), rule(Member)],
            ],
            Choice::Unary,
        ),
        seq![
            rule(Primary),
            star(
                Choice::NextToken,
                vec![Spec::Alternatives(
                    vec![
                        seq![token!(Dot), optional(token!(Question)), rule(EscapeIdent)],
                        seq![
                            token!(Dot),
                            token!(Ident),
                            token!(LeftParen),
                            optional(rule(ExprList)),
                            token!(RightParen),
                        ],
                        seq![token!(LeftBracket), optional(token!(Question)), rule(Expr), token!(RightBracket)],
                    ],
                    Choice::MemberSuffix,
                )],
            ),
        ],
        primary(),
        seq![rule(Expr), star(Choice::NextToken, vec![token!(Comma), rule(Expr)])],
        seq![rule(OptExpr), star(Choice::ListLoop, vec![token!(Comma), rule(OptExpr)])],
        seq![
            rule(OptField),
            token!(Colon),
            rule(Expr),
            star(Choice::FieldLoop, vec![token!(Comma), rule(OptField), token!(Colon), rule(Expr)]),
        ],
        seq![optional(token!(Question)), rule(EscapeIdent)],
        seq![
            rule(OptExpr),
            token!(Colon),
            rule(Expr),
            star(Choice::MapLoop, vec![token!(Comma), rule(OptExpr), token!(Colon), rule(Expr)]),
        ],
        Spec::Alternatives(vec![token!(Ident), token!(EscapedIdent)], Choice::NextToken),
        seq![optional(token!(Question)), rule(Expr)],
        Spec::Alternatives(
            vec![
                seq![optional(token!(Minus)), token!(Int)],
                token!(Uint),
                seq![optional(token!(Minus)), token!(Float)],
                token!(String),
                token!(Bytes),
                token!(True),
                token!(False),
                token!(Null),
            ],
            Choice::Literal,
        ),
    ]
}

fn primary() -> Spec {
    use Rule::*;
    let comma = || optional(token!(Comma));
    let dot = || optional(token!(Dot));
    Spec::Alternatives(
        vec![
            seq![dot(), token!(Ident)],
            seq![dot(), token!(Ident), token!(LeftParen), optional(rule(ExprList)), token!(RightParen)],
            seq![token!(LeftParen), rule(Expr), token!(RightParen)],
            seq![token!(LeftBracket), optional(rule(ListInit)), comma(), token!(RightBracket)],
            seq![token!(LeftBrace), optional(rule(MapInits)), comma(), token!(RightBrace)],
            seq![
                dot(),
                token!(Ident),
                star(Choice::NextToken, vec![token!(Dot), token!(Ident)]),
                token!(LeftBrace),
                optional(rule(FieldInits)),
                comma(),
                token!(RightBrace),
            ],
            rule(Literal),
        ],
        Choice::Primary,
    )
}
