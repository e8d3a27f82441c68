//! Strings: CEL's own tests of them, and cel-go's extension in version 2. Positions count characters.

use super::regex::cached;
use super::{CallContext, Library, error, formatting, function, member, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::Val;

/// A replacement may give no longer a text than this; each byte of it costs something only afterwards.
const MAX_TEXT: usize = 32 << 20;

pub(super) fn standard() -> Library {
    let test = |name, id| function(name, vec![member(id, &[Type::String, Type::String], Type::Bool)]);
    Library {
        functions: vec![
            test("contains", "contains_string"),
            test("endsWith", "ends_with_string"),
            test("startsWith", "starts_with_string"),
            function(
                "matches",
                vec![
                    overload("matches", &[Type::String, Type::String], Type::Bool),
                    member("matches_string", &[Type::String, Type::String], Type::Bool),
                ],
            ),
        ],
        implementations: vec![
            ("contains", |_, args| two(args, |text, part| Ok(Val::Bool(text.contains(part))))),
            ("endsWith", |_, args| two(args, |text, part| Ok(Val::Bool(text.ends_with(part))))),
            ("startsWith", |_, args| two(args, |text, part| Ok(Val::Bool(text.starts_with(part))))),
            ("matches", matches),
        ],
    }
}

pub(super) fn extensions() -> Library {
    use Type::{Int, String};
    let texts = Type::list(String);
    Library {
        functions: vec![
            function("charAt", vec![member("string_char_at_int", &[String, Int], String)]),
            function(
                "indexOf",
                vec![
                    member("string_index_of_string", &[String, String], Int),
                    member("string_index_of_string_int", &[String, String, Int], Int),
                ],
            ),
            function(
                "lastIndexOf",
                vec![
                    member("string_last_index_of_string", &[String, String], Int),
                    member("string_last_index_of_string_int", &[String, String, Int], Int),
                ],
            ),
            function("lowerAscii", vec![member("string_lower_ascii", &[String], String)]),
            function(
                "replace",
                vec![
                    member("string_replace_string_string", &[String, String, String], String),
                    member("string_replace_string_string_int", &[String, String, String, Int], String),
                ],
            ),
            function(
                "split",
                vec![
                    member("string_split_string", &[String, String], texts.clone()),
                    member("string_split_string_int", &[String, String, Int], texts.clone()),
                ],
            ),
            function(
                "substring",
                vec![
                    member("string_substring_int", &[String, Int], String),
                    member("string_substring_int_int", &[String, Int, Int], String),
                ],
            ),
            function("trim", vec![member("string_trim", &[String], String)]),
            function("upperAscii", vec![member("string_upper_ascii", &[String], String)]),
            function("format", vec![member("string_format", &[String, Type::list(Type::Dyn)], String)]),
            function("strings.quote", vec![overload("strings_quote", &[String], String)]),
            function(
                "join",
                vec![
                    member("list_join", std::slice::from_ref(&texts), String),
                    member("list_join_string", &[texts, String], String),
                ],
            ),
        ],
        implementations: vec![
            ("charAt", char_at),
            ("indexOf", index_of),
            ("lastIndexOf", last_index_of),
            ("lowerAscii", |_, args| one(args, str::to_ascii_lowercase)),
            ("upperAscii", |_, args| one(args, str::to_ascii_uppercase)),
            ("trim", |_, args| one(args, |text| text.trim().to_owned())),
            ("replace", replace),
            ("split", split),
            ("substring", substring),
            ("format", format),
            ("strings.quote", |_, args| one(args, quote)),
            ("join", join),
        ],
    }
}

fn matches(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::String(text), Val::String(pattern)] => Ok(Val::Bool(cached(context, pattern)?.is_match(text))),
        _ => no_such_overload(),
    }
}

fn one(args: &[Val], of: impl Fn(&str) -> String) -> Result<Val, EvalError> {
    match args {
        [Val::String(text)] => Ok(Val::from(of(text))),
        _ => no_such_overload(),
    }
}

fn two(args: &[Val], of: impl Fn(&str, &str) -> Result<Val, EvalError>) -> Result<Val, EvalError> {
    match args {
        [Val::String(text), Val::String(other)] => of(text, other),
        _ => no_such_overload(),
    }
}

fn out_of_range<T>(index: i64) -> Result<T, EvalError> {
    error(format!("index out of range: {index}"))
}

fn char_at(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::String(text), Val::Int(index)] = args else { return no_such_overload() };
    let Ok(at) = usize::try_from(*index) else { return out_of_range(*index) };
    match text.chars().nth(at) {
        Some(found) => Ok(Val::from(found.to_string())),
        None if at == text.chars().count() => Ok(Val::str("")),
        None => out_of_range(*index),
    }
}

/// The byte at which the character `index` begins; the end for the number of characters.
fn byte_of(text: &str, index: usize) -> Option<usize> {
    text.char_indices().map(|(byte, _)| byte).chain(std::iter::once(text.len())).nth(index)
}

