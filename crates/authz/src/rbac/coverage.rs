//! Whether rules give away more than their giver has: nobody writes a role, or binds one, that says more than what he may
//! do himself, unless he may `escalate` or `bind`.
//!
//! Pure over rules. Deliberately absent: who asks, what rules he has, and who is exempt (admission and the authorizer).

use api_misc::rbac::v1::PolicyRule;
use kind::field::quoted;
use std::collections::{BTreeMap, BTreeSet};

/// What of `wanted` none of the rules in `held` covers, broken down to one verb on one thing each.
pub fn uncovered(held: &[PolicyRule], wanted: &[PolicyRule]) -> Vec<PolicyRule> {
    let parts = wanted.iter().flat_map(break_down);
    parts.filter(|part| !held.iter().any(|rule| covers(rule, part))).collect()
}

/// The refusal for rules that [`uncovered`] gave; `missing_roles`: why the user's own rules may not all be known.
pub fn refusal(user: &str, groups: &[String], uncovered: &[PolicyRule], missing_roles: &[String]) -> String {
    let lines: BTreeSet<String> = compact(uncovered).iter().map(shown).collect();
    let lines: Vec<String> = lines.into_iter().collect();
    let mut text = format!(
        "user {} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        quoted(user),
        list(groups),
        lines.join("\n")
    );
    if !missing_roles.is_empty() {
        text.push_str(&format!("; resolution errors: [{}]", missing_roles.join(" ")));
    }
    text
}

fn break_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let one = |text: &String| vec![text.clone()];
    let mut parts = Vec::new();
    for (group, resource) in rule.api_groups.iter().flat_map(|g| rule.resources.iter().map(move |r| (g, r))) {
        for verb in &rule.verbs {
            let part = PolicyRule {
                api_groups: one(group),
                resources: one(resource),
                verbs: one(verb),
                ..PolicyRule::default()
            };
            if rule.resource_names.is_empty() {
                parts.push(part);
            } else {
                let named = |name| PolicyRule { resource_names: one(name), ..part.clone() };
                parts.extend(rule.resource_names.iter().map(named));
            }
        }
    }
    for url in &rule.non_resource_urls {
        let part = |verb| PolicyRule { non_resource_urls: one(url), verbs: one(verb), ..PolicyRule::default() };
        parts.extend(rule.verbs.iter().map(part));
    }
    parts
}

fn covers(rule: &PolicyRule, part: &PolicyRule) -> bool {
    let names = match part.resource_names.is_empty() {
        true => rule.resource_names.is_empty(),
        false => rule.resource_names.is_empty() || has_all(&rule.resource_names, &part.resource_names),
    };
    has_all_or_star(&rule.verbs, &part.verbs)
        && has_all_or_star(&rule.api_groups, &part.api_groups)
        && part.resources.iter().all(|resource| covers_resource(&rule.resources, resource))
        && part.non_resource_urls.iter().all(|url| covers_url(&rule.non_resource_urls, url))
        && names
}

fn has(texts: &[String], text: &str) -> bool {
    texts.iter().any(|other| other == text)
}

fn has_all(texts: &[String], wanted: &[String]) -> bool {
    wanted.iter().all(|text| has(texts, text))
}

fn has_all_or_star(texts: &[String], wanted: &[String]) -> bool {
    has(texts, "*") || has_all(texts, wanted)
}

/// `*`, the resource itself, or `*/status` for `pods/status`.
fn covers_resource(held: &[String], resource: &str) -> bool {
    let of_any = || resource.split_once('/').is_some_and(|(_, subresource)| has(held, &format!("*/{subresource}")));
    has(held, "*") || has(held, resource) || of_any()
}

fn covers_url(held: &[String], url: &str) -> bool {
    held.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => url.starts_with(prefix.trim_end_matches('*')),
        None => pattern == url,
    })
}

/// Rules of one resource (of one name) become one rule with all verbs.
fn compact(rules: &[PolicyRule]) -> Vec<PolicyRule> {
    let mut simple: BTreeMap<(String, String, Option<String>), PolicyRule> = BTreeMap::new();
    let mut others = Vec::new();
    for rule in rules {
        let ([group], [resource]) = (rule.api_groups.as_slice(), rule.resources.as_slice()) else {
            others.push(rule.clone());
            continue;
        };
        let key = (group.clone(), resource.clone(), rule.resource_names.first().cloned());
        match simple.get_mut(&key) {
            Some(existing) => existing.verbs.extend(rule.verbs.iter().cloned()),
            None => drop(simple.insert(key, rule.clone())),
        }
    }
    others.extend(simple.into_values());
    others
}

/// As Go's %q shows a list.
fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(" "))
}

fn shown(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.non_resource_urls),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let given = parts.into_iter().filter(|(_, texts)| !texts.is_empty());
    let parts: Vec<String> = given.map(|(name, texts)| format!("{name}:{}", list(texts))).collect();
    format!("{{{}}}", parts.join(", "))
}
