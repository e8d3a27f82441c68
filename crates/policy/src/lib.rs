//! What the expressions of webhooks and admission policies may name, and how they compile.
//!
//! ```text
//!   object, oldObject: dyn      request, namespaceObject: declared      params, authorizer: where there are some
//!   variables: what those before it compiled to, by name
//! ```
//!
//! Used where such an expression is validated and where it is evaluated, so that both see the same. Deliberately absent:
//! values, and when an expression is evaluated.

mod device;
mod types;

use cel::env::Builder;
use cel::types::{FieldType, Fields, ObjectType};
use cel::{Env, Program, Type};
use schema::ListType;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use device::compile_device_selector;
pub use types::{namespace_type, request_type};

/// What an expression must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Bool,
    String,
    StringOrNull,
    /// A variable: anything.
    Anything,
    /// The configuration that a mutation applies.
    Object,
    /// The operations of a mutation.
    JsonPatches,
}

/// Which names there are, besides those that always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    pub params: bool,
    pub authorizer: bool,
    /// `Object{}` and `JSONPatch{}`.
    pub patches: bool,
}

/// Compiles the expressions of one policy: its variables in order, then the rest.
#[derive(Clone, Default)]
pub struct Compiler {
    variables: BTreeMap<Arc<str>, FieldType>,
}

impl Compiler {
    /// Compiles one more variable; the expressions after it may name it. The error is upstream's detail.
    pub fn variable(&mut self, name: &str, source: &str, names: Declared) -> Result<Program, String> {
        let program = self.compile(source, Wanted::Anything, names);
        let ty = program.as_ref().map_or(Type::Dyn, |program| program.output().clone());
        self.variables.insert(name.into(), field(ty, name));
        program
    }

    /// Compiles an expression. The error is upstream's detail, as a field's error has it.
    pub fn compile(&self, source: &str, wanted: Wanted, names: Declared) -> Result<Program, String> {
        let program = self.env(names).compile(source).map_err(|error| format!("compilation failed: {error}"))?;
        let output = program.output();
        if wanted.takes(output) { Ok(program) } else { Err(format!("{} but got {output}", wanted.demand())) }
    }

    fn env(&self, names: Declared) -> Env {
        let base = base(names);
        if self.variables.is_empty() {
            return base;
        }
        let fields = Fields::Known(self.variables.clone());
        let ty = Type::Object(Arc::new(ObjectType { name: "kubernetes.variables".into(), fields }));
        base.extend().variable("variables", ty).build()
    }
}

/// The type that `variables` has.
pub const VARIABLES: &str = "kubernetes.variables";

impl Wanted {
    fn takes(self, ty: &Type) -> bool {
        match self {
            Wanted::Bool => *ty == Type::Bool,
            Wanted::String => *ty == Type::String,
            Wanted::StringOrNull => matches!(ty, Type::String | Type::Null),
            Wanted::Anything => true,
            Wanted::Object => matches!(ty, Type::Object(object) if &*object.name == "Object"),
            Wanted::JsonPatches => {
                matches!(ty, Type::List(item) if matches!(&**item, Type::Object(object) if &*object.name == "JSONPatch"))
            }
        }
    }

    fn demand(self) -> &'static str {
        match self {
            Wanted::Bool => "must evaluate to bool",
            Wanted::String => "must evaluate to string",
            Wanted::StringOrNull => "must evaluate to one of [string null_type]",
            Wanted::Anything => "must evaluate to one of [any dyn]",
            Wanted::Object => "must evaluate to Object",
            Wanted::JsonPatches => "must evaluate to list(JSONPatch)",
        }
    }
}

/// The environment without variables; each combination is made once.
fn base(names: Declared) -> Env {
    static ENVS: [OnceLock<Env>; 8] = [const { OnceLock::new() }; 8];
    let index = usize::from(names.params) | usize::from(names.authorizer) << 1 | usize::from(names.patches) << 2;
    ENVS[index].get_or_init(|| make(names)).clone()
}

fn make(names: Declared) -> Env {
    let mut env = Env::base()
        .extend()
        .variable("object", Type::Dyn)
        .variable("oldObject", Type::Dyn)
        .variable("namespaceObject", Type::Object(namespace_type()))
        .variable("request", Type::Object(request_type()));
    if names.params {
        env = env.variable("params", Type::Dyn);
    }
    if names.authorizer {
        use cel::functions::authorizer::{AUTHORIZER, RESOURCE_CHECK};
        env = env.variable("authorizer", AUTHORIZER).variable("authorizer.requestResource", RESOURCE_CHECK);
    }
    if names.patches {
        env = with_patches(env);
    }
    env.build()
}

/// `Object`, `Object.spec` and so on have any fields; what they are is known when they are applied.
fn with_patches(mut env: Builder) -> Builder {
    for function in cel::functions::json_patch().functions {
        env = env.function(function);
    }
    let find = |name: &str| {
        let named = name == "Object" || name.strip_prefix("Object.").is_some_and(|rest| !rest.is_empty());
        named.then(|| {
            let fields = Fields::Lazy(Box::new(|name: &str| Some(field(Type::Dyn, name))));
            Arc::new(ObjectType { name: name.into(), fields })
        })
    };
    let texts = ["op", "path", "from"].into_iter().map(|name| (name.into(), field(Type::String, name)));
    let fields = texts.chain([("value".into(), field(Type::Dyn, "value"))]).collect();
    let operation = Arc::new(ObjectType { name: "JSONPatch".into(), fields: Fields::Known(fields) });
    env.object_types(Arc::new(find)).object_type(operation)
}

pub(crate) fn field(ty: Type, json: &str) -> FieldType {
    FieldType { ty, json: json.into(), max_elements: None, list_type: ListType::Atomic }
}

#[cfg(test)]
mod tests;
