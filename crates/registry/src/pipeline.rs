//! The registry and the one function at its top.

use crate::context::{Caller, RequestContext};
use crate::entry::{Entry, KindEntry, KindRef, Routes, View};
use crate::hooks::{Fallback, Spawn, Virtual, VirtualVerb};
use crate::negotiate::{self, Accepted};
use crate::query::Query;
use crate::request_info::RequestInfo;
use crate::response::{Body, Outcome};
use crate::verbs::connect_options;
use crate::{error, frames};
use arc_swap::ArcSwap;
use authz::{Answer, Attributes, Authorizer, Decision};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use kind::{ApiError, DynKind, Scope, Subresource, Verb};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng, Timer};
use store::Store;

/// What a registry is made of.
pub struct Config {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub timer: Arc<dyn Timer>,
    pub spawn: Arc<dyn Spawn>,
    /// Other servers write to the same store: reads ask it how far it is.
    pub shared_store: bool,
    /// Watches without a timeout last between this and twice as long, so that they do not all end together.
    pub min_watch_time: Duration,
    /// Before every key, with a slash at its end: [`keys::ROOT`], or what an operator chose.
    pub root: String,
    /// How values of a group and resource are turned into what is stored, if they are.
    pub transformers: Option<Transformers>,
}

/// Gives the transformer of a group and a resource.
pub type Transformers = Arc<dyn Fn(&str, &str) -> Arc<dyn store::Transformer> + Send + Sync>;

/// What decides about requests; set when the registry stands, because the parts look things up in it.
pub struct Policy {
    pub authorizer: Arc<dyn Authorizer>,
    pub admission: admission::Chain,
    pub fallback: Option<Arc<dyn Fallback>>,
}

/// The API over one store.
pub struct Registry {
    pub(crate) config: Config,
    policy: ArcSwap<Policy>,
    routes: ArcSwap<Routes>,
    virtuals: RwLock<HashMap<VirtualKey, Arc<dyn Virtual>>>,
    observers: RwLock<Vec<Observer>>,
}

/// Told that the kinds which are served have changed.
pub type Observer = Arc<dyn Fn() + Send + Sync>;

/// Group, resource, subresource, verb.
type VirtualKey = (String, String, String, VirtualVerb);

/// Where a request goes.
pub(crate) struct Route {
    pub entry: Arc<Entry>,
    pub view: Arc<View>,
    pub subresource: String,
    /// Empty for what has none.
    pub namespace: String,
    pub name: String,
    pub target: Target,
}

pub(crate) enum Target {
    Stored(Verb),
    Virtual(Arc<dyn Virtual>, VirtualVerb),
}

impl Route {
    /// The same place, seen as of another kind, whose first version answers.
    fn answered_as(&self, kind: &'static dyn DynKind) -> Option<Route> {
        let kind = KindRef::Static(kind);
        let views = Entry::views_of(&kind, false);
        let view = views.first()?.clone();
        let entry = Arc::new(Entry { kind, views, storage: None, hook: None, converter: None });
        let (subresource, namespace, name) = (self.subresource.clone(), self.namespace.clone(), self.name.clone());
        Some(Route { entry, view, subresource, namespace, name, target: Target::Stored(Verb::Get) })
    }
}

/// Nothing is allowed and nothing admitted: before [`Registry::set_policy`].
struct Nobody;

impl Authorizer for Nobody {
    fn authorize<'a>(&'a self, _attributes: &'a Attributes<'a>) -> Answer<'a> {
        Answer::now(Decision::no_opinion(""))
    }
}

