use super::checks::{Pod, told, violations};
use super::policy::{Level, Policy, Standard};
use schema::{Value, value};

fn broken(level: Level, minor: Option<u32>, pod: Value) -> String {
    told(&violations(Standard { level, version: minor }, &Pod::of(&pod)))
}

fn good_container() -> Value {
    value!({ "name": "c", "securityContext": {
        "allowPrivilegeEscalation": false, "runAsNonRoot": true,
        "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" }
    } })
}

#[test]
fn a_good_pod_passes_every_level() {
    let pod = value!({ "spec": { "containers": [(good_container())] } });
    assert_eq!(broken(Level::Restricted, None, pod), "");
}

#[test]
fn a_plain_pod_passes_the_baseline_only() {
    let pod = value!({ "spec": { "containers": [{ "name": "c" }] } });
    assert_eq!(broken(Level::Baseline, None, pod.clone()), "");
    assert_eq!(
        broken(Level::Restricted, None, pod.clone()),
        "allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), \
         unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), \
         runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), \
         seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \
         \"Localhost\")"
    );
    assert_eq!(
        broken(Level::Restricted, Some(7), pod),
        "runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true)"
    );
}

#[test]
fn a_restricted_check_takes_the_place_of_the_baseline_one() {
    let mut container = good_container();
    container.set(&["securityContext", "seccompProfile", "type"], "Unconfined");
    let pod = value!({ "spec": {
        "containers": [(container)], "volumes": [{ "name": "v", "hostPath": { "path": "/" } }]
    } });
    assert_eq!(
        broken(Level::Restricted, None, pod),
        "restricted volume types (volume \"v\" uses restricted volume type \"hostPath\"), \
         seccompProfile (container \"c\" must not set securityContext.seccompProfile.type to \"Unconfined\")"
    );
}

#[test]
fn users_of_its_own_relax_from_1_35_on() {
    let mut container = good_container();
    container.set(&["securityContext", "runAsNonRoot"], false);
    let pod = value!({ "spec": { "hostUsers": false, "containers": [(container)] } });
    assert_eq!(broken(Level::Restricted, Some(35), pod.clone()), "");
    assert_eq!(
        broken(Level::Restricted, Some(34), pod),
        "runAsNonRoot != true (container \"c\" must not set securityContext.runAsNonRoot=false)"
    );
}

#[test]
fn labels_are_read_or_refused() {
    let labels = value!({
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/enforce-version": "v1.25",
        "pod-security.kubernetes.io/warn-version": "1.2",
        "pod-security.kubernetes.io/audit": "none"
    });
    let (policy, errors) = Policy::of(&labels, &Policy::default());
    assert_eq!(policy.enforce.to_string(), "baseline:v1.25");
    assert_eq!(policy.warn.to_string(), "baseline:v1.25");
    assert_eq!(errors.len(), 2);
}
