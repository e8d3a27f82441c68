use super::*;
use crate::pflag::{Effect, Flag, Kind};
use std::time::Duration;

/// The arguments of a static pod that kubeadm writes.
const KUBEADM: &str = "--advertise-address=192.0.2.10 --allow-privileged=true --authorization-mode=Node,RBAC \
    --client-ca-file=/etc/kubernetes/pki/ca.crt --enable-admission-plugins=NodeRestriction \
    --enable-bootstrap-token-auth=true --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt \
    --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt \
    --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key --etcd-servers=https://127.0.0.1:2379 \
    --kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt \
    --kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key \
    --kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname \
    --proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt \
    --proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key \
    --requestheader-allowed-names=front-proxy-client \
    --requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group \
    --requestheader-username-headers=X-Remote-User --secure-port=6443 \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file=/etc/kubernetes/pki/sa.pub \
    --service-account-signing-key-file=/etc/kubernetes/pki/sa.key \
    --service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112 --tls-cert-file=/etc/kubernetes/pki/apiserver.crt \
    --tls-private-key-file=/etc/kubernetes/pki/apiserver.key";

fn parse(line: &str) -> Flags {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    Flags::parse(NAME, flags::SECTIONS, &arguments).unwrap()
}

fn all() -> impl Iterator<Item = &'static Flag> {
    flags::SECTIONS.iter().flat_map(|(_, flags)| flags.iter())
}

#[test]
fn what_kubeadm_writes_is_understood() {
    let flags = parse(KUBEADM);
    checks::check(&flags).unwrap();
    let config = settings::config(&flags).unwrap();
    assert_eq!(config.advertise_address.to_string(), "192.0.2.10");
    assert_eq!(config.authorization.modes, ["Node", "RBAC"]);
    assert_eq!(config.services.cluster_ip_ranges, ["10.96.0.0/16", "fd00:10:96::/112"]);
    assert_eq!(config.kubelets.preferred_address_types, ["InternalIP", "ExternalIP", "Hostname"]);
    assert_eq!(config.authentication.request_header.username_headers, ["X-Remote-User"]);
    assert!(config.authentication.enable_bootstrap_token_auth && config.allow_privileged && !config.own_authority);
    assert!(config.etcd.shared() && config.etcd.cafile.is_some());
    assert_eq!(config.flow.min_request_timeout, Duration::from_secs(1800));
}

#[test]
fn every_flag_is_listed_once_and_its_default_parses() {
    let mut names: Vec<&str> = all().map(|flag| flag.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for flag in all().filter(|flag| !flag.default.is_empty() && flag.kind != Kind::Level) {
        let argument = format!("--{}={}", flag.name, flag.default);
        let parsed = Flags::parse(NAME, flags::SECTIONS, std::slice::from_ref(&argument));
        assert!(parsed.is_ok(), "{argument}: {parsed:?}");
    }
    assert!(all().any(|flag| flag.effect == Effect::Refused));
}

#[test]
fn what_does_not_fit_together_is_told_at_once() {
    let told = |line: &str| checks::check(&parse(line)).unwrap_err().to_string();
    assert_eq!(
        told(""),
        "[--etcd-servers must be specified, service-account-issuer is a required flag, \
         --service-account-signing-key-file and --service-account-issuer are required flags]"
    );
    for (more, wanted) in [
        ("--authorization-mode=Nope", "authorization-mode \"Nope\" is not a valid mode"),
        ("--authorization-mode=Webhook", "authorization-mode Webhook's authorization config file not passed"),
        ("--tls-cert-file=", "--tls-cert-file and --tls-private-key-file must be specified together"),
        ("--secure-port=0", "--secure-port 0 must be between 1 and 65535, inclusive. It cannot be turned off with 0"),
        ("--goaway-chance=0.5", "--goaway-chance can not be less than 0 or greater than 0.02"),
        ("--tls-min-version=1.2", "unknown tls version \"1.2\""),
        ("--tls-cipher-suites=NOPE", "Cipher suite NOPE not supported or doesn't exist"),
        (
            "--service-cluster-ip-range=10.0.0.0/16,10.1.0.0/16",
            "--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family",
        ),
        ("--audit-log-mode=x", "invalid audit log mode x, allowed modes are \"batch,blocking,blocking-strict\""),
    ] {
        assert_eq!(told(&format!("{KUBEADM} {more}")), wanted);
    }
}

#[test]
fn help_has_every_flag() {
    let text = pflag::usage(NAME, ABOUT, flags::SECTIONS);
    all().filter(|flag| flag.name != "v").for_each(|flag| assert!(text.contains(&format!("      --{}", flag.name))));
    assert!(text.contains("Secure serving flags:") && text.contains("(default 1m0s)"));
}
