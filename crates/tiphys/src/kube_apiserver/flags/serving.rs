//! The server itself: its address, its certificates, how much it does at once, and the rest.

use super::{acts, harmless, refused};
use crate::pflag::{Flag, Kind::*};

pub static GENERIC: &[Flag] = &[
    acts(
        "advertise-address",
        Ip,
        "",
        "The address at which members of the cluster reach this server. Without it, the bind address; if that is unspecified, the machine's first.",
    ),
    refused("cors-allowed-origins", Strings, "", "Origins that browsers may call from, as regular expressions."),
    harmless("emulated-version", Strings, "", "The versions whose behaviour to keep, as component=version."),
    harmless("emulation-forward-compatible", Bool, "false", "Serve newer APIs beside the emulated version's."),
    harmless("external-hostname", Text, "", "The host name in addresses that this server tells of itself."),
    acts("feature-gates", BoolMap, "", "Features to turn on or off, as name=true|false."),
    acts(
        "goaway-chance",
        Float,
        "0",
        "The part of HTTP/2 requests (0 to 0.02) whose connection is asked to close, so that clients spread.",
    ),
    harmless("livez-grace-period", Duration, "0s", "How long checks that are still starting count as good for /livez."),
    acts(
        "max-mutating-requests-inflight",
        Int,
        "200",
        "Writes at once, where priority and fairness is off; part of its capacity, where it is on.",
    ),
    acts(
        "max-requests-inflight",
        Int,
        "400",
        "Reads at once, where priority and fairness is off; part of its capacity, where it is on.",
    ),
    harmless(
        "min-compatibility-version",
        Strings,
        "",
        "The oldest versions to stay compatible with, as component=version.",
    ),
    acts("min-request-timeout", Int, "1800", "The least number of seconds that a watch without a timeout lasts."),
    acts("request-timeout", Duration, "1m0s", "How long a request may take that is no watch and no stream."),
    harmless(
        "runtime-config-emulation-forward-compatible",
        Bool,
        "false",
        "Allow newer APIs in --runtime-config beside the emulated version's.",
    ),
    acts("shutdown-delay-duration", Duration, "0s", "How long to go on serving, not ready, after the signal to stop."),
    acts("shutdown-send-retry-after", Bool, "false", "Answer new requests with 429 while draining."),
    acts("shutdown-watch-termination-grace-period", Duration, "0s", "How long watches may take to end while draining."),
    harmless(
        "storage-initialization-timeout",
        Duration,
        "1m0s",
        "How long the first lists of the caches may take before the server counts as ready.",
    ),
    refused("strict-transport-security-directives", Strings, "", "Directives of the Strict-Transport-Security header."),
];

pub static SECURE_SERVING: &[Flag] = &[
    acts("bind-address", Ip, "0.0.0.0", "The address to listen on."),
    acts("cert-dir", Text, "/var/run/kubernetes", "Where a certificate is made, if none is given."),
    acts("disable-http2-serving", Bool, "false", "Serve HTTP/1.1 only."),
    acts("http2-max-streams-per-connection", Int, "0", "Streams that one HTTP/2 connection may have open: 250."),
    harmless("permit-address-sharing", Bool, "false", "Set SO_REUSEADDR, which is always set here."),
    acts("permit-port-sharing", Bool, "false", "Set SO_REUSEPORT, so that several processes may listen on the port."),
    acts("secure-port", Int, "6443", "The port to listen on."),
    acts("tls-cert-file", Text, "", "The certificate to serve with, followed by those of its issuers."),
    acts(
        "tls-cipher-suites",
        Strings,
        "",
        "The cipher suites of TLS 1.2 that are allowed; those of TLS 1.3 always are.",
    ),
    harmless("tls-curve-preferences", Strings, "", "Curves of the key exchange, in order."),
    acts("tls-min-version", Text, "", "The oldest version of TLS: VersionTLS12 or VersionTLS13."),
    acts("tls-private-key-file", Text, "", "The key of --tls-cert-file."),
    acts(
        "tls-sni-cert-key",
        StringArray,
        "",
        "A certificate and its key, and optionally names to show it for: cert.crt,cert.key[:name,...]. May be given again.",
    ),
];

