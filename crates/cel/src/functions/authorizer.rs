//! Authorization checks: `authorizer.group('apps').resource('deployments').check('create').allowed()`.
//!
//! Who asks and what decides is the caller's, behind [`Authorizer`]; here a check is put together. An authorizer that must
//! wait for its answer (a webhook) has none at first: evaluation ends with [`EvalError::Unanswered`], costs nothing, and
//! the caller, which has seen the check, evaluates again when it has the answer.

use super::{CallContext, Library, error, function, member, no_such_overload};
use crate::decl::Function;
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Opaque, Val};
use kind::validate::{dns1123_label, dns1123_subdomain};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

pub const AUTHORIZER: Type = Type::Opaque("kubernetes.authorization.Authorizer");
pub const RESOURCE_CHECK: Type = Type::Opaque("kubernetes.authorization.ResourceCheck");
const PATH_CHECK: Type = Type::Opaque("kubernetes.authorization.PathCheck");
const GROUP_CHECK: Type = Type::Opaque("kubernetes.authorization.GroupCheck");
const DECISION: Type = Type::Opaque("kubernetes.authorization.Decision");

/// Answers for the user of a request, or for a service account.
pub trait Authorizer: Send + Sync {
    /// `None` where the answer is not there yet.
    fn authorize(&self, check: &Check<'_>) -> Option<Decision>;
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// Namespace and name of the service account to ask for; the user of the request otherwise.
    pub service_account: Option<(&'a str, &'a str)>,
    pub verb: &'a str,
    pub target: Target<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    Path(&'a str),
    Resource(&'a Resource),
}

/// A resource of any version; empty: not said. Selectors are as they were written, right or wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    pub group: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub field_selector: String,
    pub label_selector: String,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    pub reason: String,
    pub error: Option<String>,
}

/// The variable `authorizer`.
pub fn authorizer(authorizer: Arc<dyn Authorizer>) -> Val {
    Val::opaque(Step { asker: Asker { authorizer, service_account: None }, at: At::Start })
}

/// The variable `authorizer.requestResource`.
pub fn request_resource(authorizer: Arc<dyn Authorizer>, resource: Resource) -> Val {
    Val::opaque(Step { asker: Asker { authorizer, service_account: None }, at: At::Resource(resource) })
}

#[derive(Clone)]
struct Asker {
    authorizer: Arc<dyn Authorizer>,
    service_account: Option<(String, String)>,
}

/// A check in the making.
#[derive(Clone)]
struct Step {
    asker: Asker,
    at: At,
}

#[derive(Clone, Debug, PartialEq)]
enum At {
    Start,
    Path(String),
    Group(String),
    Resource(Resource),
}

#[derive(Debug, PartialEq)]
struct Decided(Decision);

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("service_account", &self.asker.service_account).field("at", &self.at).finish()
    }
}

impl Opaque for Step {
    fn type_name(&self) -> &str {
        match self.at {
            At::Start => "kubernetes.authorization.Authorizer",
            At::Path(_) => "kubernetes.authorization.PathCheck",
            At::Group(_) => "kubernetes.authorization.GroupCheck",
            At::Resource(_) => "kubernetes.authorization.ResourceCheck",
        }
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        let other = (other as &dyn Any).downcast_ref::<Step>();
        other.is_some_and(|other| self.at == other.at && self.asker.service_account == other.asker.service_account)
    }
}