fn chars_before(text: &str, byte: usize) -> i64 {
    text[..byte].chars().count() as i64
}

fn index_of(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, part, from) = match args {
        [Val::String(text), Val::String(part)] => (text, part, 0),
        [Val::String(text), Val::String(part), Val::Int(from)] => (text, part, *from),
        _ => return no_such_overload(),
    };
    if part.is_empty() {
        return Ok(Val::Int(from));
    }
    if args.len() == 2 && text.is_empty() {
        return Ok(Val::Int(-1));
    }
    let start = usize::try_from(from).ok().and_then(|from| byte_of(text, from));
    match start.filter(|&start| start < text.len()) {
        Some(start) => Ok(Val::Int(text[start..].find(&**part).map_or(-1, |at| chars_before(text, start + at)))),
        None => out_of_range(from),
    }
}

fn last_index_of(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, part, until) = match args {
        [Val::String(text), Val::String(part)] => (text, part, None),
        [Val::String(text), Val::String(part), Val::Int(until)] => (text, part, Some(*until)),
        _ => return no_such_overload(),
    };
    let count = text.chars().count() as i64;
    if part.is_empty() {
        return Ok(Val::Int(until.unwrap_or(count)));
    }
    if until.is_none() && count < part.chars().count() as i64 {
        return Ok(Val::Int(-1));
    }
    let until = until.unwrap_or(count - 1);
    if until < 0 || until >= count {
        return out_of_range(until);
    }
    // The last match may begin at `until` and reach beyond it.
    let end = byte_of(text, until as usize).map_or(text.len(), |byte| (byte + part.len()).min(text.len()));
    let end = (end..=text.len()).find(|&end| text.is_char_boundary(end)).unwrap_or(text.len());
    let found = text[..end].rmatch_indices(&**part).map(|(at, _)| chars_before(text, at)).find(|&at| at <= until);
    Ok(Val::Int(found.unwrap_or(-1)))
}

fn replace(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, old, new, times) = match args {
        [Val::String(text), Val::String(old), Val::String(new)] => (text, old, new, -1),
        [Val::String(text), Val::String(old), Val::String(new), Val::Int(times)] => (text, old, new, *times),
        _ => return no_such_overload(),
    };
    let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(&**old).count() };
    let times = usize::try_from(times).map_or(found, |times| times.min(found));
    if text.len().saturating_add(times.saturating_mul(new.len())) > MAX_TEXT {
        return Err(EvalError::CostExceeded);
    }
    Ok(Val::from(text.replacen(&**old, new, times)))
}

fn split(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, separator, limit) = match args {
        [Val::String(text), Val::String(separator)] => (text, separator, -1),
        [Val::String(text), Val::String(separator), Val::Int(limit)] => (text, separator, *limit),
        _ => return no_such_overload(),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Val::list(Vec::new()));
    }
    if !separator.is_empty() {
        return Ok(Val::strings(text.splitn(limit, &**separator)));
    }
    // Each character by itself, the last with all that is left.
    let mut parts = Vec::new();
    let mut rest = &**text;
    while let Some(first) = rest.chars().next() {
        let (part, after) = if parts.len() + 1 == limit { (rest, "") } else { rest.split_at(first.len_utf8()) };
        parts.push(part);
        rest = after;
    }
    Ok(Val::strings(parts))
}

fn substring(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, start, end) = match args {
        [Val::String(text), Val::Int(start)] => (text, *start, None),
        [Val::String(text), Val::Int(start), Val::Int(end)] => (text, *start, Some(*end)),
        _ => return no_such_overload(),
    };
    if let Some(end) = end
        && start > end
    {
        return error(format!("invalid substring range. start: {start}, end: {end}"));
    }
    let byte = |index: i64| usize::try_from(index).ok().and_then(|index| byte_of(text, index));
    let Some(from) = byte(start) else { return out_of_range(start) };
    match end {
        None => Ok(Val::str(&text[from..])),
        Some(end) => byte(end).map(|to| Val::str(&text[from..to])).map_or_else(|| out_of_range(end), Ok),
    }
}

fn format(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match args {
        [Val::String(template), Val::List(args)] => formatting::format(template, args).map(Val::from),
        _ => no_such_overload(),
    }
}

fn join(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (list, separator) = match args {
        [Val::List(list)] => (list, ""),
        [Val::List(list), Val::String(separator)] => (list, &**separator),
        _ => return no_such_overload(),
    };
    let mut out = String::new();
    for (at, item) in list.iter().enumerate() {
        let item = item?;
        let Val::String(text) = item else { return no_such_overload() };
        if at > 0 {
            out.push_str(separator);
        }
        out.push_str(&text);
        if out.len() > MAX_TEXT {
            return Err(EvalError::CostExceeded);
        }
    }
    Ok(Val::from(out))
}

/// In double quotes, with CEL's escapes.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
