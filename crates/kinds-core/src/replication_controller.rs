//! ReplicationController: the ancestor of ReplicaSet.

use crate::cells;
use crate::pod_spec::{self, Options, check};
use api_core::v1;
use kind::field::Bare;
use kind::{
    Cell, Column, Context, Dependents, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Subresource,
    Verb, Version, validate,
};
use schema::Time;

pub struct ReplicationController;

static NAMES: Names = Names {
    group: "",
    kind: "ReplicationController",
    plural: "replicationcontrollers",
    singular: "replicationcontroller",
    short_names: &["rc"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.core.v1.ReplicationController" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::scale(), Subresource::status("ReplicationController")],
};

static COLUMNS: &[Column<v1::ReplicationController>] = &[
    Column::NAME,
    Column::integer("Desired", DESIRED_DESCRIPTION, 0, desired),
    Column::integer("Current", CURRENT_DESCRIPTION, 0, current),
    Column::integer("Ready", "The number of ready replicas for this replication controller.", 0, ready),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const DESIRED_DESCRIPTION: &str = "Replicas is the number of desired replicas. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller";
const CURRENT_DESCRIPTION: &str = "Replicas is the most recently observed number of replicas. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller";
const SELECTOR_DESCRIPTION: &str = "Selector is a label query over pods that should match the Replicas count. If Selector is empty, it is defaulted to the labels present on the Pod template. Label keys and values that must match in order to be controlled by this replication controller, if empty defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";

impl Kind for ReplicationController {
    type Object = v1::ReplicationController;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::ReplicationController>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::ReplicationController) {
        if let Some(template) = &mut object.spec.template {
            pod_spec::default_template(template);
            let labels = &template.metadata.labels;
            if !labels.is_empty() {
                if object.spec.selector.is_empty() {
                    object.spec.selector = labels.clone();
                }
                if object.metadata.labels.is_empty() {
                    object.metadata.labels = labels.clone();
                }
            }
        }
        object.spec.replicas.get_or_insert(1);
    }

    fn prepare_create(&self, object: &mut v1::ReplicationController, _context: &Context) {
        object.status = v1::ReplicationControllerStatus::default();
        if let Some(template) = &mut object.spec.template {
            pod_spec::drop_disabled_of_template(template, None);
        }
    }

    fn prepare_update(&self, new: &mut v1::ReplicationController, old: &v1::ReplicationController, _context: &Context) {
        new.status = old.status.clone();
        if let Some(template) = &mut new.spec.template {
            pod_spec::drop_disabled_of_template(template, old.spec.template.as_deref());
        }
    }

    fn prepare_subresource(
        &self,
        new: &mut v1::ReplicationController,
        old: &v1::ReplicationController,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::ReplicationController, old: &v1::ReplicationController) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn validate(&self, object: &v1::ReplicationController, errors: &mut FieldErrors) {
        validate_spec(&object.spec, &Options::template(), errors);
    }

    fn validate_update(
        &self,
        new: &v1::ReplicationController,
        old: &v1::ReplicationController,
        errors: &mut FieldErrors,
    ) {
        let options = match &old.spec.template {
            Some(template) => Options::template().tolerating(&template.spec),
            None => Options::template(),
        };
        validate_spec(&new.spec, &options, errors);
    }

    fn validate_subresource(
        &self,
        new: &v1::ReplicationController,
        _old: &v1::ReplicationController,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        validate_status(&new.status, errors);
    }

    fn warnings(&self, new: &v1::ReplicationController, old: Option<&v1::ReplicationController>) -> Vec<String> {
        let root = Path::root("spec");
        let old = old.and_then(|old| old.spec.template.as_deref());
        new.spec
            .template
            .as_ref()
            .map_or_else(Vec::new, |template| pod_spec::template_warnings(template, &root.child("template"), old))
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::named(NameFormat::Custom(name_problems))
    }

    fn dependents(&self) -> Dependents {
        Dependents::Orphan
    }

    fn returns_deleted(&self) -> bool {
        true
    }

    fn selectable(&self, object: &v1::ReplicationController) -> Vec<(&'static str, String)> {
        vec![("status.replicas", object.status.replicas.to_string())]
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "status" => &[&["spec"]],
            _ => &[&["status"]],
        }
    }
}

