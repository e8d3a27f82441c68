//! Patterns in RE2's syntax as the same patterns in that of the regex crate.
//!
//! The two differ in what is literal (`{`, `[` in a class), in what `\d`, `\s`, `\w` and `\b` mean (ASCII in RE2), and in what
//! they refuse. What RE2 refuses is refused here, in the words of Go's parser, which clients see.

/// Repetitions of one thing.
const MAX_REPEAT: u32 = 1_000;

pub(super) fn translate(pattern: &str) -> Result<String, String> {
    Translator { pattern, at: 0, out: String::with_capacity(pattern.len() + 16), groups: 0, last: Last::Nothing }.run()
}

struct Translator<'p> {
    pattern: &'p str,
    at: usize,
    out: String,
    /// That are open.
    groups: usize,
    last: Last,
}

/// What stands before the next element.
#[derive(Clone, Copy)]
enum Last {
    /// Nothing that could be repeated.
    Nothing,
    Element,
    /// A repetition, which began at this byte.
    Repetition(usize),
}

impl<'p> Translator<'p> {
    fn run(mut self) -> Result<String, String> {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => self.plain(c, Last::Nothing),
                '^' | '$' | '.' => self.plain(c, Last::Element),
                '*' | '+' | '?' => self.repeat(1)?,
                '{' => self.brace()?,
                _ => {
                    self.literal(c);
                    self.at += c.len_utf8();
                    self.last = Last::Element;
                }
            }
        }
        if self.groups > 0 {
            return Err(format!("missing closing ): `{}`", self.pattern));
        }
        Ok(self.out)
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn plain(&mut self, c: char, last: Last) {
        self.out.push(c);
        self.at += c.len_utf8();
        self.last = last;
    }

    /// The character itself.
    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    fn open(&mut self) -> Result<(), String> {
        let rest = self.rest();
        self.groups += 1;
        let Some(inside) = rest.strip_prefix("(?") else {
            self.plain('(', Last::Nothing);
            return Ok(());
        };
        let name = inside
            .strip_prefix("P<")
            .or_else(|| inside.strip_prefix('<').filter(|after| !after.starts_with(['=', '!'])));
        if let Some(name) = name {
            let Some(end) = name.find('>') else {
                return Err(format!("invalid named capture: `{rest}`"));
            };
            let header = &rest[..rest.len() - name.len() + end + 1];
            let good = end > 0 && name[..end].chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !good {
                return Err(format!("invalid named capture: `{header}`"));
            }
            self.out.push_str(header);
            self.at += header.len();
            self.last = Last::Nothing;
            return Ok(());
        }
        self.flags(rest, inside)
    }

    /// `(?i)`, `(?s-m:`
    fn flags(&mut self, rest: &str, inside: &str) -> Result<(), String> {
        for (at, c) in inside.char_indices() {
            let header = &rest[..2 + at + c.len_utf8()];
            match c {
                'i' | 'm' | 's' | 'U' => {}
                '-' if !inside[..at].contains('-') => {}
                ':' | ')' if !inside[..at].ends_with('-') => {
                    if c == ')' {
                        self.groups -= 1;
                    }
                    self.out.push_str(header);
                    self.at += header.len();
                    // Flags alone are no element: what was repeatable before them stays so for upstream too.
                    self.last = Last::Nothing;
                    return Ok(());
                }
                _ => return Err(format!("invalid or unsupported Perl syntax: `{header}`")),
            }
        }
        Err(format!("missing closing ): `{}`", self.pattern))
    }

    fn close(&mut self) -> Result<(), String> {
        if self.groups == 0 {
            return Err(format!("unexpected ): `{}`", self.pattern));
        }
        self.groups -= 1;
        self.plain(')', Last::Element);
        Ok(())
    }

    /// A repetition whose operator is so long.
    fn repeat(&mut self, len: usize) -> Result<(), String> {
        let begin = self.at;
        let mut end = begin + len;
        if let Last::Nothing = self.last {
            return Err(format!("missing argument to repetition operator: `{}`", &self.pattern[begin..end]));
        }
        if self.pattern[end..].starts_with('?') {
            end += 1;
        }
        if let Last::Repetition(first) = self.last {
            return Err(format!("invalid nested repetition operator: `{}`", &self.pattern[first..end]));
        }
        self.out.push_str(&self.pattern[begin..end]);
        self.at = end;
        self.last = Last::Repetition(begin);
        Ok(())
    }

    /// `{2,3}`, or a brace that means itself.
    fn brace(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let Some((operator, least, most)) = counts(rest) else {
            self.literal('{');
            self.at += 1;
            self.last = Last::Element;
            return Ok(());
        };
        if least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT || least > most) {
            return Err(format!("invalid repeat count: `{operator}`"));
        }
        self.repeat(operator.len())
    }

    fn escape(&mut self) -> Result<(), String> {
        if let Some(quoted) = self.rest().strip_prefix("\\Q") {
            let end = quoted.find("\\E").unwrap_or(quoted.len());
            quoted[..end].chars().for_each(|c| self.literal(c));
            self.at += 2 + (end + 2).min(quoted.len());
            self.last = Last::Element;
            return Ok(());
        }
        let (text, len) = escaped(self.rest(), false)?;
        self.out.push_str(&text);
        self.at += len;
        self.last = Last::Element;
        Ok(())
    }

    fn class(&mut self) -> Result<(), String> {
        let begin = self.rest();
        let missing = || format!("missing closing ]: `{begin}`");
        self.out.push('[');
        self.at += 1;
        if self.rest().starts_with('^') {
            self.plain('^', Last::Element);
        }
        let mut first = true;
        loop {
            let rest = self.rest();
            let c = rest.chars().next().ok_or_else(missing)?;
            if c == ']' && !first {
                break;
            }
            first = false;
            if rest.starts_with("[:")
                && let Some(end) = rest.find(":]")
            {
                let name = &rest[..end + 2];
                if !is_posix_class(name) {
                    return Err(format!("invalid character class range: `{name}`"));
                }
                self.out.push_str(name);
                self.at += name.len();
                continue;
            }
            if let Some(set) = rest
                .get(..2)
                .filter(|two| matches!(*two, "\\d" | "\\D" | "\\s" | "\\S" | "\\w" | "\\W" | "\\p" | "\\P"))
            {
                let (text, len) = escaped(rest, true)?;
                debug_assert!(text.len() >= set.len());
                self.out.push_str(&text);
                self.at += len;
                continue;
            }
            self.range(begin)?;
        }
        self.plain(']', Last::Element);
        Ok(())
    }

    /// A character of a class, or two with what is between them.
    fn range(&mut self, class: &str) -> Result<(), String> {
        let begin = self.at;
        let low = self.class_character(class)?;
        let mut high = None;
        if self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1 {
            self.at += 1;
            high = Some(self.class_character(class)?);
        }
        if high.is_some_and(|high| high < low) {
            return Err(format!("invalid character class range: `{}`", &self.pattern[begin..self.at]));
        }
        self.literal(low);
        if let Some(high) = high {
            self.out.push('-');
            self.literal(high);
        }
        Ok(())
    }

    fn class_character(&mut self, class: &str) -> Result<char, String> {
        let rest = self.rest();
        let c = rest.chars().next().ok_or_else(|| format!("missing closing ]: `{class}`"))?;
        if c != '\\' {
            self.at += c.len_utf8();
            return Ok(c);
        }
        let (character, len) = escaped_character(rest)?;
        self.at += len;
        Ok(character)
    }
}

