//! What an expression may name: variables, functions, types of objects.
//!
//! An [`Env`] is made once for each place where expressions stand, and shared; compiling reads it only. The base environment
//! has every library that Kubernetes v1.36 has switched on for new expressions: expressions stored by older versions use
//! no more than these. Names have no container: `a.b` is looked up as it stands.

mod program;

pub use program::{Program, Reference};

use crate::checker;
use crate::decl::Function;
use crate::error::CompileError;
use crate::functions;
use crate::parser;
use crate::types::{ObjectType, Type};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Finds the type of objects with a name.
pub type FindObjectType = dyn Fn(&str) -> Option<Arc<ObjectType>> + Send + Sync;

/// Cheap to clone.
#[derive(Clone)]
pub struct Env {
    inner: Arc<Inner>,
}

#[derive(Clone, Default)]
struct Inner {
    functions: Arc<HashMap<&'static str, Function>>,
    variables: HashMap<Arc<str>, Type>,
    object_types: HashMap<Arc<str>, Arc<ObjectType>>,
    find_object_type: Vec<Arc<FindObjectType>>,
}

/// An environment in the making.
pub struct Builder {
    inner: Inner,
}

impl Env {
    /// CEL's own functions and all libraries that Kubernetes v1.36 has switched on everywhere; made once.
    pub fn base() -> &'static Env {
        static BASE: OnceLock<Env> = OnceLock::new();
        BASE.get_or_init(|| {
            let libraries = std::iter::once(functions::standard()).chain(functions::kubernetes());
            Env::of(libraries.flat_map(|library| library.functions))
        })
    }

    /// An environment with these functions and nothing else. Functions of one name are one function.
    pub fn of(functions: impl IntoIterator<Item = Function>) -> Env {
        let mut by_name: HashMap<&'static str, Function> = HashMap::new();
        for function in functions {
            match by_name.get_mut(function.name) {
                Some(known) => known.overloads.extend(function.overloads),
                None => {
                    by_name.insert(function.name, function);
                }
            }
        }
        Env { inner: Arc::new(Inner { functions: Arc::new(by_name), ..Inner::default() }) }
    }

    pub fn extend(&self) -> Builder {
        Builder { inner: (*self.inner).clone() }
    }

    /// Parses and checks. What type comes out is for the caller to look at ([`Program::output`]).
    pub fn compile(&self, source: &str) -> Result<Program, CompileError> {
        checker::check(self, parser::parse(source)?)
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Function> {
        self.inner.functions.get(name.strip_prefix('.').unwrap_or(name))
    }

    /// The type of a variable, or of the name of a type.
    pub(crate) fn ident(&self, name: &str) -> Option<(Arc<str>, Type)> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some((name, ty)) = self.inner.variables.get_key_value(name) {
            return Some((name.clone(), ty.clone()));
        }
        let named = match named_type(name) {
            Some(ty) => ty,
            None => Type::Object(self.object_type(name)?),
        };
        Some((name.into(), Type::Type(Arc::new(named))))
    }

    pub(crate) fn is_variable(&self, name: &str) -> bool {
        self.inner.variables.contains_key(name)
    }

    fn object_type(&self, name: &str) -> Option<Arc<ObjectType>> {
        let known = self.inner.object_types.get(name).cloned();
        known.or_else(|| self.inner.find_object_type.iter().find_map(|find| find(name)))
    }
}

impl Builder {
    pub fn variable(mut self, name: &str, ty: Type) -> Builder {
        if let Type::Object(object) = &ty {
            self.inner.object_types.insert(object.name.clone(), object.clone());
        }
        self.inner.variables.insert(name.into(), ty);
        self
    }

    /// A type that expressions may make objects of, by its name.
    pub fn object_type(mut self, ty: Arc<ObjectType>) -> Builder {
        self.inner.object_types.insert(ty.name.clone(), ty);
        self
    }

    /// Many such types, found when they are named.
    pub fn object_types(mut self, find: Arc<FindObjectType>) -> Builder {
        self.inner.find_object_type.push(find);
        self
    }

    pub fn function(mut self, function: Function) -> Builder {
        let functions = Arc::make_mut(&mut self.inner.functions);
        match functions.get_mut(function.name) {
            Some(known) => known.overloads.extend(function.overloads),
            None => {
                functions.insert(function.name, function);
            }
        }
        self
    }

    pub fn build(self) -> Env {
        Env { inner: Arc::new(self.inner) }
    }
}

/// Types that every environment can name.
fn named_type(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "dyn" => Type::Dyn,
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "int" => Type::Int,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "net.CIDR" => Type::Opaque("net.CIDR"),
        "net.IP" => Type::Opaque("net.IP"),
        "null_type" => Type::Null,
        "optional_type" => Type::optional(Type::Dyn),
        "string" => Type::String,
        "type" => Type::Type(Arc::new(Type::Dyn)),
        "uint" => Type::Uint,
        _ => return None,
    })
}
