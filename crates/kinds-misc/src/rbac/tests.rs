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

fn check(rule: PolicyRule, namespaced: bool) -> Vec<String> {
    let mut errors = FieldErrors::new();
    validate_rules(&[rule], namespaced, &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn rules() {
    assert!(check(rule(&[""], &["pods"], &[], &["get"]), true).is_empty());
    assert!(check(rule(&[], &[], &["/x"], &["get"]), false).is_empty());
    assert_eq!(
        check(rule(&[""], &["pods"], &["/x"], &[]), true),
        [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: rules cannot apply to both regular resources and non-resource URLs",
        ]
    );
}

#[test]
fn subjects_take_the_group_of_their_kind() {
    let subject = |kind: &str| Subject { kind: kind.into(), name: "x".into(), ..Subject::default() };
    let mut role = RoleRef { kind: "ClusterRole".into(), name: "view".into(), ..RoleRef::default() };
    let mut subjects = [subject("User"), subject("ServiceAccount")];
    default_binding(&mut role, &mut subjects);
    assert_eq!(
        (role.api_group.as_str(), subjects[0].api_group.as_str(), subjects[1].api_group.as_str()),
        (GROUP, GROUP, "")
    );
    let mut errors = FieldErrors::new();
    validate_binding(&role, &subjects, &["ClusterRole"], true, &mut errors);
    assert!(errors.is_empty());
    validate_binding(&role, &subjects, &["ClusterRole"], false, &mut errors);
    assert_eq!(errors.to_string(), "subjects[1].namespace: Required value");
}