/// `{2}`, `{2,}`, `{2,3}` at the beginning of `text`: all of it, and its numbers.
fn counts(text: &str) -> Option<(&str, u32, Option<u32>)> {
    let end = text.find('}')?;
    let inside = &text[1..end];
    let number = |digits: &str| {
        let right = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (least, most) = match inside.split_once(',') {
        None => (number(inside)?, Some(number(inside)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((&text[..=end], least, most))
}

fn is_posix_class(name: &str) -> bool {
    let name = name.trim_start_matches("[:").trim_end_matches(":]");
    let name = name.strip_prefix('^').unwrap_or(name);
    let known =
        ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper"];
    known.contains(&name) || matches!(name, "word" | "xdigit")
}

/// What an escape at the beginning of `text` means, and its length.
fn escaped(text: &str, in_class: bool) -> Result<(String, usize), String> {
    let set = match text.get(..2) {
        Some("\\d") => "[0-9]",
        Some("\\D") => "[^0-9]",
        Some("\\s") => "[\\t\\n\\x0C\\r ]",
        Some("\\S") => "[^\\t\\n\\x0C\\r ]",
        Some("\\w") => "[0-9A-Za-z_]",
        Some("\\W") => "[^0-9A-Za-z_]",
        Some("\\b") if !in_class => "(?-u:\\b)",
        Some("\\B") if !in_class => "\\B",
        Some("\\A") if !in_class => "\\A",
        Some("\\z") if !in_class => "\\z",
        Some("\\p" | "\\P") => return unicode_class(text),
        _ => {
            let (c, len) = escaped_character(text)?;
            return Ok((format!("\\x{{{:X}}}", c as u32), len));
        }
    };
    Ok((set.to_owned(), 2))
}

/// `\pN`, `\p{Greek}`, `\p{^Greek}`
fn unicode_class(text: &str) -> Result<(String, usize), String> {
    let wrong = |len: usize| Err(format!("invalid character class range: `{}`", &text[..len]));
    let after = &text[2..];
    let Some(first) = after.chars().next() else { return wrong(2) };
    let (name, len) = match after.strip_prefix('{') {
        None => (&after[..first.len_utf8()], 2 + first.len_utf8()),
        Some(inside) => match inside.find('}') {
            Some(end) => (&inside[..end], 2 + end + 2),
            None => return wrong(text.len()),
        },
    };
    let (name, turned) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    let good = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !good {
        return wrong(len);
    }
    let negative = text.starts_with("\\P") != turned;
    Ok((format!("\\{}{{{name}}}", if negative { 'P' } else { 'p' }), len))
}

/// An escape of one character.
fn escaped_character(text: &str) -> Result<(char, usize), String> {
    let after = &text[1..];
    let Some(c) = after.chars().next() else {
        return Err("trailing backslash at end of expression: ``".to_owned());
    };
    let invalid = |len: usize| Err(format!("invalid escape sequence: `{}`", &text[..len]));
    let known = match c {
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => return hexadecimal(text),
        '0' | '1'..='7' => {
            let digits = after.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            if c != '0' && digits == 1 {
                return invalid(2);
            }
            let value = u32::from_str_radix(&after[..digits], 8).unwrap_or_default();
            return char::from_u32(value).map_or_else(|| invalid(1 + digits), |c| Ok((c, 1 + digits)));
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        c => return invalid(1 + c.len_utf8()),
    };
    Ok((known, 2))
}

/// `\x41`, `\x{10FFFF}`
fn hexadecimal(text: &str) -> Result<(char, usize), String> {
    let after = &text[2..];
    let (digits, len) = match after.strip_prefix('{') {
        Some(inside) => match inside.find('}') {
            Some(end) => (&inside[..end], 2 + end + 2),
            None => return Err(format!("invalid escape sequence: `{text}`")),
        },
        None => (after.get(..2).unwrap_or(""), 4),
    };
    let right = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = if right { u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) } else { None };
    match value {
        Some(c) => Ok((c, len)),
        None => Err(format!("invalid escape sequence: `{}`", text.get(..len).unwrap_or(text))),
    }
}
