use super::*;

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    PolicyRule {
        verbs: all(verbs),
        api_groups: all(groups),
        resources: all(resources),
        resource_names: all(names),
        ..PolicyRule::default()
    }
}

fn binding(namespace: &str, name: &str, subject: (&str, &str, &str), role: (&str, &str)) -> RoleBinding {
    let mut binding = RoleBinding::default();
    binding.metadata.namespace = namespace.into();
    binding.metadata.name = name.into();
    binding.subjects = vec![Subject {
        kind: subject.0.into(),
        namespace: subject.1.into(),
        name: subject.2.into(),
        ..Subject::default()
    }];
    binding.role_ref = RoleRef { kind: role.0.into(), name: role.1.into(), ..RoleRef::default() };
    binding
}

fn ask(rbac: &Rbac, user: &UserInfo, verb: &str, resource: &str, namespace: &str, name: &str) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let attributes =
        Attributes { resource_request: true, resource, subresource, namespace, name, ..Attributes::of(user, verb) };
    rbac.authorize(&attributes).into_now().is_ok_and(|decision| decision.allowed())
}

#[test]
fn a_binding_gives_the_rules_of_its_role_in_its_namespace_until_it_goes() {
    let rbac = Rbac::default();
    let mut role = Role::default();
    role.metadata.namespace = "a".into();
    role.metadata.name = "reader".into();
    role.rules = vec![rule(&["get"], &[""], &["pods", "*/log"], &["one"])];
    rbac.set_role(&role);
    rbac.set_role_binding(&binding("a", "b", ("User", "", "eve"), ("Role", "reader")));
    let eve = UserInfo::new("eve", &[]);
    for (verb, resource, namespace, name, expected) in [
        ("get", "pods", "a", "one", true),
        ("get", "pods/log", "a", "one", true),
        ("get", "pods/exec", "a", "one", false),
        ("get", "pods", "a", "two", false),
        ("list", "pods", "a", "one", false),
        ("get", "pods", "b", "one", false),
        ("get", "pods", "", "one", false),
    ] {
        assert_eq!(ask(&rbac, &eve, verb, resource, namespace, name), expected, "{verb} {resource} {namespace}/{name}");
    }
    rbac.remove_binding("a", "b");
    assert!(!ask(&rbac, &eve, "get", "pods", "a", "one"));
}

#[test]
fn cluster_roles_bind_to_groups_and_service_accounts() {
    let rbac = Rbac::default();
    let mut role = ClusterRole::default();
    role.metadata.name = "all".into();
    role.rules = vec![rule(&["*"], &["*"], &["*"], &[])];
    rbac.set_cluster_role(&role);
    rbac.set_role_binding(&binding("a", "b", ("ServiceAccount", "", "bot"), ("ClusterRole", "all")));
    let bot = UserInfo::new("system:serviceaccount:a:bot", &[]);
    assert!(ask(&rbac, &bot, "delete", "secrets/any", "a", "x"));
    assert!(!ask(&rbac, &bot, "delete", "secrets", "b", "x"));
    let mut everywhere = ClusterRoleBinding::default();
    everywhere.metadata.name = "b".into();
    everywhere.subjects = vec![Subject { kind: "Group".into(), name: "ops".into(), ..Subject::default() }];
    everywhere.role_ref = RoleRef { kind: "ClusterRole".into(), name: "all".into(), ..RoleRef::default() };
    rbac.set_cluster_role_binding(&everywhere);
    assert!(ask(&rbac, &UserInfo::new("x", &["ops"]), "delete", "nodes", "", "n"));
}

#[test]
fn a_missing_role_is_told() {
    let rbac = Rbac::default();
    rbac.set_role_binding(&binding("a", "b", ("User", "", "eve"), ("ClusterRole", "gone")));
    let (_, missing) = rbac.rules_of_user(&UserInfo::new("eve", &[]), "a");
    assert_eq!(missing, ["clusterrole.rbac.authorization.k8s.io \"gone\" not found"]);
}

#[test]
fn paths_match_exactly_or_by_prefix() {
    for (have, path, expected) in [
        ("/healthz", "/healthz", true),
        ("/healthz", "/healthz/ping", false),
        ("/healthz/*", "/healthz/ping", true),
        ("*", "/anything", true),
    ] {
        assert_eq!(url_matches(have, path), expected, "{have} {path}");
    }
}
