//! Functions: what they are declared as, and what they do. One library a file, each with both.
//!
//! An implementation looks at what values it gets and answers [`EvalError::NoSuchOverload`] to all others; several libraries
//! may implement one name, and are asked in turn. Deliberately absent: functions that the evaluator itself must see to
//! (`&&`, `||`, `?:`, indexing, equality); their declarations are in [`operators`] with the others.

pub mod authorizer;
mod cidr;
mod conversions;
mod dates;
pub mod formats;
mod formatting;
mod ip;
mod json_patch;
mod list_extensions;
mod lists;
mod net_text;
mod operators;
mod optional;
mod quantity;
pub mod regex;
mod semver;
mod sets;
mod strings;
mod two_variables;
mod url;

pub use conversions::plain_text;

use crate::cost::Budget;
use crate::decl::{Function, Overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::Val;
use std::collections::HashMap;
use std::sync::OnceLock;

/// What an implementation may use besides its arguments.
pub struct CallContext<'a> {
    pub budget: &'a mut Budget,
}

/// The target of `target.f(args)` is the first of the values.
pub type Implementation = fn(&mut CallContext<'_>, &[Val]) -> Result<Val, EvalError>;

pub struct Library {
    pub functions: Vec<Function>,
    /// By the name of the function.
    pub implementations: Vec<(&'static str, Implementation)>,
}

/// CEL's own functions.
pub fn standard() -> Library {
    let mut all = Library { functions: Vec::new(), implementations: Vec::new() };
    for library in [operators::library(), conversions::library(), dates::library(), strings::standard()] {
        all.functions.extend(library.functions);
        all.implementations.extend(library.implementations);
    }
    all
}

/// What the base environment of Kubernetes v1.36 has besides.
pub fn kubernetes() -> Vec<Library> {
    vec![
        url::library(),
        regex::library(),
        lists::library(),
        list_extensions::library(),
        authorizer::library(),
        optional::library(),
        quantity::library(),
        strings::extensions(),
        sets::library(),
        ip::library(),
        cidr::library(),
        formats::library(),
        two_variables::library(),
        semver::library(),
    ]
}

/// `jsonpatch.escapeKey`, which mutating policies have.
pub fn json_patch() -> Library {
    json_patch::library()
}

/// `includes`, which device selectors of dynamic resource allocation have.
pub fn includes() -> Library {
    lists::includes_library()
}

/// All that is implemented under a name.
pub(crate) fn implementations(name: &str) -> &'static [Implementation] {
    static ALL: OnceLock<HashMap<&'static str, Vec<Implementation>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut all: HashMap<&'static str, Vec<Implementation>> = HashMap::new();
        let more = kubernetes().into_iter().chain([json_patch(), includes()]);
        for (name, implementation) in
            std::iter::once(standard()).chain(more).flat_map(|library| library.implementations)
        {
            all.entry(name).or_default().push(implementation);
        }
        all
    });
    all.get(name).map_or(&[], Vec::as_slice)
}

/// Whether cel-go calls it at once where its argument is constant.
pub(crate) fn is_conversion(function: &str) -> bool {
    matches!(function, "bool" | "bytes" | "double" | "duration" | "dyn" | "int" | "string" | "timestamp" | "uint")
}

/// Why no implementation of a function takes these values, in cel-go's words: operators look at what the first operand
/// can do at all and name themselves where it cannot, functions name all types.
pub(crate) fn unmatched(name: &str, args: &[Val]) -> EvalError {
    use Val::{Bool, Bytes, Double, Duration, Int, List, Map, String, Timestamp, Uint};
    let first = args.first().unwrap_or(&Val::Null);
    let capable = match name {
        "_+_" => {
            matches!(first, Int(_) | Uint(_) | Double(_) | String(_) | Bytes(_) | Duration(_) | Timestamp(_) | List(_))
        }
        "_-_" => matches!(first, Int(_) | Uint(_) | Double(_) | Duration(_) | Timestamp(_)),
        "_*_" | "_/_" => matches!(first, Int(_) | Uint(_) | Double(_)),
        "_%_" => matches!(first, Int(_) | Uint(_)),
        "-_" | "!_" => matches!(first, Bool(_) | Int(_) | Double(_) | Duration(_)),
        "_<_" | "_<=_" | "_>_" | "_>=_" => {
            matches!(first, Bool(_) | Int(_) | Uint(_) | Double(_) | String(_) | Bytes(_) | Duration(_) | Timestamp(_))
        }
        "size" => matches!(first, String(_) | Bytes(_) | List(_) | Map(_)),
        "matches" => matches!(first, String(_)),
        "@in" | "contains" | "startsWith" | "endsWith" => true,
        _ => {
            let types: Vec<_> = args.iter().map(Val::type_name).collect();
            return EvalError::message(format!("no such overload: {name}({})", types.join(", ")));
        }
    };
    if capable { EvalError::NoSuchOverload } else { EvalError::message(format!("no such overload: {name}")) }
}

/// `f(params)`
fn overload(id: &'static str, params: &[Type], result: Type) -> Overload {
    Overload { id, member: false, params: params.to_vec(), result }
}

/// `target.f(params)`, the target being the first of `params`.
fn member(id: &'static str, params: &[Type], result: Type) -> Overload {
    Overload { id, member: true, params: params.to_vec(), result }
}

fn function(name: &'static str, overloads: Vec<Overload>) -> Function {
    Function { name, overloads }
}

fn no_such_overload<T>() -> Result<T, EvalError> {
    Err(EvalError::NoSuchOverload)
}

fn error<T>(text: impl AsRef<str>) -> Result<T, EvalError> {
    Err(EvalError::message(text))
}
