//! What is told of the server: audit, metrics, logs, traces.

use super::{acts, harmless, refused};
use crate::pflag::{Flag, Kind::*};

pub static AUDITING: &[Flag] = &[
    acts("audit-log-batch-buffer-size", Int, "10000", "Events that wait to be written. In batch mode."),
    acts("audit-log-batch-max-size", Int, "1", "Events of one batch. In batch mode."),
    acts("audit-log-batch-max-wait", Duration, "0s", "How long a batch waits to be full. In batch mode."),
    acts("audit-log-batch-throttle-burst", Int, "0", "Batches at one moment. In batch mode."),
    acts("audit-log-batch-throttle-enable", Bool, "false", "Whether batches are slowed down. In batch mode."),
    acts("audit-log-batch-throttle-qps", Float, "0", "Batches a second. In batch mode."),
    acts("audit-log-compress", Bool, "false", "Compress the files that are put aside."),
    acts("audit-log-format", Text, "json", "json or legacy."),
    acts("audit-log-maxage", Int, "0", "Days that files put aside are kept; 0: no limit."),
    acts("audit-log-maxbackup", Int, "0", "How many files put aside are kept; 0: no limit."),
    acts("audit-log-maxsize", Int, "0", "Megabytes at which a file is put aside."),
    acts("audit-log-mode", Text, "blocking", "batch, blocking or blocking-strict."),
    acts("audit-log-path", Text, "", "The file of events; - for standard output."),
    acts("audit-log-truncate-enabled", Bool, "false", "Cut large events and batches."),
    acts("audit-log-truncate-max-batch-size", Int, "10485760", "Bytes of a batch."),
    acts("audit-log-truncate-max-event-size", Int, "102400", "Bytes of an event."),
    harmless("audit-log-version", Text, "audit.k8s.io/v1", "The version of written events, of which there is one."),
    acts("audit-policy-file", Text, "", "The file that says what is recorded."),
    acts("audit-webhook-batch-buffer-size", Int, "10000", "Events that wait to be sent. In batch mode."),
    acts("audit-webhook-batch-max-size", Int, "400", "Events of one batch. In batch mode."),
    acts("audit-webhook-batch-max-wait", Duration, "30s", "How long a batch waits to be full. In batch mode."),
    acts("audit-webhook-batch-throttle-burst", Int, "15", "Batches at one moment. In batch mode."),
    acts("audit-webhook-batch-throttle-enable", Bool, "true", "Whether batches are slowed down. In batch mode."),
    acts("audit-webhook-batch-throttle-qps", Float, "10", "Batches a second. In batch mode."),
    acts("audit-webhook-config-file", Text, "", "A kubeconfig of the webhook that takes events."),
    acts("audit-webhook-initial-backoff", Duration, "10s", "How long to wait after the first failure."),
    acts("audit-webhook-mode", Text, "batch", "batch, blocking or blocking-strict."),
    acts("audit-webhook-truncate-enabled", Bool, "false", "Cut large events and batches."),
    acts("audit-webhook-truncate-max-batch-size", Int, "10485760", "Bytes of a batch."),
    acts("audit-webhook-truncate-max-event-size", Int, "102400", "Bytes of an event."),
    acts("audit-webhook-version", Text, "audit.k8s.io/v1", "The version of sent events."),
];

pub static METRICS: &[Flag] = &[
    harmless("allow-metric-labels", TextMap, "", "Values of labels that metrics may show."),
    harmless("allow-metric-labels-manifest", Text, "", "A file with the same."),
    harmless("disabled-metrics", Strings, "", "Metrics to leave out."),
    harmless("show-hidden-metrics-for-version", Text, "", "The version whose hidden metrics to show."),
];

pub static LOGS: &[Flag] = &[
    harmless(
        "log-flush-frequency",
        Duration,
        "5s",
        "The longest time between flushes of the log, which is never held back.",
    ),
    harmless("log-json-info-buffer-size", Text, "0", "The buffer of messages in JSON."),
    harmless("log-json-split-stream", Bool, "false", "Errors to standard error, the rest to standard output."),
    harmless("log-text-info-buffer-size", Text, "0", "The buffer of messages in text."),
    harmless("log-text-split-stream", Bool, "false", "Errors to standard error, the rest to standard output."),
    harmless("logging-format", Text, "text", "The format of the log: text."),
    acts("v", Level, "0", "How much to log."),
    harmless("vmodule", Strings, "", "How much to log for files by pattern."),
];

pub static TRACES: &[Flag] = &[refused("tracing-config-file", Text, "", "How traces are sent.")];
