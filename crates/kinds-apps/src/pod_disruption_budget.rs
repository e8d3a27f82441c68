//! PodDisruptionBudget.

use api_apps::policy::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct PodDisruptionBudget;

static NAMES: Names = Names {
    group: "policy",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short_names: &["pdb"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.policy.v1.PodDisruptionBudget" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("PodDisruptionBudget")],
};

static COLUMNS: &[Column<v1::PodDisruptionBudget>] = &[
    Column::NAME,
    Column::string("Min Available", "The minimum number of pods that must be available.", 0, min_available),
    Column::string("Max Unavailable", "The maximum number of pods that may be unavailable.", 0, max_unavailable),
    Column::integer(
        "Allowed Disruptions",
        "Calculated number of pods that may be disrupted at this time.",
        0,
        allowed_disruptions,
    ),
    Column::AGE,
];

impl Kind for PodDisruptionBudget {
    type Object = v1::PodDisruptionBudget;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PodDisruptionBudget>] {
        COLUMNS
    }
}

fn min_available(object: &v1::PodDisruptionBudget, _now: Time) -> Cell {
    Cell::from(object.spec.min_available.as_ref().map_or_else(|| "N/A".to_owned(), ToString::to_string))
}

fn max_unavailable(object: &v1::PodDisruptionBudget, _now: Time) -> Cell {
    Cell::from(object.spec.max_unavailable.as_ref().map_or_else(|| "N/A".to_owned(), ToString::to_string))
}

fn allowed_disruptions(object: &v1::PodDisruptionBudget, _now: Time) -> Cell {
    Cell::from(object.status.disruptions_allowed)
}
