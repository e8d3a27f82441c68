//! The kinds of rbac.authorization.k8s.io, and what they share: rules, subjects, references to roles.

pub mod cluster_role;
pub mod cluster_role_binding;
pub mod role;
pub mod role_binding;

use api_misc::rbac::v1::{PolicyRule, RoleRef, Subject};
use kind::field::{Bare, quoted};
use kind::{FieldErrors, MetadataRules, NameFormat, Path, validate};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Names of roles can be anything that stands in a path (`system:node`).
const RULES: MetadataRules = MetadataRules { repeats_create: true, ..MetadataRules::named(NameFormat::PathSegment) };

/// A list of texts as messages show it.
fn shown(texts: &[String]) -> Bare<String> {
    Bare(format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(",")))
}

fn validate_rules(rules: &[PolicyRule], namespaced: bool, errors: &mut FieldErrors) {
    let root = Path::root("rules");
    for (index, rule) in rules.iter().enumerate() {
        validate_rule(rule, namespaced, &root.index(index), errors);
    }
}

fn validate_rule(rule: &PolicyRule, namespaced: bool, path: &Path, errors: &mut FieldErrors) {
    if rule.verbs.is_empty() {
        errors.required(&path.child("verbs"), "verbs must contain at least one value");
    }
    if !rule.non_resource_urls.is_empty() {
        let at = path.child("nonResourceURLs");
        if namespaced {
            errors.invalid(&at, shown(&rule.non_resource_urls), "namespaced rules cannot apply to non-resource URLs");
        }
        if !rule.api_groups.is_empty() || !rule.resources.is_empty() || !rule.resource_names.is_empty() {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            errors.invalid(&at, shown(&rule.non_resource_urls), detail);
        }
        return;
    }
    if rule.api_groups.is_empty() {
        errors.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
    }
    if rule.resources.is_empty() {
        errors.required(&path.child("resources"), "resource rules must supply at least one resource");
    }
}

fn default_binding(role: &mut RoleRef, subjects: &mut [Subject]) {
    if role.api_group.is_empty() {
        role.api_group = GROUP.into();
    }
    for subject in subjects.iter_mut().filter(|subject| subject.api_group.is_empty()) {
        if matches!(subject.kind.as_str(), "User" | "Group") {
            subject.api_group = GROUP.into();
        }
    }
}

/// `kinds`: of the roles that the binding may name.
fn validate_binding(role: &RoleRef, subjects: &[Subject], kinds: &[&str], namespaced: bool, errors: &mut FieldErrors) {
    let root = Path::root("roleRef");
    if role.api_group != GROUP {
        errors.not_supported(&root.child("apiGroup"), &role.api_group, &[GROUP]);
    }
    if !kinds.contains(&role.kind.as_str()) {
        errors.not_supported(&root.child("kind"), &role.kind, kinds);
    }
    let name = root.child("name");
    if role.name.is_empty() {
        errors.required(&name, "");
    } else {
        for problem in validate::path_segment_name(&role.name) {
            errors.invalid(&name, &role.name, problem);
        }
    }
    let list = Path::root("subjects");
    for (index, subject) in subjects.iter().enumerate() {
        validate_subject(subject, namespaced, &list.index(index), errors);
    }
}

fn validate_subject(subject: &Subject, namespaced: bool, path: &Path, errors: &mut FieldErrors) {
    if subject.name.is_empty() {
        errors.required(&path.child("name"), "");
    }
    let group = path.child("apiGroup");
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if !subject.name.is_empty() {
                for problem in validate::dns1123_subdomain(&subject.name) {
                    errors.invalid(&path.child("name"), &subject.name, problem);
                }
            }
            if !subject.api_group.is_empty() {
                errors.not_supported(&group, &subject.api_group, &[""]);
            }
            // In a namespace the account is taken to be of the same one.
            if !namespaced && subject.namespace.is_empty() {
                errors.required(&path.child("namespace"), "");
            }
        }
        "User" | "Group" => {
            if subject.api_group != GROUP {
                errors.not_supported(&group, &subject.api_group, &[GROUP]);
            }
        }
        kind => errors.not_supported(&path.child("kind"), kind, &["ServiceAccount", "User", "Group"]),
    }
}

/// A binding names one role for ever: who may bind it was asked when it was made.
fn validate_same_role(new: &RoleRef, old: &RoleRef, errors: &mut FieldErrors) {
    if new != old {
        let shown = format!(
            "{{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}",
            quoted(&new.api_group),
            quoted(&new.kind),
            quoted(&new.name)
        );
        errors.invalid(&Path::root("roleRef"), Bare(shown), "cannot change roleRef");
    }
}

/// The names of the subjects of a kind; accounts with their namespace.
fn subjects_text(subjects: &[Subject], kind: &str) -> String {
    let name = |subject: &Subject| match kind {
        "ServiceAccount" => format!("{}/{}", subject.namespace, subject.name),
        _ => subject.name.clone(),
    };
    subjects.iter().filter(|subject| subject.kind == kind).map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
