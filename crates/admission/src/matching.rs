//! Which writes a webhook or a policy is about: rules, selectors of namespaces and of objects.

use crate::labels::Selector;
use crate::shapes::{Endpoint, GroupVersionKind};
use crate::{Attributes, Lookup, Operation};
use api_misc::admissionregistration::v1::{MatchResources, NamedRuleWithOperations, RuleWithOperations};
use kind::ApiError;
use schema::Value;

const GROUP: &str = "admissionregistration.k8s.io";

/// One rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    pub operations: Vec<String>,
    pub groups: Vec<String>,
    pub versions: Vec<String>,
    /// `pods`, `pods/exec`, `*`, `*/scale`, `pods/*`, `*/*`
    pub resources: Vec<String>,
    /// Empty: of any.
    pub names: Vec<String>,
    pub scope: Scope,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    All,
    Cluster,
    Namespaced,
}

/// As what a write is seen by whoever matched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub group: String,
    pub version: String,
    pub resource: String,
    pub kind: GroupVersionKind,
}

impl Scope {
    fn of(text: Option<&str>) -> Scope {
        match text {
            Some("Cluster") => Scope::Cluster,
            Some("Namespaced") => Scope::Namespaced,
            _ => Scope::All,
        }
    }
}

impl Rule {
    pub fn of(rule: &RuleWithOperations) -> Rule {
        Rule {
            operations: rule.operations.clone(),
            groups: rule.api_groups.clone(),
            versions: rule.api_versions.clone(),
            resources: rule.resources.clone(),
            names: Vec::new(),
            scope: Scope::of(rule.scope.as_deref()),
        }
    }

    pub fn of_named(rule: &NamedRuleWithOperations) -> Rule {
        Rule {
            operations: rule.operations.clone(),
            groups: rule.api_groups.clone(),
            versions: rule.api_versions.clone(),
            resources: rule.resources.clone(),
            names: rule.resource_names.clone(),
            scope: Scope::of(rule.scope.as_deref()),
        }
    }

    /// Whether it is about such a write of a resource; names are left out.
    fn matches(&self, attributes: &Attributes, group: &str, version: &str, resource: &str) -> bool {
        let has = |items: &[String], wanted: &str| items.iter().any(|item| item == "*" || item == wanted);
        let is_namespace = (group, resource) == ("", "namespaces");
        let scope = match self.scope {
            Scope::All => true,
            Scope::Namespaced => !is_namespace && !attributes.namespace.is_empty(),
            Scope::Cluster => is_namespace || attributes.namespace.is_empty(),
        };
        scope
            && has(&self.operations, attributes.operation.as_str())
            && has(&self.groups, group)
            && has(&self.versions, version)
            && self.resources.iter().any(|text| {
                let (of, sub) = text.split_once('/').unwrap_or((text, ""));
                (of == "*" || of == resource) && (sub == "*" || sub == attributes.subresource)
            })
    }

    fn names_match(&self, attributes: &Attributes) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name == attributes.name)
    }
}

impl Attributes<'_> {
    /// As what the client wrote it.
    pub fn as_requested(&self) -> Seen {
        Seen {
            group: self.group.into(),
            version: self.version.into(),
            resource: self.resource.into(),
            kind: GroupVersionKind {
                group: self.kind_group.into(),
                version: self.kind_version.into(),
                kind: self.kind.into(),
            },
        }
    }

    /// Whether this writes what webhooks and policies are made of; they do not apply to themselves, so that a bad one can
    /// be repaired.
    pub fn configures_admission(&self) -> bool {
        self.group == GROUP
            && matches!(
                self.resource,
                "validatingwebhookconfigurations"
                    | "mutatingwebhookconfigurations"
                    | "validatingadmissionpolicies"
                    | "validatingadmissionpolicybindings"
                    | "mutatingadmissionpolicies"
                    | "mutatingadmissionpolicybindings"
            )
    }
}

impl From<Endpoint> for Seen {
    fn from(endpoint: Endpoint) -> Seen {
        Seen { group: endpoint.group, version: endpoint.version, resource: endpoint.resource, kind: endpoint.kind }
    }
}