impl Registry {
    pub fn new(config: Config, kinds: impl IntoIterator<Item = KindEntry>) -> Arc<Registry> {
        let policy = Policy { authorizer: Arc::new(Nobody), admission: admission::Chain::default(), fallback: None };
        let registry = Arc::new(Registry {
            config,
            policy: ArcSwap::from_pointee(policy),
            routes: ArcSwap::from_pointee(Routes::default()),
            virtuals: RwLock::default(),
            observers: RwLock::default(),
        });
        // Kinds that are views of others come after those.
        let (aliases, owners): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|entry| entry.kind.stored_as().is_some());
        owners.into_iter().chain(aliases).for_each(|entry| registry.install(entry));
        registry
    }

    /// Answers a request. The caller's identity is the extension [`Caller`]; without one it is nobody.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        match self.context(parts) {
            Ok(context) => self.answer(&context, body).await,
            Err(refusal) => *refusal,
        }
    }

    /// The facts of a request, to be answered by [`Registry::answer`]; or what is said of one without sense.
    pub fn context(&self, mut parts: http::request::Parts) -> Result<RequestContext, Box<Response<Body>>> {
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let Ok(info) = RequestInfo::new(parts.method.as_str(), parts.uri.path(), &query) else {
            return Err(Box::new(text(StatusCode::BAD_REQUEST, "400 Bad Request")));
        };
        let caller = parts.extensions.remove::<Caller>().unwrap_or_default();
        let now = self.config.clock.now();
        Ok(RequestContext::new(info, query, parts.method, parts.headers, caller, now))
    }

    /// Answers a request whose facts are known.
    pub async fn answer(&self, context: &RequestContext, body: Bytes) -> Response<Body> {
        let mut response = match self.serve(context, body).await {
            Ok(response) => response,
            Err(error) => failure(context, &error),
        };
        add_warnings(context, response.headers_mut());
        // A stream has its own head: a proxied one must be asked for first.
        if context.method == Method::HEAD && !matches!(response.body(), Body::Stream(_)) {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// The steps of a request, in order. Authentication has happened.
    async fn serve(&self, context: &RequestContext, body: Bytes) -> Result<Response<Body>, ApiError> {
        self.authorize(context).await?;
        let elsewhere = self.policy.load().fallback.as_ref().and_then(|fallback| fallback.elsewhere(&context.info));
        if let Some(elsewhere) = elsewhere {
            return match elsewhere.call(context, schema::Value::Null, body).await? {
                Outcome::Response(response) => Ok(response),
                Outcome::Object { .. } => Err(ApiError::internal("another server's answer is no object of this one")),
            };
        }
        if !context.info.is_resource {
            return self.serve_path(context, body).await;
        }
        let Some(route) = self.route(context)? else {
            return match self.routes().is_custom(&context.info.group) {
                true => Ok(nothing_here()),
                false => self.serve_path(context, body).await,
            };
        };
        if let Some(deprecation) = route.entry.kind.version_warning(&route.view.version) {
            context.warn(deprecation);
        }
        let list = matches!(route.target, Target::Stored(Verb::List | Verb::Watch));
        if !matches!(route.target, Target::Virtual(_, VirtualVerb::Connect)) {
            negotiate::check_routable(context.header(header::ACCEPT), list)?;
        }
        match &route.target {
            Target::Virtual(target, verb) => self.call_virtual(context, &route, target, *verb, body).await,
            Target::Stored(Verb::Get) => self.get(context, &route).await,
            Target::Stored(Verb::List) => self.list(context, &route).await,
            Target::Stored(Verb::Watch) => self.watch(context, &route).await,
            Target::Stored(Verb::Create) => self.create(context, &route, body).await,
            Target::Stored(Verb::Update) => self.update(context, &route, body).await,
            Target::Stored(Verb::Patch) => self.patch(context, &route, body).await,
            Target::Stored(Verb::Delete) => self.delete(context, &route, body).await,
            Target::Stored(Verb::DeleteCollection) => self.delete_collection(context, &route, body).await,
        }
    }

    async fn serve_path(&self, context: &RequestContext, body: Bytes) -> Result<Response<Body>, ApiError> {
        let fallback = self.policy.load().fallback.clone();
        let answer = match fallback {
            Some(fallback) => fallback.call(context, body).await,
            None => None,
        };
        Ok(answer.unwrap_or_else(nothing_here))
    }

    /// Finds the kind and checks that it has what the path and the method say. None: no kind's group has the path.
    fn route(&self, context: &RequestContext) -> Result<Option<Route>, ApiError> {
        let info = &context.info;
        let routes = self.routes.load();
        if !routes.has_group(&info.group) {
            return Ok(None);
        }
        let Some(entry) = routes.get(&info.group, &info.resource).cloned() else {
            return if routes.is_custom(&info.group) { Ok(None) } else { Err(error::not_found_path()) };
        };
        // Upstream's server of custom resources passes on what it does not serve, to the one that knows no paths at all.
        let nowhere = || if entry.is_custom() { Ok(None) } else { Err(error::not_found_path()) };
        let Some(view) = entry.view(&info.version).cloned() else { return nowhere() };
        let names = entry.names();
        let own_namespace = names.scope == Scope::Cluster && info.resource == "namespaces";
        let namespace = if own_namespace { String::new() } else { info.namespace.clone() };
        // What follows `proxy` is another server's path.
        if info.parts.iter().take(3).any(String::is_empty) || (names.scope == Scope::Cluster && !namespace.is_empty()) {
            return nowhere();
        }
        if names.scope == Scope::Namespaced && namespace.is_empty() && info.parts.len() > 1 {
            return nowhere();
        }
        let subresource = match info.subresource.as_str() {
            "" => None,
            name => match entry.subresource(name, &info.version) {
                None if entry.is_custom() => return Err(ApiError::not_found(names, &info.name)),
                found => Some(found.ok_or_else(error::not_found_path)?),
            },
        };
        if info.parts.len() > 3 && info.subresource != "proxy" {
            return Err(error::not_found_path());
        }
        let target = self.target(context, &entry, subresource, &namespace).ok_or_else(error::method_not_allowed)?;
        let name = if info.named_by_path { info.name.clone() } else { String::new() };
        let subresource = info.subresource.clone();
        Ok(Some(Route { entry, view, subresource, namespace, name, target }))
    }

    fn target(
        &self,
        context: &RequestContext,
        entry: &Entry,
        subresource: Option<&Subresource>,
        namespace: &str,
    ) -> Option<Target> {
        let info = &context.info;
        let named = info.named_by_path;
        let virtual_of = |verb: VirtualVerb| {
            let key = (info.group.clone(), info.resource.clone(), info.subresource.clone(), verb);
            self.virtuals.read().get(&key).cloned().map(|found| Target::Virtual(found, verb))
        };
        if let Some(connect) = virtual_of(VirtualVerb::Connect) {
            return Some(connect);
        }
        let verb = match (&context.method, named) {
            _ if info.legacy_watch && context.method == Method::GET => Verb::Watch,
            (&Method::GET, true) => Verb::Get,
            (&Method::GET, false) if info.verb == "watch" => Verb::Watch,
            (&Method::GET, false) => Verb::List,
            (&Method::POST, false) => Verb::Create,
            (&Method::POST, true) if subresource.is_some() => Verb::Create,
            (&Method::PUT, true) => Verb::Update,
            (&Method::PATCH, true) => Verb::Patch,
            (&Method::DELETE, true) => Verb::Delete,
            (&Method::DELETE, false) => Verb::DeleteCollection,
            _ => return None,
        };
        let across = entry.names().scope == Scope::Namespaced && namespace.is_empty();
        let verbs = subresource.map_or(entry.names().verbs, |sub| sub.verbs);
        if (across && !matches!(verb, Verb::List | Verb::Watch)) || !verbs.contains(&verb) {
            return None;
        }
        // A stored subresource is the object itself, seen through a door that lets some of its fields pass.
        let stored = entry.storage.is_some()
            && subresource.is_none_or(|sub| sub.kind == entry.names().kind && verb != Verb::Create);
        virtual_verb(verb).and_then(virtual_of).or_else(|| stored.then_some(Target::Stored(verb)))
    }

    async fn call_virtual(
        &self,
        context: &RequestContext,
        route: &Route,
        target: &Arc<dyn Virtual>,
        verb: VirtualVerb,
        body: Bytes,
    ) -> Result<Response<Body>, ApiError> {
        let accepted = match verb {
            VirtualVerb::Connect => Accepted::PLAIN,
            VirtualVerb::Create => negotiate::plain_only(self.accepted_virtual(context)?)?,
            _ => self.accepted_virtual(context)?,
        };
        let value = match verb {
            VirtualVerb::Create => {
                let mut value = self.decode_for_virtual(context, route, &body)?;
                self.admit_virtual(context, route, admission::Operation::Create, &mut value).await?;
                value
            }
            VirtualVerb::Update => self.decode_for_virtual(context, route, &body)?,
            VirtualVerb::Connect => {
                if let Some(mut options) = connect_options(context, route) {
                    self.admit_virtual(context, route, admission::Operation::Connect, &mut options).await?;
                }
                schema::Value::Null
            }
            _ => schema::Value::Null,
        };
        match target.call(context, value, body).await? {
            Outcome::Response(response) => Ok(response),
            Outcome::Object { status, value } => match target.kind().and_then(|kind| route.answered_as(kind)) {
                Some(route) => self.respond(context, &route, accepted, status, value),
                None => self.respond(context, route, accepted, status, value),
            },
        }
    }

    pub(crate) fn accepted(&self, context: &RequestContext, route: &Route, watch: bool) -> Result<Accepted, ApiError> {
        let accepted = negotiate::output_of(context.header(header::ACCEPT), watch, route.view.custom)?;
        Ok(Accepted { pretty: accepted.pretty || context.query.flag("pretty"), ..accepted })
    }

    /// Of an answer that is no stored object.
    fn accepted_virtual(&self, context: &RequestContext) -> Result<Accepted, ApiError> {
        let accepted = negotiate::output(context.header(header::ACCEPT), false)?;
        Ok(Accepted { pretty: accepted.pretty || context.query.flag("pretty"), ..accepted })
    }

    pub(crate) fn policy(&self) -> arc_swap::Guard<Arc<Policy>> {
        self.policy.load()
    }

    /// Sets who decides. To be called before the first request.
    pub fn set_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    /// Registers what serves a resource or subresource that is not stored (`subresource` may be empty).
    pub fn register(
        &self,
        group: &str,
        resource: &str,
        subresource: &str,
        verb: VirtualVerb,
        target: Arc<dyn Virtual>,
    ) {
        let key = (group.to_owned(), resource.to_owned(), subresource.to_owned(), verb);
        self.virtuals.write().insert(key, target);
    }

    /// Forgets what serves the subresources of a kind.
    pub(crate) fn unregister(&self, group: &str, resource: &str) {
        self.virtuals.write().retain(|(of_group, of_resource, _, _), _| of_group != group || of_resource != resource);
    }

    /// Changes the table of kinds; gives what the change took out.
    pub(crate) fn swap_routes(&self, change: impl Fn(&mut Routes) -> Option<Arc<Entry>>) -> Option<Arc<Entry>> {
        let mut taken = None;
        self.routes.rcu(|routes| {
            let mut routes = (**routes).clone();
            taken = change(&mut routes);
            routes
        });
        taken
    }

    /// The kinds that are served now. Every change makes a new table: the same pointer means the same kinds.
    pub fn routes(&self) -> Arc<Routes> {
        self.routes.load_full()
    }

    /// Calls `observer` after each change of the kinds that are served; it must not wait.
    pub fn observe(&self, observer: Observer) {
        self.observers.write().push(observer);
    }

    pub(crate) fn tell_observers(&self) {
        let observers = self.observers.read().clone();
        observers.iter().for_each(|observer| observer());
    }
}

fn virtual_verb(verb: Verb) -> Option<VirtualVerb> {
    match verb {
        Verb::Get => Some(VirtualVerb::Get),
        Verb::List => Some(VirtualVerb::List),
        Verb::Create => Some(VirtualVerb::Create),
        Verb::Update => Some(VirtualVerb::Update),
        Verb::Patch => Some(VirtualVerb::Patch),
        Verb::Delete => Some(VirtualVerb::Delete),
        Verb::Watch | Verb::DeleteCollection => None,
    }
}

/// The answer where no one knows the path.
fn nothing_here() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}

