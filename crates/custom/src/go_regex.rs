//! Go's regular expressions with the `regex` crate: nearly the same language; classes are of ASCII in Go.

use regex::{Regex, RegexBuilder};

/// The memory that a compiled expression may take.
const MAX_SIZE: usize = 1 << 20;

/// Compiles, or says in Go's words why not.
pub fn compile(source: &str) -> Result<Regex, String> {
    let translated = translate(source)?;
    RegexBuilder::new(&translated)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .build()
        .map_err(|_| format!("error parsing regexp: expression nests too deeply: `{source}`"))
}

fn failed<T>(what: &str, part: &str) -> Result<T, String> {
    Err(format!("error parsing regexp: {what}: `{part}`"))
}

/// Writes Perl's classes out, which Go takes for ASCII, and finds what Go refuses.
fn translate(source: &str) -> Result<String, String> {
    let mut out = String::with_capacity(source.len() + 16);
    let mut groups = 0usize;
    let mut rest = source;
    // What a repetition would repeat; empty where there is nothing.
    let mut repeatable = false;
    let mut repeated_from: Option<usize> = None;
    while let Some(c) = rest.chars().next() {
        let at = source.len() - rest.len();
        let mut taken = c.len_utf8();
        match c {
            '\\' => {
                let (text, length) = escape(rest, false)?;
                out.push_str(&text);
                taken = length;
                (repeatable, repeated_from) = (true, None);
            }
            '[' => {
                let (text, length) = class(rest)?;
                out.push_str(&text);
                taken = length;
                (repeatable, repeated_from) = (true, None);
            }
            '(' => {
                groups += 1;
                taken = group(rest)?;
                out.push_str(&rest[..taken]);
                if rest[..taken].ends_with(')') {
                    groups -= 1;
                }
                (repeatable, repeated_from) = (false, None);
            }
            ')' => {
                if groups == 0 {
                    return failed("unexpected )", source);
                }
                groups -= 1;
                out.push(')');
                (repeatable, repeated_from) = (true, None);
            }
            '|' => {
                out.push('|');
                (repeatable, repeated_from) = (false, None);
            }
            '*' | '+' | '?' | '{' => {
                let Some(length) = repetition(rest)? else {
                    out.push_str("\\{");
                    (repeatable, repeated_from) = (true, None);
                    rest = &rest[1..];
                    continue;
                };
                if let Some(from) = repeated_from {
                    return failed("invalid nested repetition operator", &source[from..at + length]);
                }
                if !repeatable {
                    return failed("missing argument to repetition operator", &rest[..length]);
                }
                out.push_str(&rest[..length]);
                taken = length;
                repeated_from = Some(at);
            }
            other => {
                match other {
                    '}' | ']' => out.extend(['\\', other]),
                    other => out.push(other),
                }
                (repeatable, repeated_from) = (true, None);
            }
        }
        rest = &rest[taken..];
    }
    if groups > 0 {
        return failed("missing closing )", source);
    }
    Ok(out)
}

/// The length of a repetition at the start of `rest`; None: a brace that is none.
fn repetition(rest: &str) -> Result<Option<usize>, String> {
    let mut length = 1;
    if rest.starts_with('{') {
        let Some(end) = rest.find('}') else { return Ok(None) };
        let inner = &rest[1..end];
        let (low, high) = inner.split_once(',').unwrap_or((inner, inner));
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !number(low) || !(high.is_empty() || number(high)) {
            return Ok(None);
        }
        length = end + 1;
        let low = low.parse::<u32>().unwrap_or(u32::MAX);
        let high = if high.is_empty() { low } else { high.parse::<u32>().unwrap_or(u32::MAX) };
        if low > 1000 || high > 1000 || low > high {
            return failed("invalid repeat count", &rest[..length]);
        }
    }
    if rest[length..].starts_with('?') {
        length += 1;
    }
    Ok(Some(length))
}

/// The length of what opens a group.
fn group(rest: &str) -> Result<usize, String> {
    let Some(after) = rest.strip_prefix("(?") else { return Ok(1) };
    if after.starts_with("P<") || after.starts_with('<') {
        if after.starts_with("<=") || after.starts_with("<!") {
            return failed("invalid or unsupported Perl syntax", &rest[..4]);
        }
        let Some(end) = rest.find('>') else { return failed("invalid named capture", rest) };
        let name = rest[..end].rsplit('<').next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return failed("invalid named capture", &rest[..=end]);
        }
        return Ok(end + 1);
    }
    let end = after.find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'U' | '-'));
    match end.map(|end| (end, after.as_bytes()[end])) {
        Some((end, b':' | b')')) => Ok(end + 3),
        Some((end, _)) => {
            let width = after[end..].chars().next().map_or(0, char::len_utf8);
            failed("invalid or unsupported Perl syntax", &rest[..2 + end + width])
        }
        None => failed("missing closing )", rest),
    }
}

