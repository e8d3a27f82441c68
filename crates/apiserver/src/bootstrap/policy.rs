//! Roles and bindings that every server comes with: what they lack is put back at a start; what was added stays.
//!
//! Who wants to keep an object as it is annotates it.

use api_misc::rbac::v1::PolicyRule;
use authz::rbac::coverage;
use client::{Api, ClientError};
use schema::{Typed, Value};

pub const GROUP: &str = "rbac.authorization.k8s.io";
/// `false` on an object: it is nobody's business but its owner's.
const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";
/// Others write at the same time, other servers among them.
const MAX_TRIES: usize = 5;

/// Brings an object that exists up to what it must have.
pub async fn reconcile(api: &Api<'_>, namespace: &str, name: &str, wanted: &Value) -> Result<(), ClientError> {
    let mut tries = 1;
    loop {
        let found = api.get(namespace, name).await?;
        let written = match needed(&found, wanted) {
            Needed::Nothing => return Ok(()),
            Needed::Update(object) => api.update(namespace, name, "", &object).await.map(drop),
            // What a binding refers to cannot be changed.
            Needed::Replace => {
                api.delete(namespace, name, &api_meta::v1::DeleteOptions::default()).await?;
                api.create(namespace, wanted).await.map(drop)
            }
        };
        match written {
            Err(error) if error.is_conflict() && tries < MAX_TRIES => tries += 1,
            written => return written,
        }
    }
}

#[derive(Debug, PartialEq)]
enum Needed {
    Nothing,
    Update(Value),
    Replace,
}

fn needed(found: &Value, wanted: &Value) -> Needed {
    if found.str_at(&["metadata", "annotations", AUTOUPDATE]) == "false" {
        return Needed::Nothing;
    }
    if found.at(&["roleRef"]) != wanted.at(&["roleRef"]) {
        return Needed::Replace;
    }
    let mut object = found.clone();
    for field in ["labels", "annotations"] {
        let entries = wanted.at(&["metadata", field]).as_map().into_iter().flat_map(|map| map.iter());
        for (key, value) in entries {
            if found.at(&["metadata", field, key]).is_null() {
                object.set(&["metadata", field, key], value.clone());
            }
        }
    }
    let selectors = ["aggregationRule", "clusterRoleSelectors"];
    if wanted.at(&["aggregationRule"]).is_null() {
        add_rules(&mut object, wanted);
    } else {
        add_items(&mut object, wanted, &selectors);
    }
    add_items(&mut object, wanted, &["subjects"]);
    if object == *found { Needed::Nothing } else { Needed::Update(object) }
}

fn add_rules(object: &mut Value, wanted: &Value) {
    let rules =
        |role: &Value| -> Vec<PolicyRule> { role.at(&["rules"]).items().iter().map(PolicyRule::from_value).collect() };
    let missing = coverage::uncovered(&rules(object), &rules(wanted));
    if !missing.is_empty() {
        let mut all = object.at(&["rules"]).items().to_vec();
        all.extend(missing.iter().map(PolicyRule::to_value));
        object.set(&["rules"], all);
    }
}

fn add_items(object: &mut Value, wanted: &Value, path: &[&str]) {
    let mut all = object.at(path).items().to_vec();
    let missing: Vec<Value> = wanted.at(path).items().iter().filter(|item| !all.contains(item)).cloned().collect();
    if !missing.is_empty() {
        all.extend(missing);
        object.set(path, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::value;

    fn role() -> Value {
        value!({
            "metadata": { "name": "view", "labels": { "a": "b" } },
            "rules": [{ "apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get"] }]
        })
    }

    #[test]
    fn what_is_whole_is_left_alone() {
        let mut more = role();
        more.set(&["metadata", "labels", "mine"], "x");
        more.set(&["rules"], vec![value!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] })]);
        assert_eq!(needed(&more, &role()), Needed::Nothing);
    }

    #[test]
    fn what_is_missing_is_put_back_and_what_was_added_stays() {
        let found = value!({
            "metadata": { "name": "view", "labels": { "a": "changed" } },
            "rules": [{ "apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get"] }]
        });
        let Needed::Update(object) = needed(&found, &role()) else { panic!("nothing was put back") };
        assert_eq!(object.str_at(&["metadata", "labels", "a"]), "changed");
        let rules = object.at(&["rules"]).items();
        assert_eq!((rules.len(), rules[1].at(&["resources"]).items()[0].as_str()), (2, Some("services")));
    }

    #[test]
    fn an_owner_may_forbid_it() {
        let mut own = role();
        own.remove(&["rules"]);
        own.set(&["metadata", "annotations", AUTOUPDATE], "false");
        assert_eq!(needed(&own, &role()), Needed::Nothing);
    }

    #[test]
    fn bindings_get_back_subjects_and_their_role() {
        let wanted = value!({
            "metadata": { "name": "b" },
            "roleRef": { "kind": "ClusterRole", "name": "view" },
            "subjects": [{ "kind": "Group", "name": "dev" }]
        });
        let mut other = wanted.clone();
        other.set(&["roleRef", "name"], "edit");
        assert_eq!(needed(&other, &wanted), Needed::Replace);
        let mut less = wanted.clone();
        less.set(&["subjects"], vec![value!({ "kind": "User", "name": "eve" })]);
        let Needed::Update(object) = needed(&less, &wanted) else { panic!("no subject was put back") };
        assert_eq!(object.at(&["subjects"]).items().len(), 2);
    }
}
