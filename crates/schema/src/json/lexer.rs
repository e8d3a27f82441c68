//! Tokens of a JSON text, in the order in which they are asked for.

use super::JsonError;
use super::error::Context;
use crate::decode::source::{Chars, Number, Source, Token};
use crate::{Text, Value, Verbatim};

pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// Bytes that end the plain part of a string: quote, escape, and control characters.
const ENDS_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space, not consumed.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    #[cold]
    fn unexpected(&self, context: &'static str) -> JsonError {
        match self.byte() {
            Some(byte) => JsonError::Character { byte, context: Context::Text(context) },
            None => JsonError::UnexpectedEnd,
        }
    }

    fn literal(&mut self, literal: &'static str) -> Result<(), JsonError> {
        for &wanted in literal.as_bytes() {
            match self.byte() {
                Some(byte) if byte == wanted => self.at += 1,
                Some(byte) => {
                    return Err(JsonError::Character { byte, context: Context::Literal(literal, wanted) });
                }
                None => return Err(JsonError::UnexpectedEnd),
            }
        }
        Ok(())
    }

    fn digits(&mut self, context: &'static str) -> Result<(), JsonError> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected(context)) } else { Ok(()) }
    }

    /// The text of a number; its first byte is a digit or a minus.
    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(&self.text[start..self.at])
    }

    /// A string; its first byte is the quote.
    #[inline]
    fn string(&mut self) -> Result<Chars<'a>, JsonError> {
        self.at += 1;
        let start = self.at;
        self.run();
        if self.byte() == Some(b'"') {
            let text = &self.text[start..self.at];
            self.at += 1;
            return Ok(Chars::Slice(text));
        }
        self.escaped(start).map(Chars::Owned)
    }

    /// Goes on to the next byte that is no plain part of a string.
    #[inline]
    fn run(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|&byte| ENDS_RUN[byte as usize]).unwrap_or(rest.len());
    }

    /// The rest of a string that is not plain.
    fn escaped(&mut self, start: usize) -> Result<Text, JsonError> {
        let mut out = Text::from(&self.text[start..self.at]);
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                _ => return Err(self.unexpected("in string literal")),
            }
            let run = self.at;
            self.run();
            out.push_str(&self.text[run..self.at]);
        }
    }

    fn escape(&mut self, out: &mut Text) -> Result<(), JsonError> {
        let plain = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let unit = self.hex()?;
                out.push(self.code_point(unit)?);
                return Ok(());
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let digit = digit.ok_or_else(|| self.unexpected("in \\u hexadecimal character escape"))?;
            self.at += 1;
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    /// Half of a surrogate pair without the other half becomes a replacement character.
    fn code_point(&mut self, unit: u32) -> Result<char, JsonError> {
        if let Some(char) = char::from_u32(unit) {
            return Ok(char);
        }
        if unit < 0xdc00 && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    /// Any value without looking at what it means; Raw fields and unknown ones.
    fn free(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.token()? {
            Token::Null => Ok(Value::Null),
            Token::Bool(b) => Ok(Value::Bool(b)),
            Token::Number(number) => number.to_value().ok_or_else(|| JsonError::Number(number.text().into_owned())),
            Token::Str(text) => Ok(Value::Str(text.into_text())),
            Token::List => {
                let depth = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
                let mut items = Vec::new();
                while self.next_item(items.is_empty())? {
                    items.push(self.free(depth)?);
                }
                Ok(Value::List(items))
            }
            Token::Map => {
                let depth = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
                let mut entries = Vec::new();
                while let Some(key) = self.next_key(entries.is_empty())? {
                    entries.push((key.into_text(), self.free(depth)?));
                }
                Ok(Value::Map(crate::Map::build(entries).0))
            }
        }
    }

    fn pass(&mut self, depth: usize) -> Result<(), JsonError> {
        let mut first = true;
        match self.token()? {
            Token::List => {
                let depth = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
                while self.next_item(first)? {
                    first = false;
                    self.pass(depth)?;
                }
            }
            Token::Map => {
                let depth = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
                while self.next_key(first)?.is_some() {
                    first = false;
                    self.pass(depth)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Source<'a> for Lexer<'a> {
    #[inline]
    fn token(&mut self) -> Result<Token<'a>, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::Str),
            Some(b'-' | b'0'..=b'9') => self.number().map(|text| Token::Number(Number::Text(text))),
            Some(b'{') => {
                self.at += 1;
                Ok(Token::Map)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Token::List)
            }
            Some(b't') => self.literal("true").map(|()| Token::Bool(true)),
            Some(b'f') => self.literal("false").map(|()| Token::Bool(false)),
            Some(b'n') => self.literal("null").map(|()| Token::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    #[inline]
    fn next_item(&mut self, first: bool) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            _ if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.unexpected("after array element")),
        }
    }

    #[inline]
    fn next_key(&mut self, first: bool) -> Result<Option<Chars<'a>>, JsonError> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !first => {
                self.at += 1;
                self.peek();
            }
            _ if first => {}
            _ => return Err(self.unexpected("after object key:value pair")),
        }
        if self.byte() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.free(depth)
    }

    fn verbatim(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.peek();
        let start = self.at;
        let value = self.free(depth)?;
        Ok(Verbatim::keep(&self.text[start..self.at], value))
    }

    fn skip(&mut self, depth: usize) -> Result<(), JsonError> {
        self.pass(depth)
    }

    fn finish(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }
}
