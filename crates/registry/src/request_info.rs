//! What a request is about, from its method, path and query: upstream's rules, which authorization and routing rest on.

use crate::query::{Query, unescape};
use crate::selector::FieldSelector;
use kind::validate::path_segment_name;

/// The facts of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestInfo {
    /// Unescaped.
    pub path: String,
    pub is_resource: bool,
    /// `get`, `list`, ...; for what is no resource, the lower-case method.
    pub verb: String,
    /// `api` or `apis`
    pub prefix: String,
    pub group: String,
    pub version: String,
    pub namespace: String,
    pub resource: String,
    pub subresource: String,
    pub name: String,
    /// The path from the resource on: resource, name, subresource, and what follows.
    pub parts: Vec<String>,
    /// `/api/v1/watch/...`
    pub legacy_watch: bool,
    /// The name stands in the path (and not in a field selector).
    pub named_by_path: bool,
}

/// The path holds an escape that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("400 Bad Request")]
pub struct MalformedPath;

impl RequestInfo {
    pub fn new(method: &str, raw_path: &str, query: &Query) -> Result<RequestInfo, MalformedPath> {
        let path = unescape(raw_path, false).ok_or(MalformedPath)?.into_owned();
        let mut info = RequestInfo { verb: method.to_ascii_lowercase(), ..RequestInfo::default() };
        let trimmed = path.trim_matches('/');
        let all: Vec<&str> = if trimmed.is_empty() { Vec::new() } else { trimmed.split('/').collect() };
        // As upstream's routers do: what begins with an empty element is under none of the API prefixes.
        if !path.starts_with("//") {
            info.read(method, &all, query);
        }
        info.path = path;
        Ok(info)
    }

    fn read(&mut self, method: &str, all: &[&str], query: &Query) {
        let (prefix, mut parts) = match all {
            ["api", rest @ ..] if rest.len() >= 2 => ("api", rest),
            ["apis", group, rest @ ..] if rest.len() >= 2 => {
                self.group = (*group).to_owned();
                ("apis", rest)
            }
            _ => return,
        };
        self.is_resource = true;
        self.prefix = prefix.into();
        self.version = parts[0].into();
        parts = &parts[1..];
        self.verb = match method {
            "POST" => "create",
            "GET" | "HEAD" => "get",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => "",
        }
        .into();
        if parts.len() >= 2 && parts[0] == "watch" {
            self.legacy_watch = true;
            self.verb = "watch".into();
            parts = &parts[1..];
        }
        if parts[0] == "namespaces"
            && let Some(namespace) = parts.get(1)
        {
            self.namespace = (*namespace).to_owned();
            if parts.get(2).is_some_and(|next| !matches!(*next, "status" | "finalize")) {
                parts = &parts[2..];
            }
        }
        self.parts = parts.iter().map(|&part| part.to_owned()).collect();
        let part = |index: usize| self.parts.get(index).cloned().unwrap_or_default();
        (self.resource, self.name, self.subresource) = (part(0), part(1), part(2));
        self.named_by_path = !self.name.is_empty();
        if self.name.is_empty() {
            self.without_name(query);
        }
    }

    fn without_name(&mut self, query: &Query) {
        match self.verb.as_str() {
            "get" => {
                self.verb = if query.flag("watch") { "watch".into() } else { "list".into() };
                let selected = query.get("fieldSelector").and_then(|text| FieldSelector::parse(text).ok());
                if let Some(name) = selected.as_ref().and_then(|selector| selector.exact("metadata.name"))
                    && path_segment_name(name).is_empty()
                {
                    self.name = name.to_owned();
                }
            }
            "delete" => self.verb = "deletecollection".into(),
            _ => {}
        }
    }

    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(method: &str, url: &str) -> String {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let info = RequestInfo::new(method, path, &Query::parse(query)).unwrap();
        if !info.is_resource {
            return format!("path {}", info.verb);
        }
        let RequestInfo { verb, group, version, namespace, resource, subresource, name, .. } = info;
        format!("{verb} {group}|{version}|{namespace}|{resource}|{name}|{subresource}")
    }

    #[test]
    fn paths_mean_what_upstream_says() {
        let cases = [
            ("GET", "/api/v1/namespaces", "list |v1||namespaces||"),
            ("GET", "/api/v1/namespaces/", "list |v1||namespaces||"),
            ("GET", "/api/v1/namespaces/a", "get |v1|a|namespaces|a|"),
            ("PUT", "/api/v1/namespaces/a/finalize", "update |v1|a|namespaces|a|finalize"),
            ("GET", "/api/v1/namespaces/a/pods", "list |v1|a|pods||"),
            ("GET", "/api/v1/namespaces/a/pods?watch=1", "watch |v1|a|pods||"),
            ("GET", "/api/v1/namespaces/a/pods?watch=false", "list |v1|a|pods||"),
            ("GET", "/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx", "list |v1|a|pods|x|"),
            ("GET", "/api/v1/pods", "list |v1||pods||"),
            ("GET", "/api/v1/watch/namespaces/a/pods/x", "watch |v1|a|pods|x|"),
            ("POST", "/api/v1/namespaces/a/pods/x/eviction", "create |v1|a|pods|x|eviction"),
            ("DELETE", "/apis/apps/v1/namespaces/a/deployments", "deletecollection apps|v1|a|deployments||"),
            ("PATCH", "/apis/apps/v1/namespaces/a/deployments/d/scale", "patch apps|v1|a|deployments|d|scale"),
            ("GET", "/apis/apps/v1", "path get"),
            ("GET", "/healthz", "path get"),
            ("GET", "//api/v1/namespaces/a", "path get"),
            ("GET", "/api/v1/nodes/n/proxy/a/b", "get |v1||nodes|n|proxy"),
        ];
        for (method, url, wanted) in cases {
            assert_eq!(facts(method, url), wanted, "{method} {url}");
        }
        assert_eq!(RequestInfo::new("GET", "/api/%zz", &Query::default()), Err(MalformedPath));
    }
}
