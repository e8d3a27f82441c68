//! `AuthorizationConfiguration`: which authorizers there are, in order.

use authn::strict::{self, Fields};
use kind::{FieldErrors, Path};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

const VERSIONS: &[&str] =
    &["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1", "apiserver.config.k8s.io/v1alpha1"];
const TYPES: &[&str] = &["ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"];
const MAX_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_CONDITIONS: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationConfig {
    pub authorizers: Vec<AuthorizerConfig>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerConfig {
    /// `Node`, `RBAC`, `Webhook`, ...
    pub mode: String,
    pub name: String,
    pub webhook: Option<WebhookConfig>,
}

/// Who is asked, when, and what holds if he does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    pub authorized_ttl: Duration,
    pub unauthorized_ttl: Duration,
    pub cache_authorized: bool,
    pub cache_unauthorized: bool,
    pub timeout: Duration,
    /// `v1` or `v1beta1`
    pub review_version: String,
    pub condition_review_version: String,
    /// `NoOpinion` or `Deny`
    pub failure_policy: String,
    /// `KubeConfigFile` or `InClusterConfig`
    pub connection: String,
    pub kubeconfig: Option<PathBuf>,
    /// Expressions that must all be true for him to be asked.
    pub match_conditions: Vec<String>,
}

impl AuthorizationConfig {
    /// Reads and checks a file.
    pub fn parse(text: &[u8]) -> Result<AuthorizationConfig, String> {
        let config = strict::document(text, "AuthorizationConfiguration", VERSIONS, |fields| AuthorizationConfig {
            authorizers: fields.objects("authorizers", |one| AuthorizerConfig {
                mode: one.text("type"),
                name: one.text("name"),
                webhook: one.object("webhook", webhook),
            }),
        })?;
        let mut errors = FieldErrors::new();
        config.check(&mut errors);
        if errors.is_empty() {
            return Ok(config);
        }
        let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.body())).collect();
        Err(texts.join(", "))
    }

    fn check(&self, errors: &mut FieldErrors) {
        let list = Path::root("authorizers");
        if self.authorizers.is_empty() {
            errors.required(&list, "at least one authorization mode must be defined");
        }
        let (mut types, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (index, authorizer) in self.authorizers.iter().enumerate() {
            let path = list.index(index);
            let mode = authorizer.mode.as_str();
            if mode.is_empty() {
                errors.required(&path.child("type"), "");
                continue;
            }
            if !TYPES.contains(&mode) {
                errors.not_supported(&path.child("type"), mode, TYPES);
                continue;
            }
            if !types.insert(mode) && mode != "Webhook" {
                errors.duplicate(&path.child("type"), mode);
                continue;
            }
            check_name(&authorizer.name, &mut names, &path.child("name"), errors);
            match (&authorizer.webhook, mode) {
                (None, "Webhook") => errors.required(&path.child("webhook"), "required when type=Webhook"),
                (Some(webhook), "Webhook") => webhook.check(&path, errors),
                (Some(_), _) => {
                    errors.invalid(&path.child("webhook"), "non-null", "may only be specified when type=Webhook");
                }
                (None, _) => {}
            }
        }
    }
}

fn check_name<'n>(name: &'n str, names: &mut BTreeSet<&'n str>, path: &Path, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    if !names.insert(name) {
        errors.duplicate(path, name);
        return;
    }
    let sentences = kind::validate::dns1123_subdomain(name);
    if !sentences.is_empty() {
        errors.invalid(path, name, format!("authorizer name is invalid: {}", sentences.join(", ")));
    }
}

fn webhook(fields: &Fields) -> WebhookConfig {
    let connection = fields.object("connectionInfo", |connection| {
        (connection.text("type"), connection.optional_text("kubeConfigFile").map(PathBuf::from))
    });
    let (connection, kubeconfig) = connection.unwrap_or_default();
    let or_true = |name: &'static str| if fields.has(name) { fields.flag(name) } else { true };
    WebhookConfig {
        authorized_ttl: or(fields.duration("authorizedTTL"), fields.has("authorizedTTL"), 5 * 60),
        unauthorized_ttl: or(fields.duration("unauthorizedTTL"), fields.has("unauthorizedTTL"), 30),
        cache_authorized: or_true("cacheAuthorizedRequests"),
        cache_unauthorized: or_true("cacheUnauthorizedRequests"),
        timeout: fields.duration("timeout"),
        review_version: fields.text("subjectAccessReviewVersion"),
        condition_review_version: fields.text("matchConditionSubjectAccessReviewVersion"),
        failure_policy: fields.text("failurePolicy"),
        connection,
        kubeconfig,
        match_conditions: fields.objects("matchConditions", |condition| condition.text("expression")),
    }
}

fn or(given: Duration, is_given: bool, default_s: u64) -> Duration {
    if is_given { given } else { Duration::from_secs(default_s) }
}

