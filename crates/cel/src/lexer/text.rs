//! String and bytes literals: where they end, and what they say.

use super::Kind;

const UNABLE: &str = "unable to unescape string";

/// The end of the string literal whose quote stands at `at`; else the first character that fits in none.
pub(super) fn string(source: &[char], at: usize, raw: bool) -> Result<usize, usize> {
    let quote = source[at];
    let is_quote = |offset: usize| source.get(offset) == Some(&quote);
    if is_quote(at + 1) && is_quote(at + 2) {
        // An unfinished long string is an empty short one, and the rest.
        return Ok(long(source, at + 3, quote, raw).unwrap_or(at + 2));
    }
    let mut offset = at + 1;
    loop {
        match source.get(offset) {
            Some(&c) if c == quote => return Ok(offset + 1),
            None | Some('\n' | '\r') => return Err(offset),
            Some('\\') if !raw => offset = escape(source, offset)?,
            Some(_) => offset += 1,
        }
    }
}

fn long(source: &[char], at: usize, quote: char, raw: bool) -> Option<usize> {
    let mut offset = at;
    loop {
        match source.get(offset)? {
            &c if c == quote && source.get(offset..offset + 3)? == [quote; 3] => return Some(offset + 3),
            '\\' if !raw => offset = escape(source, offset).ok()?,
            _ => offset += 1,
        }
    }
}

/// The end of the escape sequence at `at`; else the first character that does not fit.
fn escape(source: &[char], at: usize) -> Result<usize, usize> {
    let hex = |count: usize| match (0..count).find(|i| !source.get(at + 2 + i).is_some_and(char::is_ascii_hexdigit)) {
        Some(short) => Err(at + 2 + short),
        None => Ok(at + 2 + count),
    };
    match source.get(at + 1) {
        Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`') => Ok(at + 2),
        Some('x' | 'X') => hex(2),
        Some('u') => hex(4),
        Some('U') => hex(8),
        Some('0'..='3') => match (2..4).find(|i| !matches!(source.get(at + i), Some('0'..='7'))) {
            Some(short) => Err(at + short),
            None => Ok(at + 4),
        },
        _ => Err(at + 1),
    }
}

/// A literal that begins with letters: `r"..."`, `b"..."`, `br"..."`.
pub(super) fn prefixed(source: &[char], at: usize) -> Option<(Kind, usize)> {
    let bytes = matches!(source[at], 'b' | 'B');
    let after = at + bytes as usize;
    let raw = matches!(source.get(after), Some('r' | 'R'));
    let quote = after + raw as usize;
    if quote == at || !matches!(source.get(quote), Some('"' | '\'')) {
        return None;
    }
    let end = string(source, quote, raw).ok()?;
    Some((if bytes { Kind::Bytes } else { Kind::String }, end))
}

/// What a string literal says.
pub(crate) fn unquote(literal: &[char]) -> Result<String, &'static str> {
    let mut text = String::new();
    unescape(literal, |part| {
        match part {
            Part::Character(c) => text.push(c),
            Part::Byte(byte) => text.push(char::from(byte)),
            Part::CodePoint(code) => text.push(char::from_u32(code).ok_or("invalid unicode code point")?),
        }
        Ok(())
    })?;
    Ok(text)
}

/// What a bytes literal (without its `b`) says.
pub(crate) fn unquote_bytes(literal: &[char]) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    unescape(literal, |part| {
        match part {
            Part::Character(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Part::Byte(byte) => bytes.push(byte),
            Part::CodePoint(_) => return Err(UNABLE),
        }
        Ok(())
    })?;
    Ok(bytes)
}

enum Part {
    Character(char),
    /// Written as `\x41` or `\101`: a byte in bytes, a character in strings.
    Byte(u8),
    /// Written as `\u0041`, which bytes may not have.
    CodePoint(u32),
}

fn unescape(literal: &[char], mut push: impl FnMut(Part) -> Result<(), &'static str>) -> Result<(), &'static str> {
    let raw = matches!(literal.first(), Some('r' | 'R'));
    let quoted = &literal[raw as usize..];
    let quote = *quoted.first().ok_or(UNABLE)?;
    let marks = if quoted.len() >= 6 && quoted[..3] == [quote; 3] { 3 } else { 1 };
    let inner = quoted.get(marks..quoted.len().saturating_sub(marks)).ok_or(UNABLE)?;
    let mut offset = 0;
    while let Some(&character) = inner.get(offset) {
        // Ends of lines are the same everywhere.
        if character == '\r' {
            push(Part::Character('\n'))?;
            offset += if inner.get(offset + 1) == Some(&'\n') { 2 } else { 1 };
            continue;
        }
        if raw || character != '\\' {
            push(Part::Character(character))?;
            offset += 1;
            continue;
        }
        let end = escape(inner, offset).map_err(|_| UNABLE)?;
        push(one(&inner[offset + 1..end]).ok_or(UNABLE)?)?;
        offset = end;
    }
    Ok(())
}

/// An escape sequence without its backslash.
fn one(sequence: &[char]) -> Option<Part> {
    let digits = |from: usize, radix: u32| {
        sequence[from..]
            .iter()
            .try_fold(0u32, |number, c| Some(number.wrapping_mul(radix).wrapping_add(c.to_digit(radix)?)))
    };
    Some(match sequence[0] {
        'a' => Part::Character('\u{7}'),
        'b' => Part::Character('\u{8}'),
        'f' => Part::Character('\u{c}'),
        'n' => Part::Character('\n'),
        'r' => Part::Character('\r'),
        't' => Part::Character('\t'),
        'v' => Part::Character('\u{b}'),
        'x' | 'X' => Part::Byte(digits(1, 16)? as u8),
        '0'..='3' => Part::Byte(digits(0, 8)? as u8),
        'u' | 'U' => Part::CodePoint(digits(1, 16)?),
        other => Part::Character(other),
    })
}
