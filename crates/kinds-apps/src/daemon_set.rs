//! DaemonSet.

use crate::template;
use api_apps::apps::v1;
use kind::columns::{label_selector_text, labels_text};
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct DaemonSet;

static NAMES: Names = Names {
    group: "apps",
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short_names: &["ds"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.apps.v1.DaemonSet" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("DaemonSet")],
};

static COLUMNS: &[Column<v1::DaemonSet>] = &[
    Column::NAME,
    Column::integer("Desired", DESIRED_DESCRIPTION, 0, desired),
    Column::integer("Current", CURRENT_DESCRIPTION, 0, current),
    Column::integer("Ready", READY_DESCRIPTION, 0, ready),
    Column::integer("Up-to-date", "The total number of nodes that are running updated daemon pod", 0, up_to_date),
    Column::integer("Available", AVAILABLE_DESCRIPTION, 0, available),
    Column::string("Node Selector", NODE_SELECTOR_DESCRIPTION, 0, node_selector),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const DESIRED_DESCRIPTION: &str = "The total number of nodes that should be running the daemon pod (including nodes correctly running the daemon pod). More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/";
const CURRENT_DESCRIPTION: &str = "The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon pod. More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/";
const READY_DESCRIPTION: &str = "numberReady is the number of nodes that should be running the daemon pod and have one or more of the daemon pod running with a Ready Condition.";
const AVAILABLE_DESCRIPTION: &str = "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available (ready for at least spec.minReadySeconds)";
const NODE_SELECTOR_DESCRIPTION: &str = "NodeSelector is a selector which must be true for the pod to fit on a node. Selector which must match a node's labels for the pod to be scheduled on that node. More info: https://kubernetes.io/docs/concepts/configuration/assign-pod-node/";
const SELECTOR_DESCRIPTION: &str = "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";

impl Kind for DaemonSet {
    type Object = v1::DaemonSet;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::DaemonSet>] {
        COLUMNS
    }
}

fn desired(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(object.status.desired_number_scheduled)
}

fn current(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(object.status.current_number_scheduled)
}

fn ready(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(object.status.number_ready)
}

fn up_to_date(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(object.status.updated_number_scheduled)
}

fn available(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(object.status.number_available)
}

fn node_selector(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(labels_text(&object.spec.template.spec.node_selector))
}

fn containers(object: &v1::DaemonSet, _now: Time) -> Cell {
    template::containers(&object.spec.template)
}

fn images(object: &v1::DaemonSet, _now: Time) -> Cell {
    template::images(&object.spec.template)
}

fn selector(object: &v1::DaemonSet, _now: Time) -> Cell {
    Cell::from(label_selector_text(object.spec.selector.as_deref()))
}
