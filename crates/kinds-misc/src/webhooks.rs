//! What the webhooks of both configurations, and the rules of admission policies, must satisfy.

use crate::expressions;
use api_meta::v1::LabelSelector;
use api_misc::admissionregistration::v1::{MatchCondition, RuleWithOperations, ServiceReference, WebhookClientConfig};
use kind::{FieldErrors, Path, validate};
use schema::Value;

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: [&str; 3] = ["*", "Cluster", "Namespaced"];
const DESIRED: &str = "desired format: https://host[/path]";

/// What both kinds of webhooks have.
pub struct Webhook<'a> {
    pub name: &'a str,
    pub review_versions: &'a [String],
    pub client: &'a WebhookClientConfig,
    pub rules: &'a [RuleWithOperations],
    pub failure_policy: Option<&'a str>,
    pub match_policy: Option<&'a str>,
    pub side_effects: Option<&'a str>,
    pub timeout_seconds: Option<i32>,
    pub namespace_selector: Option<&'a LabelSelector>,
    pub object_selector: Option<&'a LabelSelector>,
    pub match_conditions: &'a [MatchCondition],
}

pub fn validate(webhook: &Webhook, path: &Path, errors: &mut FieldErrors) {
    qualified_domain(webhook.name, &path.child("name"), errors);
    validate_review_versions(webhook.review_versions, &path.child("admissionReviewVersions"), errors);
    let rules = path.child("rules");
    for (index, rule) in webhook.rules.iter().enumerate() {
        validate_rule(&Rule::from(rule), &rules.index(index), errors);
    }
    known(webhook.failure_policy, &["Fail", "Ignore"], &path.child("failurePolicy"), errors);
    known(webhook.match_policy, &["Equivalent", "Exact"], &path.child("matchPolicy"), errors);
    match webhook.side_effects {
        None => errors.required(&path.child("sideEffects"), "must specify one of None, NoneOnDryRun"),
        some => known(some, &["None", "NoneOnDryRun"], &path.child("sideEffects"), errors),
    }
    if let Some(seconds) = webhook.timeout_seconds.filter(|seconds| !(1..=30).contains(seconds)) {
        let why = "the timeout value must be between 1 and 30 seconds";
        errors.invalid(&path.child("timeoutSeconds"), seconds, why);
    }
    let selectors = [("namespaceSelector", webhook.namespace_selector), ("objectSelector", webhook.object_selector)];
    for (field, selector) in selectors {
        if let Some(selector) = selector {
            validate::label_selector(selector, false, &path.child(field), errors);
        }
    }
    expressions::validate_conditions(webhook.match_conditions, false, &path.child("matchConditions"), errors);
    validate_client(webhook.client, &path.child("clientConfig"), errors);
}

pub fn known(text: Option<&str>, known: &[&str], path: &Path, errors: &mut FieldErrors) {
    if let Some(text) = text.filter(|text| !known.contains(text)) {
        errors.not_supported(path, text, known);
    }
}

/// A name with at least three segments.
fn qualified_domain(name: &str, path: &Path, errors: &mut FieldErrors) {
    if name.is_empty() {
        return errors.required(path, "");
    }
    let problems = validate::dns1123_subdomain(name);
    if problems.is_empty() && name.split('.').count() < 3 {
        errors.invalid(path, name, "should be a domain with at least three segments separated by dots");
    }
    for sentence in problems {
        errors.invalid(path, name, sentence);
    }
}

fn list(texts: &[String]) -> Value {
    Value::List(texts.iter().map(|text| Value::str(text.as_str())).collect())
}

fn validate_review_versions(versions: &[String], path: &Path, errors: &mut FieldErrors) {
    if versions.is_empty() {
        return errors.required(path, "must specify one of v1, v1beta1");
    }
    let mut seen = std::collections::BTreeSet::new();
    for (index, version) in versions.iter().enumerate() {
        if !seen.insert(version) {
            errors.invalid(&path.index(index), version, "duplicate version");
            continue;
        }
        for sentence in validate::dns1035_label(version) {
            errors.invalid(&path.index(index), version, sentence);
        }
    }
    if !versions.iter().any(|version| matches!(version.as_str(), "v1" | "v1beta1")) {
        errors.invalid(path, &list(versions), "must include at least one of v1, v1beta1");
    }
}

/// A rule of a webhook or a policy.
pub struct Rule<'a> {
    pub operations: &'a [String],
    pub api_groups: &'a [String],
    pub api_versions: &'a [String],
    pub resources: &'a [String],
    pub scope: Option<&'a str>,
}

impl<'a> From<&'a RuleWithOperations> for Rule<'a> {
    fn from(rule: &'a RuleWithOperations) -> Rule<'a> {
        Rule {
            operations: &rule.operations,
            api_groups: &rule.api_groups,
            api_versions: &rule.api_versions,
            resources: &rule.resources,
            scope: rule.scope.as_deref(),
        }
    }
}

