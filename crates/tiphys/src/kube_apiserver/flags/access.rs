//! Who a caller is, what it may do, and what is admitted.

use super::acts;
use crate::pflag::{Flag, Kind::*};

pub static AUTHENTICATION: &[Flag] = &[
    acts("anonymous-auth", Bool, "true", "Let requests without credentials pass as system:anonymous."),
    acts(
        "api-audiences",
        Strings,
        "",
        "Names of this API: tokens must be meant for one of them. Without it, the issuers.",
    ),
    acts("authentication-config", Text, "", "A file with an AuthenticationConfiguration; excludes --oidc-*."),
    acts(
        "authentication-token-webhook-cache-ttl",
        Duration,
        "2m0s",
        "How long answers of the token webhook are remembered.",
    ),
    acts("authentication-token-webhook-config-file", Text, "", "A kubeconfig of the webhook that knows bearer tokens."),
    acts("authentication-token-webhook-version", Text, "v1beta1", "The version of TokenReview that it speaks."),
    acts("client-ca-file", Text, "", "Authorities of client certificates, whose common name is the user."),
    acts(
        "enable-bootstrap-token-auth",
        Bool,
        "false",
        "Let secrets of type bootstrap.kubernetes.io/token authenticate.",
    ),
    acts(
        "oidc-ca-file",
        Text,
        "",
        "Who signs the certificate of the OpenID issuer; without it, the system's authorities.",
    ),
    acts("oidc-client-id", Text, "", "The client that OpenID tokens must be meant for."),
    acts("oidc-groups-claim", Text, "", "The claim that holds the groups."),
    acts("oidc-groups-prefix", Text, "", "What is put before the groups."),
    acts("oidc-issuer-url", Text, "", "The https URL of the OpenID issuer."),
    acts("oidc-required-claim", TextMap, "", "A claim that a token must have, as name=value. May be given again."),
    acts("oidc-signing-algs", Strings, "RS256", "Algorithms of signatures that are taken."),
    acts("oidc-username-claim", Text, "sub", "The claim that is the user's name."),
    acts("oidc-username-prefix", Text, "", "What is put before the name; - for nothing."),
    acts(
        "requestheader-allowed-names",
        Strings,
        "",
        "Common names of client certificates that may say in headers who the user is; empty: any of the authority's.",
    ),
    acts("requestheader-client-ca-file", Text, "", "Who signs those client certificates."),
    acts(
        "requestheader-extra-headers-prefix",
        Strings,
        "",
        "Prefixes of headers with extra attributes; X-Remote-Extra- is suggested.",
    ),
    acts("requestheader-group-headers", Strings, "", "Headers with groups; X-Remote-Group is suggested."),
    acts("requestheader-uid-headers", Strings, "", "Headers with the uid; X-Remote-Uid is suggested."),
    acts("requestheader-username-headers", Strings, "", "Headers with the user's name; X-Remote-User is suggested."),
    acts(
        "service-account-extend-token-expiration",
        Bool,
        "true",
        "Let injected tokens live longer, and tell who still uses them late.",
    ),
    acts(
        "service-account-issuer",
        StringArray,
        "",
        "Who issues tokens of service accounts; the first is written into new ones. May be given again.",
    ),
    acts("service-account-jwks-uri", Text, "", "Where the discovery document says that the keys are."),
    acts(
        "service-account-key-file",
        StringArray,
        "",
        "Keys that verify tokens of service accounts. May be given again.",
    ),
    acts("service-account-lookup", Bool, "true", "Refuse tokens whose secret is gone."),
    acts(
        "service-account-max-token-expiration",
        Duration,
        "0s",
        "The longest that a token may be asked for; 0: no limit.",
    ),
    acts("token-auth-file", Text, "", "A CSV file of static tokens."),
];

pub static AUTHORIZATION: &[Flag] = &[
    acts(
        "authorization-config",
        Text,
        "",
        "A file with an AuthorizationConfiguration; excludes --authorization-mode and --authorization-webhook-*.",
    ),
    acts(
        "authorization-mode",
        Strings,
        "",
        "Who decides, in order: AlwaysAllow, AlwaysDeny, ABAC, Webhook, RBAC, Node. Without it, AlwaysAllow.",
    ),
    acts("authorization-policy-file", Text, "", "The policy of ABAC, an object a line."),
    acts(
        "authorization-webhook-cache-authorized-ttl",
        Duration,
        "5m0s",
        "How long the webhook's consent is remembered.",
    ),
    acts("authorization-webhook-cache-unauthorized-ttl", Duration, "30s", "How long its refusals are."),
    acts("authorization-webhook-config-file", Text, "", "A kubeconfig of the webhook that decides."),
    acts("authorization-webhook-version", Text, "v1beta1", "The version of SubjectAccessReview that it speaks."),
];

pub static ADMISSION: &[Flag] = &[
    acts("admission-control", Strings, "", "Deprecated: all plugins, in order. Use --enable-admission-plugins."),
    acts("admission-control-config-file", Text, "", "A file with an AdmissionConfiguration."),
    acts("default-not-ready-toleration-seconds", Int, "300", "Seconds that pods tolerate a node that is not ready."),
    acts(
        "default-unreachable-toleration-seconds",
        Int,
        "300",
        "Seconds that pods tolerate a node that is not reached.",
    ),
    acts("disable-admission-plugins", Strings, "", "Plugins to turn off although they are on by default."),
    acts("enable-admission-plugins", Strings, "", "Plugins to turn on besides those that are on by default."),
];
