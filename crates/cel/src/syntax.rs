//! Says why tokens are no expression.

use crate::error::Issue;
use crate::lexer::{Kind, Token};

/// Issues of tokens that did not parse; the first that did not fit is at `at`.
pub(crate) fn explain(source: &[char], tokens: &[Token], at: usize) -> Vec<Issue> {
    let token = tokens[at];
    let text: String = match token.kind {
        Kind::Eof => "<EOF>".into(),
        _ => source[token.start as usize..token.end as usize].iter().collect(),
    };
    vec![Issue::at(token.start, format!("Syntax error: mismatched input '{text}'"))]
}
