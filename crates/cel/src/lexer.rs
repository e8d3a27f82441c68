//! Characters to tokens, by cel-go's lexical grammar.
//!
//! Matching is greedy, as ANTLR's: the longest token wins, and where none matches, all characters up to and including the one
//! that no rule could take are named in the error and skipped. White space and comments leave no token.

pub(crate) mod text;

use crate::error::Issue;
use std::ops::Range;

/// What a token is, in the order of the grammar: expected tokens are listed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Equal,
    NotEqual,
    In,
    Less,
    LessEqual,
    GreaterEqual,
    Greater,
    And,
    Or,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    LeftParen,
    RightParen,
    Dot,
    Comma,
    Minus,
    Not,
    Question,
    Colon,
    Plus,
    Star,
    Slash,
    Percent,
    True,
    False,
    Null,
    Float,
    Int,
    Uint,
    String,
    Bytes,
    Ident,
    EscapedIdent,
    Eof,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    /// Offsets in characters.
    pub start: u32,
    pub end: u32,
}

impl Kind {
    /// As errors write it.
    pub fn display(self) -> &'static str {
        match self {
            Kind::Equal => "'=='",
            Kind::NotEqual => "'!='",
            Kind::In => "'in'",
            Kind::Less => "'<'",
            Kind::LessEqual => "'<='",
            Kind::GreaterEqual => "'>='",
            Kind::Greater => "'>'",
            Kind::And => "'&&'",
            Kind::Or => "'||'",
            Kind::LeftBracket => "'['",
            Kind::RightBracket => "']'",
            Kind::LeftBrace => "'{'",
            Kind::RightBrace => "'}'",
            Kind::LeftParen => "'('",
            Kind::RightParen => "')'",
            Kind::Dot => "'.'",
            Kind::Comma => "','",
            Kind::Minus => "'-'",
            Kind::Not => "'!'",
            Kind::Question => "'?'",
            Kind::Colon => "':'",
            Kind::Plus => "'+'",
            Kind::Star => "'*'",
            Kind::Slash => "'/'",
            Kind::Percent => "'%'",
            Kind::True => "'true'",
            Kind::False => "'false'",
            Kind::Null => "'null'",
            Kind::Float => "NUM_FLOAT",
            Kind::Int => "NUM_INT",
            Kind::Uint => "NUM_UINT",
            Kind::String => "STRING",
            Kind::Bytes => "BYTES",
            Kind::Ident => "IDENTIFIER",
            Kind::EscapedIdent => "ESC_IDENTIFIER",
            Kind::Eof => "<EOF>",
        }
    }
}

/// What a source consists of.
pub(crate) struct Scan {
    /// The last is [`Kind::Eof`].
    pub tokens: Vec<Token>,
    /// Where nothing could be read.
    pub holes: Vec<Range<u32>>,
    pub issues: Vec<Issue>,
}

pub(crate) fn scan(source: &[char]) -> Scan {
    let (mut tokens, mut holes, mut issues) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while at < source.len() {
        match next(source, at) {
            Match::Skip(end) => at = end,
            Match::Token(kind, end) => {
                tokens.push(Token { kind, start: at as u32, end: end as u32 });
                at = end;
            }
            Match::Stuck(end) => {
                let end = (end + 1).min(source.len());
                let text: String = source[at..end].iter().collect();
                holes.push(at as u32..end as u32);
                issues.push(Issue::at(at as u32, format!("Syntax error: token recognition error at: '{text}'")));
                at = end;
            }
        }
    }
    let end = source.len() as u32;
    tokens.push(Token { kind: Kind::Eof, start: end, end });
    Scan { tokens, holes, issues }
}

/// What stands at an offset.
enum Match {
    Token(Kind, usize),
    /// White space or a comment up to here.
    Skip(usize),
    /// Nothing; this is the first character that no rule could take.
    Stuck(usize),
}

