//! The parameters of operations, under the names that upstream's document shares them by.
//!
//! A parameter that is shared is called by its name there, `limit-1NfNmdNH`; one that is written out, by its own.

use super::definitions::{Dialect, reference};
use schema::{Map, Value, value};

/// Of every operation that reads many.
pub const LIST: &[&str] = &[
    "allowWatchBookmarks-HC2hJt-J",
    "continue-QfD61s0i",
    "fieldSelector-xIcQKXFG",
    "labelSelector-5Zw57w4C",
    "limit-1NfNmdNH",
    "resourceVersion-5WAnf1kx",
    "resourceVersionMatch-t8XhRHeC",
    "sendInitialEvents-rLXlEK_k",
    "shardSelector-Kgyki_3_",
    "timeoutSeconds-yvYezaOC",
    "watch-XNNPZGbK",
];
/// Clients look these up to know whether the server checks fields, and can run a write dry.
pub const WRITE: &[&str] = &["dryRun", "fieldManager-Qy4HdaTW", "fieldValidation"];
pub const PATCH: &[&str] = &["dryRun", "fieldManager-7c6nTn1T", "fieldValidation", "force-tOGGb0Yi"];
pub const DELETE: &[&str] = &[
    "dryRun",
    "gracePeriodSeconds--K5HaBOS",
    "ignoreStoreReadErrorWithClusterBreakingPotential-QbNkfIqj",
    "orphanDependents-uRB25kX5",
    "propagationPolicy-6jk3prlO",
];
/// What deleting many takes of the parameters of a list not.
pub const NOT_OF_DELETE: &[&str] = &["allowWatchBookmarks-HC2hJt-J", "watch-XNNPZGbK"];
pub const PRETTY: &str = "pretty-tJGM1-ng";
pub const NAMESPACE: &str = "namespace-vgWSWtn3";
pub const DELETE_BODY: &str = "body-2Y1dVQaQ";
pub const PATCH_BODY: &str = "body-78PwaGsr";
/// What follows `proxy/`.
pub const REST: &str = "path-z6Ciiujn";

const LOG: &[&str] = &[
    "container-1GeXxFDC",
    "follow-9OIXh_2R",
    "insecureSkipTLSVerifyBackend-gM00jVbe",
    "limitBytes-zwd1RXuc",
    "previous-1jxDPu3y",
    "sinceSeconds-vE2NLdnP",
    "stream-l-48cgXv",
    "tailLines-9xQLWHMV",
    "timestamps-c17fW1w_",
];
const ATTACH: &[&str] = &["container-_Q-EJ3nR", "stderr-26jJhFUR", "stdin-sEFnN3IS", "stdout-005YMKE6", "tty-g7MlET_l"];
const EXEC: &[&str] =
    &["command-Py3eQybp", "container-i5dOmRiM", "stderr-W_1TNlWc", "stdin-PSzNhyUC", "stdout--EZLRwV1", "tty-s0flW37O"];
const INTEGERS: &[&str] =
    &["gracePeriodSeconds", "limit", "limitBytes", "ports", "sinceSeconds", "tailLines", "timeoutSeconds"];
const BOOLEANS: &[&str] = &[
    "allowWatchBookmarks",
    "follow",
    "force",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "insecureSkipTLSVerifyBackend",
    "orphanDependents",
    "previous",
    "sendInitialEvents",
    "stderr",
    "stdin",
    "stdout",
    "timestamps",
    "tty",
    "watch",
];
const PORTS: &str = "ports-91KROJmm";
const POD_PROXY: &str = "path-oPbzgLUj";
const SERVICE_PROXY: &str = "path-QCf0eosM";
const NODE_PROXY: &str = "path-rFDtV0x9";
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// Those of a subresource that streams, by the kind of its options.
pub fn of_stream(kind: &str) -> &'static [&'static str] {
    match kind {
        "PodAttachOptions" => ATTACH,
        "PodExecOptions" => EXEC,
        "PodPortForwardOptions" => &[PORTS],
        "PodProxyOptions" => &[POD_PROXY],
        "ServiceProxyOptions" => &[SERVICE_PROXY],
        "NodeProxyOptions" => &[NODE_PROXY],
        "Pod" => LOG,
        _ => &[],
    }
}

/// The name that a parameter has in requests.
pub fn name(of: &str) -> &str {
    of.split_once('-').map_or(of, |(name, _)| name)
}

/// As an operation or a path has it.
pub fn written(parameter: &str, dialect: Dialect) -> Value {
    match dialect {
        Dialect::V2 if parameter.contains('-') => value!({ "$ref": (format!("#/parameters/{parameter}")) }),
        _ => in_full(parameter, dialect),
    }
}

/// Those that version 2 shares.
pub fn shared() -> Value {
    let mut shared = Map::new();
    let proxies = &[PORTS, POD_PROXY, SERVICE_PROXY, NODE_PROXY, REST][..];
    let common = &[PRETTY, NAMESPACE][..];
    for parameter in [LIST, WRITE, PATCH, DELETE, LOG, ATTACH, EXEC, proxies, common].into_iter().flatten() {
        if parameter.contains('-') {
            shared.insert(*parameter, in_full(parameter, Dialect::V2));
        }
    }
    let delete = reference(&format!("{META}.DeleteOptions"), Dialect::V2);
    shared.insert(DELETE_BODY, value!({ "name": "body", "in": "body", "schema": delete }));
    shared.insert(PATCH_BODY, body(reference(&format!("{META}.Patch"), Dialect::V2)));
    Value::Map(shared)
}

pub fn body(schema: Value) -> Value {
    value!({ "name": "body", "in": "body", "required": true, "schema": schema })
}

fn in_full(parameter: &str, dialect: Dialect) -> Value {
    let name = name(parameter);
    let kind = match name {
        _ if INTEGERS.contains(&name) => "integer",
        _ if BOOLEANS.contains(&name) => "boolean",
        _ => "string",
    };
    let in_path = parameter == "name" || parameter == NAMESPACE || parameter == REST;
    let mut made = value!({ "name": name, "in": (if in_path { "path" } else { "query" }) });
    if in_path {
        made.set(&["required"], true);
    }
    match dialect {
        Dialect::V2 => {
            made.set(&["type"], kind);
            made.set(&["uniqueItems"], true);
        }
        Dialect::V3 => made.set(&["schema"], value!({ "type": kind, "uniqueItems": true })),
    }
    made
}
