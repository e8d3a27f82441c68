//! What no single flag can be wrong about alone. All problems are told at once, in upstream's words.

use crate::pflag::Flags;
use std::net::IpAddr;

/// What is wrong with flags together; several are shown as Go shows a list of errors.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", shown(.0))]
pub struct Problems(pub Vec<String>);

const MODES: &[&str] = &["AlwaysAllow", "AlwaysDeny", "ABAC", "Webhook", "RBAC", "Node"];
const AUDIT_MODES: &[&str] = &["batch", "blocking", "blocking-strict"];
const MAX_GOAWAY_CHANCE: f64 = 0.02;
/// Ranges with more addresses than this are refused.
const MAX_RANGE_BITS: u32 = 20;
const MAX_RANGE_BITS_6: u32 = 64;

pub fn check(flags: &Flags) -> Result<(), Problems> {
    let mut problems = Vec::new();
    etcd(flags, &mut problems);
    serving(flags, &mut problems);
    authentication(flags, &mut problems);
    authorization(flags, &mut problems);
    others(flags, &mut problems);
    ranges(flags, &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn etcd(flags: &Flags, problems: &mut Vec<String>) {
    if flags.list("etcd-servers").is_empty() {
        problems.push("--etcd-servers must be specified".into());
    }
    if !matches!(flags.text("storage-backend").as_str(), "" | "etcd3") {
        let allowed = "--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'";
        problems.push(allowed.into());
    }
    if flags.is_true("encryption-provider-config-automatic-reload")
        && flags.path("encryption-provider-config").is_none()
    {
        problems
            .push("--encryption-provider-config-automatic-reload must be set with --encryption-provider-config".into());
    }
}

fn serving(flags: &Flags, problems: &mut Vec<String>) {
    let port = flags.number::<i64>("secure-port");
    if !(1..=65535).contains(&port) {
        problems.push(format!(
            "--secure-port {port} must be between 1 and 65535, inclusive. It cannot be turned off with 0"
        ));
    }
    for (certificate, key) in [
        ("tls-cert-file", "tls-private-key-file"),
        ("proxy-client-cert-file", "proxy-client-key-file"),
        ("kubelet-client-certificate", "kubelet-client-key"),
        ("etcd-certfile", "etcd-keyfile"),
    ] {
        if flags.path(certificate).is_some() != flags.path(key).is_some() {
            problems.push(format!("--{certificate} and --{key} must be specified together"));
        }
    }
    let version = flags.text("tls-min-version");
    if !matches!(version.as_str(), "" | "VersionTLS10" | "VersionTLS11" | "VersionTLS12" | "VersionTLS13") {
        problems.push(format!("unknown tls version {version:?}"));
    }
    problems.extend(serve::tls::unknown_cipher_suites(&flags.list("tls-cipher-suites")));
    if !(0.0..=MAX_GOAWAY_CHANCE).contains(&flags.float("goaway-chance")) {
        problems.push("--goaway-chance can not be less than 0 or greater than 0.02".into());
    }
}

fn authentication(flags: &Flags, problems: &mut Vec<String>) {
    if flags.list("service-account-issuer").is_empty() {
        problems.push("service-account-issuer is a required flag".into());
    }
    if flags.path("service-account-signing-key-file").is_none() {
        problems.push("--service-account-signing-key-file and --service-account-issuer are required flags".into());
    }
    let oidc = ["oidc-issuer-url", "oidc-client-id"];
    if flags.text(oidc[0]).is_empty() != flags.text(oidc[1]).is_empty() {
        problems
            .push("oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set".into());
    }
    if flags.path("authentication-config").is_some() && oidc.iter().any(|name| flags.is_given(name)) {
        problems.push("authentication-config file and oidc-* flags are mutually exclusive".into());
    }
    if flags.path("requestheader-client-ca-file").is_some() && flags.list("requestheader-username-headers").is_empty() {
        problems.push("requestheader-username-headers must be set".into());
    }
}

fn authorization(flags: &Flags, problems: &mut Vec<String>) {
    let modes = flags.list("authorization-mode");
    if flags.path("authorization-config").is_some() {
        if flags.is_given("authorization-mode") {
            problems.push("--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined".into());
        }
        return;
    }
    for (index, mode) in modes.iter().enumerate() {
        if !MODES.contains(&mode.as_str()) {
            problems.push(format!("authorization-mode {mode:?} is not a valid mode"));
        } else if modes[..index].contains(mode) {
            problems.push(format!("authorization-mode {modes:?} has mode specified more than once"));
        }
    }
    let has = |mode: &str| modes.iter().any(|have| have == mode);
    for (mode, flag, what) in [
        ("ABAC", "authorization-policy-file", "authorization policy file"),
        ("Webhook", "authorization-webhook-config-file", "authorization config file"),
    ] {
        match (has(mode), flags.path(flag).is_some()) {
            (true, false) => problems.push(format!("authorization-mode {mode}'s {what} not passed")),
            (false, true) => problems.push(format!("cannot specify --{flag} without mode {mode}")),
            _ => {}
        }
    }
}

fn others(flags: &Flags, problems: &mut Vec<String>) {
    for backend in ["log", "webhook"] {
        let mode = flags.text(&format!("audit-{backend}-mode"));
        if !AUDIT_MODES.contains(&mode.as_str()) {
            let allowed = AUDIT_MODES.join(",");
            problems.push(format!("invalid audit {backend} mode {mode}, allowed modes are {allowed:?}"));
        }
    }
    let format = flags.text("audit-log-format");
    if !matches!(format.as_str(), "json" | "legacy") {
        problems.push(format!("invalid audit log format {format}, allowed formats are \"legacy,json\""));
    }
    let format = flags.text("logging-format");
    if format != "text" {
        problems.push(format!("logging.format: Invalid value: {format:?}: Unsupported log format"));
    }
    let reconciler = flags.text("endpoint-reconciler-type");
    if !matches!(reconciler.as_str(), "lease" | "master-count" | "none") {
        problems.push(format!("invalid endpoint reconciler type: {reconciler}"));
    }
    if !flags.list("admission-control").is_empty()
        && (flags.is_given("enable-admission-plugins") || flags.is_given("disable-admission-plugins"))
    {
        problems.push(
            "admission-control and enable-admission-plugins/disable-admission-plugins flags are mutually exclusive"
                .into(),
        );
    }
}

fn ranges(flags: &Flags, problems: &mut Vec<String>) {
    let text = flags.text("service-cluster-ip-range");
    let ranges: Vec<&str> = text.split(',').map(str::trim).filter(|range| !range.is_empty()).collect();
    if ranges.len() > 2 {
        problems.push("--service-cluster-ip-range must not contain more than two entries".into());
    }
    let mut families = Vec::new();
    for (index, range) in ranges.iter().take(2).enumerate() {
        let which = if index == 0 { "primary" } else { "secondary" };
        let parsed = range
            .split_once('/')
            .and_then(|(address, bits)| Some((address.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?)));
        let Some((address, bits)) = parsed.filter(|(address, bits)| *bits <= if address.is_ipv4() { 32 } else { 128 })
        else {
            problems.push(format!("service-cluster-ip-range[{which}] is not a valid cidr"));
            continue;
        };
        families.push(address.is_ipv4());
        let (size, most) = if address.is_ipv4() { (32 - bits, MAX_RANGE_BITS) } else { (128 - bits, MAX_RANGE_BITS_6) };
        if size > most {
            let (width, least) = if address.is_ipv4() { (32, 32 - most) } else { (128, 128 - most) };
            problems.push(format!(
                "specified --service-cluster-ip-range[{which}] is too large; for {width}-bit addresses, the mask must be >= {least}"
            ));
        }
    }
    if families.len() == 2 && families[0] == families[1] {
        problems.push(
            "--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family".into(),
        );
    }
}

fn shown(problems: &[String]) -> String {
    match problems {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}
