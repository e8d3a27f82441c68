//! Semantic versions: `kubernetes.Semver`, version 1 of the library.

use super::formatting::go_quoted;
use super::{Library, error, function, member, no_such_overload, overload};
use crate::decl::Function;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Opaque, Val};
use std::any::Any;
use std::cmp::Ordering;

const SEMVER: Type = Type::Opaque("kubernetes.Semver");

#[derive(Clone, Debug)]
pub(super) struct Semver {
    numbers: [u64; 3],
    prerelease: Vec<Identifier>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identifier {
    Number(u64),
    Text(String),
}

impl Opaque for Semver {
    fn type_name(&self) -> &str {
        "kubernetes.Semver"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref::<Semver>().is_some_and(|other| self.compare(other) == Ordering::Equal)
    }
}

pub(super) fn library() -> Library {
    Library {
        functions: declarations(),
        implementations: vec![
            ("semver", |_, args| match read(args)? {
                Ok(version) => Ok(Val::opaque(version)),
                Err(why) => error(why),
            }),
            ("isSemver", |_, args| Ok(Val::Bool(read(args)?.is_ok()))),
            ("major", |_, args| one(args, |version| version.numbers[0])),
            ("minor", |_, args| one(args, |version| version.numbers[1])),
            ("patch", |_, args| one(args, |version| version.numbers[2])),
            ("isGreaterThan", |_, args| two(args, |ordering| Val::Bool(ordering == Ordering::Greater))),
            ("isLessThan", |_, args| two(args, |ordering| Val::Bool(ordering == Ordering::Less))),
            ("compareTo", |_, args| two(args, |ordering| Val::Int(ordering as i64))),
        ],
    }
}

fn declarations() -> Vec<Function> {
    use Type::{Bool, Int, String};
    let pair = |name, id, result| function(name, vec![member(id, &[SEMVER, SEMVER], result)]);
    let number = |name, id| function(name, vec![member(id, &[SEMVER], Int)]);
    vec![
        function(
            "semver",
            vec![
                overload("string_to_semver", &[String], SEMVER),
                overload("string_bool_to_semver", &[String, Bool], SEMVER),
            ],
        ),
        function(
            "isSemver",
            vec![
                overload("is_semver_string", &[String], Bool),
                overload("is_semver_string_bool", &[String, Bool], Bool),
            ],
        ),
        pair("isGreaterThan", "semver_is_greater_than", Bool),
        pair("isLessThan", "semver_is_less_than", Bool),
        pair("compareTo", "semver_compare_to", Int),
        number("major", "semver_major"),
        number("minor", "semver_minor"),
        number("patch", "semver_patch"),
    ]
}

fn read(args: &[Val]) -> Result<Result<Semver, String>, EvalError> {
    match args {
        [Val::String(text)] | [Val::String(text), Val::Bool(false)] => Ok(parse(text)),
        [Val::String(text), Val::Bool(true)] => Ok(normalized(text).and_then(|text| parse(&text))),
        _ => no_such_overload(),
    }
}

fn one(args: &[Val], of: fn(&Semver) -> u64) -> Result<Val, EvalError> {
    match args {
        [value] => {
            value.downcast::<Semver>().map(|version| Val::Int(of(version) as i64)).ok_or(EvalError::NoSuchOverload)
        }
        _ => no_such_overload(),
    }
}

fn two(args: &[Val], of: fn(Ordering) -> Val) -> Result<Val, EvalError> {
    match args {
        [a, b] => match (a.downcast::<Semver>(), b.downcast::<Semver>()) {
            (Some(a), Some(b)) => Ok(of(a.compare(b))),
            _ => no_such_overload(),
        },
        _ => no_such_overload(),
    }
}

impl Semver {
    /// What is built is not compared.
    fn compare(&self, other: &Semver) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.prerelease.cmp(&other.prerelease),
        })
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Identifier) -> Ordering {
        match (self, other) {
            (Identifier::Number(a), Identifier::Number(b)) => a.cmp(b),
            (Identifier::Text(a), Identifier::Text(b)) => a.cmp(b),
            (Identifier::Number(_), Identifier::Text(_)) => Ordering::Less,
            (Identifier::Text(_), Identifier::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Identifier) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Without a `v`, with three numbers, without zeros before them.
fn normalized(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(without_leading_zeros).collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return Err("short version cannot contain PreRelease/Build meta data".to_owned());
    }
    parts.resize(3, "0".to_owned());
    Ok(parts.join("."))
}

fn without_leading_zeros(part: &str) -> String {
    if part.len() <= 1 {
        return part.to_owned();
    }
    let trimmed = part.trim_start_matches('0');
    if trimmed.starts_with(|c: char| c.is_ascii_digit()) { trimmed.to_owned() } else { format!("0{trimmed}") }
}

/// In the words of the library that upstream reads versions with.
fn parse(text: &str) -> Result<Semver, String> {
    if text.is_empty() {
        return Err("Version string empty".to_owned());
    }
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    let [major, minor, rest] = parts[..] else {
        return Err("No Major.Minor.Patch elements found".to_owned());
    };
    let (rest, build) = rest.split_once('+').map_or((rest, None), |(rest, build)| (rest, Some(build)));
    let (patch, prerelease) = rest.split_once('-').map_or((rest, None), |(rest, pre)| (rest, Some(pre)));
    let numbers =
        [number(major, "Major", "major")?, number(minor, "Minor", "minor")?, number(patch, "Patch", "patch")?];
    let prerelease = prerelease.into_iter().flat_map(|all| all.split('.')).map(identifier).collect::<Result<_, _>>()?;
    for part in build.into_iter().flat_map(|all| all.split('.')) {
        if part.is_empty() {
            return Err("Build meta data is empty".to_owned());
        }
        if !is_alphanumeric(part) {
            return Err(format!("Invalid character(s) found in build meta data {}", go_quoted(part)));
        }
    }
    Ok(Semver { numbers, prerelease })
}

fn number(text: &str, name: &str, lower: &str) -> Result<u64, String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {lower} number {}", go_quoted(text)));
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(format!("{name} number must not contain leading zeroes {}", go_quoted(text)));
    }
    let why = if text.is_empty() { "invalid syntax" } else { "value out of range" };
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {}: {why}", go_quoted(text)))
}

fn identifier(text: &str) -> Result<Identifier, String> {
    if text.is_empty() {
        return Err("Prerelease is empty".to_owned());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        if text.len() > 1 && text.starts_with('0') {
            return Err(format!("Numeric PreRelease version must not contain leading zeroes {}", go_quoted(text)));
        }
        let out_of_range = |_| format!("strconv.ParseUint: parsing {}: value out of range", go_quoted(text));
        return text.parse().map(Identifier::Number).map_err(out_of_range);
    }
    if !is_alphanumeric(text) {
        return Err(format!("Invalid character(s) found in prerelease {}", go_quoted(text)));
    }
    Ok(Identifier::Text(text.to_owned()))
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
