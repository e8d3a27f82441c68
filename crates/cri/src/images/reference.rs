//! Image references as people write them, and as the runtime keeps them.

/// The full form of a reference: with registry, repository and tag or digest.
///
/// `nginx` is `docker.io/library/nginx:latest`, as every runtime has it.
pub fn normalize(reference: &str) -> String {
    let (domain, rest) = match reference.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => (DEFAULT_DOMAIN, reference),
    };
    let domain = if domain == LEGACY_DEFAULT_DOMAIN { DEFAULT_DOMAIN } else { domain };
    let library = if domain == DEFAULT_DOMAIN && !rest.contains('/') { "library/" } else { "" };
    let tag = if rest.contains(['@', ':']) { "" } else { ":latest" };
    format!("{domain}/{library}{rest}{tag}")
}

/// A full reference without its tag and digest.
pub(super) fn repository(full: &str) -> &str {
    let without_digest = full.split_once('@').map_or(full, |(name, _)| name);
    // A colon before the last slash belongs to the registry's port.
    let path_start = without_digest.rfind('/').map_or(0, |slash| slash + 1);
    match without_digest[path_start..].find(':') {
        Some(colon) => &without_digest[..path_start + colon],
        None => without_digest,
    }
}

const DEFAULT_DOMAIN: &str = "docker.io";
const LEGACY_DEFAULT_DOMAIN: &str = "index.docker.io";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_a_full_form_and_a_repository() {
        let table = [
            ("nginx", "docker.io/library/nginx:latest", "docker.io/library/nginx"),
            ("nginx:1", "docker.io/library/nginx:1", "docker.io/library/nginx"),
            ("a/b", "docker.io/a/b:latest", "docker.io/a/b"),
            ("index.docker.io/a/b", "docker.io/a/b:latest", "docker.io/a/b"),
            ("tiphys.test/pause:1", "tiphys.test/pause:1", "tiphys.test/pause"),
            ("localhost/x", "localhost/x:latest", "localhost/x"),
            ("registry:5000/x/y:2", "registry:5000/x/y:2", "registry:5000/x/y"),
            ("registry:5000/x", "registry:5000/x:latest", "registry:5000/x"),
            ("a.b/c@sha256:12", "a.b/c@sha256:12", "a.b/c"),
            ("a.b/c:1@sha256:12", "a.b/c:1@sha256:12", "a.b/c"),
        ];
        for (written, full, repository_of_it) in table {
            assert_eq!(normalize(written), full);
            assert_eq!(repository(full), repository_of_it);
        }
    }
}
