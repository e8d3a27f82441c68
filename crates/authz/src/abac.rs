//! Attribute-based access control: a file with one policy a line.

use crate::{Answer, Attributes, Authorizer, Decision, Rules};
use api_misc::authorization::v1::{NonResourceRule, ResourceRule};
use authn::UserInfo;
use schema::{Value, json};

const API_VERSION: &str = "abac.authorization.kubernetes.io/v1beta1";
const ANY: &str = "*";

#[derive(Debug, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct PolicyError {
    pub line: usize,
    pub why: String,
}

/// The policies of a file.
#[derive(Debug, Default)]
pub struct Abac {
    policies: Vec<Policy>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Policy {
    user: String,
    group: String,
    readonly: bool,
    api_group: String,
    resource: String,
    namespace: String,
    non_resource_path: String,
}

impl Abac {
    pub fn parse(text: &str) -> Result<Abac, PolicyError> {
        let mut policies = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            policies.push(Policy::parse(trimmed).map_err(|why| PolicyError { line: index + 1, why })?);
        }
        Ok(Abac { policies })
    }
}

impl Policy {
    fn parse(line: &str) -> Result<Policy, String> {
        let value = json::parse(line.as_bytes(), json::Limits::default()).map_err(|error| error.to_string())?;
        let versioned = value.str_at(&["apiVersion"]);
        let (spec, unversioned) = match (versioned, value.str_at(&["kind"])) {
            (API_VERSION, "Policy") => (&value["spec"], false),
            ("", "") => (&value, true),
            (version, kind) => return Err(format!("no kind {kind:?} is registered for version {version:?}")),
        };
        let text = |name: &str| match &spec[name] {
            Value::Null => Ok(String::new()),
            value => value.as_str().map(str::to_owned).ok_or_else(|| format!("{name} must be a string")),
        };
        let readonly = match &spec["readonly"] {
            Value::Null => false,
            value => value.as_bool().ok_or("readonly must be a boolean")?,
        };
        let mut policy = Policy {
            user: text("user")?,
            group: text("group")?,
            readonly,
            api_group: text("apiGroup")?,
            resource: text("resource")?,
            namespace: text("namespace")?,
            non_resource_path: text("nonResourcePath")?,
        };
        if unversioned {
            policy.complete_unversioned();
        }
        // Everybody is everybody who is authenticated.
        if policy.user == ANY || policy.group == ANY {
            policy.user.clear();
            policy.group = authn::AUTHENTICATED.to_owned();
        }
        Ok(policy)
    }

    /// What an old policy leaves out means all of it.
    fn complete_unversioned(&mut self) {
        if self.user.is_empty() && self.group.is_empty() {
            self.group = authn::AUTHENTICATED.to_owned();
        }
        if self.namespace.is_empty() && self.resource.is_empty() {
            self.non_resource_path = ANY.to_owned();
        }
        self.api_group = ANY.to_owned();
        for field in [&mut self.namespace, &mut self.resource] {
            if field.is_empty() {
                *field = ANY.to_owned();
            }
        }
    }

    fn is_about(&self, user: &UserInfo) -> bool {
        let named = !self.user.is_empty() || !self.group.is_empty();
        named
            && (self.user.is_empty() || self.user == user.name)
            && (self.group.is_empty() || user.in_group(&self.group))
    }

    fn allows(&self, attributes: &Attributes) -> bool {
        let matches = |have: &str, wanted: &str| have == ANY || have == wanted;
        if !self.is_about(attributes.user) || (self.readonly && !attributes.is_read_only()) {
            return false;
        }
        if attributes.resource_request {
            return matches(&self.namespace, attributes.namespace)
                && matches(&self.resource, attributes.resource)
                && matches(&self.api_group, attributes.api_group);
        }
        let path = self.non_resource_path.as_str();
        matches(path, attributes.path)
            || (path.ends_with(ANY) && attributes.path.starts_with(path.trim_end_matches('*')))
    }

    fn verbs(&self) -> Vec<String> {
        let verbs: &[&str] = if self.readonly { &["get", "list", "watch"] } else { &[ANY] };
        verbs.iter().map(|&verb| verb.to_owned()).collect()
    }
}

impl Authorizer for Abac {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let allowed = self.policies.iter().any(|policy| policy.allows(attributes));
        Answer::now(if allowed { Decision::allow("") } else { Decision::no_opinion("No policy matched.") })
    }

    fn rules_for(&self, user: &UserInfo, namespace: &str) -> Rules {
        let mut rules = Rules::default();
        let here = |policy: &&Policy| policy.namespace == ANY || policy.namespace == namespace;
        for policy in self.policies.iter().filter(|policy| policy.is_about(user)).filter(here) {
            if !policy.resource.is_empty() {
                rules.resource.push(ResourceRule {
                    verbs: policy.verbs(),
                    api_groups: vec![policy.api_group.clone()],
                    resources: vec![policy.resource.clone()],
                    ..ResourceRule::default()
                });
            }
            if !policy.non_resource_path.is_empty() {
                let non_resource_urls = vec![policy.non_resource_path.clone()];
                rules.non_resource.push(NonResourceRule { verbs: policy.verbs(), non_resource_urls });
            }
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
# everybody reads pods of one namespace, the scheduler writes everywhere, old ones still count
{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"*","namespace":"a","resource":"pods","readonly":true}}
{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"group":"ops","namespace":"*","resource":"*","apiGroup":"*"}}
{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"eve","nonResourcePath":"/healthz*","readonly":true}}
{"user":"old","namespace":"b"}
"#;

    #[test]
    fn policies_allow_what_they_say() {
        let abac = Abac::parse(FILE).unwrap();
        for (user, group, verb, namespace, resource, expected) in [
            ("eve", "dev", "get", "a", "pods", true),
            ("eve", "dev", "create", "a", "pods", false),
            ("eve", "dev", "get", "b", "pods", false),
            ("bob", "ops", "delete", "", "nodes", true),
            ("old", "dev", "delete", "b", "secrets", true),
            ("old", "dev", "delete", "c", "secrets", false),
        ] {
            let user = UserInfo::new(user, &[group]);
            let asked = Attributes { resource_request: true, namespace, resource, ..Attributes::of(&user, verb) };
            let allowed = abac.authorize(&asked).into_now().is_ok_and(|decision| decision.allowed());
            assert_eq!(allowed, expected, "{} {verb} {namespace}/{resource}", user.name);
        }
        let eve = UserInfo::new("eve", &[]);
        for (path, expected) in [("/healthz/etcd", true), ("/metrics", false)] {
            let asked = Attributes { path, ..Attributes::of(&eve, "get") };
            assert_eq!(abac.authorize(&asked).into_now().is_ok_and(|decision| decision.allowed()), expected, "{path}");
        }
        let anonymous = UserInfo::anonymous();
        let asked = Attributes {
            resource_request: true,
            namespace: "a",
            resource: "pods",
            ..Attributes::of(&anonymous, "get")
        };
        assert!(!abac.authorize(&asked).into_now().is_ok_and(|decision| decision.allowed()));
    }

    #[test]
    fn a_wrong_line_is_told() {
        assert_eq!(Abac::parse("\n{\"kind\":\"Policy\",\"apiVersion\":\"x/v1\"}").unwrap_err().line, 2);
        assert!(Abac::parse("{\"user\":7}").is_err());
    }
}
