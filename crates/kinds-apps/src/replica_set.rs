//! ReplicaSet.

use crate::amounts;
use crate::deployment::validate_template;
use crate::template;
use api_apps::apps::v1;
use kind::columns::label_selector_text;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Subresource, Verb, Version, validate};
use kinds_core::pod_spec;
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

    fn default(&self, object: &mut v1::ReplicaSet) {
        object.spec.replicas.get_or_insert(1);
        pod_spec::default_template(&mut object.spec.template);
    }

    fn prepare_create(&self, object: &mut v1::ReplicaSet, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::ReplicaSet, old: &v1::ReplicaSet, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::ReplicaSet, old: &v1::ReplicaSet, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::ReplicaSet, old: &v1::ReplicaSet) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v1::ReplicaSet, errors: &mut FieldErrors) {
        validate_spec(&object.spec, None, errors);
    }

    fn validate_update(&self, new: &v1::ReplicaSet, old: &v1::ReplicaSet, errors: &mut FieldErrors) {
        validate_spec(&new.spec, Some(&old.spec), errors);
        template::validate_same_selector(new.spec.selector.as_deref(), old.spec.selector.as_deref(), errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::ReplicaSet,
        _old: &v1::ReplicaSet,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = &new.status;
        let mut counts = vec![
            ("replicas", i64::from(status.replicas)),
            ("fullyLabeledReplicas", i64::from(status.fully_labeled_replicas)),
            ("readyReplicas", i64::from(status.ready_replicas)),
            ("availableReplicas", i64::from(status.available_replicas)),
            ("observedGeneration", status.observed_generation),
        ];
        counts.extend(status.terminating_replicas.map(|count| ("terminatingReplicas", i64::from(count))));
        amounts::validate_counts(&counts, errors);
        let parts = [
            ("fullyLabeledReplicas", status.fully_labeled_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        amounts::validate_not_greater(&parts, status.replicas, "status.replicas", errors);
        let available = [("availableReplicas", status.available_replicas)];
        amounts::validate_not_greater(&available, status.ready_replicas, "readyReplicas", errors);
    }

    fn selectable(&self, object: &v1::ReplicaSet) -> Vec<(&'static str, String)> {
        vec![("status.replicas", object.status.replicas.to_string())]
    }

    fn warnings(&self, new: &v1::ReplicaSet, old: Option<&v1::ReplicaSet>) -> Vec<String> {
        let (spec, old) = (Path::root("spec"), old.map(|old| &old.spec.template));
        pod_spec::template_warnings(&new.spec.template, &spec.child("template"), old)
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

fn validate_spec(spec: &v1::ReplicaSetSpec, old: Option<&v1::ReplicaSetSpec>, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    let replicas = spec.replicas.unwrap_or_default();
    validate::not_negative(i64::from(replicas), &path.child("replicas"), errors);
    validate::not_negative(i64::from(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    let selector = spec.selector.as_deref();
    // Upstream's message names the Deployment here too.
    template::validate_required_selector(selector, "deployment", old.and_then(|old| old.selector.as_deref()), errors);
    if template::is_applicable(selector) {
        validate_template(&spec.template, old.map(|old| &old.template), selector, replicas, errors);
    } else {
        errors.invalid(&path.child("selector"), template::shown_or_null(selector), "invalid label selector");
    }
}
