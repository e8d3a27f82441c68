//! Hooks, compiled from the configurations when these change.

use crate::Lookup;
use crate::expression::Conditions;
use crate::labels::{Selector, UnknownOperator};
use crate::matching::Rule;
use api_misc::admissionregistration::v1;
use api_misc::admissionregistration::v1::{MutatingWebhook, RuleWithOperations, WebhookClientConfig};
use parking_lot::Mutex;
use policy::{Compiler, Declared};
use schema::{Typed, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const GROUP: &str = "admissionregistration.k8s.io";
/// What conditions of webhooks may name.
const DECLARED: Declared = Declared { params: false, authorizer: true, patches: false };
const DEFAULT_TIMEOUT_S: u64 = 10;

/// Where a webhook is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub destination: Destination,
    /// PEM; empty: the machine's own authorities.
    pub ca_bundle: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    Url(String),
    Service { namespace: String, name: String, port: u16, path: String },
}

/// One webhook of a configuration.
pub(super) struct Hook {
    pub configuration: String,
    pub name: String,
    /// Among all hooks of its kind.
    pub id: String,
    pub target: Target,
    pub rules: Vec<Rule>,
    pub equivalent: bool,
    pub namespaces: Result<Selector, UnknownOperator>,
    pub objects: Result<Selector, UnknownOperator>,
    pub conditions: Conditions,
    pub ignores_failure: bool,
    /// Without effects of its own when nothing is to happen.
    pub safe_to_try: bool,
    pub timeout: Duration,
    pub review_version: Option<ReviewVersion>,
    /// Mutating: runs again when others changed the object after it.
    pub reinvoked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReviewVersion {
    V1,
    V1beta1,
}

impl ReviewVersion {
    pub fn api_version(self) -> &'static str {
        match self {
            ReviewVersion::V1 => "admission.k8s.io/v1",
            ReviewVersion::V1beta1 => "admission.k8s.io/v1beta1",
        }
    }

    fn first_known(versions: &[String]) -> Option<ReviewVersion> {
        versions.iter().find_map(|version| match version.as_str() {
            "v1" => Some(ReviewVersion::V1),
            "v1beta1" => Some(ReviewVersion::V1beta1),
            _ => None,
        })
    }
}

/// The compiled hooks of one kind of configuration.
pub(super) struct Hooks {
    resource: &'static str,
    compile: fn(&Value) -> Vec<MutatingWebhook>,
    compiled: Mutex<Option<(u64, Arc<Vec<Hook>>)>>,
}

impl Hooks {
    pub fn mutating() -> Hooks {
        let compile = |object: &Value| v1::MutatingWebhookConfiguration::from_value(object).webhooks;
        Hooks { resource: "mutatingwebhookconfigurations", compile, compiled: Mutex::default() }
    }

    pub fn validating() -> Hooks {
        let compile = |object: &Value| {
            let webhooks = v1::ValidatingWebhookConfiguration::from_value(object).webhooks;
            webhooks.into_iter().map(as_mutating).collect()
        };
        Hooks { resource: "validatingwebhookconfigurations", compile, compiled: Mutex::default() }
    }

    /// In the order of the names of their configurations.
    pub fn get(&self, lookup: &dyn Lookup) -> Arc<Vec<Hook>> {
        let changes = lookup.changes(GROUP, self.resource);
        if let Some((at, hooks)) = &*self.compiled.lock()
            && Some(*at) == changes
        {
            return hooks.clone();
        }
        let mut objects = lookup.list(GROUP, self.resource, "");
        objects.sort_by(|a, b| a.str_at(&["metadata", "name"]).cmp(b.str_at(&["metadata", "name"])));
        let hooks = objects.iter().flat_map(|object| self.compile_one(object)).collect();
        let hooks = Arc::new(hooks);
        *self.compiled.lock() = changes.map(|changes| (changes, Arc::clone(&hooks)));
        hooks
    }

    fn compile_one(&self, object: &Value) -> Vec<Hook> {
        let configuration = object.str_at(&["metadata", "name"]);
        let mut seen: HashMap<String, usize> = HashMap::new();
        let hook = |webhook: MutatingWebhook| {
            let times = seen.entry(webhook.name.clone()).or_default();
            *times += 1;
            let id = format!("{configuration}/{}/{}", webhook.name, *times - 1);
            Hook::of(configuration, id, webhook)
        };
        (self.compile)(object).into_iter().map(hook).collect()
    }
}

impl Hook {
    fn of(configuration: &str, id: String, webhook: MutatingWebhook) -> Hook {
        let selector =
            |selector: Option<&api_meta::v1::LabelSelector>| selector.map_or(Ok(Selector::default()), Selector::of);
        let seconds = webhook.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Hook {
            configuration: configuration.to_owned(),
            id,
            target: target(&webhook.client_config),
            rules: webhook.rules.iter().map(|rule: &RuleWithOperations| Rule::of(rule)).collect(),
            equivalent: webhook.match_policy.as_deref() == Some("Equivalent"),
            namespaces: selector(webhook.namespace_selector.as_deref()),
            objects: selector(webhook.object_selector.as_deref()),
            conditions: Conditions::compile(&webhook.match_conditions, &Compiler::default(), DECLARED),
            ignores_failure: webhook.failure_policy.as_deref() == Some("Ignore"),
            safe_to_try: matches!(webhook.side_effects.as_deref(), Some("None" | "NoneOnDryRun")),
            timeout: Duration::from_secs(seconds.unwrap_or(DEFAULT_TIMEOUT_S)),
            review_version: ReviewVersion::first_known(&webhook.admission_review_versions),
            reinvoked: webhook.reinvocation_policy.as_deref() == Some("IfNeeded"),
            name: webhook.name,
        }
    }
}

fn target(client: &WebhookClientConfig) -> Target {
    let destination = match (&client.url, &client.service) {
        (_, Some(service)) => Destination::Service {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
            port: service.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(443),
            path: service.path.clone().unwrap_or_default(),
        },
        (url, None) => Destination::Url(url.clone().unwrap_or_default()),
    };
    Target { destination, ca_bundle: client.ca_bundle.0.clone() }
}

/// The same webhook, as one that could also change objects.
fn as_mutating(webhook: v1::ValidatingWebhook) -> MutatingWebhook {
    MutatingWebhook {
        admission_review_versions: webhook.admission_review_versions,
        client_config: webhook.client_config,
        failure_policy: webhook.failure_policy,
        match_conditions: webhook.match_conditions,
        match_policy: webhook.match_policy,
        name: webhook.name,
        namespace_selector: webhook.namespace_selector,
        object_selector: webhook.object_selector,
        reinvocation_policy: None,
        rules: webhook.rules,
        side_effects: webhook.side_effects,
        timeout_seconds: webhook.timeout_seconds,
    }
}
