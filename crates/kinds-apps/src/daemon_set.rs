//! DaemonSet.

use crate::amounts;
use crate::template;
use api_apps::apps::v1;
use kind::columns::{label_selector_text, labels_text};
use kind::field::{Bare, quoted};
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Subresource, Verb, Version, validate};
use kinds_core::pod_spec;
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

    fn default(&self, object: &mut v1::DaemonSet) {
        let strategy = &mut object.spec.update_strategy;
        if strategy.type_.is_empty() {
            strategy.type_ = "RollingUpdate".into();
        }
        if strategy.type_ == "RollingUpdate" {
            let rolling = strategy.rolling_update.get_or_insert_default();
            rolling.max_unavailable.get_or_insert_with(|| 1.into());
            rolling.max_surge.get_or_insert_with(|| 0.into());
        }
        object.spec.revision_history_limit.get_or_insert(10);
        pod_spec::default_template(&mut object.spec.template);
        // What a client sends without it is decoded with it, so that the client owns it.
        set_template_generation(object, template_generation(object));
    }

    fn prepare_create(&self, object: &mut v1::DaemonSet, _context: &Context) {
        object.status = Default::default();
        set_template_generation(object, template_generation(object).max(1));
    }

    fn prepare_update(&self, new: &mut v1::DaemonSet, old: &v1::DaemonSet, _context: &Context) {
        new.status = old.status.clone();
        let changed = i64::from(new.spec.template != old.spec.template);
        set_template_generation(new, template_generation(old) + changed);
    }

    fn prepare_subresource(&self, new: &mut v1::DaemonSet, old: &v1::DaemonSet, _context: &Context) {
        new.spec = old.spec.clone();
        set_template_generation(new, template_generation(old));
    }

    fn internal_annotations(&self) -> &'static [&'static str] {
        &[TEMPLATE_GENERATION]
    }

    fn spec_changed(&self, new: &v1::DaemonSet, old: &v1::DaemonSet) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v1::DaemonSet, errors: &mut FieldErrors) {
        validate_spec(&object.spec, None, errors);
    }

    fn validate_update(&self, new: &v1::DaemonSet, old: &v1::DaemonSet, errors: &mut FieldErrors) {
        validate_spec(&new.spec, Some(&old.spec), errors);
        template::validate_same_selector(new.spec.selector.as_deref(), old.spec.selector.as_deref(), errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::DaemonSet,
        old: &v1::DaemonSet,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = &new.status;
        let counts = [
            ("currentNumberScheduled", i64::from(status.current_number_scheduled)),
            ("numberMisscheduled", i64::from(status.number_misscheduled)),
            ("desiredNumberScheduled", i64::from(status.desired_number_scheduled)),
            ("numberReady", i64::from(status.number_ready)),
            ("observedGeneration", status.observed_generation),
            ("updatedNumberScheduled", i64::from(status.updated_number_scheduled)),
            ("numberAvailable", i64::from(status.number_available)),
            ("numberUnavailable", i64::from(status.number_unavailable)),
        ];
        amounts::validate_counts(&counts, errors);
        amounts::validate_collisions(status.collision_count, old.status.collision_count, errors);
    }

    fn warnings(&self, new: &v1::DaemonSet, old: Option<&v1::DaemonSet>) -> Vec<String> {
        let (spec, old) = (Path::root("spec"), old.map(|old| &old.spec.template));
        pod_spec::template_warnings(&new.spec.template, &spec.child("template"), old)
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

/// Counts the changes of the template; upstream's internal field travels as this annotation.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn template_generation(object: &v1::DaemonSet) -> i64 {
    object.metadata.annotations.get(TEMPLATE_GENERATION).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn set_template_generation(object: &mut v1::DaemonSet, generation: i64) {
    object.metadata.annotations.insert(TEMPLATE_GENERATION.into(), generation.to_string());
}

fn validate_spec(spec: &v1::DaemonSetSpec, old: Option<&v1::DaemonSetSpec>, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    let selector = spec.selector.as_deref();
    if let Some(selector) = selector {
        validate::label_selector(selector, false, &path.child("selector"), errors);
        template::validate_not_empty(selector, "daemonset", errors);
    }
    if template::is_applicable(selector) {
        template::validate_selected(selector, &spec.template, errors);
    }
    template::validate_lasting(&spec.template, old.map(|old| &old.template), "DaemonSet", errors);
    template::validate_read_only_disks(&spec.template, errors);
    validate::not_negative(i64::from(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    validate_strategy(&spec.update_strategy, errors);
    if let Some(limit) = spec.revision_history_limit {
        validate::not_negative(i64::from(limit), &path.child("revisionHistoryLimit"), errors);
    }
}

fn validate_strategy(strategy: &v1::DaemonSetUpdateStrategy, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let path = spec.child("updateStrategy");
    let rolling_path = path.child("rollingUpdate");
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("OnDelete", _) => {}
        ("RollingUpdate", None) => errors.required(&rolling_path, ""),
        ("RollingUpdate", Some(rolling)) => {
            let (unavailable, surge) = (rolling_path.child("maxUnavailable"), rolling_path.child("maxSurge"));
            for (amount, path) in [(&rolling.max_unavailable, &unavailable), (&rolling.max_surge, &surge)] {
                if let Some(amount) = amount {
                    amounts::validate_amount(amount, path, errors);
                    amounts::validate_at_most_all(amount, path, errors);
                }
            }
            let no = |amount: &Option<schema::IntOrString>| amounts::is_none(amount.as_ref());
            match (no(&rolling.max_unavailable), no(&rolling.max_surge)) {
                (false, false) => {
                    let shown = Bare(amounts::shown_or_null(rolling.max_surge.as_ref()));
                    errors.invalid(&surge, shown, "may not be set when maxUnavailable is non-zero");
                }
                (true, true) => errors.required(&unavailable, "cannot be 0 when maxSurge is 0"),
                _ => {}
            }
        }
        (other, rolling) => {
            let rolling = rolling.as_ref().map_or_else(
                || "null".to_owned(),
                |rolling| {
                    let unavailable = amounts::shown_or_null(rolling.max_unavailable.as_ref());
                    let surge = amounts::shown_or_null(rolling.max_surge.as_ref());
                    format!("{{\"MaxUnavailable\":{unavailable},\"MaxSurge\":{surge}}}")
                },
            );
            let shown = Bare(format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", quoted(other)));
            errors.not_supported(&path, shown, &["RollingUpdate", "OnDelete"]);
        }
    }
}
