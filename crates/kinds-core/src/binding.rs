//! Binding: a scheduler's decision about a pod. Never stored; the API server writes it into the pod.

use kind::{Names, Scope, Verb, Version, VirtualKind};

pub static BINDING: VirtualKind = VirtualKind(&NAMES, &[]);

static NAMES: Names = Names {
    group: "",
    kind: "Binding",
    plural: "bindings",
    singular: "binding",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.Binding" }],
    verbs: Verb::CREATE,
    subresources: &[],
};
