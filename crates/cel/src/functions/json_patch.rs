//! Paths of JSON patches.

use super::{Library, function, no_such_overload, overload};
use crate::types::Type;
use crate::value::Val;

pub(super) fn library() -> Library {
    let escape = overload("string_jsonpatch_escapeKey_string", &[Type::String], Type::String);
    Library {
        functions: vec![function("jsonpatch.escapeKey", vec![escape])],
        implementations: vec![("jsonpatch.escapeKey", |_, args| match args {
            [Val::String(text)] => Ok(Val::from(text.replace('~', "~0").replace('/', "~1"))),
            _ => no_such_overload(),
        })],
    }
}
