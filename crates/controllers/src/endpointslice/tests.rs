use super::*;
use crate::testing::{NOW, world};
use expect_test::{Expect, expect};

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a, uid: s, labels: {team: x}, creationTimestamp: 2026-01-01T11:00:00Z}
spec:
  clusterIP: 10.0.0.1
  ipFamilies: [IPv4]
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP}]
---
apiVersion: v1
kind: Node
metadata: {name: node, labels: {topology.kubernetes.io/zone: z1}}
";

fn pod(name: &str, ip: &str, more: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a, uid: u-{name}, labels: {{app: web}}{more}}}
spec: {{nodeName: node}}
status:
  phase: Running
  podIP: {ip}
  podIPs: [{{ip: {ip}}}]
  conditions: [{{type: Ready, status: 'True', lastTransitionTime: 2026-01-01T11:30:00Z}}]
"
    )
}

fn slice(name: &str, pods: &[(&str, &str)]) -> String {
    let endpoints: Vec<String> = pods
        .iter()
        .map(|(pod, ip)| {
            format!(
                "{{addresses: [{ip}], conditions: {{ready: true, serving: true, terminating: false}}, nodeName: node, zone: z1, targetRef: {{kind: Pod, namespace: a, name: {pod}, uid: u-{pod}}}}}"
            )
        })
        .collect();
    format!(
        "---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {name}
  namespace: a
  uid: u-{name}
  creationTimestamp: 2026-01-01T11:40:00Z
  labels: {{team: x, kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}}
  ownerReferences: [{{apiVersion: v1, kind: Service, name: web, uid: s, controller: true, blockOwnerDeletion: true}}]
addressType: IPv4
ports: [{{name: http, port: 8080, protocol: TCP}}]
endpoints: [{}]
",
        endpoints.join(", ")
    )
}

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&EndpointSliceController, objects, Key::new("a", "web"), expect);
}

