//! Deployment.

use crate::amounts;
use crate::template;
use api_apps::apps::v1;
use api_core::v1::PodTemplateSpec;
use api_meta::v1::LabelSelector;
use kind::columns::label_selector_text;
use kind::field::{Bare, quoted};
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Path, Scope, Subresource, Verb, Version, validate};
use kinds_core::pod_spec;
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

    fn default(&self, object: &mut v1::Deployment) {
        let spec = &mut object.spec;
        spec.replicas.get_or_insert(1);
        if spec.strategy.type_.is_empty() {
            spec.strategy.type_ = "RollingUpdate".into();
        }
        if spec.strategy.type_ == "RollingUpdate" {
            let rolling = spec.strategy.rolling_update.get_or_insert_default();
            rolling.max_unavailable.get_or_insert_with(|| "25%".into());
            rolling.max_surge.get_or_insert_with(|| "25%".into());
        }
        spec.revision_history_limit.get_or_insert(10);
        spec.progress_deadline_seconds.get_or_insert(600);
        pod_spec::default_template(&mut spec.template);
    }

    fn prepare_create(&self, object: &mut v1::Deployment, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::Deployment, old: &v1::Deployment, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::Deployment, old: &v1::Deployment, _context: &Context) {
        new.spec = old.spec.clone();
        new.metadata.labels = old.metadata.labels.clone();
    }

    fn spec_changed(&self, new: &v1::Deployment, old: &v1::Deployment) -> Option<bool> {
        Some(new.spec != old.spec || new.metadata.annotations != old.metadata.annotations)
    }

    fn validate(&self, object: &v1::Deployment, errors: &mut FieldErrors) {
        validate_spec(&object.spec, None, errors);
    }

    fn validate_update(&self, new: &v1::Deployment, old: &v1::Deployment, errors: &mut FieldErrors) {
        validate_spec(&new.spec, Some(&old.spec), errors);
        template::validate_same_selector(new.spec.selector.as_deref(), old.spec.selector.as_deref(), errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::Deployment,
        old: &v1::Deployment,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = &new.status;
        let mut counts = vec![
            ("observedGeneration", status.observed_generation),
            ("replicas", i64::from(status.replicas)),
            ("updatedReplicas", i64::from(status.updated_replicas)),
            ("readyReplicas", i64::from(status.ready_replicas)),
            ("availableReplicas", i64::from(status.available_replicas)),
            ("unavailableReplicas", i64::from(status.unavailable_replicas)),
        ];
        counts.extend(status.terminating_replicas.map(|count| ("terminatingReplicas", i64::from(count))));
        amounts::validate_counts(&counts, errors);
        let parts = [
            ("updatedReplicas", status.updated_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        amounts::validate_not_greater(&parts, status.replicas, "status.replicas", errors);
        let available = [("availableReplicas", status.available_replicas)];
        amounts::validate_not_greater(&available, status.ready_replicas, "readyReplicas", errors);
        amounts::validate_collisions(status.collision_count, old.status.collision_count, errors);
    }

    fn warnings(&self, new: &v1::Deployment, old: Option<&v1::Deployment>) -> Vec<String> {
        let (spec, old) = (Path::root("spec"), old.map(|old| &old.spec.template));
        pod_spec::template_warnings(&new.spec.template, &spec.child("template"), old)
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

fn validate_spec(spec: &v1::DeploymentSpec, old: Option<&v1::DeploymentSpec>, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    let replicas = spec.replicas.unwrap_or_default();
    validate::not_negative(i64::from(replicas), &path.child("replicas"), errors);
    let selector = spec.selector.as_deref();
    template::validate_required_selector(selector, "deployment", old.and_then(|old| old.selector.as_deref()), errors);
    if template::is_applicable(selector) {
        validate_template(&spec.template, old.map(|old| &old.template), selector, replicas, errors);
    } else {
        errors.invalid(&path.child("selector"), template::shown_or_null(selector), "invalid label selector");
    }
    validate_strategy(&spec.strategy, errors);
    validate::not_negative(i64::from(spec.min_ready_seconds), &path.child("minReadySeconds"), errors);
    if let Some(limit) = spec.revision_history_limit {
        validate::not_negative(i64::from(limit), &path.child("revisionHistoryLimit"), errors);
    }
    if let Some(deadline) = spec.progress_deadline_seconds {
        let deadline_path = path.child("progressDeadlineSeconds");
        validate::not_negative(i64::from(deadline), &deadline_path, errors);
        if deadline <= spec.min_ready_seconds {
            errors.invalid(&deadline_path, deadline, "must be greater than minReadySeconds");
        }
    }
}

/// Of replicated pods: here and in ReplicaSets.
pub(crate) fn validate_template(
    template: &PodTemplateSpec,
    old: Option<&PodTemplateSpec>,
    selector: Option<&LabelSelector>,
    replicas: i32,
    errors: &mut FieldErrors,
) {
    let takes_all = |s: &LabelSelector| s.match_labels.is_empty() && s.match_expressions.is_empty();
    if !selector.is_some_and(takes_all) {
        template::validate_selected(selector, template, errors);
    }
    template::validate_lasting(template, old, "ReplicaSet", errors);
    if replicas > 1 {
        template::validate_read_only_disks(template, errors);
    }
}

fn validate_strategy(strategy: &v1::DeploymentStrategy, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let path = spec.child("strategy");
    let rolling_path = path.child("rollingUpdate");
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("Recreate", Some(_)) => {
            errors.forbidden(&rolling_path, "may not be specified when strategy `type` is 'Recreate'");
        }
        ("Recreate", None) => {}
        ("RollingUpdate", None) => errors.required(&rolling_path, "this should be defaulted and never be nil"),
        ("RollingUpdate", Some(rolling)) => {
            let (unavailable, surge) = (rolling_path.child("maxUnavailable"), rolling_path.child("maxSurge"));
            for (amount, path) in [(&rolling.max_unavailable, &unavailable), (&rolling.max_surge, &surge)] {
                if let Some(amount) = amount {
                    amounts::validate_amount(amount, path, errors);
                }
            }
            if amounts::is_none(rolling.max_unavailable.as_ref()) && amounts::is_none(rolling.max_surge.as_ref()) {
                let shown = Bare(amounts::shown_or_null(rolling.max_unavailable.as_ref()));
                errors.invalid(&unavailable, shown, "may not be 0 when `maxSurge` is 0");
            }
            if let Some(amount) = &rolling.max_unavailable {
                amounts::validate_at_most_all(amount, &unavailable, errors);
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
            errors.not_supported(&path, shown, &["Recreate", "RollingUpdate"]);
        }
    }
}
