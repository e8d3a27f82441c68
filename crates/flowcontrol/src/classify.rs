//! Which FlowSchema a request belongs to, and which flow of it.

use api_misc::flowcontrol::v1::{
    FlowSchema, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, Subject,
};
use authn::UserInfo;
use bytes::Bytes;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// What of a request decides where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Digest<'a> {
    pub user: &'a UserInfo,
    pub verb: &'a str,
    pub is_resource: bool,
    pub group: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    /// Empty: none.
    pub namespace: &'a str,
    pub path: &'a str,
}

/// A request under way, as the debugging pages show it.
pub trait Describe: Send + Sync {
    fn digest(&self) -> Digest<'_>;
    fn name(&self) -> &str;
    fn version(&self) -> &str;
}

/// How the requests of one schema are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distinguisher {
    None,
    User,
    Namespace,
}

/// A FlowSchema that names a level which exists.
#[derive(Debug)]
pub(crate) struct Schema {
    pub name: Arc<str>,
    pub uid: Bytes,
    pub level: Arc<str>,
    precedence: i32,
    pub distinguisher: Distinguisher,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    subjects: Vec<Who>,
    resources: Vec<ResourceRule>,
    paths: Vec<PathRule>,
}

#[derive(Debug)]
enum Who {
    Everybody,
    User(String),
    Group(String),
    /// The start of the user's name up to the account's, and the account, if it is one.
    ServiceAccount(String, Option<String>),
}

#[derive(Debug)]
struct ResourceRule {
    verbs: Words,
    groups: Words,
    resources: Words,
    namespaces: Words,
    cluster_scope: bool,
}

#[derive(Debug)]
struct PathRule {
    verbs: Words,
    paths: Words,
}

/// `*`, or a few words.
#[derive(Debug)]
enum Words {
    All,
    Some(Vec<String>),
}

impl Schema {
    pub fn new(object: &FlowSchema) -> Schema {
        let distinguisher = match object.spec.distinguisher_method.as_ref().map(|method| method.type_.as_str()) {
            Some("ByUser") => Distinguisher::User,
            Some("ByNamespace") => Distinguisher::Namespace,
            _ => Distinguisher::None,
        };
        Schema {
            name: object.metadata.name.as_str().into(),
            uid: Bytes::from(object.metadata.uid.clone()),
            level: object.spec.priority_level_configuration.name.as_str().into(),
            precedence: object.spec.matching_precedence,
            distinguisher,
            rules: object.spec.rules.iter().map(Rule::new).collect(),
        }
    }

    /// The order in which schemas are asked.
    pub fn order(&self) -> (i32, Arc<str>) {
        (self.precedence, self.name.clone())
    }

    pub fn matches(&self, digest: &Digest) -> bool {
        self.rules.iter().any(|rule| rule.matches(digest))
    }

    /// The flow that a request belongs to.
    pub fn flow<'a>(&self, digest: &Digest<'a>) -> &'a str {
        match self.distinguisher {
            Distinguisher::None => "",
            Distinguisher::User => &digest.user.name,
            Distinguisher::Namespace => digest.namespace,
        }
    }

    /// Deals the flow's hand; `seed` keeps clients from choosing theirs.
    pub fn hash(&self, seed: u64, flow: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(seed);
        hasher.write(self.name.as_bytes());
        hasher.write_u8(0xff);
        hasher.write(flow.as_bytes());
        hasher.finish()
    }
}

impl Rule {
    fn new(rule: &PolicyRulesWithSubjects) -> Rule {
        Rule {
            subjects: rule.subjects.iter().filter_map(Who::new).collect(),
            resources: rule.resource_rules.iter().map(ResourceRule::new).collect(),
            paths: rule.non_resource_rules.iter().map(PathRule::new).collect(),
        }
    }

    fn matches(&self, digest: &Digest) -> bool {
        if !self.subjects.iter().any(|who| who.matches(digest.user)) {
            return false;
        }
        match digest.is_resource {
            true => self.resources.iter().any(|rule| rule.matches(digest)),
            false => self.paths.iter().any(|rule| rule.matches(digest)),
        }
    }
}

impl Who {
    fn new(subject: &Subject) -> Option<Who> {
        match subject.kind.as_str() {
            "User" => subject.user.as_ref().map(|user| match user.name.as_str() {
                "*" => Who::Everybody,
                name => Who::User(name.to_owned()),
            }),
            "Group" => subject.group.as_ref().map(|group| match group.name.as_str() {
                "*" => Who::Everybody,
                name => Who::Group(name.to_owned()),
            }),
            "ServiceAccount" => subject.service_account.as_ref().map(|account| {
                let prefix = format!("{SERVICE_ACCOUNT}{}:", account.namespace);
                Who::ServiceAccount(prefix, (account.name != "*").then(|| account.name.clone()))
            }),
            _ => None,
        }
    }

    fn matches(&self, user: &UserInfo) -> bool {
        match self {
            Who::Everybody => true,
            Who::User(name) => user.name == *name,
            Who::Group(group) => user.in_group(group),
            Who::ServiceAccount(prefix, account) => user
                .name
                .strip_prefix(prefix.as_str())
                .is_some_and(|name| account.as_ref().is_none_or(|account| name == account)),
        }
    }
}

impl ResourceRule {
    fn new(rule: &ResourcePolicyRule) -> ResourceRule {
        ResourceRule {
            verbs: Words::new(&rule.verbs),
            groups: Words::new(&rule.api_groups),
            resources: Words::new(&rule.resources),
            namespaces: Words::new(&rule.namespaces),
            cluster_scope: rule.cluster_scope,
        }
    }

    fn matches(&self, digest: &Digest) -> bool {
        let in_scope = match digest.namespace {
            "" => self.cluster_scope,
            namespace => self.namespaces.has(namespace),
        };
        in_scope
            && self.verbs.has(digest.verb)
            && self.groups.has(digest.group)
            && self.resources.has_joined(digest.resource, digest.subresource)
    }
}

impl PathRule {
    fn new(rule: &NonResourcePolicyRule) -> PathRule {
        PathRule { verbs: Words::new(&rule.verbs), paths: Words::new(&rule.non_resource_urls) }
    }

    fn matches(&self, digest: &Digest) -> bool {
        self.verbs.has(digest.verb) && self.paths.covers(digest.path)
    }
}

impl Words {
    fn new(words: &[String]) -> Words {
        if words.iter().any(|word| word == "*") { Words::All } else { Words::Some(words.to_vec()) }
    }

    fn has(&self, word: &str) -> bool {
        match self {
            Words::All => true,
            Words::Some(words) => words.iter().any(|have| have == word),
        }
    }

    /// `pods`, `pods/status`
    fn has_joined(&self, resource: &str, subresource: &str) -> bool {
        let Words::Some(words) = self else { return true };
        words.iter().any(|have| match have.split_once('/') {
            Some((have, sub)) => have == resource && sub == subresource && !subresource.is_empty(),
            None => have == resource && subresource.is_empty(),
        })
    }

    /// A `*` at the end of a path stands for whatever follows.
    fn covers(&self, path: &str) -> bool {
        let Words::Some(words) = self else { return true };
        words.iter().any(|have| match have.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => have == path,
        })
    }
}