impl Opaque for Decided {
    fn type_name(&self) -> &str {
        "kubernetes.authorization.Decision"
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

pub(super) fn library() -> Library {
    Library {
        functions: declarations(),
        implementations: vec![
            ("path", path),
            ("group", group),
            ("serviceAccount", service_account),
            ("resource", resource),
            ("subresource", |_, args| refine(args, |resource, text| resource.subresource = text)),
            ("namespace", |_, args| refine(args, |resource, text| resource.namespace = text)),
            ("name", |_, args| refine(args, |resource, text| resource.name = text)),
            ("fieldSelector", |_, args| refine(args, |resource, text| resource.field_selector = text)),
            ("labelSelector", |_, args| refine(args, |resource, text| resource.label_selector = text)),
            ("check", check),
            ("errored", |_, args| decided(args, |decision| Val::Bool(decision.error.is_some()))),
            ("error", |_, args| decided(args, |decision| Val::str(decision.error.as_deref().unwrap_or_default()))),
            ("allowed", |_, args| decided(args, |decision| Val::Bool(decision.allowed))),
            ("reason", |_, args| decided(args, |decision| Val::str(&decision.reason))),
        ],
    }
}

fn declarations() -> Vec<Function> {
    use Type::{Bool, String};
    let step = |name, id, from, to| function(name, vec![member(id, &[from, String], to)]);
    let refine = |name, id| step(name, id, RESOURCE_CHECK, RESOURCE_CHECK);
    let answer = |name, id, result| function(name, vec![member(id, &[DECISION], result)]);
    vec![
        step("path", "authorizer_path", AUTHORIZER, PATH_CHECK),
        step("group", "authorizer_group", AUTHORIZER, GROUP_CHECK),
        function(
            "serviceAccount",
            vec![member("authorizer_serviceaccount", &[AUTHORIZER, String, String], AUTHORIZER)],
        ),
        step("resource", "groupcheck_resource", GROUP_CHECK, RESOURCE_CHECK),
        refine("subresource", "resourcecheck_subresource"),
        refine("namespace", "resourcecheck_namespace"),
        refine("name", "resourcecheck_name"),
        refine("fieldSelector", "authorizer_fieldselector"),
        refine("labelSelector", "authorizer_labelselector"),
        function(
            "check",
            vec![
                member("pathcheck_check", &[PATH_CHECK, String], DECISION),
                member("resourcecheck_check", &[RESOURCE_CHECK, String], DECISION),
            ],
        ),
        answer("errored", "decision_errored", Bool),
        answer("error", "decision_error", String),
        answer("allowed", "decision_allowed", Bool),
        answer("reason", "decision_reason", String),
    ]
}

/// The step and the text of `step.f(text)`.
fn step_and_text(args: &[Val]) -> Result<(&Step, &str), EvalError> {
    match args {
        [step, Val::String(text)] => Ok((step.downcast().ok_or(EvalError::NoSuchOverload)?, text)),
        _ => no_such_overload(),
    }
}

fn moved(step: &Step, at: At) -> Result<Val, EvalError> {
    Ok(Val::opaque(Step { asker: step.asker.clone(), at }))
}

fn path(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match step_and_text(args)? {
        (Step { at: At::Start, .. }, text) if text.trim().is_empty() => error("path must not be empty"),
        (step @ Step { at: At::Start, .. }, text) => moved(step, At::Path(text.to_owned())),
        _ => no_such_overload(),
    }
}

fn group(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match step_and_text(args)? {
        (step @ Step { at: At::Start, .. }, text) => moved(step, At::Group(text.to_owned())),
        _ => no_such_overload(),
    }
}

fn service_account(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let [step, Val::String(namespace), Val::String(name)] = args else { return no_such_overload() };
    let Some(step @ Step { at: At::Start, .. }) = step.downcast::<Step>() else { return no_such_overload() };
    if !dns1123_subdomain(name).is_empty() {
        return error("Invalid service account name");
    }
    if !dns1123_label(namespace).is_empty() {
        return error("Invalid service account namespace");
    }
    let service_account = Some((namespace.to_string(), name.to_string()));
    let asker = Asker { authorizer: Arc::clone(&step.asker.authorizer), service_account };
    Ok(Val::opaque(Step { asker, at: At::Start }))
}

fn resource(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    match step_and_text(args)? {
        (Step { at: At::Group(_), .. }, text) if text.trim().is_empty() => error("resource must not be empty"),
        (step @ Step { at: At::Group(group), .. }, text) => {
            let resource = Resource { group: group.clone(), resource: text.to_owned(), ..Resource::default() };
            moved(step, At::Resource(resource))
        }
        _ => no_such_overload(),
    }
}

fn refine(args: &[Val], set: fn(&mut Resource, String)) -> Result<Val, EvalError> {
    match step_and_text(args)? {
        (step @ Step { at: At::Resource(resource), .. }, text) => {
            let mut resource = resource.clone();
            set(&mut resource, text.to_owned());
            moved(step, At::Resource(resource))
        }
        _ => no_such_overload(),
    }
}

fn check(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (step, verb) = step_and_text(args)?;
    let target = match &step.at {
        At::Path(path) => Target::Path(path),
        At::Resource(resource) => Target::Resource(resource),
        At::Start | At::Group(_) => return no_such_overload(),
    };
    let service_account = step.asker.service_account.as_ref().map(|(namespace, name)| (&**namespace, &**name));
    let decision = step.asker.authorizer.authorize(&Check { service_account, verb, target });
    decision.map(|decision| Val::opaque(Decided(decision))).ok_or(EvalError::Unanswered)
}

fn decided(args: &[Val], of: fn(&Decision) -> Val) -> Result<Val, EvalError> {
    match args {
        [value] => value.downcast::<Decided>().map(|decided| of(&decided.0)).ok_or(EvalError::NoSuchOverload),
        _ => no_such_overload(),
    }
}