/// The names of this kind are checked by rules that upstream declares, which count bytes.
fn name_problems(name: &str, prefix: bool) -> Vec<String> {
    let problems = NameFormat::Subdomain.problems(name, prefix).into_iter();
    problems.map(|problem| if prefix { problem } else { problem.replace("253 characters", "253 bytes") }).collect()
}

fn validate_spec(spec: &v1::ReplicationControllerSpec, options: &Options, errors: &mut FieldErrors) {
    let root = Path::root("spec");
    validate::not_negative(spec.min_ready_seconds.into(), &root.child("minReadySeconds"), errors);
    let selector = root.child("selector");
    if spec.selector.is_empty() {
        errors.required(&selector, "");
    }
    match spec.replicas {
        None => errors.required(&root.child("replicas"), ""),
        Some(replicas) => validate::not_negative(replicas.into(), &root.child("replicas"), errors),
    }
    let path = root.child("template");
    let Some(template) = &spec.template else { return errors.required(&path, "") };
    let labels = &template.metadata.labels;
    if !spec.selector.is_empty() && !spec.selector.iter().all(|(key, value)| labels.get(key) == Some(value)) {
        let metadata = path.child("metadata");
        let shown = schema::json::to_string(&schema::typed::Part::write(labels));
        errors.invalid(&metadata.child("labels"), Bare(shown), "`selector` does not match template `labels`");
    }
    pod_spec::validate_template(template, &path, options, errors);
    let template_spec = path.child("spec");
    if template.spec.restart_policy != "Always" {
        check::known(&template.spec.restart_policy, &["Always"], &template_spec.child("restartPolicy"), errors);
    }
    if template.spec.active_deadline_seconds.is_some() {
        let detail = "activeDeadlineSeconds in ReplicationController is not Supported";
        errors.forbidden(&template_spec.child("activeDeadlineSeconds"), detail);
    }
}

fn validate_status(status: &v1::ReplicationControllerStatus, errors: &mut FieldErrors) {
    let root = Path::root("status");
    let counts = [
        (status.replicas, "replicas"),
        (status.fully_labeled_replicas, "fullyLabeledReplicas"),
        (status.ready_replicas, "readyReplicas"),
        (status.available_replicas, "availableReplicas"),
    ];
    for (count, field) in counts {
        validate::not_negative(count.into(), &root.child(field), errors);
    }
    validate::not_negative(status.observed_generation, &root.child("observedGeneration"), errors);
    let too_many = "cannot be greater than status.replicas";
    for (count, field) in &counts[1..] {
        if *count > status.replicas {
            errors.invalid(&root.child(field), *count, too_many);
        }
    }
    if status.available_replicas > status.ready_replicas {
        let detail = "cannot be greater than readyReplicas";
        errors.invalid(&root.child("availableReplicas"), status.available_replicas, detail);
    }
}

fn desired(object: &v1::ReplicationController, _now: Time) -> Cell {
    cells::int(object.spec.replicas.unwrap_or_default())
}

fn current(object: &v1::ReplicationController, _now: Time) -> Cell {
    cells::int(object.status.replicas)
}

fn ready(object: &v1::ReplicationController, _now: Time) -> Cell {
    cells::int(object.status.ready_replicas)
}

fn all_containers(object: &v1::ReplicationController) -> &[v1::Container] {
    object.spec.template.as_ref().map_or(&[], |template| &template.spec.containers)
}

fn containers(object: &v1::ReplicationController, _now: Time) -> Cell {
    cells::joined(all_containers(object).iter().map(|container| container.name.as_str()))
}

fn images(object: &v1::ReplicationController, _now: Time) -> Cell {
    cells::joined(all_containers(object).iter().map(|container| container.image.as_str()))
}

fn selector(object: &v1::ReplicationController, _now: Time) -> Cell {
    cells::labels(&object.spec.selector)
}