fn next(source: &[char], at: usize) -> Match {
    let first = source[at];
    let second = source.get(at + 1).copied();
    match first {
        '\t' | ' ' | '\r' | '\n' | '\u{c}' => Match::Skip(at + 1),
        '/' if second == Some('/') => Match::Skip(find(source, at, |c| c == '\n')),
        '0'..='9' => number(source, at),
        '.' if second.is_some_and(|c| c.is_ascii_digit()) => number(source, at),
        '"' | '\'' => match text::string(source, at, false) {
            Ok(end) => Match::Token(Kind::String, end),
            Err(stuck) => Match::Stuck(stuck),
        },
        'a'..='z' | 'A'..='Z' | '_' => {
            text::prefixed(source, at).map(|(kind, end)| Match::Token(kind, end)).unwrap_or_else(|| word(source, at))
        }
        '`' => escaped_ident(source, at),
        _ => operator(source, at, first, second),
    }
}

fn operator(source: &[char], at: usize, first: char, second: Option<char>) -> Match {
    let two = match (first, second) {
        ('=', Some('=')) => Some(Kind::Equal),
        ('!', Some('=')) => Some(Kind::NotEqual),
        ('<', Some('=')) => Some(Kind::LessEqual),
        ('>', Some('=')) => Some(Kind::GreaterEqual),
        ('&', Some('&')) => Some(Kind::And),
        ('|', Some('|')) => Some(Kind::Or),
        _ => None,
    };
    if let Some(kind) = two {
        return Match::Token(kind, at + 2);
    }
    let one = match first {
        '<' => Kind::Less,
        '>' => Kind::Greater,
        '[' => Kind::LeftBracket,
        ']' => Kind::RightBracket,
        '{' => Kind::LeftBrace,
        '}' => Kind::RightBrace,
        '(' => Kind::LeftParen,
        ')' => Kind::RightParen,
        '.' => Kind::Dot,
        ',' => Kind::Comma,
        '-' => Kind::Minus,
        '!' => Kind::Not,
        '?' => Kind::Question,
        ':' => Kind::Colon,
        '+' => Kind::Plus,
        '*' => Kind::Star,
        '/' => Kind::Slash,
        '%' => Kind::Percent,
        // The first half of an operator: the next character is the one that does not fit.
        '=' | '&' | '|' => return Match::Stuck((at + 1).min(source.len())),
        _ => return Match::Stuck(at),
    };
    Match::Token(one, at + 1)
}

fn word(source: &[char], at: usize) -> Match {
    let end = find(source, at, |c| !(c.is_ascii_alphanumeric() || c == '_'));
    let is = |text: &str| text.chars().eq(source[at..end].iter().copied());
    let kind = match end - at {
        2 if is("in") => Kind::In,
        4 if is("true") => Kind::True,
        4 if is("null") => Kind::Null,
        5 if is("false") => Kind::False,
        _ => Kind::Ident,
    };
    Match::Token(kind, end)
}

fn escaped_ident(source: &[char], at: usize) -> Match {
    let end = find(source, at + 1, |c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' ')));
    match source.get(end) {
        Some('`') if end > at + 1 => Match::Token(Kind::EscapedIdent, end + 1),
        _ => Match::Stuck(end),
    }
}

fn number(source: &[char], at: usize) -> Match {
    let digit = |c: char| !c.is_ascii_digit();
    if source[at] == '0' && source.get(at + 1) == Some(&'x') {
        let end = find(source, at + 2, |c| !c.is_ascii_hexdigit());
        if end > at + 2 {
            return unsigned(source, end);
        }
    }
    let whole = find(source, at, digit);
    let mut end = whole;
    if source.get(end) == Some(&'.') && source.get(end + 1).is_some_and(char::is_ascii_digit) {
        end = find(source, end + 1, digit);
    }
    if matches!(source.get(end), Some('e' | 'E')) {
        let signed = matches!(source.get(end + 1), Some('+' | '-')) as usize;
        if source.get(end + 1 + signed).is_some_and(char::is_ascii_digit) {
            end = find(source, end + 1 + signed, digit);
        }
    }
    if end > whole { Match::Token(Kind::Float, end) } else { unsigned(source, end) }
}

fn unsigned(source: &[char], end: usize) -> Match {
    match source.get(end) {
        Some('u' | 'U') => Match::Token(Kind::Uint, end + 1),
        _ => Match::Token(Kind::Int, end),
    }
}

/// The first offset from `at` on whose character is wanted, or the end.
fn find(source: &[char], at: usize, wanted: impl Fn(char) -> bool) -> usize {
    source[at..].iter().position(|&c| wanted(c)).map_or(source.len(), |found| at + found)
}
