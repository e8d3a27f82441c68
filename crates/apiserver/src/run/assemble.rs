//! The parts of a server, put together: who decides, what is admitted, what answers the paths that are not stored.

use super::{ISSUER, Parts, StartError, USER_AGENT, pages, server_address, system_user};
use crate::admission::{HttpWebhooks, ImageReviews, Namespaces};
use crate::aggregation::{self, Aggregation};
use crate::authentication::{self, Credentials};
use crate::authorization::{self, Authorizers};
use crate::config::Config;
use crate::discovery::Discovery;
use crate::encryption::Encryption;
use crate::fallback::Paths;
use crate::flow::Front;
use crate::gateway::Gateway;
use crate::late::Late;
use crate::metrics::{MeteredAuthorizer, Metrics};
use crate::node::NodeClient;
use crate::pki::Pki;
use crate::proxy::{Security, TcpDial};
use crate::runtime::{TokioSpawn, TokioTimer};
use crate::service_addresses::ServiceAddresses;
use crate::virtuals::{
    AccessReview, PodBinding, PodEviction, PodStreams, Proxies, RulesReview, ScaleOf, SelfSubjectReview, TokenRequest,
    TokenReview,
};
use crate::{flow, in_process, node_graph, openapi, quotas, rbac_feed};
use admission::plugins::DefaultTolerationSeconds;
use authz::Authorizer;
use authz::impersonation::Impersonation;
use authz::node::Graph;
use authz::rbac::Rbac;
use client::Client;
use kinds::KINDS;
use registry::{KindEntry, Registry, VirtualVerb};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What the parts are made from.
pub struct Assembly<'a> {
    pub config: &'a Config,
    pub parts: &'a Parts,
    pub pki: &'a Arc<Pki>,
    pub registry: &'a Arc<Registry>,
    pub front: &'a Arc<Front>,
    pub metrics: &'a Arc<Metrics>,
    pub ready: &'a Arc<AtomicBool>,
    pub encryption: Option<&'a Arc<Encryption>>,
}

/// Those that several others use.
struct Shared {
    /// The registry, for what it itself holds.
    late: Late,
    client: Client,
    rbac: Arc<Rbac>,
    graph: Arc<Graph>,
    authorizer: Arc<dyn Authorizer>,
    credentials: Credentials,
    metrics: Arc<Metrics>,
    aggregation: Arc<Aggregation>,
}