#[test]
fn a_service_without_pods_has_an_empty_slice() {
    check(
        SERVICE,
        expect![[r#"
        create endpointslices.discovery.k8s.io a/web-* {"addressType":"IPv4","metadata":{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T11:00:00Z"},"generateName":"web-","labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"web","team":"x"},"ownerReferences":[{"apiVersion":"v1","blockOwnerDeletion":true,"controller":true,"kind":"Service","name":"web","uid":"s"}]}}
    "#]],
    );
    let empty = slice("e", &[]).replace("ports: [{name: http, port: 8080, protocol: TCP}]\n", "");
    check(&format!("{SERVICE}{empty}"), expect![""]);
}

#[test]
fn a_ready_pod_is_an_endpoint() {
    let world = format!("{SERVICE}{}", pod("p", "10.1.0.1", ""));
    check(
        &world,
        expect![[r#"
        create endpointslices.discovery.k8s.io a/web-* {"addressType":"IPv4","endpoints":[{"addresses":["10.1.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node","targetRef":{"kind":"Pod","name":"p","namespace":"a","uid":"u-p"},"zone":"z1"}],"metadata":{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T11:00:00Z"},"generateName":"web-","labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"web","team":"x"},"ownerReferences":[{"apiVersion":"v1","blockOwnerDeletion":true,"controller":true,"kind":"Service","name":"web","uid":"s"}]},"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}
    "#]],
    );
    check(&format!("{world}{}", slice("e", &[("p", "10.1.0.1")])), expect![""]);
}

#[test]
fn the_empty_slice_is_filled() {
    let empty = slice("e", &[]).replace("ports: [{name: http, port: 8080, protocol: TCP}]\n", "");
    check(
        &format!("{SERVICE}{empty}{}", pod("p", "10.1.0.1", "")),
        expect![[r#"
        update endpointslices.discovery.k8s.io a/e
          endpoints: + [{"addresses":["10.1.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node","targetRef":{"kind":"Pod","name":"p","namespace":"a","uid":"u-p"},"zone":"z1"}]
          ports: + [{"name":"http","port":8080,"protocol":"TCP"}]
    "#]],
    );
}

#[test]
fn pods_that_end_are_serving_but_not_ready() {
    let going = pod("p", "10.1.0.1", ", deletionTimestamp: 2026-01-01T11:59:00Z");
    let world = format!("{SERVICE}{going}{}", slice("e", &[("p", "10.1.0.1")]));
    check(
        &world,
        expect![[r#"
        update endpointslices.discovery.k8s.io a/e
          endpoints[0].conditions.ready: true -> false
          endpoints[0].conditions.terminating: false -> true
    "#]],
    );
}

#[test]
fn pods_that_come_and_go_change_one_slice() {
    let world = format!(
        "{SERVICE}{}{}{}{}",
        slice("e", &[("p", "10.1.0.1"), ("q", "10.1.0.2")]),
        slice("f", &[("r", "10.1.0.3")]),
        pod("p", "10.1.0.1", "") + &pod("r", "10.1.0.3", ""),
        pod("t", "10.1.0.4", ""),
    );
    check(
        &world,
        expect![[r#"
        update endpointslices.discovery.k8s.io a/e
          endpoints[1].addresses[0]: "10.1.0.2" -> "10.1.0.4"
          endpoints[1].targetRef.name: "q" -> "t"
          endpoints[1].targetRef.uid: "u-q" -> "u-t"
    "#]],
    );
}

#[test]
fn no_slice_has_more_than_a_hundred() {
    let pods: String =
        (0..250).map(|n| pod(&format!("p{n:03}"), &format!("10.1.{}.{}", n / 200, n % 200), "")).collect();
    let view = world(&format!("{SERVICE}{pods}"));
    let plan = EndpointSliceController.reconcile(&Key::new("a", "web"), &view, NOW);
    let mut sizes: Vec<usize> = plan
        .writes()
        .map(|write| match &write.action {
            crate::Action::Create { object, .. } => object["endpoints"].items().len(),
            other => panic!("{other:?}"),
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
}

#[test]
fn named_ports_make_groups() {
    let service = SERVICE.replace("targetPort: 8080", "targetPort: web");
    let with_port = |name: &str, ip: &str, port: u16| {
        let containers = format!(
            "spec: {{nodeName: node, containers: [{{name: c, ports: [{{name: web, containerPort: {port}, protocol: TCP}}]}}]}}"
        );
        pod(name, ip, "").replace("spec: {nodeName: node}", &containers)
    };
    let view = world(&format!("{service}{}{}", with_port("p", "10.1.0.1", 1), with_port("q", "10.1.0.2", 2)));
    let plan = EndpointSliceController.reconcile(&Key::new("a", "web"), &view, NOW).to_string();
    assert!(plan.contains(r#""ports":[{"name":"http","port":1,"protocol":"TCP"}]"#), "{plan}");
    assert!(plan.contains(r#""ports":[{"name":"http","port":2,"protocol":"TCP"}]"#), "{plan}");
}

#[test]
fn a_headless_dual_stack_service_with_hostnames() {
    let service = SERVICE
        .replace("clusterIP: 10.0.0.1", "clusterIP: None")
        .replace("[IPv4]", "[IPv4, IPv6]")
        .replace("spec:\n", "spec:\n  trafficDistribution: PreferSameNode\n");
    let pod = pod("p", "10.1.0.1", "")
        .replace("podIPs: [{ip: 10.1.0.1}]", "podIPs: [{ip: 10.1.0.1}, {ip: 'fd00::0001'}]")
        .replace("spec: {nodeName: node}", "spec: {nodeName: node, hostname: db-0, subdomain: web}");
    check(
        &format!("{service}{pod}"),
        expect![[r#"
        create endpointslices.discovery.k8s.io a/web-* {"addressType":"IPv4","endpoints":[{"addresses":["10.1.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"hints":{"forNodes":[{"name":"node"}],"forZones":[{"name":"z1"}]},"hostname":"db-0","nodeName":"node","targetRef":{"kind":"Pod","name":"p","namespace":"a","uid":"u-p"},"zone":"z1"}],"metadata":{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T11:00:00Z"},"generateName":"web-","labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"web","service.kubernetes.io/headless":"","team":"x"},"ownerReferences":[{"apiVersion":"v1","blockOwnerDeletion":true,"controller":true,"kind":"Service","name":"web","uid":"s"}]},"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}
        create endpointslices.discovery.k8s.io a/web-* {"addressType":"IPv6","endpoints":[{"addresses":["fd00::1"],"conditions":{"ready":true,"serving":true,"terminating":false},"hints":{"forNodes":[{"name":"node"}],"forZones":[{"name":"z1"}]},"hostname":"db-0","nodeName":"node","targetRef":{"kind":"Pod","name":"p","namespace":"a","uid":"u-p"},"zone":"z1"}],"metadata":{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T11:00:00Z"},"generateName":"web-","labels":{"endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"web","service.kubernetes.io/headless":"","team":"x"},"ownerReferences":[{"apiVersion":"v1","blockOwnerDeletion":true,"controller":true,"kind":"Service","name":"web","uid":"s"}]},"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}
    "#]],
    );
}

#[test]
fn a_pod_on_an_unknown_node_is_looked_at_again() {
    let world = format!(
        "{SERVICE}{}{}",
        slice("e", &[("q", "10.1.0.9")]),
        pod("p", "10.1.0.1", "").replace("nodeName: node", "nodeName: lost")
    );
    check(
        &world,
        expect![[r#"
        update endpointslices.discovery.k8s.io a/e
          endpoints: - [{"addresses":["10.1.0.9"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node","targetRef":{"kind":"Pod","name":"q","namespace":"a","uid":"u-q"},"zone":"z1"}]
          ports: - [{"name":"http","port":8080,"protocol":"TCP"}]
        requeue after 1s
    "#]],
    );
}

#[test]
fn services_without_selector_and_gone_services_are_not_ours() {
    check(&SERVICE.replace("selector: {app: web}", "selector: {}"), expect![""]);
    check("", expect![""]);
}
