//! NetworkPolicy.

use api_misc::networking::v1;
use kind::columns::label_selector_text;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct NetworkPolicy;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short_names: &["netpol"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.NetworkPolicy" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::NetworkPolicy>] =
    &[Column::NAME, Column::string("Pod-Selector", POD_SELECTOR_DESCRIPTION, 0, pod_selector), Column::AGE];

const POD_SELECTOR_DESCRIPTION: &str = "podSelector selects the pods to which this NetworkPolicy object applies. The array of rules is applied to any pods selected by this field. An empty selector matches all pods in the policy's namespace. Multiple network policies can select the same set of pods. In this case, the ingress rules for each are combined additively. This field is optional. If it is not specified, it defaults to an empty selector.";

impl Kind for NetworkPolicy {
    type Object = v1::NetworkPolicy;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::NetworkPolicy>] {
        COLUMNS
    }
}

fn pod_selector(object: &v1::NetworkPolicy, _now: Time) -> Cell {
    Cell::from(label_selector_text(Some(&object.spec.pod_selector)))
}
