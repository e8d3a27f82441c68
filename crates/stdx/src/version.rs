//! Kubernetes' order of API versions: `v2` > `v1` > `v1beta2` > `v1alpha1` > anything else, by text.

use std::cmp::Ordering;

/// Greater is the more stable and newer one, the one that clients should prefer.
pub fn compare_kube(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => b.cmp(a),
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stability {
    Alpha,
    Beta,
    Stable,
}

fn parse(version: &str) -> Option<(Stability, u32, u32)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, stage) = rest.split_at(digits);
    let major: u32 = major.parse().ok()?;
    if stage.is_empty() {
        return Some((Stability::Stable, major, 0));
    }
    let (stability, minor) = match (stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
        (Some(minor), _) => (Stability::Beta, minor),
        (_, Some(minor)) => (Stability::Alpha, minor),
        _ => return None,
    };
    Some((stability, major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_before_beta_before_alpha_before_words() {
        let mut versions = ["foo1", "v1alpha1", "v10", "v2", "v1beta1", "v12alpha1", "v11beta2", "foo10", "v1"];
        versions.sort_by(|a, b| compare_kube(b, a));
        assert_eq!(versions, ["v10", "v2", "v1", "v11beta2", "v1beta1", "v12alpha1", "v1alpha1", "foo1", "foo10"]);
    }
}
