//! Every flag of upstream's kube-apiserver v1.36, by its sections: the only list, from which parsing, defaults and help come.

mod access;
mod auditing;
mod serving;
mod storage;

use crate::pflag::{Effect, Flag, Kind, Sections};

pub static SECTIONS: Sections = &[
    ("Generic", serving::GENERIC),
    ("Etcd", storage::ETCD),
    ("Secure serving", serving::SECURE_SERVING),
    ("Auditing", auditing::AUDITING),
    ("Features", serving::FEATURES),
    ("Authentication", access::AUTHENTICATION),
    ("Authorization", access::AUTHORIZATION),
    ("API enablement", storage::API_ENABLEMENT),
    ("Egress selector", serving::EGRESS_SELECTOR),
    ("Admission", access::ADMISSION),
    ("Metrics", auditing::METRICS),
    ("Logs", auditing::LOGS),
    ("Traces", auditing::TRACES),
    ("Misc", serving::MISC),
];

const fn acts(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
    Flag { name, kind, default, help, effect: Effect::Acts }
}

const fn harmless(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
    Flag { name, kind, default, help, effect: Effect::Harmless }
}

const fn refused(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
    Flag { name, kind, default, help, effect: Effect::Refused }
}
