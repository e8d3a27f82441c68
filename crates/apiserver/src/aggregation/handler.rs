//! Requests for groups that other servers have.

use super::resolve::{self, Address, ResolveError};
use super::table::{Remote, Spec, Table};
use crate::late::Late;
use crate::outbound;
use crate::proxy::dial::client_config;
use crate::proxy::forward::plain;
use crate::proxy::{Destination, Dial, Forward, Manners, Pool, Security, headers};
use crate::served::{GroupVersion, Served, Source};
use crate::stream::StreamTarget;
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Response, StatusCode};
use kind::ApiError;
use parking_lot::Mutex;
use registry::{Body, BoxFuture, Outcome, RequestContext, Virtual};
use schema::Value;
use serve::Identity;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use stdx::{Clock, Rng};

const UNAVAILABLE: &str = "service unavailable";

/// What this server knows of others, and how it speaks to them.
pub struct Aggregation {
    pub registry: Late,
    pub dial: Arc<dyn Dial>,
    /// Shown to the other servers, which then believe who the user is.
    pub identity: Option<Identity>,
    /// `--enable-aggregator-routing`: to endpoints, past the service's own address.
    pub to_endpoints: bool,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    /// Groups and versions of the program, which are never another server's.
    builtin: HashSet<GroupVersion>,
    table: ArcSwap<Table>,
    /// By the name of the APIService.
    kept: Mutex<HashMap<String, Kept>>,
}

/// What is kept of a server as long as its APIService stays the same.
#[derive(Clone)]
struct Kept {
    spec: Arc<Spec>,
    security: Security,
    pool: Arc<Pool>,
}

impl Aggregation {
    pub fn new(
        registry: Late,
        dial: Arc<dyn Dial>,
        identity: Option<Identity>,
        to_endpoints: bool,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Arc<Aggregation> {
        let names = kinds::KINDS.iter().map(|kind| kind.names());
        let builtin = names
            .flat_map(|names| names.versions.iter().map(|version| (names.group.to_owned(), version.name.to_owned())));
        Arc::new(Aggregation {
            registry,
            dial,
            identity,
            to_endpoints,
            clock,
            rng,
            builtin: builtin.collect(),
            table: ArcSwap::default(),
            kept: Mutex::default(),
        })
    }

    pub fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }

    pub(super) fn is_builtin(&self, of: &GroupVersion) -> bool {
        self.builtin.contains(of)
    }

    /// Replaces the table by what `change` makes of it; nothing happens where it makes none.
    pub(super) fn change(&self, change: impl Fn(&Table) -> Option<Table>) {
        self.table.rcu(|table| change(table).map_or_else(|| table.clone(), Arc::new));
        let table = self.table.load();
        self.kept.lock().retain(|_, kept| {
            table.remotes.get(&kept.spec.group_version()).is_some_and(|remote| remote.spec == kept.spec)
        });
    }

    /// Whether another server has what lies at this path.
    pub fn takes(&self, path: &str) -> bool {
        self.table.load().at(path).is_some()
    }

    /// Who answers a request for this path in this server's place.
    pub fn elsewhere(self: &Arc<Self>, path: &str) -> Option<Arc<dyn Virtual>> {
        let remote = self.table.load().at(path)?.clone();
        Some(Arc::new(Passing { aggregation: self.clone(), remote }))
    }

    /// Where the server of this APIService is now.
    pub fn address(&self, spec: &Spec) -> Result<Address, ResolveError> {
        let wanted = &spec.service;
        let not_found = |_| ResolveError::NotFound(wanted.name.clone());
        let registry = self.registry.get().map_err(not_found)?;
        let service = registry.lookup("", "services", &wanted.namespace, &wanted.name);
        if !self.to_endpoints {
            return resolve::by_service(wanted, service.as_deref());
        }
        let slices = self.slices(spec);
        resolve::by_endpoints(wanted, service.as_deref(), &slices, self.rng.below(usize::from(u16::MAX)))
    }

    pub(super) fn slices(&self, spec: &Spec) -> Vec<Arc<Value>> {
        let Ok(registry) = self.registry.get() else { return Vec::new() };
        let all = registry.lookup_all("discovery.k8s.io", "endpointslices", &spec.service.namespace);
        resolve::of_service(all, &spec.service.name)
    }