pub static FEATURES: &[Flag] = &[
    harmless("contention-profiling", Bool, "false", "Profile how locks are waited for."),
    refused("debug-socket-path", Text, "", "A socket for profiles without authentication."),
    acts(
        "enable-priority-and-fairness",
        Bool,
        "true",
        "Queue requests fairly; without it, only the numbers of reads and writes at once are limited.",
    ),
    harmless("profiling", Bool, "true", "Serve Go's profiles, which there are none of."),
];

pub static EGRESS_SELECTOR: &[Flag] =
    &[refused("egress-selector-config-file", Text, "", "How connections to nodes, etcd and the control plane leave.")];

pub static MISC: &[Flag] = &[
    harmless(
        "aggregator-reject-forwarding-redirect",
        Bool,
        "true",
        "Refuse redirects of aggregated servers instead of passing them on.",
    ),
    acts("allow-privileged", Bool, "false", "Allow privileged containers."),
    harmless("apiserver-count", Int, "1", "How many servers there are, for --endpoint-reconciler-type=master-count."),
    harmless(
        "coordinated-leadership-lease-duration",
        Duration,
        "15s",
        "How long leases of coordinated leadership last.",
    ),
    harmless("coordinated-leadership-renew-deadline", Duration, "10s", "How long their leaders try to renew them."),
    harmless("coordinated-leadership-retry-period", Duration, "2s", "How long to wait between tries."),
    acts(
        "enable-aggregator-routing",
        Bool,
        "false",
        "Send requests for aggregated servers to endpoints instead of the service's address.",
    ),
    acts(
        "endpoint-reconciler-type",
        Text,
        "lease",
        "How the servers keep the endpoints of the Service kubernetes: lease, master-count or none.",
    ),
    harmless("identity-lease-duration-seconds", Int, "3600", "How long the lease that tells of this server lasts."),
    harmless("identity-lease-renew-interval-seconds", Int, "10", "How often it is renewed."),
    acts(
        "kubelet-certificate-authority",
        Text,
        "",
        "Who signs the kubelets' serving certificates; without it they are not verified.",
    ),
    acts("kubelet-client-certificate", Text, "", "The certificate to show to kubelets."),
    acts("kubelet-client-key", Text, "", "Its key."),
    harmless("kubelet-port", Int, "10250", "Deprecated: the port of kubelets whose node does not tell it."),
    acts(
        "kubelet-preferred-address-types",
        Strings,
        "Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP",
        "Which of a node's addresses to call, in order.",
    ),
    harmless("kubelet-read-only-port", Int, "10255", "Deprecated: no port without authentication is used."),
    harmless("kubelet-timeout", Duration, "5s", "How long a call of a kubelet may take to begin."),
    acts("kubernetes-service-node-port", Int, "0", "The node port of the Service kubernetes; 0: it has none."),
    harmless("max-connection-bytes-per-sec", Int, "0", "Bytes a second that streams of a user may take."),
    harmless("peer-advertise-ip", Text, "", "The address at which other servers reach this one."),
    harmless("peer-advertise-port", Text, "", "The port at which they do."),
    harmless("peer-ca-file", Text, "", "Who signs the other servers' certificates."),
    acts(
        "proxy-client-cert-file",
        Text,
        "",
        "The certificate that proves this server to aggregated ones and to webhooks.",
    ),
    acts("proxy-client-key-file", Text, "", "Its key."),
    refused(
        "service-account-signing-endpoint",
        Text,
        "",
        "The socket of a program that signs tokens of service accounts.",
    ),
    acts("service-account-signing-key-file", Text, "", "The key that signs tokens of service accounts."),
    acts(
        "service-cluster-ip-range",
        Text,
        "",
        "The range that Services get their addresses from, or one of each family, comma-separated. Without it, 10.0.0.0/24.",
    ),
    acts("service-node-port-range", PortRange, "30000-32767", "The node ports that Services get."),
];
