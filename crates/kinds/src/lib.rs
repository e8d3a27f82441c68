//! The list of kinds: the only one. Discovery, paths, RBAC verbs, tables and garbage collection derive from it.

use kind::{DynKind, TypedKind};

/// Every built-in kind.
pub static KINDS: &[&dyn DynKind] = &[
    &TypedKind(kinds_core::config_map::ConfigMap),
    &TypedKind(kinds_core::pod::Pod),
    &TypedKind(kinds_core::pod_template::PodTemplate),
];