pub(crate) fn text(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::Full(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    let content_type = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

pub(crate) fn respond_with(status: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

/// A failure as the client reads it. Also for the shell's own failures (authentication, limits).
pub fn failure(context: &RequestContext, error: &ApiError) -> Response<Body> {
    let media = negotiate::output_for_error(context.header(header::ACCEPT));
    let accepted = Accepted { media, pretty: context.query.flag("pretty"), ..Accepted::PLAIN };
    let body = Body::Full(frames::status_chunk(error, accepted));
    let code = u16::try_from(error.code()).unwrap_or(500);
    let mut response = respond_with(code, media.content_type(), body);
    if let Some(seconds) = error.0.details.as_ref().map(|details| details.retry_after_seconds).filter(|s| *s > 0) {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
    response
}

/// All warnings together may have this length before each is cut.
const WARNINGS_MAX: usize = 4 * 1024;
const WARNING_CUT: usize = 256;

fn add_warnings(context: &RequestContext, headers: &mut header::HeaderMap) {
    let warnings = context.take_warnings();
    let too_long = warnings.iter().map(String::len).sum::<usize>() > WARNINGS_MAX;
    for warning in warnings {
        let mut shown: String = warning.chars().filter(|c| !c.is_control()).collect();
        if too_long && shown.len() > WARNING_CUT {
            let end = (0..=WARNING_CUT).rev().find(|&at| shown.is_char_boundary(at)).unwrap_or(0);
            shown.truncate(end);
        }
        let escaped = shown.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = header::HeaderValue::from_str(&format!("299 - \"{escaped}\"")) {
            headers.append(header::WARNING, value);
        }
    }
}

/// A kind of the program, as an entry.
impl From<&'static dyn DynKind> for KindEntry {
    fn from(kind: &'static dyn DynKind) -> KindEntry {
        KindEntry::builtin(kind)
    }
}
