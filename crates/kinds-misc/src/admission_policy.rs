//! What the kinds of admission policies and their bindings share.

use crate::webhooks::{self, Rule};
use api_misc::admissionregistration::v1::{MatchResources, NamedRuleWithOperations, ParamKind, ParamRef};
use kind::{FieldErrors, Path, validate};

/// The parameters of a binding, for a column.
pub fn param_ref_text(param_ref: Option<&ParamRef>) -> String {
    let Some(param_ref) = param_ref else { return "<unset>".into() };
    if !param_ref.name.is_empty() {
        let namespace = if param_ref.namespace.is_empty() { "*" } else { &param_ref.namespace };
        return format!("{namespace}/{}", param_ref.name);
    }
    match &param_ref.selector {
        None => "<unset>".into(),
        Some(selector) => kind::columns::label_selector_text(Some(selector)),
    }
}

pub fn default_match(resources: &mut MatchResources) {
    resources.match_policy.get_or_insert_with(|| "Equivalent".into());
    resources.namespace_selector.get_or_insert_default();
    resources.object_selector.get_or_insert_default();
    for rule in resources.resource_rules.iter_mut().chain(&mut resources.exclude_resource_rules) {
        rule.scope.get_or_insert_with(|| "*".into());
    }
}

pub fn validate_match(resources: &MatchResources, path: &Path, errors: &mut FieldErrors) {
    webhooks::known(resources.match_policy.as_deref(), &["Equivalent", "Exact"], &path.child("matchPolicy"), errors);
    let selectors =
        [("namespaceSelector", &resources.namespace_selector), ("objectSelector", &resources.object_selector)];
    for (field, selector) in selectors {
        match selector {
            None => errors.required(&path.child(field), ""),
            Some(selector) => validate::label_selector(selector, false, &path.child(field), errors),
        }
    }
    let lists =
        [("resourceRules", &resources.resource_rules), ("excludeResourceRules", &resources.exclude_resource_rules)];
    for (field, rules) in lists {
        let rules_path = path.child(field);
        for (index, rule) in rules.iter().enumerate() {
            validate_rule(rule, &rules_path.index(index), errors);
        }
    }
}

fn validate_rule(rule: &NamedRuleWithOperations, path: &Path, errors: &mut FieldErrors) {
    let names = path.child("resourceNames");
    let mut seen = std::collections::BTreeSet::new();
    for (index, name) in rule.resource_names.iter().enumerate() {
        for sentence in validate::path_segment_name(name) {
            errors.invalid(&names.index(index), name, sentence);
        }
        if !seen.insert(name) {
            errors.duplicate(&names.index(index), name);
        }
    }
    let plain = Rule {
        operations: &rule.operations,
        api_groups: &rule.api_groups,
        api_versions: &rule.api_versions,
        resources: &rule.resources,
        scope: rule.scope.as_deref(),
    };
    webhooks::validate_rule(&plain, path, errors);
}

pub fn validate_param_kind(kind: &ParamKind, path: &Path, errors: &mut FieldErrors) {
    let api_version = path.child("apiVersion");
    let text = kind.api_version.as_str();
    if text.is_empty() {
        errors.required(&api_version, "");
    } else {
        let (group, version) = text.split_once('/').unwrap_or(("", text));
        if !group.is_empty() {
            for sentence in validate::dns1123_subdomain(group) {
                errors.invalid(&api_version, group, sentence);
            }
        }
        for sentence in validate::dns1035_label(version) {
            errors.invalid(&api_version, version, sentence);
        }
    }
    if kind.kind.is_empty() {
        errors.required(&path.child("kind"), "");
    } else {
        for sentence in validate::dns1035_label(&kind.kind.to_lowercase()) {
            errors.invalid(
                &path.child("kind"),
                &kind.kind,
                format!("may have mixed case, but should otherwise match: {sentence}"),
            );
        }
    }
}

pub fn validate_param_ref(param_ref: &ParamRef, path: &Path, errors: &mut FieldErrors) {
    match (param_ref.name.is_empty(), &param_ref.selector) {
        (true, None) => errors.required(path, "one of name or selector must be specified"),
        (false, Some(_)) => {
            errors.forbidden(&path.child("name"), "name and selector are mutually exclusive");
            errors.forbidden(&path.child("selector"), "name and selector are mutually exclusive");
        }
        _ => {}
    }
    if let Some(selector) = &param_ref.selector {
        validate::label_selector(selector, false, &path.child("selector"), errors);
    }
    for (field, text) in [("name", &param_ref.name), ("namespace", &param_ref.namespace)] {
        for sentence in validate::path_segment_name(text) {
            errors.invalid(&path.child(field), text, sentence);
        }
    }
    let action = path.child("parameterNotFoundAction");
    match param_ref.parameter_not_found_action.as_deref() {
        None | Some("") => errors.required(&action, ""),
        some => webhooks::known(some, &["Deny", "Allow"], &action, errors),
    }
}
