use super::*;

fn rule(groups: &[&str], resources: &[&str], urls: &[&str], verbs: &[&str]) -> PolicyRule {
    let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    PolicyRule {
        api_groups: list(groups),
        resources: list(resources),
        non_resource_urls: list(urls),
        verbs: list(verbs),
        ..PolicyRule::default()
    }
}

#[test]
fn nobody_gives_what_he_has_not() {
    let held = [
        rule(&[""], &["configmaps"], &[], &["get", "list"]),
        rule(&["apps"], &["*/status"], &[], &["*"]),
        rule(&[], &[], &["/healthz/*"], &["get"]),
    ];
    let missing = |wanted: PolicyRule| coverage::uncovered(&held, &[wanted]).len();
    assert_eq!(missing(rule(&[""], &["configmaps"], &[], &["get"])), 0);
    assert_eq!(missing(rule(&["apps"], &["deployments/status"], &[], &["patch"])), 0);
    assert_eq!(missing(rule(&["apps"], &["deployments"], &[], &["get"])), 1);
    assert_eq!(missing(rule(&[], &[], &["/healthz/etcd", "/metrics"], &["get"])), 1);
    assert_eq!(missing(rule(&["*"], &["*"], &[], &["*"])), 1);
    let named = PolicyRule { resource_names: vec!["x".into()], ..rule(&[""], &["configmaps"], &[], &["get"]) };
    assert_eq!(missing(named.clone()), 0);
    assert_eq!(coverage::uncovered(&[named], &held[..1]).len(), 2);
}

#[test]
fn a_refusal_names_what_is_missing() {
    let held = [rule(&[""], &["configmaps"], &[], &["get"])];
    let wanted = rule(&[""], &["configmaps"], &[], &["get", "delete", "list"]);
    let missing = coverage::uncovered(&held, &[wanted]);
    let text = coverage::refusal("ann", &["system:authenticated".into()], &missing, &[]);
    assert_eq!(
        text,
        "user \"ann\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"delete\" \"list\"]}"
    );
}
