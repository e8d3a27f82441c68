//! Field errors: what is wrong with an object, where, in upstream's words.
//!
//! A [`Path`] lives on the stack and points to its parent, so that walking a valid object allocates nothing.

use api_meta::v1::StatusCause;
use schema::Value;
use std::fmt::{self, Write};

/// At most this many errors of one object are kept; an object of hostile size stays cheap to refuse.
const MAX_ERRORS: usize = 1_000;

/// Where in an object: `spec.containers[0].env[name]`.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Child(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The path of a field of the object itself.
    pub const fn root(name: &'a str) -> Path<'a> {
        Path { parent: None, step: Step::Child(name) }
    }

    /// The object itself.
    pub const fn object() -> Path<'static> {
        Path { parent: None, step: Step::Root }
    }

    pub const fn child(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Child(name) }
    }

    pub const fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// A member of a map: `metadata.labels[app]`.
    pub const fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(key) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(out)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Child(name) => {
                if self.parent.is_some_and(|parent| !matches!(parent.step, Step::Root)) {
                    out.write_char('.')?;
                }
                // Go's path takes a step without a name for an index.
                if name.is_empty() {
                    return out.write_str("[]");
                }
                out.write_str(name)
            }
            Step::Index(index) => write!(out, "[{index}]"),
            Step::Key(key) => write!(out, "[{key}]"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    Internal,
    TypeInvalid,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub kind: FieldErrorKind,
    pub field: String,
    /// The value as the message shows it; `None` where upstream's message shows none.
    pub value: Option<String>,
    pub detail: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldErrors {
    errors: Vec<FieldError>,
}

/// A value as a message shows it: strings quoted as Go's %q, numbers and booleans plain, the rest as JSON.
pub trait Shown {
    fn shown(&self) -> String;
}

impl FieldErrors {
    pub fn new() -> FieldErrors {
        FieldErrors::default()
    }

    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    pub fn len(&self) -> usize {
        self.errors.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.errors.iter()
    }

    pub fn extend(&mut self, other: FieldErrors) {
        for error in other.errors {
            self.push(error);
        }
    }

    pub fn push(&mut self, error: FieldError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn add(&mut self, kind: FieldErrorKind, path: &Path, value: Option<String>, detail: impl Into<String>) {
        self.push(FieldError { kind, field: path.to_string(), value, detail: detail.into() });
    }

    pub fn not_found(&mut self, path: &Path, value: impl Shown) {
        self.add(FieldErrorKind::NotFound, path, Some(value.shown()), "");
    }

    pub fn required(&mut self, path: &Path, detail: impl Into<String>) {
        self.add(FieldErrorKind::Required, path, None, detail);
    }

    pub fn duplicate(&mut self, path: &Path, value: impl Shown) {
        self.add(FieldErrorKind::Duplicate, path, Some(value.shown()), "");
    }

    pub fn invalid(&mut self, path: &Path, value: impl Shown, detail: impl Into<String>) {
        self.add(FieldErrorKind::Invalid, path, Some(value.shown()), detail);
    }

    /// The valid values are shown in the order given.
    pub fn not_supported(&mut self, path: &Path, value: impl Shown, valid: &[&str]) {
        let quoted: Vec<String> = valid.iter().map(|v| v.shown()).collect();
        let detail = if quoted.is_empty() { String::new() } else { format!("supported values: {}", quoted.join(", ")) };
        self.add(FieldErrorKind::NotSupported, path, Some(value.shown()), detail);
    }

    pub fn forbidden(&mut self, path: &Path, detail: impl Into<String>) {
        self.add(FieldErrorKind::Forbidden, path, None, detail);
    }

    pub fn too_long(&mut self, path: &Path, max_bytes: usize) {
        self.add(FieldErrorKind::TooLong, path, None, format!("may not be more than {max_bytes} bytes"));
    }

    pub fn too_many(&mut self, path: &Path, actual: usize, max: usize) {
        let items = if max == 1 { "item" } else { "items" };
        self.add(FieldErrorKind::TooMany, path, Some(actual.to_string()), format!("must have at most {max} {items}"));
    }

    pub fn internal(&mut self, path: &Path, detail: impl Into<String>) {
        self.add(FieldErrorKind::Internal, path, None, detail);
    }

    pub fn type_invalid(&mut self, path: &Path, value: impl Shown, detail: impl Into<String>) {
        self.add(FieldErrorKind::TypeInvalid, path, Some(value.shown()), detail);
    }
}

impl FieldErrorKind {
    /// As messages say it.
    pub fn words(self) -> &'static str {
        match self {
            FieldErrorKind::NotFound => "Not found",
            FieldErrorKind::Required => "Required value",
            FieldErrorKind::Duplicate => "Duplicate value",
            FieldErrorKind::Invalid | FieldErrorKind::TypeInvalid => "Invalid value",
            FieldErrorKind::NotSupported => "Unsupported value",
            FieldErrorKind::Forbidden => "Forbidden",
            FieldErrorKind::TooLong => "Too long",
            FieldErrorKind::TooMany => "Too many",
            FieldErrorKind::Internal => "Internal error",
        }
    }

    /// As the causes of a Status name it.
    pub fn reason(self) -> &'static str {
        match self {
            FieldErrorKind::NotFound => "FieldValueNotFound",
            FieldErrorKind::Required => "FieldValueRequired",
            FieldErrorKind::Duplicate => "FieldValueDuplicate",
            FieldErrorKind::Invalid => "FieldValueInvalid",
            FieldErrorKind::NotSupported => "FieldValueNotSupported",
            FieldErrorKind::Forbidden => "FieldValueForbidden",
            FieldErrorKind::TooLong => "FieldValueTooLong",
            FieldErrorKind::TooMany => "FieldValueTooMany",
            FieldErrorKind::Internal => "InternalError",
            FieldErrorKind::TypeInvalid => "FieldValueTypeInvalid",
        }
    }
}

