//! Named formats of strings: `format.dns1123Label().validate(name)`.

use super::url::parse_request_uri;
use super::{CallContext, Implementation, Library, function, member, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Opaque, Val, parse_timestamp};
use kind::validate;
use std::any::Any;
use std::sync::Arc;

const FORMAT: Type = Type::Opaque("kubernetes.NamedFormat");

/// A format, by its place in the table.
#[derive(Debug)]
pub struct NamedFormat(&'static Format);

#[derive(Debug)]
struct Format {
    /// As expressions write it.
    name: &'static str,
    /// Of the function that gives it.
    function: &'static str,
    /// Of the pattern that upstream thinks of when it counts what validation costs.
    regex_size: u64,
    /// The sentences that say what is wrong.
    validate: fn(&str) -> Vec<String>,
}

macro_rules! format {
    ($name:literal, $regex_size:literal, $validate:expr) => {
        Format { name: $name, function: concat!("format.", $name), regex_size: $regex_size, validate: $validate }
    };
}

static FORMATS: [Format; 13] = [
    format!("dns1123Label", 30, validate::dns1123_label),
    format!("dns1123Subdomain", 60, validate::dns1123_subdomain),
    format!("dns1035Label", 30, validate::dns1035_label),
    format!("qualifiedName", 60, validate::qualified_name),
    format!("dns1123LabelPrefix", 30, |text| validate::dns1123_label(&unprefixed(text))),
    format!("dns1123SubdomainPrefix", 60, |text| validate::dns1123_subdomain(&unprefixed(text))),
    format!("dns1035LabelPrefix", 30, |text| validate::dns1035_label(&unprefixed(text))),
    format!("labelValue", 40, validate::label_value),
    format!("uri", 1_000, |text| parse_request_uri(text).err().into_iter().collect()),
    format!("uuid", 55, |text| unless(is_uuid(text), "does not match the UUID format")),
    format!("byte", 85, |text| unless(schema::Bytes::from_base64(text).is_ok(), "invalid base64")),
    format!("date", 150, |text| unless(is_date(text), "invalid date")),
    format!("datetime", 150, |text| unless(is_datetime(text), "invalid datetime")),
];

impl NamedFormat {
    pub(crate) fn regex_size(&self) -> u64 {
        self.0.regex_size
    }
}

impl Opaque for NamedFormat {
    fn type_name(&self) -> &str {
        "kubernetes.NamedFormat"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref::<NamedFormat>().is_some_and(|other| self.0.name == other.0.name)
    }
}

pub(super) fn library() -> Library {
    let texts = Type::list(Type::String);
    let mut functions = vec![
        function("validate", vec![member("format-validate", &[FORMAT, Type::String], Type::optional(texts))]),
        function("format.named", vec![overload("format-named", &[Type::String], Type::optional(FORMAT))]),
    ];
    functions
        .extend(FORMATS.iter().map(|format| function(format.function, vec![overload(format.function, &[], FORMAT)])));
    let mut implementations: Vec<(&'static str, Implementation)> =
        vec![("validate", validate), ("format.named", named)];
    implementations
        .extend(FORMATS.iter().zip(CONSTANTS).map(|(format, implementation)| (format.function, implementation)));
    Library { functions, implementations }
}

fn constant<const AT: usize>(_: &mut CallContext<'_>, _: &[Val]) -> Result<Val, EvalError> {
    Ok(Val::opaque(NamedFormat(&FORMATS[AT])))
}

/// One function without arguments for each of the formats.
const CONSTANTS: [Implementation; 13] = [
    constant::<0>,
    constant::<1>,
    constant::<2>,
    constant::<3>,
    constant::<4>,
    constant::<5>,
    constant::<6>,
    constant::<7>,
    constant::<8>,
    constant::<9>,
    constant::<10>,
    constant::<11>,
    constant::<12>,
];

fn named(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [Val::String(name)] = args else { return no_such_overload() };
    let format = FORMATS.iter().find(|format| *format.name == **name);
    Ok(Val::Optional(format.map(|format| Arc::new(Val::opaque(NamedFormat(format))))))
}

fn validate(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [format, Val::String(text)] = args else { return no_such_overload() };
    let Some(format) = format.downcast::<NamedFormat>() else { return no_such_overload() };
    let wrong = (format.0.validate)(text);
    if wrong.is_empty() {
        return Ok(Val::NONE);
    }
    Ok(Val::some(Val::strings(wrong.iter().map(String::as_str))))
}

fn unless(good: bool, sentence: &str) -> Vec<String> {
    if good { Vec::new() } else { vec![sentence.to_owned()] }
}

/// A prefix may end in a dash: more is to come.
fn unprefixed(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(before) if !before.is_empty() => std::format!("{before}a"),
        _ => text.to_owned(),
    }
}

/// Dashes may be missing.
fn is_uuid(text: &str) -> bool {
    let mut rest = text;
    for (at, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        match rest.get(..digits) {
            Some(part) if part.bytes().all(|byte| byte.is_ascii_hexdigit()) => rest = &rest[digits..],
            _ => return false,
        }
    }
    rest.is_empty()
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && parse_timestamp(&std::format!("{text}T00:00:00Z")).is_some()
}

fn is_datetime(text: &str) -> bool {
    parse_timestamp(&text.to_ascii_uppercase()).is_some()
}