/// An escape at the start of `rest`, and its length.
fn escape(rest: &str, in_class: bool) -> Result<(String, usize), String> {
    let Some(c) = rest[1..].chars().next() else { return failed("trailing backslash at end of expression", "") };
    let length = 1 + c.len_utf8();
    let written = &rest[..length];
    let wrap = |inside: &str, negated: bool| match (in_class, negated) {
        (true, false) => inside.to_owned(),
        (true, true) => format!("[^{inside}]"),
        (false, false) => format!("[{inside}]"),
        (false, true) => format!("[^{inside}]"),
    };
    Ok(match c {
        'd' => (wrap("0-9", false), length),
        'D' => (wrap("0-9", true), length),
        'w' => (wrap("0-9A-Za-z_", false), length),
        'W' => (wrap("0-9A-Za-z_", true), length),
        's' => (wrap("\\t\\n\\x0C\\r ", false), length),
        'S' => (wrap("\\t\\n\\x0C\\r ", true), length),
        'b' if !in_class => ("(?-u:\\b)".into(), length),
        'B' if !in_class => ("(?-u:\\B)".into(), length),
        'A' | 'z' if !in_class => (written.to_owned(), length),
        'a' | 'f' | 'n' | 'r' | 't' | 'v' => (written.to_owned(), length),
        'p' | 'P' => {
            let after = &rest[length..];
            let name = if after.starts_with('{') {
                after.find('}').map(|end| end + 1)
            } else {
                after.chars().next().map(char::len_utf8)
            };
            let Some(name) = name else { return failed("invalid character class range", rest) };
            let whole = &rest[..length + name];
            if Regex::new(whole).is_err() {
                return failed("invalid character class range", whole);
            }
            (whole.to_owned(), whole.len())
        }
        'x' => hexadecimal(rest)?,
        'Q' => {
            let inner = &rest[2..];
            let end = inner.find("\\E").unwrap_or(inner.len());
            let length = (2 + end + 2).min(rest.len());
            (format!("(?:{})", regex::escape(&inner[..end])), length)
        }
        '0'..='7' => {
            let digits = rest[1..].bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            if c != '0' && digits < 2 {
                return failed("invalid escape sequence", written);
            }
            let code = u32::from_str_radix(&rest[1..=digits], 8).unwrap_or(0);
            (format!("\\x{{{code:x}}}"), 1 + digits)
        }
        c if c.is_ascii_punctuation() => (written.to_owned(), length),
        _ => return failed("invalid escape sequence", written),
    })
}

fn hexadecimal(rest: &str) -> Result<(String, usize), String> {
    let after = &rest[2..];
    let (digits, length) = match after.strip_prefix('{') {
        Some(inner) => {
            let Some(end) = inner.find('}') else { return failed("invalid escape sequence", rest) };
            (&inner[..end], end + 4)
        }
        None => match after.get(..2) {
            Some(digits) => (digits, 4),
            None => return failed("invalid escape sequence", rest),
        },
    };
    match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
        Some(c) => Ok((format!("\\x{{{:x}}}", u32::from(c)), length)),
        None => failed("invalid escape sequence", &rest[..length]),
    }
}

/// A class in brackets at the start of `rest`, and its length.
fn class(rest: &str) -> Result<(String, usize), String> {
    let mut out = String::from("[");
    let mut at = 1;
    if rest[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    // The start of a range, if a dash may follow.
    let mut low: Option<(char, usize)> = None;
    loop {
        let Some(c) = rest[at..].chars().next() else { return failed("missing closing ]", rest) };
        if c == ']' && !first {
            out.push(']');
            return Ok((out, at + 1));
        }
        first = false;
        if let Some(name) = rest[at..].strip_prefix("[:").and_then(|after| after.split_once(":]")).map(|(name, _)| name)
        {
            let whole = &rest[at..at + name.len() + 4];
            if Regex::new(&format!("[{whole}]")).is_err() {
                return failed("invalid character class range", whole);
            }
            out.push_str(whole);
            at += whole.len();
            low = None;
            continue;
        }
        if c == '-' {
            let next = rest[at + 1..].chars().next();
            match (low, next) {
                (Some((low_char, from)), Some(next)) if next != ']' => {
                    let (text, length, high) = member(rest, at + 1)?;
                    if high.is_none_or(|high| high < low_char) {
                        return failed("invalid character class range", &rest[from..at + 1 + length]);
                    }
                    out.push('-');
                    out.push_str(&text);
                    at += 1 + length;
                }
                _ => {
                    out.push_str("\\-");
                    at += 1;
                }
            }
            low = None;
            continue;
        }
        let (text, length, value) = member(rest, at)?;
        out.push_str(&text);
        low = value.map(|value| (value, at));
        at += length;
    }
}

/// One member of a class: its text, length, and the character if it is a single one.
fn member(rest: &str, at: usize) -> Result<(String, usize, Option<char>), String> {
    let Some(c) = rest[at..].chars().next() else { return failed("missing closing ]", rest) };
    if c == '\\' {
        let (text, length) = escape(&rest[at..], true)?;
        let single =
            rest[at + 1..].chars().next().filter(|c| c.is_ascii_punctuation() || "aftnrvx01234567".contains(*c));
        return Ok((text, length, single));
    }
    let text = if matches!(c, '[' | ']' | '&' | '~' | '^') { format!("\\{c}") } else { c.to_string() };
    Ok((text, c.len_utf8(), Some(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_syntax_matches_as_in_go() {
        for (source, text, matches) in [
            ("^a+$", "aa", true),
            ("^\\d$", "٣", false),
            ("^[\\w.-]+$", "a.b-c", true),
            ("^[a-z]([-a-z0-9]*[a-z0-9])?$", "ab-c", true),
            ("^x{2}$", "xx", true),
            ("^x{,2}$", "x{,2}", true),
            ("[[:alpha:]]", "1", false),
            ("^(?i)ABC$", "abc", true),
            ("a&&b", "a&&b", true),
            ("^[a&&b]+$", "a&b", true),
        ] {
            assert_eq!(compile(source).unwrap().is_match(text), matches, "{source}");
        }
    }

    #[test]
    fn errors_are_worded_as_by_go() {
        for (source, words) in [
            ("[", "missing closing ]: `[`"),
            ("a(", "missing closing ): `a(`"),
            ("a)", "unexpected ): `a)`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("\\y", "invalid escape sequence: `\\y`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("[z-a]", "invalid character class range: `z-a`"),
        ] {
            assert_eq!(compile(source).unwrap_err(), format!("error parsing regexp: {words}"), "{source}");
        }
    }
}
