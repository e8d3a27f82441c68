//! One question: may this user do this?

use authn::UserInfo;

/// What is asked. Made with [`Attributes::of`] and the fields that matter.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    pub user: &'a UserInfo,
    /// `get`, `list`, ..., or the lower-case HTTP method for paths that are no resources.
    pub verb: &'a str,
    pub resource_request: bool,
    pub api_group: &'a str,
    pub api_version: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    /// The path, where it is no resource.
    pub path: &'a str,
    /// What a list, watch or deletecollection is limited to; empty where there is no selector or none that can be read.
    pub field_selector: &'a [Requirement],
    pub label_selector: &'a [Requirement],
}

/// One term of a selector; all of them hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub key: String,
    pub operator: Operator,
    pub values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl<'a> Attributes<'a> {
    /// Who and what; everything else is empty, and the question is about a path.
    pub fn of(user: &'a UserInfo, verb: &'a str) -> Attributes<'a> {
        Attributes {
            user,
            verb,
            resource_request: false,
            api_group: "",
            api_version: "",
            resource: "",
            subresource: "",
            namespace: "",
            name: "",
            path: "",
            field_selector: &[],
            label_selector: &[],
        }
    }

    /// `pods` or `pods/log`
    pub fn qualified_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.into()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// `get`, `list` and `watch` change nothing.
    pub fn is_read_only(&self) -> bool {
        matches!(self.verb, "get" | "list" | "watch")
    }

    /// Upstream's sentence for a refusal: `User "eve" cannot list resource "pods" in API group "" in the namespace "a"`.
    pub fn refusal(&self, reason: &str) -> String {
        let user = &self.user.name;
        let verb = self.verb;
        let mut text = if self.resource_request {
            let resource = self.qualified_resource();
            format!("User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{}\"", self.api_group)
        } else {
            format!("User \"{user}\" cannot {verb} path \"{}\"", self.path)
        };
        if self.resource_request {
            if self.namespace.is_empty() {
                text.push_str(" at the cluster scope");
            } else {
                text.push_str(&format!(" in the namespace \"{}\"", self.namespace));
            }
        }
        if !reason.is_empty() {
            text.push_str(": ");
            text.push_str(reason);
        }
        text
    }
}

impl Operator {
    /// As SubjectAccessReviews name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        }
    }

    pub fn parse(text: &str) -> Option<Operator> {
        [Operator::In, Operator::NotIn, Operator::Exists, Operator::DoesNotExist]
            .into_iter()
            .find(|operator| operator.as_str() == text)
    }
}

impl Requirement {
    /// The one value that `key` must have, if this says so.
    pub fn exact(&self, key: &str) -> Option<&str> {
        match self.values.as_slice() {
            [one] if self.key == key && self.operator == Operator::In => Some(one),
            _ => None,
        }
    }
}
