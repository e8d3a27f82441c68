//! The names that one type or field has in Go, protobuf, OpenAPI and Rust.

/// `k8s.io/api/core/v1.Pod` to `io.k8s.api.core.v1.Pod`.
pub fn openapi(go: &str) -> String {
    let (package, name) = split_go(go);
    let (domain, path) = package.split_once('/').unwrap_or((package, ""));
    let domain: Vec<&str> = domain.rsplit('.').collect();
    format!("{}.{}.{name}", domain.join("."), path.replace('/', "."))
}

/// `k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIService` to
/// `k8s.io.kube_aggregator.pkg.apis.apiregistration.v1.APIService`.
pub fn proto(go: &str) -> String {
    let (package, name) = split_go(go);
    format!("{}.{name}", package.replace('/', ".").replace('-', "_"))
}

/// Package and name of a Go type.
pub fn split_go(go: &str) -> (&str, &str) {
    go.rsplit_once('.').unwrap_or(("", go))
}

/// What is left of a name when its JSON and protobuf forms are made equal: `x-kubernetes-list-type`, `xKubernetesListType`.
pub fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A JSON name as a Rust field: `clusterIPs` to `cluster_ips`, `type` to `type_`.
pub fn rust_field(json: &str) -> String {
    let chars: Vec<char> = json.chars().collect();
    let mut name = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !name.is_empty() {
                name.push('_');
            }
            continue;
        }
        if at > 0 && starts_word(&chars, at) && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    if KEYWORDS.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// An upper-case letter starts a word after anything but another one, and as the last of several where a lower-case
/// letter follows that is not the plural's `s`; the `V` of a version starts one always.
fn starts_word(chars: &[char], at: usize) -> bool {
    let (before, c, after) = (chars[at - 1], chars[at], chars.get(at + 1));
    if !c.is_ascii_uppercase() {
        return false;
    }
    if !before.is_ascii_uppercase() || (c == 'V' && after.is_some_and(char::is_ascii_digit)) {
        return true;
    }
    let plural = after == Some(&'s') && chars.get(at + 2).is_none_or(char::is_ascii_uppercase);
    after.is_some_and(char::is_ascii_lowercase) && !plural
}

const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_as_rust() {
        for (json, rust) in [
            ("hostIP", "host_ip"),
            ("clusterIPs", "cluster_ips"),
            ("serverAddressByClientCIDRs", "server_address_by_client_cidrs"),
            ("openAPIV3Schema", "open_api_v3_schema"),
            ("fieldsV1", "fields_v1"),
            ("$ref", "ref_"),
            ("x-kubernetes-list-type", "x_kubernetes_list_type"),
            ("type", "type_"),
            ("scaleIO", "scale_io"),
            ("nonResourceURLs", "non_resource_urls"),
            ("APIGroup", "api_group"),
            ("podIP", "pod_ip"),
        ] {
            assert_eq!(rust_field(json), rust);
        }
    }

    #[test]
    fn types_have_three_names() {
        let go = "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1.APIService";
        assert_eq!(openapi(go), "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService");
        assert_eq!(proto(go), "k8s.io.kube_aggregator.pkg.apis.apiregistration.v1.APIService");
    }
}
