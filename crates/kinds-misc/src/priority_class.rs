//! PriorityClass.

use api_misc::scheduling::v1;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version};
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

    fn default(&self, object: &mut v1::PriorityClass) {
        object.preemption_policy.get_or_insert_with(|| "PreemptLowerPriority".into());
    }

    fn spec_changed(&self, _new: &v1::PriorityClass, _old: &v1::PriorityClass) -> Option<bool> {
        Some(false)
    }

    fn validate(&self, object: &v1::PriorityClass, errors: &mut FieldErrors) {
        let name = object.metadata.name.as_str();
        if name.starts_with("system-") && !SYSTEM.contains(&(name, object.value)) {
            let metadata = Path::root("metadata");
            let why = "priority class names with 'system-' prefix are reserved for system use only. error: ";
            let known = SYSTEM.iter().find(|(known, _)| *known == name);
            let reason = match known {
                Some((name, value)) => format!("value of {name} PriorityClass must be {value}"),
                None => format!("{name} is not a known system priority class"),
            };
            errors.forbidden(&metadata.child("name"), format!("{why}{reason}"));
        } else if !name.starts_with("system-") && object.value > HIGHEST {
            let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
            errors.forbidden(&Path::root("value"), why);
        }
        match object.preemption_policy.as_deref() {
            None | Some("") => errors.required(&Path::root("preemptionPolicy"), ""),
            Some("PreemptLowerPriority" | "Never") => {}
            Some(other) => {
                errors.not_supported(&Path::root("preemptionPolicy"), other, &["PreemptLowerPriority", "Never"]);
            }
        }
    }

    fn validate_update(&self, new: &v1::PriorityClass, old: &v1::PriorityClass, errors: &mut FieldErrors) {
        if new.value != old.value {
            errors.forbidden(&Path::root("value"), "may not be changed in an update.");
        }
        if new.preemption_policy != old.preemption_policy {
            let policy = new.preemption_policy.as_deref().unwrap_or_default();
            errors.invalid(&Path::root("preemptionPolicy"), policy, "field is immutable");
        }
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

/// Of what users define.
const HIGHEST: i32 = 1_000_000_000;
const SYSTEM: &[(&str, i32)] = &[("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
