//! PriorityClass.

use api_misc::scheduling::v1;
use kind::{Cell, Column, Kind, Names, Scope, Verb, Version};
use schema::Time;

pub struct PriorityClass;

static NAMES: Names = Names {
    group: "scheduling.k8s.io",
    kind: "PriorityClass",
    plural: "priorityclasses",
    singular: "priorityclass",
    short_names: &["pc"],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.scheduling.v1.PriorityClass" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::PriorityClass>] = &[
    Column::NAME,
    Column::integer("Value", VALUE_DESCRIPTION, 0, value),
    Column {
        name: "Global-Default",
        kind: "boolean",
        format: "",
        description: GLOBAL_DEFAULT_DESCRIPTION,
        priority: 0,
        cell: global_default,
    },
    Column::AGE,
    Column::string("PreemptionPolicy", PREEMPTION_POLICY_DESCRIPTION, 0, preemption_policy),
];

const VALUE_DESCRIPTION: &str = "value represents the integer value of this priority class. This is the actual priority that pods receive when they have the name of this class in their pod spec.";
const GLOBAL_DEFAULT_DESCRIPTION: &str = "globalDefault specifies whether this PriorityClass should be considered as the default priority for pods that do not have any priority class. Only one PriorityClass can be marked as `globalDefault`. However, if more than one PriorityClasses exists with their `globalDefault` field set to true, the smallest value of such global default PriorityClasses will be used as the default priority.";
const PREEMPTION_POLICY_DESCRIPTION: &str = "preemptionPolicy is the Policy for preempting pods with lower priority. One of Never, PreemptLowerPriority. Defaults to PreemptLowerPriority if unset.";

impl Kind for PriorityClass {
    type Object = v1::PriorityClass;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PriorityClass>] {
        COLUMNS
    }
}

fn value(object: &v1::PriorityClass, _now: Time) -> Cell {
    Cell::from(object.value)
}

fn global_default(object: &v1::PriorityClass, _now: Time) -> Cell {
    Cell::from(object.global_default)
}

fn preemption_policy(object: &v1::PriorityClass, _now: Time) -> Cell {
    Cell::from(object.preemption_policy.as_deref().unwrap_or_default())
}
