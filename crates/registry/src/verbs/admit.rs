//! Running admission over a write.

use super::Place;
use super::conversions::Conversions;
use super::prepare::Writing;
use crate::context::RequestContext;
use crate::entry::{Entry, View};
use crate::lookup::CacheLookup;
use crate::options::WriteOptions;
use crate::pipeline::{Registry, Route};
use crate::shapes::ServedShapes;
use admission::shapes::GroupVersionKind;
use admission::{Operation, Reinvocation};
use kind::ApiError;
use schema::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Mutating,
    Validating,
}

impl Registry {
    pub(super) async fn run_admission(
        &self,
        writing: &Writing<'_>,
        operation: Operation,
        object: &mut Value,
        old: &Value,
        pass: Pass,
    ) -> Result<(), ApiError> {
        if writing.admitted {
            return Ok(());
        }
        let policy = arc_swap::Guard::into_inner(self.policy());
        let route = writing.route;
        self.freshen_for_admission(&policy.admission, operation).await?;
        let names = route.entry.names();
        let own = if route.name.is_empty() { object.str_at(&["metadata", "name"]) } else { &route.name }.to_owned();
        // A namespace's own name is its namespace, for admission.
        let namespace = if (names.group, names.plural) == ("", "namespaces") { &own } else { &route.namespace };
        let kind = body_kind(&route.entry, &route.view, &route.subresource);
        let options = options_of(operation, writing.options);
        let shapes = ServedShapes(self.routes());
        let managed = object.at(&["metadata", "managedFields"]).clone();
        let mut attributes = admission::Attributes {
            operation,
            group: names.group,
            version: &route.view.version,
            kind: &kind.kind,
            kind_group: &kind.group,
            kind_version: &kind.version,
            resource: names.plural,
            subresource: &route.subresource,
            namespace,
            name: &own,
            object: std::mem::take(object),
            old,
            options: &options,
            dry_run: writing.dry_run,
            user: &writing.context.caller.user,
            shapes: &shapes,
            warnings: Vec::new(),
            annotations: Vec::new(),
            reinvocation: Reinvocation::default(),
        };
        let lookup = CacheLookup(self);
        let result = match pass {
            Pass::Mutating => policy.admission.admit(&mut attributes, &lookup).await,
            Pass::Validating => policy.admission.validate(&mut attributes, &lookup).await,
        };
        writing.context.warn_all(std::mem::take(&mut attributes.warnings));
        for (key, value) in std::mem::take(&mut attributes.annotations) {
            writing.context.annotate(key, value);
        }
        *object = std::mem::take(&mut attributes.object);
        if pass == Pass::Mutating
            && *object.at(&["metadata", "managedFields"]) != managed
            && let Some(why) = patch::managed::problem(object)
        {
            object.set(&["metadata", "managedFields"], managed);
            writing.context.warn(format!(
                ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: {why}"
            ));
        }
        result
    }

    /// Both passes over what a [`crate::Virtual`] is given: it writes nothing of its own before them.
    pub(crate) async fn admit_virtual(
        &self,
        context: &RequestContext,
        route: &Route,
        operation: Operation,
        object: &mut Value,
    ) -> Result<(), ApiError> {
        let kind = if operation == Operation::Update { "UpdateOptions" } else { "CreateOptions" };
        let (dry_run, options) = match operation {
            Operation::Connect => (false, Value::Null),
            _ => {
                let options = WriteOptions::parse(&context.query, kind, false)?;
                (options.dry_run, options.value)
            }
        };
        let writing = Writing {
            context,
            route,
            dry_run,
            options: &options,
            manager: "",
            admitted: false,
            conversions: Conversions::default(),
        };
        self.run_admission(&writing, operation, object, &Value::Null, Pass::Mutating).await?;
        self.run_admission(&writing, operation, object, &Value::Null, Pass::Validating).await
    }

