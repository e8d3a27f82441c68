//! The authorizers, as the configuration wants them.

use super::Replaceable;
use super::webhook::Server;
use crate::config;
use crate::expressions;
use crate::outbound::{self, OutboundError};
use crate::watched_file;
use api_misc::rbac::v1::{ClusterRole, PolicyRule};
use arc_swap::ArcSwap;
use authz::abac::{Abac, PolicyError};
use authz::config::{AuthorizationConfig, AuthorizerConfig, WebhookConfig};
use authz::node::{Graph, NodeAuthorizer};
use authz::rbac::Rbac;
use authz::webhook::{Settings, Webhook};
use authz::{AlwaysAllow, AlwaysDeny, Authorizer, Chain, Masters, Verdict};
use schema::Typed;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;

const MODES: &[&str] = &["AlwaysAllow", "AlwaysDeny", "ABAC", "Webhook", "RBAC", "Node"];
/// Of a webhook that flags name.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(30);
const NODE_ROLE: &str = "system:node";

#[derive(Debug, thiserror::Error)]
pub enum AuthorizationError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{}: {what}", path.display())]
    Content { path: PathBuf, what: String },
    #[error("{}: {source}", path.display())]
    Policy { path: PathBuf, source: PolicyError },
    #[error("the authorization webhook {name:?}: {source}")]
    Webhook { name: String, source: OutboundError },
    #[error("{0}")]
    Flags(String),
}

/// What others need of it.
pub struct Authorizers {
    pub authorizer: Arc<dyn Authorizer>,
    pub rbac: Arc<Rbac>,
    pub graph: Arc<Graph>,
}

/// What each authorizer is made of.
struct Parts {
    rbac: Arc<Rbac>,
    graph: Arc<Graph>,
    policy_file: Option<PathBuf>,
    clock: Arc<dyn Clock>,
}

/// Puts the authorizers together; a file is followed from now on.
pub fn assemble(config: &config::Authorization, clock: &Arc<dyn Clock>) -> Result<Authorizers, AuthorizationError> {
    let (rbac, graph) = (Arc::<Rbac>::default(), Arc::<Graph>::default());
    let policy_file = config.policy_file.clone();
    let parts = Parts { rbac: rbac.clone(), graph: graph.clone(), policy_file, clock: clock.clone() };
    let authorizer: Arc<dyn Authorizer> = match &config.config_file {
        None => Arc::new(parts.chain(&by_flags(config)?)?),
        Some(path) => {
            let read = std::fs::read(path);
            let content = read.map_err(|source| AuthorizationError::File { path: path.clone(), source })?;
            let wrong = |what| AuthorizationError::Content { path: path.clone(), what };
            let parsed = AuthorizationConfig::parse(&content).map_err(wrong)?;
            let chain = Arc::new(ArcSwap::from_pointee(parts.chain(&parsed)?));
            let (replaced, before) = (chain.clone(), parsed);
            watched_file::follow(path.clone(), content, move |content| {
                let changed = AuthorizationConfig::parse(content)?;
                check_change(&before, &changed)?;
                replaced.store(Arc::new(parts.chain(&changed).map_err(|error| error.to_string())?));
                Ok(())
            });
            Arc::new(Replaceable(chain))
        }
    };
    Ok(Authorizers { authorizer, rbac, graph })
}

/// As upstream has it, a file may change its webhooks but not which of the other authorizers there are.
fn check_change(before: &AuthorizationConfig, changed: &AuthorizationConfig) -> Result<(), String> {
    let others = |config: &AuthorizationConfig| {
        let mut modes: Vec<String> = config.authorizers.iter().map(|one| one.mode.clone()).collect();
        modes.retain(|mode| mode != "Webhook");
        modes.sort();
        modes
    };
    if others(before) == others(changed) { Ok(()) } else { Err("only webhooks may be added and removed".into()) }
}

