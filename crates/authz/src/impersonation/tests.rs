use super::*;
use crate::{Answer, Decision};
use std::future::Future;
use std::task::{Context, Poll, Waker};

/// Allows what is listed: `verb group/resource name`.
struct Rights(&'static [&'static str]);

impl Authorizer for Rights {
    fn authorize<'a>(&'a self, asked: &'a Attributes<'a>) -> Answer<'a> {
        let right = format!("{} {}/{} {}", asked.verb, asked.api_group, asked.qualified_resource(), asked.name);
        Answer::now(if self.0.contains(&right.trim_end()) { Decision::allow("") } else { Decision::no_opinion("") })
    }
}

fn check(rights: &'static [&'static str], requestor: &UserInfo, wanted: &UserInfo) -> Result<Impersonated, Refusal> {
    let asked =
        Attributes { resource_request: true, resource: "pods", namespace: "a", ..Attributes::of(requestor, "list") };
    let (impersonation, rights) = (Impersonation::default(), Rights(rights));
    let mut checking = std::pin::pin!(impersonation.check(&rights, wanted, &asked));
    match checking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn wanted(name: &str, groups: &[&str]) -> UserInfo {
    UserInfo { name: name.into(), groups: groups.iter().map(|&group| group.into()).collect(), ..UserInfo::default() }
}

#[test]
fn the_old_right_still_counts() {
    let alice = UserInfo::new("alice", &[]);
    let found =
        check(&["impersonate /users bob", "impersonate /groups dev"], &alice, &wanted("bob", &["dev"])).unwrap();
    assert_eq!((found.user.groups, found.constraint), (vec!["dev".to_owned(), AUTHENTICATED.to_owned()], ""));
    let account =
        check(&["impersonate /serviceaccounts b"], &alice, &wanted("system:serviceaccount:a:b", &[])).unwrap();
    let groups = ["system:serviceaccounts", "system:serviceaccounts:a", AUTHENTICATED];
    assert_eq!(account.user.groups, groups);
    assert!(check(&["impersonate /users bob"], &alice, &wanted("bob", &["dev"])).is_err());
}

#[test]
fn constrained_rights_are_for_one_kind_of_user_and_one_action() {
    let alice = UserInfo::new("alice", &[]);
    let rights: &[&str] = &[
        "impersonate-on:user-info:list /pods",
        "impersonate:user-info authentication.k8s.io/users bob",
        "impersonate-on:arbitrary-node:list /pods",
        "impersonate:arbitrary-node authentication.k8s.io/nodes n",
    ];
    assert_eq!(check(rights, &alice, &wanted("bob", &[])).unwrap().constraint, "impersonate:user-info");
    let node = check(rights, &alice, &wanted("system:node:n", &[])).unwrap();
    assert_eq!(node.user.groups, [NODES, AUTHENTICATED]);
    let refused = check(rights, &alice, &wanted("bob", &["system:masters"])).unwrap_err();
    assert!(refused.why.ends_with("impersonating the system:masters group is not allowed"), "{}", refused.why);
    let other = check(&[], &alice, &wanted("bob", &[])).unwrap_err();
    assert_eq!(
        other.why,
        "User \"alice\" cannot impersonate-on:user-info:list resource \"pods\" in API group \"\" in the namespace \"a\""
    );
}

#[test]
fn a_pod_acts_as_its_own_node_only() {
    let mut agent = UserInfo::new("system:serviceaccount:a:agent", &[]);
    agent.extra.insert(NODE_NAME.to_owned(), vec!["n".to_owned()]);
    let rights: &[&str] =
        &["impersonate-on:associated-node:list /pods", "impersonate:associated-node authentication.k8s.io/nodes *"];
    assert_eq!(check(rights, &agent, &wanted("system:node:n", &[])).unwrap().constraint, "impersonate:associated-node");
    assert!(check(rights, &agent, &wanted("system:node:m", &[])).is_err());
    assert!(check(rights, &agent, &wanted("system:node:n", &["system:nodes"])).is_err());
}
