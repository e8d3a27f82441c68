//! `Policy`: rules, the first of which that matches a request says what is recorded of it.

use crate::{API_VERSION, Stage};
use authn::UserInfo;
use authn::strict::{self, Fields};

/// How much is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    #[default]
    None,
    Metadata,
    /// And the object that was sent.
    Request,
    /// And the one that was answered.
    RequestResponse,
}

/// What a rule is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub user: &'a UserInfo,
    pub verb: &'a str,
    pub is_resource: bool,
    pub group: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub name: &'a str,
    pub namespace: &'a str,
    pub path: &'a str,
}

/// What is recorded of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub level: Level,
    pub omit_stages: Vec<Stage>,
    pub omit_managed_fields: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    omit_stages: Vec<Stage>,
    omit_managed_fields: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rule {
    level: Level,
    users: Vec<String>,
    user_groups: Vec<String>,
    verbs: Vec<String>,
    resources: Vec<GroupResources>,
    namespaces: Vec<String>,
    non_resource_urls: Vec<String>,
    omit_stages: Vec<Stage>,
    omit_managed_fields: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct GroupResources {
    group: String,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::None, Level::Metadata, Level::Request, Level::RequestResponse];

    pub fn name(self) -> &'static str {
        match self {
            Level::None => "None",
            Level::Metadata => "Metadata",
            Level::Request => "Request",
            Level::RequestResponse => "RequestResponse",
        }
    }
}

impl Policy {
    /// Reads and checks a file.
    pub fn parse(text: &[u8]) -> Result<Policy, String> {
        let mut wrong = Vec::new();
        let policy = strict::document(text, "Policy", &[API_VERSION], |fields| {
            fields.object("metadata", |metadata| metadata.optional_text("name"));
            let read = fields.objects("rules", |one| (Rule::read(one), one.text("level"), check(one)));
            let mut rules = Vec::new();
            for (at, (rule, level, problems)) in read.into_iter().enumerate() {
                let unknown = rule.is_none().then(|| format!("rules[{at}].level: Unsupported value: {level:?}"));
                wrong.extend(unknown);
                wrong.extend(problems.into_iter().map(|problem| format!("rules[{at}]{problem}")));
                rules.extend(rule);
            }
            let (omit_stages, unknown) = stages(&fields.texts("omitStages"));
            wrong.extend(unknown);
            Policy { rules, omit_stages, omit_managed_fields: fields.flag("omitManagedFields") }
        })?;
        if !wrong.is_empty() {
            return Err(format!("invalid: {}", wrong.join(", ")));
        }
        if policy.rules.is_empty() {
            return Err("loaded illegal policy with 0 rules".into());
        }
        Ok(policy)
    }

    /// What the first rule that matches says; nothing is recorded where none does.
    pub fn decide(&self, asked: &Asked<'_>) -> Decision {
        match self.rules.iter().find(|rule| rule.matches(asked)) {
            None => Decision {
                level: Level::None,
                omit_stages: self.omit_stages.clone(),
                omit_managed_fields: self.omit_managed_fields,
            },
            Some(rule) => {
                let mut omit_stages = self.omit_stages.clone();
                omit_stages.extend(&rule.omit_stages);
                let omit_managed_fields = rule.omit_managed_fields.unwrap_or(self.omit_managed_fields);
                Decision { level: rule.level, omit_stages, omit_managed_fields }
            }
        }
    }
}