impl Assembly<'_> {
    /// Wires everything to the registry; what is left is its face, and whose client certificates mean something to it (PEM).
    pub fn gateway(&self) -> Result<(Gateway, String), StartError> {
        let shared = self.shared()?;
        self.set_policy(&shared)?;
        self.register_reviews(&shared);
        self.register_pods(&shared)?;
        register_scales(self.registry, &shared.late);
        rbac_feed::spawn(&shared.client, &shared.rbac);
        node_graph::spawn(&shared.client, &shared.graph);
        if let Some(controller) = self.front.controller() {
            flow::consumer::spawn(&shared.client, &self.parts.clock, controller);
        }
        aggregation::spawn(shared.aggregation.clone(), shared.client.clone());
        let gateway = Gateway {
            front: self.front.clone(),
            authentication: shared.credentials.authentication,
            authorizer: shared.authorizer,
            impersonation: Impersonation::default(),
            metrics: shared.metrics,
            aggregation: shared.aggregation,
        };
        Ok((gateway, shared.credentials.client_authorities))
    }

    fn shared(&self) -> Result<Shared, StartError> {
        let late = Late::default();
        late.fill(self.registry);
        let (settings, clock) = (&self.config.authentication, &self.parts.clock);
        let credentials = authentication::assemble(settings, self.pki, &late, clock, ISSUER)?;
        let Authorizers { authorizer, rbac, graph } = authorization::assemble(&self.config.authorization, clock)?;
        let client = in_process::client(self.front, system_user(), USER_AGENT);
        let metrics = self.metrics.clone();
        let authorizer = Arc::new(MeteredAuthorizer { inner: authorizer, metrics: metrics.clone() });
        let aggregation = Aggregation::new(
            late.clone(),
            Arc::new(TcpDial),
            self.pki.front_proxy_client.clone(),
            self.config.services.enable_aggregator_routing,
            self.parts.clock.clone(),
            self.parts.rng.clone(),
        );
        Ok(Shared { aggregation, late, client, rbac, graph, authorizer, credentials, metrics })
    }

    fn set_policy(&self, shared: &Shared) -> Result<(), StartError> {
        let settings = &self.config.admission;
        let tolerations = DefaultTolerationSeconds::default();
        let plugins = admission::plugins::Parts {
            rng: self.parts.rng.clone(),
            authorizer: shared.authorizer.clone(),
            rbac: shared.rbac.clone(),
            quotas: Arc::new(quotas::Quotas { client: shared.client.clone() }),
            clock: self.parts.clock.clone(),
            namespaces: Arc::new(Namespaces { client: shared.client.clone() }),
            webhooks: Arc::new(HttpWebhooks::new(shared.late.clone())),
            images: Arc::new(ImageReviews::default()),
            tolerations: DefaultTolerationSeconds {
                not_ready_seconds: settings
                    .default_not_ready_toleration_seconds
                    .unwrap_or(tolerations.not_ready_seconds),
                unreachable_seconds: settings
                    .default_unreachable_toleration_seconds
                    .unwrap_or(tolerations.unreachable_seconds),
            },
        };
        let selection = crate::admission::settings::selection(settings)?;
        let admission = admission::plugins::chain(&plugins, &selection)?.observed_by(self.metrics.clone());
        let paths = Paths {
            aggregation: shared.aggregation.clone(),
            discovery: Discovery::new(Arc::new(shared.aggregation.clone()), server_address(self.config)),
            health: pages::health(self),
            pages: pages::pages(self.config, &shared.credentials, self.metrics, &shared.late, self.front),
            openapi: Arc::new(openapi::Documents::new(Arc::new(shared.aggregation.clone()))),
            flow: self.front.controller().cloned(),
        };
        self.registry.set_policy(registry::Policy {
            authorizer: shared.authorizer.clone(),
            admission,
            fallback: Some(Arc::new(paths)),
        });
        Ok(())
    }

    /// Who is who, who may what, and tokens.
    fn register_reviews(&self, shared: &Shared) {
        let (registry, create) = (self.registry, VirtualVerb::Create);
        let late = &shared.late;
        let credentials = &shared.credentials;
        let settings = &self.config.authentication;
        let token_request = TokenRequest {
            signer: credentials.signer.clone(),
            audiences: credentials.verifier.audiences().to_vec(),
            max_seconds: i64::try_from(settings.service_account_max_token_expiration.as_secs()).unwrap_or(i64::MAX),
            extends: settings.service_account_extend_token_expiration,
            rng: self.parts.rng.clone(),
            registry: late.clone(),
        };
        let audiences = credentials.verifier.audiences().to_vec();
        let token_review = TokenReview { tokens: credentials.tokens.clone(), audiences };
        registry.register("", "serviceaccounts", "token", create, Arc::new(token_request));
        registry.register("authentication.k8s.io", "tokenreviews", "", create, Arc::new(token_review));
        registry.register("authentication.k8s.io", "selfsubjectreviews", "", create, Arc::new(SelfSubjectReview));
        let reviews = Arc::new(AccessReview { authorizer: shared.authorizer.clone() });
        for resource in ["subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews"] {
            registry.register("authorization.k8s.io", resource, "", create, reviews.clone());
        }
        let rules = Arc::new(RulesReview { authorizer: shared.authorizer.clone() });
        registry.register("authorization.k8s.io", "selfsubjectrulesreviews", "", create, rules);
    }

    /// What pods have besides themselves.
    fn register_pods(&self, shared: &Shared) -> Result<(), StartError> {
        let (registry, create) = (self.registry, VirtualVerb::Create);
        let late = &shared.late;
        let nodes = NodeClient::new(
            self.pki.kubelet_client.as_ref(),
            self.pki.kubelet_ca.as_deref(),
            &self.config.kubelets.preferred_address_types,
        )?;
        let proxies = Arc::new(Proxies {
            registry: late.clone(),
            nodes: nodes.clone(),
            dial: Arc::new(TcpDial),
            unverified: Security::unverified()?,
            rng: self.parts.rng.clone(),
        });
        for resource in ["pods", "services", "nodes"] {
            registry.register("", resource, "proxy", VirtualVerb::Connect, proxies.clone());
        }
        let streams = Arc::new(PodStreams { registry: late.clone(), nodes });
        for subresource in ["log", "exec", "attach", "portforward"] {
            registry.register("", "pods", subresource, VirtualVerb::Connect, streams.clone());
        }
        let binding = Arc::new(PodBinding { registry: late.clone() });
        registry.register("", "pods", "binding", create, binding.clone());
        registry.register("", "bindings", "", create, binding);
        registry.register("", "pods", "eviction", create, Arc::new(PodEviction { registry: late.clone() }));
        Ok(())
    }
}

pub fn registry(
    settings: &Config,
    parts: &Parts,
    addresses: &ServiceAddresses,
    encryption: Option<&Arc<Encryption>>,
) -> Arc<Registry> {
    let config = registry::Config {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        rng: parts.rng.clone(),
        timer: Arc::new(TokioTimer),
        spawn: Arc::new(TokioSpawn),
        shared_store: settings.etcd.shared(),
        min_watch_time: settings.flow.min_request_timeout,
        root: settings.etcd.root(),
        transformers: encryption.map(Encryption::transformers),
    };
    Registry::new(config, KINDS.iter().map(|&kind| entry(kind, settings, addresses)))
}

/// What the server adds to a kind: how long events live, which caches are looked into all the time, what services are given.
fn entry(kind: &'static dyn kind::DynKind, settings: &Config, addresses: &ServiceAddresses) -> KindEntry {
    let names = kind.names();
    let mut entry = KindEntry::builtin(kind);
    entry.is_virtual = !names.verbs.contains(&kind::Verb::Watch);
    if names.plural == "events" {
        entry.ttl = Some(settings.etcd.event_ttl);
    }
    if (names.group, names.plural) == ("", "services") {
        entry.hook = Some(Arc::new(addresses.clone()));
    }
    entry.keep_values = matches!(names.plural, "namespaces" | "serviceaccounts" | "priorityclasses" | "nodes");
    entry
}

fn register_scales(registry: &Registry, late: &Late) {
    for (group, resource, api_version) in [
        ("apps", "deployments", "apps/v1"),
        ("apps", "replicasets", "apps/v1"),
        ("apps", "statefulsets", "apps/v1"),
        ("", "replicationcontrollers", "v1"),
    ] {
        let plain_selector = group.is_empty();
        let scale = Arc::new(ScaleOf { registry: late.clone(), group, resource, api_version, plain_selector });
        for verb in [VirtualVerb::Get, VirtualVerb::Update, VirtualVerb::Patch] {
            registry.register(group, resource, "scale", verb, scale.clone());
        }
    }
}