    pub(super) fn destination(&self, spec: &Spec) -> Result<Destination, String> {
        let Address { host, port } = self.address(spec).map_err(|error| error.to_string())?;
        Ok(Destination { host, port, security: self.kept(spec)?.security, checked: false })
    }

    /// For a question whose answer tells nothing but that there is one.
    pub(super) fn unverified(&self, spec: &Spec) -> Result<Destination, String> {
        let Address { host, port } = self.address(spec).map_err(|error| error.to_string())?;
        let config = client_config(None, self.identity.as_ref()).map_err(|error| error.to_string())?;
        let name = Some(server_name(spec));
        Ok(Destination { host, port, security: Security::Tls { config: Arc::new(config), name }, checked: false })
    }

    fn kept(&self, spec: &Spec) -> Result<Kept, String> {
        if let Some(kept) = self.kept.lock().get(&spec.name).filter(|kept| *kept.spec == *spec) {
            return Ok(kept.clone());
        }
        let system;
        let authority = match (spec.insecure_skip_tls_verify, spec.ca_bundle.as_slice()) {
            (true, _) => None,
            (false, []) => {
                system = outbound::system_authorities();
                Some(system.as_slice())
            }
            (false, bundle) => Some(bundle),
        };
        let config = client_config(authority, self.identity.as_ref()).map_err(|error| error.to_string())?;
        let security = Security::Tls { config: Arc::new(config), name: Some(server_name(spec)) };
        let kept = Kept { spec: Arc::new(spec.clone()), security, pool: Arc::default() };
        self.kept.lock().insert(spec.name.clone(), kept.clone());
        Ok(kept)
    }
}

/// For whom the certificate must be.
fn server_name(spec: &Spec) -> String {
    format!("{}.{}.svc", spec.service.name, spec.service.namespace)
}

impl Source for Arc<Aggregation> {
    fn now(&self) -> Result<Served, ApiError> {
        Ok(Served { routes: self.registry.get()?.routes(), remote: self.table() })
    }
}

/// A request that is passed on.
struct Passing {
    aggregation: Arc<Aggregation>,
    remote: Arc<Remote>,
}

impl Virtual for Passing {
    fn call<'a>(
        &'a self,
        context: &'a RequestContext,
        _body: Value,
        raw: Bytes,
    ) -> BoxFuture<'a, Result<Outcome, ApiError>> {
        Box::pin(async move {
            let target = match self.forward(context, raw) {
                Ok(forward) => StreamTarget::Forward(Box::new(forward)),
                Err((status, text)) => StreamTarget::Response(Box::pin(async move { Ok(plain(status, &text)) })),
            };
            Ok(Outcome::Response(Response::new(Body::Stream(Box::new(target)))))
        })
    }
}

impl Passing {
    fn forward(&self, context: &RequestContext, raw: Bytes) -> Result<Forward, (StatusCode, String)> {
        let (aggregation, spec) = (&self.aggregation, &self.remote.spec);
        let unavailable = || (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE.to_owned());
        if !self.remote.available {
            return Err(unavailable());
        }
        let kept = aggregation.kept(spec).map_err(|why| (StatusCode::INTERNAL_SERVER_ERROR, why))?;
        let Address { host, port } = aggregation.address(spec).map_err(|error| {
            let (namespace, name) = (&spec.service.namespace, &spec.service.name);
            tracing::warn!(%error, namespace, name, "no way to the service of an aggregated group");
            unavailable()
        })?;
        Ok(Forward {
            destination: Destination { host, port, security: kept.security, checked: false },
            dial: aggregation.dial.clone(),
            method: context.method.clone(),
            path: context.info.path.clone(),
            query: context.query.raw().to_owned(),
            headers: headers::for_backend(&context.headers),
            identity: headers::identity(&context.caller.user),
            client: context.caller.peer.clone(),
            client_path: context.info.path.clone(),
            body: raw,
            manners: Manners::Server,
            pool: Some(kept.pool),
        })
    }
}
