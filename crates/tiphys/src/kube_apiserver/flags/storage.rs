//! Where objects are kept, and which kinds are served.

use super::{acts, harmless, refused};
use crate::pflag::{Flag, Kind::*};

pub static ETCD: &[Flag] = &[
    harmless("delete-collection-workers", Int, "1", "Deletions at once of one DELETE of a collection."),
    harmless("enable-garbage-collector", Bool, "true", "Must be what the controller manager has."),
    acts("encryption-provider-config", Text, "", "The file that says how stored objects are encrypted."),
    acts("encryption-provider-config-automatic-reload", Bool, "false", "Read that file again when it changes."),
    acts("etcd-cafile", Text, "", "Who signs the certificates of etcd."),
    acts("etcd-certfile", Text, "", "The certificate to show to etcd."),
    acts("etcd-compaction-interval", Duration, "5m0s", "How often history is forgotten; 0: never."),
    acts("etcd-count-metric-poll-period", Duration, "1m0s", "How often objects are counted for the metrics; 0: never."),
    harmless("etcd-db-metric-poll-interval", Duration, "30s", "How often the size of etcd is asked for."),
    acts("etcd-healthcheck-timeout", Duration, "2s", "How long etcd may take to answer the health check."),
    acts("etcd-keyfile", Text, "", "The key of --etcd-certfile."),
    acts("etcd-prefix", Text, "/registry", "What stands before every key."),
    acts("etcd-readycheck-timeout", Duration, "2s", "How long etcd may take to answer the readiness check."),
    acts("etcd-servers", Strings, "", "The members of etcd, as scheme://host:port, comma-separated."),
    refused(
        "etcd-servers-overrides",
        Strings,
        "",
        "Other members for some resources, as group/resource#server;server.",
    ),
    acts("event-ttl", Duration, "1h0m0s", "How long events are kept."),
    harmless("lease-reuse-duration-seconds", Int, "60", "How long one lease is given to many keys."),
    acts("storage-backend", Text, "", "etcd3, which is the only one."),
    harmless(
        "storage-media-type",
        Text,
        "application/vnd.kubernetes.protobuf",
        "How built-in objects are stored. All forms are read.",
    ),
    harmless("watch-cache", Bool, "true", "Serve reads and watches from memory, which is always done."),
    harmless("watch-cache-sizes", Strings, "", "Sizes of the caches, which find theirs themselves."),
];

pub static API_ENABLEMENT: &[Flag] = &[acts(
    "runtime-config",
    TextMap,
    "",
    "Versions and resources to serve or not: group/version=true|false, group/version/resource=..., api/all=..., api/ga=..., api/beta=..., api/alpha=....",
)];