    /// Both passes over an update of what is made from a stored object: a scale.
    pub async fn admit_update(
        &self,
        context: &RequestContext,
        place: Place<'_>,
        new: &mut Value,
        old: &Value,
    ) -> Result<(), ApiError> {
        let options = WriteOptions::parse(&context.query, "UpdateOptions", true)?;
        let route = self.place(place)?;
        let (dry_run, options) = (options.dry_run, options.value);
        let writing = Writing {
            context,
            route: &route,
            dry_run,
            options: &options,
            manager: "",
            admitted: false,
            conversions: Conversions::default(),
        };
        self.run_admission(&writing, Operation::Update, new, old, Pass::Mutating).await?;
        self.run_admission(&writing, Operation::Update, new, old, Pass::Validating).await
    }

    /// Brings the caches that admission reads up to the last write of this server. What other servers wrote comes when it
    /// comes, as for upstream's informers: asking the store for each write would cost more than all the rest.
    async fn freshen_for_admission(&self, chain: &admission::Chain, operation: Operation) -> Result<(), ApiError> {
        let routes = self.routes();
        for (group, plural) in chain.reads(operation) {
            if let Some(storage) = routes.get(group, plural).and_then(|entry| entry.storage.clone()) {
                self.fresh(&storage, Some(0)).await?;
            }
        }
        Ok(())
    }
}

/// The kind of the bodies at a place.
fn body_kind(entry: &Entry, view: &View, subresource: &str) -> GroupVersionKind {
    let names = entry.names();
    match entry.subresource(subresource, &view.version) {
        Some(sub) if !sub.version.is_empty() => {
            GroupVersionKind { group: sub.group.into(), version: sub.version.into(), kind: sub.kind.into() }
        }
        Some(sub) if !sub.kind.is_empty() => {
            GroupVersionKind { group: names.group.into(), version: view.version.clone(), kind: sub.kind.into() }
        }
        _ => GroupVersionKind { group: names.group.into(), version: view.version.clone(), kind: names.kind.into() },
    }
}

/// The options as those of the operation: a patch is, in the end, a creation or an update.
fn options_of(operation: Operation, options: &Value) -> Value {
    let kind = match operation {
        Operation::Create => "CreateOptions",
        Operation::Update => "UpdateOptions",
        Operation::Delete => "DeleteOptions",
        Operation::Connect => return Value::Null,
    };
    let mut options = options.clone();
    if !options.is_null() && options.str_at(&["kind"]) != kind {
        options.set(&["kind"], kind);
        options.remove(&["force"]);
    }
    options
}

/// What is asked of a connection, as an object; none for subresources that upstream does not take for connections (logs).
pub(crate) fn connect_options(context: &RequestContext, route: &Route) -> Option<Value> {
    let kind = body_kind(&route.entry, &route.view, &route.subresource);
    let mut options = schema::value!({ "apiVersion": (kind.api_version()), "kind": (kind.kind.as_str()) });
    let query = &context.query;
    match route.subresource.as_str() {
        "exec" | "attach" => {
            for flag in ["stdin", "stdout", "stderr", "tty"].into_iter().filter(|flag| query.flag(flag)) {
                options.set(&[flag], true);
            }
            if let Some(container) = query.get("container") {
                options.set(&["container"], container);
            }
            let command: Vec<Value> = query.all("command").map(Value::str).collect();
            if route.subresource == "exec" && !command.is_empty() {
                options.set(&["command"], command);
            }
        }
        "portforward" => {
            let ports = query.all("ports").flat_map(|ports| ports.split(','));
            let ports: Vec<Value> = ports.filter_map(|port| Some(Value::from(port.parse::<i64>().ok()?))).collect();
            if !ports.is_empty() {
                options.set(&["ports"], ports);
            }
        }
        "proxy" => {
            let rest = context.info.parts.get(3..).unwrap_or_default().join("/");
            options.set(&["path"], format!("/{rest}"));
        }
        _ => return None,
    }
    Some(options)
}
