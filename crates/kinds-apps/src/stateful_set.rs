//! StatefulSet.

use crate::template;
use api_apps::apps::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct StatefulSet;

static NAMES: Names = Names {
    group: "apps",
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.apps.v1.StatefulSet" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::scale(), Subresource::status("StatefulSet")],
};

static COLUMNS: &[Column<v1::StatefulSet>] = &[
    Column::NAME,
    Column::string("Ready", "Number of the pod with ready state", 0, ready),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
];

impl Kind for StatefulSet {
    type Object = v1::StatefulSet;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::StatefulSet>] {
        COLUMNS
    }
}

fn ready(object: &v1::StatefulSet, _now: Time) -> Cell {
    Cell::from(format!("{}/{}", object.status.ready_replicas, object.spec.replicas.unwrap_or_default()))
}

fn containers(object: &v1::StatefulSet, _now: Time) -> Cell {
    template::containers(&object.spec.template)
}

fn images(object: &v1::StatefulSet, _now: Time) -> Cell {
    template::images(&object.spec.template)
}