/// The flags, as a file would say it.
fn by_flags(config: &config::Authorization) -> Result<AuthorizationConfig, AuthorizationError> {
    let refused = |why: String| Err(AuthorizationError::Flags(why));
    let has = |mode: &str| config.modes.iter().any(|one| one == mode);
    if config.modes.is_empty() {
        return refused("at least one authorization-mode must be passed".into());
    }
    for (at, mode) in config.modes.iter().enumerate() {
        if !MODES.contains(&mode.as_str()) {
            return refused(format!("authorization-mode {mode:?} is not a valid mode"));
        }
        if config.modes[..at].contains(mode) {
            return refused(format!("authorization-mode {:?} has mode specified more than once", config.modes));
        }
    }
    if has("ABAC") != config.policy_file.is_some() {
        let why = if has("ABAC") {
            "authorization-mode ABAC's authorization policy file not passed"
        } else {
            "cannot specify --authorization-policy-file without mode ABAC"
        };
        return refused(why.into());
    }
    if has("Webhook") != config.webhook_config_file.is_some() {
        let why = if has("Webhook") {
            "authorization-mode Webhook's authorization config file not passed"
        } else {
            "cannot specify --authorization-webhook-config-file without mode Webhook"
        };
        return refused(why.into());
    }
    let webhook = || WebhookConfig {
        authorized_ttl: config.webhook_cache_authorized_ttl,
        unauthorized_ttl: config.webhook_cache_unauthorized_ttl,
        cache_authorized: true,
        cache_unauthorized: true,
        timeout: WEBHOOK_TIMEOUT,
        review_version: config.webhook_version.clone(),
        condition_review_version: String::new(),
        failure_policy: "NoOpinion".into(),
        connection: "KubeConfigFile".into(),
        kubeconfig: config.webhook_config_file.clone(),
        match_conditions: Vec::new(),
    };
    let authorizers = config.modes.iter().map(|mode| AuthorizerConfig {
        mode: mode.clone(),
        name: mode.to_lowercase(),
        webhook: (mode == "Webhook").then(webhook),
    });
    Ok(AuthorizationConfig { authorizers: authorizers.collect() })
}

impl Parts {
    fn chain(&self, config: &AuthorizationConfig) -> Result<Chain, AuthorizationError> {
        let mut links: Vec<Arc<dyn Authorizer>> = vec![Arc::new(Masters)];
        for authorizer in &config.authorizers {
            links.push(match authorizer.mode.as_str() {
                "AlwaysAllow" => Arc::new(AlwaysAllow),
                "AlwaysDeny" => Arc::new(AlwaysDeny),
                "ABAC" => Arc::new(self.abac()?),
                "Node" => Arc::new(NodeAuthorizer { rules: node_rules(), graph: self.graph.clone() }),
                "RBAC" => self.rbac.clone(),
                _ => Arc::new(self.webhook(authorizer)?),
            });
        }
        Ok(Chain { links })
    }

    fn abac(&self) -> Result<Abac, AuthorizationError> {
        let no_file = || AuthorizationError::Flags("ABAC needs --authorization-policy-file".into());
        let path = self.policy_file.clone().ok_or_else(no_file)?;
        let read = std::fs::read_to_string(&path);
        let text = read.map_err(|source| AuthorizationError::File { path: path.clone(), source })?;
        Abac::parse(&text).map_err(|source| AuthorizationError::Policy { path, source })
    }

    fn webhook(&self, authorizer: &AuthorizerConfig) -> Result<Webhook, AuthorizationError> {
        let refused = |why: String| AuthorizationError::Flags(format!("authorizer {:?}: {why}", authorizer.name));
        let config = authorizer.webhook.as_ref().ok_or_else(|| refused("no webhook".into()))?;
        let file = config.kubeconfig.as_ref();
        let file = file.ok_or_else(|| refused(format!("connections of type {} are not made", config.connection)))?;
        let server = outbound::Webhook::from_kubeconfig(file, config.timeout);
        let server = server.map_err(|source| AuthorizationError::Webhook { name: authorizer.name.clone(), source })?;
        let mut compiled = Vec::new();
        for expression in &config.match_conditions {
            compiled.push(expressions::condition(expression).map_err(&refused)?);
        }
        let kept = |ttl, keeps| if keeps { ttl } else { Duration::ZERO };
        let settings = Settings {
            name: authorizer.name.clone(),
            review_version: config.review_version.clone(),
            authorized_ttl: kept(config.authorized_ttl, config.cache_authorized),
            unauthorized_ttl: kept(config.unauthorized_ttl, config.cache_unauthorized),
            on_error: if config.failure_policy == "Deny" { Verdict::Deny } else { Verdict::NoOpinion },
        };
        let clock = self.clock.clone();
        Ok(Webhook::new(settings, Arc::new(Server(server)), compiled, Arc::new(move || clock.now())))
    }
}

/// What every node may, as the server comes with it, whatever becomes of the role.
fn node_rules() -> Vec<PolicyRule> {
    let role = crate::bootstrap::objects()
        .find(|object| object.str_at(&["kind"]) == "ClusterRole" && object.str_at(&["metadata", "name"]) == NODE_ROLE);
    role.map(|role| ClusterRole::from_value(&role).rules).unwrap_or_default()
}
