//! What the names of expressions stand for in one write.

use super::Asking;
use crate::matching::Seen;
use crate::webhook::{request_value, shown};
use crate::{Attributes, Lookup};
use cel::eval::EvalError;
use cel::functions::authorizer::{Resource, authorizer as authorizer_value, request_resource};
use cel::value::Opaque;
use cel::{Budget, Program, Type, Val};
use kind::ApiError;
use parking_lot::Mutex;
use schema::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The values; cheap to clone.
#[derive(Clone)]
pub struct Bindings {
    values: HashMap<&'static str, Val>,
    variables: Option<Arc<Composed>>,
    pub asking: Arc<Asking>,
}

/// The variables of a policy, compiled; none where one does not compile, with the error.
pub type Variables = Arc<[(String, Result<Program, String>)]>;

/// Variables of a policy in one write: each is evaluated when it is first asked for.
struct Composed {
    variables: Variables,
    values: HashMap<&'static str, Val>,
    known: Mutex<HashMap<String, Result<Val, EvalError>>>,
}

impl Bindings {
    /// Of a write as it is seen by whoever asks. `lookup` finds its namespace.
    pub async fn of(
        attributes: &Attributes<'_>,
        seen: &Seen,
        lookup: &dyn Lookup,
        authorizer: Arc<dyn authz::Authorizer>,
    ) -> Result<Bindings, ApiError> {
        let dynamic = |value: Value| Val::of(&Arc::new(value), &Type::Dyn);
        let object = shown(attributes, seen, &attributes.object).await?;
        let old = shown(attributes, seen, attributes.old).await?;
        let asking = Asking::new(authorizer, attributes.user.clone());
        let request = Arc::new(request_value(attributes, seen));
        let resource = Resource {
            group: attributes.group.to_owned(),
            resource: attributes.resource.to_owned(),
            subresource: attributes.subresource.to_owned(),
            namespace: attributes.namespace.to_owned(),
            name: attributes.name.to_owned(),
            ..Resource::default()
        };
        let values = HashMap::from([
            ("object", dynamic(object)),
            ("oldObject", dynamic(old)),
            ("request", Val::of(&request, &Type::Object(policy::request_type()))),
            ("namespaceObject", namespace_value(attributes, lookup)?),
            ("authorizer", authorizer_value(asking.clone())),
            ("authorizer.requestResource", request_resource(asking.clone(), resource)),
        ]);
        Ok(Bindings { values, variables: None, asking })
    }

    /// With `params`, which may be Null, and with fresh variables.
    pub fn with(&self, params: &Arc<Value>, variables: &Variables) -> Bindings {
        let mut values = self.values.clone();
        values.insert("params", Val::of(params, &Type::Dyn));
        let known = Mutex::default();
        let composed = Composed { variables: variables.clone(), values: values.clone(), known };
        Bindings { values, variables: Some(Arc::new(composed)), asking: self.asking.clone() }
    }

    /// With variables that are not evaluated yet: for an evaluation that begins again.
    pub fn renewed(&self) -> Bindings {
        let fresh = |composed: &Arc<Composed>| {
            let (variables, values) = (composed.variables.clone(), composed.values.clone());
            Arc::new(Composed { variables, values, known: Mutex::default() })
        };
        Bindings { variables: self.variables.as_ref().map(fresh), ..self.clone() }
    }
}

/// A namespace is not in a namespace, whatever the attributes say.
fn namespace_value(attributes: &Attributes, lookup: &dyn Lookup) -> Result<Val, ApiError> {
    let is_namespace = (attributes.group, attributes.resource) == ("", "namespaces");
    let name = attributes.namespace;
    if name.is_empty() || is_namespace {
        return Ok(Val::Null);
    }
    let found = lookup.get("", "namespaces", "", name).ok_or_else(|| {
        ApiError::new(404, "NotFound", format!("namespaces \"{name}\" not found")).about("", "namespaces", name)
    })?;
    Ok(Val::of(&found, &Type::Object(policy::namespace_type())))
}

impl cel::Variables for Bindings {
    fn get(&self, name: &str, _budget: &mut Budget) -> Option<Result<Val, EvalError>> {
        match (name, &self.variables) {
            ("variables", Some(composed)) => Some(Ok(Val::opaque(View(composed.clone())))),
            _ => self.values.get(name).cloned().map(Ok),
        }
    }
}

/// `variables`
#[derive(Clone)]
struct View(Arc<Composed>);

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.variables.iter().map(|(name, _)| name)).finish()
    }
}

impl Opaque for View {
    fn type_name(&self) -> &str {
        policy::VARIABLES
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn std::any::Any).downcast_ref::<View>().is_some_and(|other| Arc::ptr_eq(&self.0, &other.0))
    }

    fn field(&self, name: &str, budget: &mut Budget) -> Option<Result<Val, EvalError>> {
        if let Some(known) = self.0.known.lock().get(name) {
            return Some(known.clone());
        }
        let (_, program) = self.0.variables.iter().find(|(other, _)| other == name)?;
        let quoted = kind::field::quoted(name);
        let value = match program {
            Err(why) => Err(EvalError::message(format!("composited variable {quoted} fails to compile: {why}"))),
            Ok(program) => program.evaluate(&Inside(self.clone()), budget).map_err(|error| {
                EvalError::message(format!("composited variable {quoted} fails to evaluate: {error}"))
            }),
        };
        self.0.known.lock().insert(name.to_owned(), value.clone());
        Some(value)
    }
}

/// What the names of a variable's own expression stand for.
struct Inside(View);

impl cel::Variables for Inside {
    fn get(&self, name: &str, _budget: &mut Budget) -> Option<Result<Val, EvalError>> {
        match name {
            "variables" => Some(Ok(Val::opaque(self.0.clone()))),
            _ => self.0.0.values.get(name).cloned().map(Ok),
        }
    }
}
