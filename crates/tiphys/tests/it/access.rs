//! Who may do what.

use crate::Case;
use crate::kubectl::Kubectl;

pub const CASES: &[Case] = &[Case::Shared("roles", roles)];

fn roles(kubectl: &Kubectl) {
    let may = |verb: &str, what: &str| {
        let asked = kubectl.run(&["auth", "can-i", verb, what, "--as", "jane"], None);
        crate::kubectl::text(&asked.stdout).trim().to_owned()
    };
    assert_eq!(may("get", "pods"), "no");
    kubectl.ok(&["create", "role", "reader", "--verb=get,list", "--resource=pods"]);
    kubectl.ok(&["create", "rolebinding", "jane", "--role=reader", "--user=jane"]);
    crate::wait::until("jane may read pods", || match may("get", "pods").as_str() {
        "yes" => Ok(()),
        other => Err(other.to_owned()),
    });
    assert_eq!(may("delete", "pods"), "no");
    kubectl.ok(&["get", "pods", "--as", "jane"]);
    let said = kubectl.fails(&["get", "secrets", "--as", "jane"], None);
    let words = "Error from server (Forbidden): secrets is forbidden: User \"jane\" cannot list resource \"secrets\" in API group \"\"";
    assert!(said.starts_with(words), "{said}");
}