impl WebhookConfig {
    fn check(&self, path: &Path, errors: &mut FieldErrors) {
        let shown = |duration: Duration| {
            let nanos = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
            schema::Duration::from_nanos(nanos).to_text().to_string()
        };
        if self.timeout.is_zero() {
            errors.required(&path.child("timeout"), "");
        } else if self.timeout > MAX_TIMEOUT {
            errors.invalid(&path.child("timeout"), shown(self.timeout), "must be > 0s and <= 30s");
        }
        for (ttl, name) in [(self.authorized_ttl, "authorizedTTL"), (self.unauthorized_ttl, "unauthorizedTTL")] {
            if ttl.is_zero() {
                errors.required(&path.child(name), "");
            }
        }
        let one_of = |value: &str, name: &'static str, known: &[&str], errors: &mut FieldErrors| match value {
            "" => errors.required(&path.child(name), ""),
            value if known.contains(&value) => {}
            value => errors.not_supported(&path.child(name), value, known),
        };
        one_of(&self.review_version, "subjectAccessReviewVersion", &["v1", "v1beta1"], errors);
        match self.condition_review_version.as_str() {
            "" if !self.match_conditions.is_empty() => {
                let why = "required if match conditions are specified";
                errors.required(&path.child("matchConditionSubjectAccessReviewVersion"), why);
            }
            "" | "v1" => {}
            other => errors.not_supported(&path.child("matchConditionSubjectAccessReviewVersion"), other, &["v1"]),
        }
        one_of(&self.failure_policy, "failurePolicy", &["NoOpinion", "Deny"], errors);
        self.check_connection(&path.child("connectionInfo"), errors);
        self.check_conditions(&path.child("matchConditions"), errors);
    }

    fn check_connection(&self, path: &Path, errors: &mut FieldErrors) {
        let file_path = path.child("kubeConfigFile");
        match (self.connection.as_str(), &self.kubeconfig) {
            ("", _) => errors.required(&path.child("type"), ""),
            ("InClusterConfig", Some(file)) => {
                errors.invalid(&file_path, file.display().to_string(), "can only be set when type=KubeConfigFile");
            }
            ("InClusterConfig", None) => {}
            ("KubeConfigFile", Some(file)) if !file.as_os_str().is_empty() => {
                if !file.is_absolute() {
                    errors.invalid(&file_path, file.display().to_string(), "must be an absolute path");
                }
            }
            ("KubeConfigFile", _) => errors.required(&file_path, ""),
            (other, _) => errors.not_supported(&path.child("type"), other, &["InClusterConfig", "KubeConfigFile"]),
        }
    }

    fn check_conditions(&self, list: &Path, errors: &mut FieldErrors) {
        if self.match_conditions.len() > MAX_CONDITIONS {
            errors.too_many(list, self.match_conditions.len(), MAX_CONDITIONS);
        }
        let mut seen = BTreeSet::new();
        for (index, expression) in self.match_conditions.iter().enumerate() {
            let path = list.index(index);
            let path = path.child("expression");
            if expression.trim().is_empty() {
                errors.required(&path, "");
            } else if !seen.insert(expression) {
                errors.duplicate(&path, expression);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- {type: Node, name: node}
- type: Webhook
  name: hook.example
  webhook:
    timeout: 3s
    subjectAccessReviewVersion: v1
    failurePolicy: Deny
    connectionInfo: {type: KubeConfigFile, kubeConfigFile: /etc/hook.conf}
- {type: RBAC, name: rbac}
";

    #[test]
    fn a_good_file_reads() {
        let config = AuthorizationConfig::parse(GOOD.as_bytes()).unwrap();
        let modes: Vec<&str> = config.authorizers.iter().map(|one| one.mode.as_str()).collect();
        assert_eq!(modes, ["Node", "Webhook", "RBAC"]);
        let webhook = config.authorizers[1].webhook.as_ref().unwrap();
        assert_eq!((webhook.timeout.as_secs(), webhook.authorized_ttl.as_secs()), (3, 300));
    }

    #[test]
    fn what_is_wrong_is_told_in_upstreams_words() {
        for (from, to, why) in [
            ("type: RBAC", "type: Node", "authorizers[2].type: Duplicate value: \"Node\""),
            ("type: RBAC", "type: Magic", "Unsupported value: \"Magic\""),
            ("timeout: 3s", "timeout: 31s", "authorizers[1].timeout: Invalid value: \"31s\": must be > 0s and <= 30s"),
            ("failurePolicy: Deny", "failurePolicy: Allow", "supported values: \"NoOpinion\", \"Deny\""),
            ("/etc/hook.conf", "hook.conf", "must be an absolute path"),
            ("name: rbac", "name: node", "authorizers[2].name: Duplicate value: \"node\""),
            ("timeout: 3s", "timeout: 3s\n    more: x", "unknown field \"authorizers[1].webhook.more\""),
        ] {
            let error = AuthorizationConfig::parse(GOOD.replace(from, to).as_bytes()).unwrap_err();
            assert!(error.contains(why), "{to}: {error}");
        }
    }
}
