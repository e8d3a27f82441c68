//! Resources that may be used only where a quota says how much.

use super::usage;
use crate::Attributes;
use kind::ApiError;
use schema::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One of the `limitedResources` of the configuration.
pub struct Limited {
    group: String,
    resource: String,
    /// Parts of the names of what is limited.
    contains: Vec<String>,
    /// Selectors of scopes, each of which is limited by itself.
    scopes: Vec<Value>,
}

impl Limited {
    pub fn of(limited: &Value) -> Limited {
        let texts = limited.at(&["matchContains"]).items().iter();
        Limited {
            group: limited.str_at(&["apiGroup"]).to_owned(),
            resource: limited.str_at(&["resource"]).to_owned(),
            contains: texts.filter_map(|text| text.as_str().map(str::to_owned)).collect(),
            scopes: limited.at(&["matchScopes"]).items().to_vec(),
        }
    }
}

/// Refuses what is limited and covered by none of the quotas that speak of the write.
pub fn check(attributes: &Attributes, limited: &[Limited], quotas: &[(Arc<Value>, String)]) -> Result<(), ApiError> {
    let about = |limited: &&Limited| {
        (limited.group.as_str(), limited.resource.as_str()) == (attributes.group, attributes.resource)
    };
    let used = usage::of(attributes, &attributes.object);
    let mut uncovered: BTreeSet<&str> = BTreeSet::new();
    let mut scopes: Vec<String> = Vec::new();
    for limited in limited.iter().filter(about) {
        let matches = |name: &&String| limited.contains.iter().any(|part| name.contains(part.as_str()));
        let covered = |name: &str| quotas.iter().any(|(quota, _)| quota.at(&["status", "hard"]).get(name).is_some());
        uncovered.extend(used.keys().filter(matches).filter(|name| !covered(name)).map(String::as_str));
        for scope in limited.scopes.iter().filter(|scope| usage::selects_by(attributes, scope)) {
            let name = scope.str_at(&["scopeName"]);
            let speaks = |quota: &Value| {
                let selectors = quota.at(&["spec", "scopeSelector", "matchExpressions"]).items();
                let plain = quota.at(&["spec", "scopes"]).items();
                selectors.iter().any(|selector| selector.str_at(&["scopeName"]) == name)
                    || plain.iter().any(|scope| scope.as_str() == Some(name))
            };
            if !quotas.iter().any(|(quota, _)| speaks(quota)) {
                scopes.push(shown(scope));
            }
        }
    }
    if !uncovered.is_empty() {
        let names = uncovered.into_iter().collect::<Vec<_>>().join(",");
        return Err(attributes.forbidden(format!("insufficient quota to consume: {names}")));
    }
    if !scopes.is_empty() {
        return Err(attributes.forbidden(format!("insufficient quota to match these scopes: [{}]", scopes.join(" "))));
    }
    Ok(())
}

/// As Go prints the selector.
fn shown(scope: &Value) -> String {
    let values: Vec<&str> = scope.at(&["values"]).items().iter().filter_map(Value::as_str).collect();
    format!("{{{} {} [{}]}}", scope.str_at(&["scopeName"]), scope.str_at(&["operator"]), values.join(" "))
}
