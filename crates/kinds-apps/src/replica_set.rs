//! ReplicaSet.

use crate::template;
use api_apps::apps::v1;
use kind::columns::label_selector_text;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct ReplicaSet;

static NAMES: Names = Names {
    group: "apps",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short_names: &["rs"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.apps.v1.ReplicaSet" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::scale(), Subresource::status("ReplicaSet")],
};

static COLUMNS: &[Column<v1::ReplicaSet>] = &[
    Column::NAME,
    Column::integer("Desired", DESIRED_DESCRIPTION, 0, desired),
    Column::integer("Current", CURRENT_DESCRIPTION, 0, current),
    Column::integer("Ready", READY_DESCRIPTION, 0, ready),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const DESIRED_DESCRIPTION: &str = "Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset";
const CURRENT_DESCRIPTION: &str = "Replicas is the most recently observed number of non-terminating pods. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset";
const READY_DESCRIPTION: &str =
    "The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.";
const SELECTOR_DESCRIPTION: &str = "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";

impl Kind for ReplicaSet {
    type Object = v1::ReplicaSet;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ReplicaSet>] {
        COLUMNS
    }
}

fn desired(object: &v1::ReplicaSet, _now: Time) -> Cell {
    Cell::from(object.spec.replicas.unwrap_or_default())
}

fn current(object: &v1::ReplicaSet, _now: Time) -> Cell {
    Cell::from(object.status.replicas)
}

fn ready(object: &v1::ReplicaSet, _now: Time) -> Cell {
    Cell::from(object.status.ready_replicas)
}

fn containers(object: &v1::ReplicaSet, _now: Time) -> Cell {
    template::containers(&object.spec.template)
}

fn images(object: &v1::ReplicaSet, _now: Time) -> Cell {
    template::images(&object.spec.template)
}

fn selector(object: &v1::ReplicaSet, _now: Time) -> Cell {
    Cell::from(label_selector_text(object.spec.selector.as_deref()))
}