impl Rule {
    /// None: its level is unknown.
    fn read(fields: &Fields) -> Option<Rule> {
        let level = fields.text("level");
        let rule = Rule {
            level: Level::default(),
            users: fields.texts("users"),
            user_groups: fields.texts("userGroups"),
            verbs: fields.texts("verbs"),
            resources: fields.objects("resources", |one| GroupResources {
                group: one.text("group"),
                resources: one.texts("resources"),
                resource_names: one.texts("resourceNames"),
            }),
            namespaces: fields.texts("namespaces"),
            non_resource_urls: fields.texts("nonResourceURLs"),
            omit_stages: stages(&fields.texts("omitStages")).0,
            omit_managed_fields: fields.has("omitManagedFields").then(|| fields.flag("omitManagedFields")),
        };
        let level = Level::ALL.into_iter().find(|one| one.name() == level)?;
        Some(Rule { level, ..rule })
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|one| one == wanted);
        if !self.users.is_empty() && !has(&self.users, &asked.user.name) {
            return false;
        }
        if !self.user_groups.is_empty() && !asked.user.groups.iter().any(|group| has(&self.user_groups, group)) {
            return false;
        }
        if !self.verbs.is_empty() && !has(&self.verbs, asked.verb) {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return asked.is_resource
                && (self.namespaces.is_empty() || has(&self.namespaces, asked.namespace))
                && (self.resources.is_empty() || self.resources.iter().any(|one| one.matches(asked)));
        }
        if !self.non_resource_urls.is_empty() {
            return !asked.is_resource && self.non_resource_urls.iter().any(|one| path_matches(asked.path, one));
        }
        true
    }
}

impl GroupResources {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        if self.group != asked.group {
            return false;
        }
        if self.resources.is_empty() {
            return true;
        }
        if !self.resource_names.is_empty() && !self.resource_names.iter().any(|name| name == asked.name) {
            return false;
        }
        self.resources.iter().any(|pattern| resource_matches(pattern, asked))
    }
}

/// `pods`, `pods/log`, `pods/*`, `*/scale`, `*`
fn resource_matches(pattern: &str, asked: &Asked<'_>) -> bool {
    let (resource, subresource) = (asked.resource, asked.subresource);
    let is_itself = match pattern.split_once('/') {
        None => subresource.is_empty() && pattern == resource,
        Some((of, sub)) => !subresource.is_empty() && of == resource && sub == subresource,
    };
    is_itself
        || pattern == "*"
        || (!subresource.is_empty() && pattern.strip_prefix("*/") == Some(subresource))
        || pattern.strip_suffix("/*") == Some(resource)
}

fn path_matches(path: &str, pattern: &str) -> bool {
    pattern == path || pattern.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix))
}

fn stages(names: &[String]) -> (Vec<Stage>, Option<String>) {
    let known: Vec<Stage> = names.iter().filter_map(|name| Stage::parse(name)).collect();
    let unknown = names.iter().find(|name| Stage::parse(name).is_none());
    (known, unknown.map(|name| format!("omitStages: Invalid value: {name:?}: allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic")))
}

/// What a rule may not say, beginning with the field.
fn check(fields: &Fields) -> Vec<String> {
    let mut problems = Vec::new();
    let urls = fields.texts("nonResourceURLs");
    if !urls.is_empty() && (fields.has("resources") || fields.has("namespaces")) {
        let why = "rules cannot apply to both regular resources and non-resource URLs";
        problems.push(format!(".nonResourceURLs: Invalid value: {}: {why}", urls.join(",")));
    }
    for url in &urls {
        let why = match url.as_str() {
            "*" => continue,
            url if !url.starts_with('/') => "non-resource URL rules must begin with a '/' character",
            url if url[..url.len() - 1].contains('*') => {
                "non-resource URL wildcards '*' must be the final character of the rule"
            }
            _ => continue,
        };
        problems.push(format!(".nonResourceURLs: Invalid value: {url:?}: {why}"));
    }
    let groups = fields.objects("resources", |one| {
        one.text("group");
        (one.texts("resources").is_empty(), !one.texts("resourceNames").is_empty())
    });
    if groups.contains(&(true, true)) {
        problems.push(".resources.resourceNames: using resourceNames requires at least one resource".to_owned());
    }
    problems.extend(stages(&fields.texts("omitStages")).1.map(|problem| format!(".{problem}")));
    problems
}