impl FieldError {
    /// The message without the field: `Invalid value: "x": must be no more than 63 characters`.
    pub fn body(&self) -> String {
        let mut text = self.kind.words().to_owned();
        if let Some(value) = &self.value {
            text.push_str(": ");
            text.push_str(value);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }

    pub fn cause(&self) -> StatusCause {
        StatusCause { reason: self.kind.reason().into(), message: self.body(), field: self.field.clone() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.field, self.body())
    }
}

impl fmt::Display for FieldErrors {
    /// As upstream joins them: one bare, several in brackets, each different one once.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts: Vec<String> = Vec::new();
        for error in &self.errors {
            let text = error.to_string();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        match texts.as_slice() {
            [one] => out.write_str(one),
            several => write!(out, "[{}]", several.join(", ")),
        }
    }
}

impl Shown for str {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Shown for &str {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Shown for &String {
    fn shown(&self) -> String {
        quoted(self)
    }
}

macro_rules! shown_plain {
    ($($type:ty),*) => { $( impl Shown for $type {
        fn shown(&self) -> String {
            self.to_string()
        }
    } )* };
}
shown_plain!(i32, i64, u16, u32, usize, bool);

impl Shown for &Value {
    fn shown(&self) -> String {
        match self {
            Value::Null => "null".into(),
            Value::Str(text) => quoted(text),
            other => {
                let mut out = Vec::new();
                schema::json::write(other, &mut out);
                String::from_utf8_lossy(&out).into_owned()
            }
        }
    }
}

/// Shows the text as it stands, without quotes (times, addresses, Go's forms of structs).
pub struct Bare<T: fmt::Display>(pub T);

impl<T: fmt::Display> Shown for Bare<T> {
    fn shown(&self) -> String {
        self.0.to_string()
    }
}

/// Go's %q.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                write!(out, "\\x{:02x}", c as u32).expect("writing to a string cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
