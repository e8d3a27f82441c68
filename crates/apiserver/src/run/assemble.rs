//! The parts of a server, put together: who decides, what is admitted, what answers the paths that are not stored.

use super::{ISSUER, Parts, StartError, USER_AGENT, pages, server_address, system_user};
use crate::admission::HttpWebhooks;
use crate::config::Config;
use crate::discovery::Discovery;
use crate::fallback::Paths;
use crate::gateway::Gateway;
use crate::late::Late;
use crate::metrics::Metrics;
use crate::node::NodeClient;
use crate::pki::Pki;
use crate::runtime::{TokioSpawn, TokioTimer};
use crate::service_addresses::ServiceAddresses;
use crate::virtuals::{
    AccessReview, PodBinding, PodEviction, PodStreams, RulesReview, ScaleOf, SelfSubjectReview, TokenRequest,
    TokenReview,
};
use crate::{flow_schemas, in_process, openapi, quotas, rbac_feed};
use authn::service_account::{Signer, Verifier};
use authz::node::NodeAuthorizer;
use authz::rbac::Rbac;
use authz::{Authorizer, Chain, Masters};
use client::Client;
use kinds::KINDS;
use registry::{KindEntry, Registry, VirtualVerb};
use serve::tls::ClientCertificates;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What the parts are made from.
pub struct Assembly<'a> {
    pub config: &'a Config,
    pub parts: &'a Parts,
    pub pki: &'a Arc<Pki>,
    pub registry: &'a Arc<Registry>,
    pub ready: &'a Arc<AtomicBool>,
}

/// Those that several others use.
struct Shared {
    /// The registry, for what it itself holds.
    late: Late,
    client: Client,
    rbac: Arc<Rbac>,
    authorizer: Arc<dyn Authorizer>,
    signer: Arc<Signer>,
    tokens: Arc<Verifier>,
    metrics: Arc<Metrics>,
}

impl Assembly<'_> {
    /// Wires everything to the registry; what is left is its face.
    pub fn gateway(&self) -> Result<Gateway, StartError> {
        let shared = self.shared()?;
        self.set_policy(&shared);
        self.register_reviews(&shared);
        self.register_pods(&shared)?;
        register_scales(self.registry, &shared.late);
        rbac_feed::spawn(&shared.client, &shared.rbac);
        flow_schemas::spawn(&shared.client, &self.parts.clock);
        Ok(Gateway {
            registry: self.registry.clone(),
            certificates: ClientCertificates::new(self.pki.ca())?,
            tokens: shared.tokens,
            token_lookup: Arc::new(shared.late),
            authorizer: shared.authorizer,
            clock: self.parts.clock.clone(),
            metrics: shared.metrics,
        })
    }

    fn shared(&self) -> Result<Shared, StartError> {
        let late = Late::default();
        late.fill(self.registry);
        let pki = self.pki;
        let signer = Signer::new(&pki.token_key.serialize_pem(), &pki.token_public_der(), ISSUER)?;
        let tokens = Verifier::new(&[&pki.token_key.public_key_pem()], ISSUER, &[ISSUER])?;
        let rbac = Arc::new(Rbac::default());
        let nodes = Arc::new(NodeAuthorizer { rbac: rbac.clone(), graph: Arc::new(late.clone()) });
        let authorizer = Arc::new(Chain { links: vec![Arc::new(Masters), nodes, rbac.clone()] });
        let client = in_process::client(self.registry, system_user(), USER_AGENT);
        let metrics = Arc::new(Metrics::default());
        Ok(Shared { late, client, rbac, authorizer, signer: Arc::new(signer), tokens: Arc::new(tokens), metrics })
    }

    fn set_policy(&self, shared: &Shared) {
        let plugins = admission::plugins::Parts {
            rng: self.parts.rng.clone(),
            authorizer: shared.authorizer.clone(),
            rbac: shared.rbac.clone(),
            quotas: Arc::new(quotas::Quotas { client: shared.client.clone() }),
            webhooks: Arc::new(HttpWebhooks::new(shared.late.clone())),
        };
        let paths = Paths {
            discovery: Discovery::new(Arc::new(shared.late.clone()), server_address(self.config)),
            health: pages::health(self.ready),
            pages: pages::pages(self.config, self.pki, &shared.metrics),
            openapi: Arc::new(openapi::Documents::new(Arc::new(shared.late.clone()))),
        };
        self.registry.set_policy(registry::Policy {
            authorizer: shared.authorizer.clone(),
            admission: admission::plugins::default_chain(plugins),
            fallback: Some(Arc::new(paths)),
        });
    }

    /// Who is who, who may what, and tokens.
    fn register_reviews(&self, shared: &Shared) {
        let (registry, create) = (self.registry, VirtualVerb::Create);
        let late = &shared.late;
        let token_request =
            TokenRequest { signer: shared.signer.clone(), rng: self.parts.rng.clone(), registry: late.clone() };
        let token_review = TokenReview { tokens: shared.tokens.clone(), lookup: Arc::new(late.clone()) };
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

pub fn registry(settings: &Config, parts: &Parts, addresses: &ServiceAddresses) -> Arc<Registry> {
    let config = registry::Config {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        rng: parts.rng.clone(),
        timer: Arc::new(TokioTimer),
        spawn: Arc::new(TokioSpawn),
        shared_store: settings.etcd.shared(),
        root: settings.etcd.root(),
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