pub fn validate_rule(rule: &Rule, path: &Path, errors: &mut FieldErrors) {
    let groups = [("apiGroups", rule.api_groups, "API groups"), ("apiVersions", rule.api_versions, "API versions")];
    for (field, texts, words) in groups {
        let path = path.child(field);
        if texts.is_empty() {
            errors.required(&path, "");
        }
        if texts.len() > 1 && texts.iter().any(|text| text == "*") {
            errors.invalid(&path, &list(texts), format!("if '*' is present, must not specify other {words}"));
        }
        for (index, _) in texts.iter().enumerate().filter(|(_, text)| field == "apiVersions" && text.is_empty()) {
            errors.required(&path.index(index), "");
        }
    }
    validate_resources(rule.resources, &path.child("resources"), errors);
    known(rule.scope, &SCOPES, &path.child("scope"), errors);
    let operations = path.child("operations");
    if rule.operations.is_empty() {
        errors.required(&operations, "");
    }
    if rule.operations.len() > 1 && rule.operations.iter().any(|operation| operation == "*") {
        let why = "if '*' is present, must not specify other operations";
        errors.invalid(&operations, &list(rule.operations), why);
    }
    for (index, operation) in rule.operations.iter().enumerate() {
        known(Some(operation), &OPERATIONS, &operations.index(index), errors);
    }
}

fn validate_resources(resources: &[String], path: &Path, errors: &mut FieldErrors) {
    if resources.is_empty() {
        return errors.required(path, "");
    }
    let everything = resources.iter().any(|resource| resource == "*/*");
    if everything && resources.len() > 1 {
        errors.invalid(path, &list(resources), "if '*/*' is present, must not specify other resources");
    }
    let mut of_all: Vec<&str> = Vec::new();
    let mut all_of: Vec<&str> = Vec::new();
    for (index, resource) in resources.iter().enumerate() {
        let item = path.index(index);
        if resource.is_empty() {
            errors.required(&item, "");
        }
        let Some((resource_part, sub)) = resource.split_once('/') else {
            if resource != "*" && resources.iter().any(|other| other == "*") {
                let why = "if '*' is present, must not specify other resources without subresources";
                errors.invalid(path, &list(resources), why);
            }
            continue;
        };
        if of_all.contains(&sub) && resource_part != "*" {
            errors.invalid(&item, resource, format!("if '*/{sub}' is present, must not specify {resource}"));
        }
        if all_of.contains(&resource_part) && sub != "*" {
            errors.invalid(&item, resource, format!("if '{resource_part}/*' is present, must not specify {resource}"));
        }
        if resource_part == "*" {
            of_all.push(sub);
        }
        if sub == "*" {
            all_of.push(resource_part);
        }
    }
}

fn validate_client(client: &WebhookClientConfig, path: &Path, errors: &mut FieldErrors) {
    match (&client.url, &client.service) {
        (Some(_), Some(_)) | (None, None) => errors.required(path, "exactly one of url or service is required"),
        (Some(url), None) => validate_url(url, &path.child("url"), errors),
        (None, Some(service)) => validate_service(service, &path.child("service"), errors),
    }
}

pub fn validate_url(url: &str, path: &Path, errors: &mut FieldErrors) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if scheme != "https" {
        let why = format!("'https' is the only allowed URL scheme; {DESIRED}");
        errors.invalid(path, scheme, why);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if host.is_empty() || scheme.is_empty() {
        errors.invalid(path, host, format!("host must be specified; {DESIRED}"));
    }
    let parts = [
        (!user.is_empty(), "user information is not permitted in the URL"),
        (rest.contains('#'), "fragments are not permitted in the URL"),
        (rest.contains('?'), "query parameters are not permitted in the URL"),
    ];
    for (_, why) in parts.into_iter().filter(|(found, _)| *found) {
        errors.invalid(path, url, why);
    }
}

pub fn validate_service(service: &ServiceReference, path: &Path, errors: &mut FieldErrors) {
    for (field, text) in [("name", &service.name), ("namespace", &service.namespace)] {
        if text.is_empty() {
            errors.required(&path.child(field), format!("service {field} is required"));
        }
    }
    if let Some(port) = service.port {
        for sentence in validate::port_number(i64::from(port)) {
            errors.invalid(&path.child("port"), port, format!("port is not valid: {sentence}"));
        }
    }
    let Some(text) = service.path.as_deref().filter(|text| *text != "/" && !text.is_empty()) else { return };
    let path = path.child("path");
    if !text.starts_with('/') {
        errors.invalid(&path, text, "must start with a '/'");
    }
    for (index, step) in text.trim_start_matches('/').trim_end_matches('/').split('/').enumerate() {
        if step.is_empty() {
            errors.invalid(&path, text, format!("segment[{index}] may not be empty"));
            continue;
        }
        for sentence in validate::dns1123_subdomain(step) {
            errors.invalid(&path, text, format!("segment[{index}]: {sentence}"));
        }
    }
}
