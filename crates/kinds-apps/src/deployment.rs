//! Deployment.

use crate::template;
use api_apps::apps::v1;
use kind::columns::label_selector_text;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct Deployment;

static NAMES: Names = Names {
    group: "apps",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.apps.v1.Deployment" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::scale(), Subresource::status("Deployment")],
};

static COLUMNS: &[Column<v1::Deployment>] = &[
    Column::NAME,
    Column::string("Ready", "Number of the pod with ready state", 0, ready),
    Column::string("Up-to-date", UP_TO_DATE_DESCRIPTION, 0, up_to_date),
    Column::string("Available", AVAILABLE_DESCRIPTION, 0, available),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const UP_TO_DATE_DESCRIPTION: &str =
    "Total number of non-terminating pods targeted by this deployment that have the desired template spec.";
const AVAILABLE_DESCRIPTION: &str =
    "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.";
const SELECTOR_DESCRIPTION: &str = "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.";

impl Kind for Deployment {
    type Object = v1::Deployment;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Deployment>] {
        COLUMNS
    }
}

fn ready(object: &v1::Deployment, _now: Time) -> Cell {
    Cell::from(format!("{}/{}", object.status.ready_replicas, object.spec.replicas.unwrap_or_default()))
}

fn up_to_date(object: &v1::Deployment, _now: Time) -> Cell {
    Cell::from(object.status.updated_replicas)
}

fn available(object: &v1::Deployment, _now: Time) -> Cell {
    Cell::from(object.status.available_replicas)
}

fn containers(object: &v1::Deployment, _now: Time) -> Cell {
    template::containers(&object.spec.template)
}

fn images(object: &v1::Deployment, _now: Time) -> Cell {
    template::images(&object.spec.template)
}

fn selector(object: &v1::Deployment, _now: Time) -> Cell {
    Cell::from(label_selector_text(object.spec.selector.as_deref()))
}
