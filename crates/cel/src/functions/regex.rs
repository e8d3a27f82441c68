//! Regular expressions: RE2's, bounded in size, kept compiled.

use super::{CallContext, Library, error, function, member, no_such_overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::Val;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Of a compiled pattern, in bytes; `a{1000}{1000}` must not take all memory.
const MAX_COMPILED: usize = 2 << 20;
/// Compiled patterns that are kept; beyond it all are dropped.
const MAX_KEPT: usize = 256;
/// Groups inside groups.
const MAX_NESTING: u32 = 250;

pub(super) fn library() -> Library {
    use Type::{Int, String};
    let texts = Type::list(String);
    Library {
        functions: vec![
            function("find", vec![member("string_find_string", &[String, String], String)]),
            function(
                "findAll",
                vec![
                    member("string_find_all_string", &[String, String], texts.clone()),
                    member("string_find_all_string_int", &[String, String, Int], texts),
                ],
            ),
        ],
        implementations: vec![("find", find), ("findAll", find_all)],
    }
}

/// Compiles a pattern; the error is in Go's words as far as they have one.
pub fn compile(pattern: &str) -> Result<::regex::Regex, String> {
    let built = ::regex::RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED)
        .nest_limit(MAX_NESTING)
        .dfa_size_limit(MAX_COMPILED)
        .build();
    built.map_err(|_| format!("error parsing regexp: {}", go_words(pattern)))
}

/// As [`compile`], of a pattern that was compiled a moment ago.
pub(super) fn cached(pattern: &str) -> Result<Arc<::regex::Regex>, EvalError> {
    static KEPT: OnceLock<Mutex<HashMap<String, Arc<::regex::Regex>>>> = OnceLock::new();
    let kept = KEPT.get_or_init(Mutex::default);
    if let Some(regex) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return Ok(Arc::clone(regex));
    }
    let regex = Arc::new(compile(pattern).map_err(EvalError::message)?);
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

fn illegal(error: EvalError) -> EvalError {
    EvalError::message(format!("Illegal regex: {error}"))
}

fn find(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::String(text), Val::String(pattern)] = args else { return no_such_overload() };
    let regex = cached(pattern).map_err(illegal)?;
    Ok(Val::str(regex.find(text).map_or("", |found| found.as_str())))
}

fn find_all(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, pattern, limit) = match args {
        [Val::String(text), Val::String(pattern)] => (text, pattern, -1),
        [Val::String(text), Val::String(pattern), Val::Int(limit)] => (text, pattern, *limit),
        _ => return no_such_overload(),
    };
    let regex = match cached(pattern) {
        Ok(regex) => regex,
        Err(why) => return error(illegal(why).to_string()),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Val::strings(regex.find_iter(text).take(limit).map(|found| found.as_str())))
}

/// What Go's parser says first about a pattern that it refuses.
fn go_words(pattern: &str) -> String {
    let bytes = pattern.as_bytes();
    let mut open_groups = 0u32;
    let mut at = 0;
    let mut repeatable = false;
    while at < bytes.len() {
        let begin = at;
        match bytes[at] {
            b'\\' => match pattern[at + 1..].chars().next() {
                None => return "trailing backslash at end of expression: ``".to_owned(),
                Some(c) if c.is_ascii_alphanumeric() && !"AbBCdDfnpPQEQrsStvwWxz01234567a".contains(c) => {
                    return format!("invalid escape sequence: `\\{c}`");
                }
                Some(c) => {
                    at += c.len_utf8();
                    repeatable = true;
                }
            },
            b'[' => match class_end(pattern, at) {
                Ok(end) => {
                    at = end;
                    repeatable = true;
                }
                Err(words) => return words,
            },
            b'(' => {
                open_groups += 1;
                if pattern[at..].starts_with("(?") {
                    let rest = &pattern[at + 2..];
                    if rest.starts_with(['=', '!']) || (rest.starts_with('<') && rest[1..].starts_with(['=', '!'])) {
                        let end = 2 + 1 + usize::from(rest.starts_with('<'));
                        return format!("invalid or unsupported Perl syntax: `{}`", &pattern[at..at + end]);
                    }
                    at += 1;
                }
                repeatable = false;
            }
            b')' if open_groups == 0 => return format!("unexpected ): `{pattern}`"),
            b')' => {
                open_groups -= 1;
                repeatable = true;
            }
            b'*' | b'+' | b'?' if !repeatable => {
                return format!("missing argument to repetition operator: `{}`", &pattern[begin..=begin]);
            }
            b'*' | b'+' | b'?' => {
                if pattern[at + 1..].starts_with('?') {
                    at += 1;
                }
                if let Some(next @ ('*' | '+' | '?')) = pattern[at + 1..].chars().next() {
                    return format!("invalid nested repetition operator: `{}{next}`", &pattern[begin..=at]);
                }
            }
            b'|' => repeatable = false,
            _ => repeatable = true,
        }
        at += 1;
    }
    if open_groups > 0 {
        return format!("missing closing ): `{pattern}`");
    }
    format!("expression too large: `{pattern}`")
}

/// The byte of the `]` that ends the class that begins at `start`.
fn class_end(pattern: &str, start: usize) -> Result<usize, String> {
    let missing = || format!("missing closing ]: `{}`", &pattern[start..]);
    let mut chars = pattern[start + 1..].char_indices().peekable();
    if chars.peek().is_some_and(|(_, c)| *c == '^') {
        chars.next();
    }
    let mut first = true;
    let mut last: Option<char> = None;
    while let Some((at, c)) = chars.next() {
        match c {
            ']' if !first => return Ok(start + 1 + at),
            '\\' => {
                chars.next();
                last = None;
            }
            '-' => {
                if let (Some(low), Some(&(_, high))) = (last, chars.peek())
                    && high != ']'
                    && high != '\\'
                    && low > high
                {
                    return Err(format!("invalid character class range: `{low}-{high}`"));
                }
                last = None;
            }
            c => last = Some(c),
        }
        first = false;
    }
    Err(missing())
}
