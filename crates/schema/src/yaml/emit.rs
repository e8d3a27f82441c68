//! Writing YAML as go-yaml v2 does: block style, lists not indented below their key, long lines folded.

use super::resolve::{Meaning, resolve};
use crate::{Map, Value};
use std::cmp::Ordering;
use std::fmt::Write;

/// Lines are folded at the first space beyond.
const WIDTH: usize = 80;
/// Longer keys are written after a question mark.
const MAX_SIMPLE_KEY: usize = 128;

/// Writes a value, keys sorted as people count (`a2` before `a10`), with a line end.
pub fn write(value: &Value) -> String {
    let mut emitter = Emitter { out: String::new(), column: 0 };
    match value {
        Value::Map(map) if !map.is_empty() => emitter.mapping(map, 0, true),
        Value::List(items) if !items.is_empty() => emitter.sequence(items, 0, true),
        other => emitter.scalar(other, 2),
    }
    if emitter.column > 0 {
        emitter.push('\n');
    }
    emitter.out
}

struct Emitter {
    out: String,
    /// Characters in the last line.
    column: usize,
}

impl Emitter {
    fn push(&mut self, char: char) {
        self.out.push(char);
        self.column = if char == '\n' { 0 } else { self.column + 1 };
    }

    /// Text without line ends.
    fn push_str(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// Begins a line, unless one has just begun.
    fn line(&mut self, indent: usize) {
        if self.column > 0 {
            self.push('\n');
        }
        for _ in 0..indent {
            self.push(' ');
        }
    }

    /// `inline`: the first key goes where the last line ends.
    fn mapping(&mut self, map: &Map, indent: usize, mut inline: bool) {
        for (key, value) in sorted(map) {
            if !std::mem::take(&mut inline) {
                self.line(indent);
            }
            if key.len() <= MAX_SIMPLE_KEY && !key.contains('\n') {
                self.text(key, indent + 2, true);
                self.push(':');
                self.member(value, indent, false);
            } else {
                self.push_str("? ");
                self.text(key, indent + 2, false);
                self.line(indent);
                self.push(':');
                self.member(value, indent, true);
            }
        }
    }

    /// The value after a colon. `inline`: it goes on in the same line.
    fn member(&mut self, value: &Value, indent: usize, inline: bool) {
        match value {
            Value::Map(map) if !map.is_empty() => {
                if inline {
                    self.push(' ');
                }
                self.mapping(map, indent + 2, inline);
            }
            Value::List(items) if !items.is_empty() => {
                if inline {
                    self.push(' ');
                }
                self.sequence(items, if inline { indent + 2 } else { indent }, inline);
            }
            scalar => {
                self.push(' ');
                self.scalar(scalar, indent + 2);
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize, mut inline: bool) {
        for item in items {
            if !std::mem::take(&mut inline) {
                self.line(indent);
            }
            self.push_str("- ");
            match item {
                Value::Map(map) if !map.is_empty() => self.mapping(map, indent + 2, true),
                Value::List(items) if !items.is_empty() => self.sequence(items, indent + 2, true),
                scalar => self.scalar(scalar, indent + 2),
            }
        }
    }

    /// Also empty lists and maps. `indent` is where further lines begin.
    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Verbatim(verbatim) => self.scalar(verbatim.value(), indent),
            Value::Null => self.push_str("null"),
            Value::Bool(b) => self.push_str(if *b { "true" } else { "false" }),
            Value::Int(n) => self.push_str(itoa::Buffer::new().format(*n)),
            Value::Float(n) => self.push_str(&float(*n)),
            Value::List(_) => self.push_str("[]"),
            Value::Map(_) => self.push_str("{}"),
            Value::Str(text) => self.text(text, indent, false),
        }
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) {
        let allowed = Allowed::of(text);
        if text.contains('\n') && !key && allowed.block {
            self.literal(text, indent);
        } else if text.contains('\n') || !allowed.single || !is_plain(text) {
            self.double_quoted(text, indent, key);
        } else if allowed.plain {
            self.folded(text, indent, key, false);
        } else {
            self.folded(text, indent, key, true);
        }
    }

    /// Plain or in single quotes; a line end stands for the space at which the text is folded.
    fn folded(&mut self, text: &str, indent: usize, key: bool, quoted: bool) {
        if quoted {
            self.push('\'');
        }
        let mut after_space = false;
        for (at, char) in text.char_indices() {
            let more = text[at + char.len_utf8()..].chars().next();
            let inside = !quoted || (at > 0 && more.is_some());
            if char == ' ' {
                if !key && !after_space && self.column > WIDTH && inside && more != Some(' ') {
                    self.line(indent);
                } else {
                    self.push(' ');
                }
                after_space = true;
                continue;
            }
            if quoted && char == '\'' {
                self.push('\'');
            }
            self.push(char);
            after_space = false;
        }
        if quoted {
            self.push('\'');
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, key: bool) {
        self.push('"');
        let mut after_space = false;
        for (at, char) in text.char_indices() {
            if char == ' ' {
                let rest = &text[at + 1..];
                if !key && !after_space && self.column > WIDTH && at > 0 && !rest.is_empty() {
                    self.line(indent);
                    if rest.starts_with(' ') {
                        self.push('\\');
                    }
                } else {
                    self.push(' ');
                }
                after_space = true;
                continue;
            }
            after_space = false;
            if is_printable(char) && !is_break(char) && !matches!(char, '"' | '\\') {
                self.push(char);
                continue;
            }
            match char {
                '\0' => self.push_str("\\0"),
                '\u{7}' => self.push_str("\\a"),
                '\u{8}' => self.push_str("\\b"),
                '\t' => self.push_str("\\t"),
                '\n' => self.push_str("\\n"),
                '\u{b}' => self.push_str("\\v"),
                '\u{c}' => self.push_str("\\f"),
                '\r' => self.push_str("\\r"),
                '\u{1b}' => self.push_str("\\e"),
                '"' => self.push_str("\\\""),
                '\\' => self.push_str("\\\\"),
                '\u{85}' => self.push_str("\\N"),
                '\u{2028}' => self.push_str("\\L"),
                '\u{2029}' => self.push_str("\\P"),
                _ => {
                    let before = self.out.len();
                    match u32::from(char) {
                        code @ ..=0xff => write!(self.out, "\\x{code:02X}"),
                        code @ ..=0xffff => write!(self.out, "\\u{code:04X}"),
                        code => write!(self.out, "\\U{code:08X}"),
                    }
                    .expect("a string takes every text");
                    self.column += self.out.len() - before;
                }
            }
        }
        self.push('"');
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.push('|');
        if text.starts_with([' ', '\n']) {
            self.push('2');
        }
        if !text.ends_with('\n') {
            self.push('-');
        } else if text == "\n" || text.ends_with("\n\n") {
            self.push('+');
        }
        self.push('\n');
        for char in text.chars() {
            if char != '\n' && self.column == 0 {
                self.line(indent);
            }
            self.push(char);
        }
    }
}

/// In which styles a text can be written.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

impl Allowed {
    fn of(text: &str) -> Allowed {
        let mut plain = !text.is_empty() && !text.starts_with("---") && !text.starts_with("...");
        let (mut special, mut space_break, mut break_space) = (false, false, false);
        let mut before = '\0';
        for (at, char) in text.char_indices() {
            let next = text[at + char.len_utf8()..].chars().next();
            let blank_next = next.is_none_or(|next| matches!(next, ' ' | '\t') || is_break(next));
            let blank_before = at == 0 || matches!(before, ' ' | '\t') || is_break(before);
            plain &= match char {
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => at > 0,
                '#' => !blank_before,
                '?' | '-' => at > 0 || !blank_next,
                ':' => !blank_next,
                ' ' => at > 0 && next.is_some(),
                _ => !is_break(char),
            };
            special |= !is_printable(char) || matches!(char, '\u{2028}' | '\u{2029}');
            break_space |= char == ' ' && is_break(before);
            space_break |= is_break(char) && before == ' ';
            before = char;
        }
        let single = !special && !space_break && !break_space;
        Allowed { plain: plain && single, single, block: !special && !space_break && !text.ends_with(' ') }
    }
}

/// Whether a text without quotes reads back as the same text.
fn is_plain(text: &str) -> bool {
    resolve(text) == Meaning::Str && !is_base60(text)
}

/// YAML 1.1 has numbers such as `1:30`, which go-yaml does not read but quotes.
fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !first.starts_with(|char: char| char.is_ascii_digit()) || !digits(first) {
        return false;
    }
    let mut parts = parts.peekable();
    parts.peek().is_some() && {
        let rest: Vec<&str> = parts.collect();
        rest.iter().enumerate().all(|(index, part)| {
            let part = match part.split_once('.') {
                Some((part, fraction)) if index + 1 == rest.len() && digits(fraction) => part,
                _ => part,
            };
            matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
        })
    }
}

fn is_break(char: char) -> bool {
    matches!(char, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && char != '\u{feff}'
}

/// Go's shortest form, with an exponent where that is more than six digits away.
fn float(n: f64) -> String {
    let size = n.abs();
    if size == 0.0 || ((1e-4..1e21).contains(&size) && (n.fract() == 0.0 || size < 1e6)) {
        return format!("{n}");
    }
    let text = format!("{n:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The entries in go-yaml's order. That is no total order, so that the sort is our own: a merge sort takes any.
fn sorted(map: &Map) -> Vec<(&str, &Value)> {
    let mut runs: Vec<Vec<(&str, &Value)>> = map.iter().map(|entry| vec![entry]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut rest = runs.into_iter();
        while let Some(left) = rest.next() {
            merged.push(match rest.next() {
                Some(right) => merge(left, right),
                None => left,
            });
        }
        runs = merged;
    }
    runs.pop().unwrap_or_default()
}

fn merge<'v>(left: Vec<(&'v str, &'v Value)>, right: Vec<(&'v str, &'v Value)>) -> Vec<(&'v str, &'v Value)> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let side = if compare(b.0, a.0).is_lt() { &mut right } else { &mut left };
        out.extend(side.next());
    }
    out.extend(left);
    out.extend(right);
    out
}

/// Letters after all else, runs of digits by their number.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    let (x, y) = (a[at], b[at]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (false, false) => {}
        (letter, _) => {
            let after_digit = at > 0 && a[at - 1].is_numeric();
            return if letter == after_digit { Ordering::Less } else { Ordering::Greater };
        }
    }
    let digits = |text: &[char]| text.iter().take_while(|char| char.is_ascii_digit()).count();
    let before = a[..at].iter().rev().take_while(|char| char.is_ascii_digit());
    let zeros = (x == '0' || y == '0') && before.clone().any(|&char| char != '0');
    let value = |text: &[char]| {
        let run = &text[at..at + digits(&text[at..])];
        run.iter()
            .fold(i64::from(zeros), |n, &digit| n.wrapping_mul(10).wrapping_add(i64::from(digit as u32 - '0' as u32)))
    };
    let length = |text: &[char]| digits(&text[at..]);
    value(&a).cmp(&value(&b)).then(length(&a).cmp(&length(&b))).then(x.cmp(&y))
}
