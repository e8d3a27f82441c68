//! Regular expressions: RE2's, bounded in size, kept compiled.

mod translate;

use super::{CallContext, Library, function, member, no_such_overload};
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

/// Compiles a pattern; the error is in Go's words.
pub fn compile(pattern: &str) -> Result<::regex::Regex, String> {
    let whole = |words: String| format!("error parsing regexp: {words}");
    let translated = translate::translate(pattern).map_err(whole)?;
    ::regex::RegexBuilder::new(&translated)
        .size_limit(MAX_COMPILED)
        .nest_limit(MAX_NESTING)
        .dfa_size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| match error {
            ::regex::Error::CompiledTooBig(_) => whole(format!("expression too large: `{pattern}`")),
            // A name of a class that Unicode does not know; or groups nested too deeply.
            _ => whole(format!("invalid character class range: `{pattern}`")),
        })
}

/// As [`compile`], of a pattern that was compiled a moment ago.
pub(super) fn cached(context: &mut CallContext<'_>, pattern: &str) -> Result<Arc<::regex::Regex>, EvalError> {
    static KEPT: OnceLock<Mutex<HashMap<String, Arc<::regex::Regex>>>> = OnceLock::new();
    let kept = KEPT.get_or_init(Mutex::default);
    if let Some(regex) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return Ok(Arc::clone(regex));
    }
    context.budget.pattern()?;
    let regex = Arc::new(compile(pattern).map_err(EvalError::message)?);
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

fn illegal(error: EvalError) -> EvalError {
    if error.is_fatal() {
        return error;
    }
    EvalError::message(format!("Illegal regex: {error}"))
}

fn find(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::String(text), Val::String(pattern)] = args else { return no_such_overload() };
    let regex = cached(context, pattern).map_err(illegal)?;
    Ok(Val::str(regex.find(text).map_or("", |found| found.as_str())))
}

fn find_all(context: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (text, pattern, limit) = match args {
        [Val::String(text), Val::String(pattern)] => (text, pattern, -1),
        [Val::String(text), Val::String(pattern), Val::Int(limit)] => (text, pattern, *limit),
        _ => return no_such_overload(),
    };
    let regex = cached(context, pattern).map_err(illegal)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Val::strings(regex.find_iter(text).take(limit).map(|found| found.as_str())))
}
