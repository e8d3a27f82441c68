//! Where a decoder reads from: tokens on demand.

use crate::json::JsonError;
use crate::{Text, Value};
use std::borrow::Cow;
use std::ops::Deref;

/// A tree of values, read in order. After [`Token::List`] or [`Token::Map`] the reader asks for items or keys until
/// there are none; after each item or key it reads one value.
pub(crate) trait Source<'a> {
    fn token(&mut self) -> Result<Token<'a>, JsonError>;
    fn next_item(&mut self, first: bool) -> Result<bool, JsonError>;
    fn next_key(&mut self, first: bool) -> Result<Option<Chars<'a>>, JsonError>;
    /// The next value as it is. `depth` is how deep it may be.
    fn value(&mut self, depth: usize) -> Result<Value, JsonError>;
    /// The same with its text, where the source has one.
    fn verbatim(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.value(depth)
    }
    fn skip(&mut self, depth: usize) -> Result<(), JsonError>;
    /// Nothing may follow.
    fn finish(&mut self) -> Result<(), JsonError>;

    /// Skips what belongs to a token that has been read.
    fn skip_rest(&mut self, token: &Token<'_>, depth: usize) -> Result<(), JsonError> {
        let depth = depth.saturating_sub(1);
        let mut first = true;
        match token {
            Token::List => {
                while self.next_item(first)? {
                    first = false;
                    self.skip(depth)?;
                }
            }
            Token::Map => {
                while self.next_key(first)?.is_some() {
                    first = false;
                    self.skip(depth)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Number(Number<'a>),
    Str(Chars<'a>),
    List,
    Map,
}

impl Token<'_> {
    /// Go's name of what this is.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Token::Null => "null",
            Token::Bool(_) => "bool",
            Token::Number(_) => "number",
            Token::Str(_) => "string",
            Token::List => "array",
            Token::Map => "object",
        }
    }
}

/// A string of the source, copied only where it had escapes.
pub(crate) enum Chars<'a> {
    Slice(&'a str),
    Owned(Text),
}

impl Chars<'_> {
    pub(crate) fn into_text(self) -> Text {
        match self {
            Chars::Slice(text) => text.into(),
            Chars::Owned(text) => text,
        }
    }
}

impl Deref for Chars<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Chars::Slice(text) => text,
            Chars::Owned(text) => text,
        }
    }
}

pub(crate) enum Number<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
}

impl Number<'_> {
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Text(text) => text.parse().ok(),
            Number::Int(n) => Some(*n),
            Number::Float(_) => None,
        }
    }

    /// `None` where it is too large.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Number::Text(text) => text.parse().ok().filter(|n: &f64| n.is_finite()),
            Number::Int(n) => Some(*n as f64),
            Number::Float(n) => Some(*n),
        }
    }

    pub(crate) fn to_value(&self) -> Option<Value> {
        self.as_i64().map(Value::Int).or_else(|| self.as_f64().map(Value::Float))
    }

    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Number::Text(text) => Cow::Borrowed(text),
            Number::Int(n) => Cow::Owned(n.to_string()),
            Number::Float(n) => Cow::Owned(crate::json::to_string(&Value::Float(*n))),
        }
    }
}

/// A parsed value as a source.
pub(crate) struct Tree {
    /// What the next token is made from.
    current: Value,
    open: Vec<Open>,
}

enum Open {
    List(std::vec::IntoIter<Value>),
    Map(std::vec::IntoIter<(Text, Value)>),
}

impl Tree {
    pub(crate) fn new(value: Value) -> Tree {
        Tree { current: value, open: Vec::new() }
    }
}

impl<'a> Source<'a> for Tree {
    fn token(&mut self) -> Result<Token<'a>, JsonError> {
        let mut current = std::mem::take(&mut self.current);
        if let Value::Verbatim(verbatim) = current {
            current = verbatim.value().clone();
        }
        Ok(match current {
            Value::Verbatim(_) => Token::Null,
            Value::Null => Token::Null,
            Value::Bool(b) => Token::Bool(b),
            Value::Int(n) => Token::Number(Number::Int(n)),
            Value::Float(n) => Token::Number(Number::Float(n)),
            Value::Str(text) => Token::Str(Chars::Owned(text)),
            Value::List(items) => {
                self.open.push(Open::List(items.into_iter()));
                Token::List
            }
            Value::Map(map) => {
                self.open.push(Open::Map(map.into_iter()));
                Token::Map
            }
        })
    }

    fn next_item(&mut self, _first: bool) -> Result<bool, JsonError> {
        if let Some(Open::List(items)) = self.open.last_mut() {
            if let Some(item) = items.next() {
                self.current = item;
                return Ok(true);
            }
            self.open.pop();
        }
        Ok(false)
    }

    fn next_key(&mut self, _first: bool) -> Result<Option<Chars<'a>>, JsonError> {
        if let Some(Open::Map(entries)) = self.open.last_mut() {
            if let Some((key, value)) = entries.next() {
                self.current = value;
                return Ok(Some(Chars::Owned(key)));
            }
            self.open.pop();
        }
        Ok(None)
    }

    fn value(&mut self, _depth: usize) -> Result<Value, JsonError> {
        Ok(std::mem::take(&mut self.current))
    }

    fn skip(&mut self, _depth: usize) -> Result<(), JsonError> {
        self.current = Value::Null;
        Ok(())
    }

    fn skip_rest(&mut self, token: &Token<'_>, _depth: usize) -> Result<(), JsonError> {
        if matches!(token, Token::List | Token::Map) {
            self.open.pop();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), JsonError> {
        Ok(())
    }
}
