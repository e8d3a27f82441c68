use super::*;
use expect_test::{Expect, expect};

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a, creationTimestamp: 2026-01-01T11:00:00Z}
spec:
  clusterIP: 10.0.0.1
  ipFamilies: [IPv4]
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP}, {name: dns, port: 53, targetPort: 53, protocol: UDP}]
";

fn pod(name: &str, ip: &str, ready: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, uid: u-{name}, labels: {{app: web}}}}
spec: {{nodeName: node}}
status:
  podIP: {ip}
  podIPs: [{{ip: {ip}}}]
  conditions: [{{type: Ready, status: '{ready}', lastTransitionTime: 2026-01-01T11:30:00Z}}]
"
    )
}

const ENDPOINTS: &str = "---
apiVersion: v1
kind: Endpoints
metadata: {name: web, namespace: a, uid: e, labels: {endpoints.kubernetes.io/managed-by: endpoint-controller}}
";

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&EndpointsController, objects, Key::new("a", "web"), expect);
}

#[test]
fn addresses_are_told_with_their_ports() {
    check(
        &format!("{SERVICE}{}{}", pod("q", "10.1.0.2", "True"), pod("p", "10.1.0.1", "False")),
        expect![[r#"
        create endpoints a/web {"metadata":{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T11:00:00Z"},"labels":{"endpoints.kubernetes.io/managed-by":"endpoint-controller"}},"subsets":[{"addresses":[{"ip":"10.1.0.2","nodeName":"node","targetRef":{"kind":"Pod","name":"q","namespace":"a","uid":"u-q"}}],"notReadyAddresses":[{"ip":"10.1.0.1","nodeName":"node","targetRef":{"kind":"Pod","name":"p","namespace":"a","uid":"u-p"}}],"ports":[{"name":"dns","port":53,"protocol":"UDP"},{"name":"http","port":8080,"protocol":"TCP"}]}]}
    "#]],
    );
}

#[test]
fn no_pods_are_no_subsets_and_nothing_is_written_twice() {
    check(&format!("{SERVICE}{ENDPOINTS}"), expect![""]);
}

#[test]
fn a_service_that_is_gone_takes_its_endpoints_along() {
    check(
        ENDPOINTS,
        expect![[r#"
        delete endpoints a/web
    "#]],
    );
}

#[test]
fn a_service_without_selector_keeps_what_its_user_wrote() {
    check(&format!("{}{ENDPOINTS}", SERVICE.replace("selector: {app: web}", "selector: {}")), expect![""]);
}

#[test]
fn headless_without_ports() {
    let service = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {clusterIP: None, ipFamilies: [IPv4], selector: {app: web}, publishNotReadyAddresses: true}
";
    check(
        &format!("{service}{ENDPOINTS}{}", pod("p", "10.1.0.1", "False")),
        expect![[r#"
        update endpoints a/web
          metadata.annotations: + {"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T11:30:00Z"}
          metadata.labels.service.kubernetes.io/headless: + ""
          subsets: + [{"addresses":[{"ip":"10.1.0.1","nodeName":"node","targetRef":{"kind":"Pod","name":"p","namespace":"a","uid":"u-p"}}]}]
    "#]],
    );
}

#[test]
fn too_many_addresses_are_cut_by_share() {
    let many = |n: usize| (0..n).map(|_| api_core::v1::EndpointAddress::default()).collect::<Vec<_>>();
    let subset = |ready, others| EndpointSubset {
        addresses: many(ready),
        not_ready_addresses: many(others),
        ..EndpointSubset::default()
    };
    let mut subsets = vec![subset(600, 100), subset(600, 100)];
    assert!(subsets::truncate(&mut subsets, 1000));
    assert_eq!(
        subsets.iter().map(|s| (s.addresses.len(), s.not_ready_addresses.len())).collect::<Vec<_>>(),
        [(500, 0), (500, 0)]
    );
    let mut subsets = vec![subset(600, 300), subset(300, 100)];
    assert!(subsets::truncate(&mut subsets, 1000));
    assert_eq!(
        subsets.iter().map(|s| (s.addresses.len(), s.not_ready_addresses.len())).collect::<Vec<_>>(),
        [(600, 75), (300, 25)]
    );
    assert!(!subsets::truncate(&mut subsets, 1000));
}