/// The first rule that is about the write, as it is or, where `equivalent`, as it could have been written; and as what.
pub fn first_match(rules: &[Rule], equivalent: bool, attributes: &Attributes) -> Option<Seen> {
    let Attributes { group, version, resource, .. } = *attributes;
    let direct = |rule: &&Rule| rule.matches(attributes, group, version, resource) && rule.names_match(attributes);
    if rules.iter().any(|rule| direct(&rule)) {
        return Some(attributes.as_requested());
    }
    if !equivalent {
        return None;
    }
    let others: Vec<Endpoint> = attributes
        .shapes
        .equivalents(group, resource, attributes.subresource)
        .into_iter()
        .filter(|other| (other.group.as_str(), other.version.as_str()) != (group, version))
        .collect();
    for rule in rules {
        for other in &others {
            if rule.matches(attributes, &other.group, &other.version, &other.resource) && rule.names_match(attributes) {
                return Some(other.clone().into());
            }
        }
    }
    None
}

/// Selectors that could not be read select nothing, with this error.
type Selected = Result<bool, ApiError>;

/// Whether the namespace of a write is selected. What has none always is.
pub fn namespace_selected(selector: &Selector, attributes: &Attributes, lookup: &dyn Lookup) -> Selected {
    let is_namespace = attributes.resource == "namespaces";
    if (attributes.namespace.is_empty() && !is_namespace) || selector.is_empty() {
        return Ok(true);
    }
    let writes = matches!(attributes.operation, Operation::Create | Operation::Update);
    if is_namespace && attributes.subresource.is_empty() && writes {
        return Ok(selector.matches(attributes.object.at(&["metadata", "labels"])));
    }
    let found = lookup.get("", "namespaces", "", attributes.namespace);
    let namespace = found.ok_or_else(|| {
        let message = format!("namespaces {} not found", kind::field::quoted(attributes.namespace));
        ApiError::new(404, "NotFound", message).about("", "namespaces", attributes.namespace)
    })?;
    Ok(selector.matches(namespace.at(&["metadata", "labels"])))
}

/// Whether the object, as it was or as it shall be, is selected.
pub fn object_selected(selector: &Selector, attributes: &Attributes) -> bool {
    let selects = |object: &Value| object.get("metadata").is_some_and(|meta| selector.matches(meta.at(&["labels"])));
    selector.is_empty() || selects(&attributes.object) || selects(attributes.old)
}

/// What a policy or its binding is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Criteria {
    pub namespaces: Selector,
    pub objects: Selector,
    pub rules: Vec<Rule>,
    pub exclude: Vec<Rule>,
    pub equivalent: bool,
}

impl Criteria {
    pub fn of(resources: &MatchResources) -> Result<Criteria, crate::labels::UnknownOperator> {
        let selector =
            |selector: Option<&api_meta::v1::LabelSelector>| selector.map_or(Ok(Selector::default()), Selector::of);
        Ok(Criteria {
            namespaces: selector(resources.namespace_selector.as_deref())?,
            objects: selector(resources.object_selector.as_deref())?,
            rules: resources.resource_rules.iter().map(Rule::of_named).collect(),
            exclude: resources.exclude_resource_rules.iter().map(Rule::of_named).collect(),
            equivalent: resources.match_policy.as_deref() == Some("Equivalent"),
        })
    }

    /// As what the write is seen, if it is meant. Without rules, every write is.
    pub fn matches(&self, attributes: &Attributes, lookup: &dyn Lookup) -> Result<Option<Seen>, ApiError> {
        let namespace = namespace_selected(&self.namespaces, attributes, lookup);
        if matches!(namespace, Ok(false)) || !object_selected(&self.objects, attributes) {
            return Ok(None);
        }
        if first_match(&self.exclude, self.equivalent, attributes).is_some() {
            return Ok(None);
        }
        let seen = match self.rules.is_empty() {
            true => Some(attributes.as_requested()),
            false => first_match(&self.rules, self.equivalent, attributes),
        };
        // A namespace that cannot be found matters only to what else applies.
        if seen.is_some() {
            namespace?;
        }
        Ok(seen)
    }
}

#[cfg(test)]
mod tests;
