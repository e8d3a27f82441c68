//! Job.

use crate::amounts;
use crate::template;
use api_apps::batch::v1;
use api_core::v1::PodTemplateSpec;
use kind::columns::{human_duration, label_selector_text};
use kind::field::{Bare, quoted};
use kind::{
    Cell, Column, Context, Dependents, FieldErrors, Kind, Names, Path, Scope, Subresource, Verb, Version, validate,
};
use kinds_core::pod_spec;
use schema::{Time, Typed};

mod policies;

pub struct Job;

static NAMES: Names = Names {
    group: "batch",
    kind: "Job",
    plural: "jobs",
    singular: "job",
    short_names: &[],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.batch.v1.Job" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("Job")],
};

static COLUMNS: &[Column<v1::Job>] = &[
    Column::NAME,
    Column::string("Status", "Status of the job.", 0, status),
    Column::string("Completions", COMPLETIONS_DESCRIPTION, 0, completions),
    Column::string("Duration", "Time required to complete the job.", 0, duration),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const COMPLETIONS_DESCRIPTION: &str = "The number of pods which reached phase Succeeded. The value increases monotonically for a given spec. However, it may decrease in reaction to scale down of elastic indexed jobs.";
const SELECTOR_DESCRIPTION: &str = "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";

impl Kind for Job {
    type Object = v1::Job;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::Job>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::Job) {
        default_spec(&mut object.spec);
        if object.metadata.labels.is_empty() {
            object.metadata.labels = object.spec.template.metadata.labels.clone();
        }
    }

    fn prepare_create(&self, object: &mut v1::Job, _context: &Context) {
        object.status = Default::default();
        if object.spec.manual_selector != Some(true) {
            generate_selector(object);
        }
        // Upstream answers with what it reads back, and reading defaults again.
        if object.metadata.labels.is_empty() {
            object.metadata.labels = object.spec.template.metadata.labels.clone();
        }
    }

    fn prepare_update(&self, new: &mut v1::Job, old: &v1::Job, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::Job, old: &v1::Job, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::Job, old: &v1::Job) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v1::Job, errors: &mut FieldErrors) {
        validate_generated_selector(object, errors);
        validate_spec(&object.spec, None, &Path::root("spec"), errors);
        validate_selector(object, errors);
    }

    fn validate_update(&self, new: &v1::Job, old: &v1::Job, errors: &mut FieldErrors) {
        validate_generated_selector(new, errors);
        validate_spec(&new.spec, Some(&old.spec), &Path::root("spec"), errors);
        validate_selector(new, errors);
        // Upstream runs the rules of a creation and then those of an update, which begin with the same.
        validate_spec(&new.spec, Some(&old.spec), &Path::root("spec"), errors);
        validate_selector(new, errors);
        validate_unchanged(new, old, errors);
    }

    fn validate_subresource(&self, new: &v1::Job, _old: &v1::Job, _context: &Context, errors: &mut FieldErrors) {
        let status = &new.status;
        let mut counts = vec![
            ("active", i64::from(status.active)),
            ("succeeded", i64::from(status.succeeded)),
            ("failed", i64::from(status.failed)),
        ];
        counts.extend(status.ready.map(|count| ("ready", i64::from(count))));
        counts.extend(status.terminating.map(|count| ("terminating", i64::from(count))));
        amounts::validate_counts(&counts, errors);
    }

    fn dependents(&self) -> Dependents {
        Dependents::Orphan
    }

    fn undecided_delete(&self) -> Option<&'static str> {
        Some(
            "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
        )
    }

    fn unknown_field_selector(&self, field: &str) -> String {
        format!("field label \"{field}\" not supported for Job")
    }

    fn selectable(&self, object: &v1::Job) -> Vec<(&'static str, String)> {
        vec![("status.successful", object.status.succeeded.to_string())]
    }

    fn warnings(&self, new: &v1::Job, old: Option<&v1::Job>) -> Vec<String> {
        let (spec, old) = (Path::root("spec"), old.map(|old| &old.spec.template));
        pod_spec::template_warnings(&new.spec.template, &spec.child("template"), old)
    }
}

fn status(object: &v1::Job, _now: Time) -> Cell {
    let is = |type_: &str| object.status.conditions.iter().any(|c| c.type_ == type_ && c.status == "True");
    Cell::from(match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if object.metadata.deletion_timestamp.is_some() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    })
}

fn completions(object: &v1::Job, _now: Time) -> Cell {
    let succeeded = object.status.succeeded;
    Cell::from(match (object.spec.completions, object.spec.parallelism.unwrap_or_default()) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    })
}

fn duration(object: &v1::Job, now: Time) -> Cell {
    let Some(start) = object.status.start_time else { return Cell::from("") };
    let end = object.status.completion_time.unwrap_or(now);
    Cell::from(human_duration(end.secs_since(start)))
}

fn containers(object: &v1::Job, _now: Time) -> Cell {
    template::containers(&object.spec.template)
}

fn images(object: &v1::Job, _now: Time) -> Cell {
    template::images(&object.spec.template)
}

fn selector(object: &v1::Job, _now: Time) -> Cell {
    Cell::from(label_selector_text(object.spec.selector.as_deref()))
}

const NAME: &str = "batch.kubernetes.io/job-name";
const LEGACY_NAME: &str = "job-name";
const UID: &str = "batch.kubernetes.io/controller-uid";
const LEGACY_UID: &str = "controller-uid";

/// Of an Indexed Job.
const MAX_PARALLELISM: i32 = 100_000;
const DEFAULT_BACKOFF: i32 = 6;

/// Of a Job, and of a CronJob's template.
pub(crate) fn default_spec(spec: &mut v1::JobSpec) {
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    let backoff = if spec.backoff_limit_per_index.is_some() { i32::MAX } else { DEFAULT_BACKOFF };
    spec.backoff_limit.get_or_insert(backoff);
    spec.completion_mode.get_or_insert_with(|| "NonIndexed".into());
    spec.suspend.get_or_insert(false);
    spec.manual_selector.get_or_insert(false);
    if let Some(policy) = &mut spec.pod_failure_policy {
        let patterns = policy.rules.iter_mut().flat_map(|rule| &mut rule.on_pod_conditions);
        for pattern in patterns.filter(|pattern| pattern.status.is_empty()) {
            pattern.status = "True".into();
        }
    }
    let replacement = if spec.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
    spec.pod_replacement_policy.get_or_insert_with(|| replacement.into());
    pod_spec::default_template(&mut spec.template);
}

/// Labels of the pods by the Job's name and uid, and a selector of that uid.
fn generate_selector(object: &mut v1::Job) {
    let (name, uid) = (object.metadata.name.clone(), object.metadata.uid.clone());
    let labels = &mut object.spec.template.metadata.labels;
    for (key, value) in [(NAME, &name), (LEGACY_NAME, &name), (UID, &uid), (LEGACY_UID, &uid)] {
        labels.entry(key.into()).or_insert_with(|| value.clone());
    }
    let selector = object.spec.selector.get_or_insert_default();
    selector.match_labels.entry(UID.into()).or_insert(uid);
}

fn validate_generated_selector(object: &v1::Job, errors: &mut FieldErrors) {
    let Some(selector) = object.spec.selector.as_deref().filter(|_| object.spec.manual_selector != Some(true)) else {
        return;
    };
    let spec = Path::root("spec");
    let template_path = spec.child("template");
    let metadata = template_path.child("metadata");
    let labels_path = metadata.child("labels");
    let (name, uid) = (&object.metadata.name, &object.metadata.uid);
    let labels = &object.spec.template.metadata.labels;
    for (key, wanted) in [(LEGACY_UID, uid), (LEGACY_NAME, name), (UID, uid), (NAME, name)] {
        let why = format!("must be '{wanted}'");
        match labels.get(key) {
            None => errors.required(&labels_path.key(key), why),
            Some(value) if value != wanted => {
                errors.invalid(&labels_path.key(key), template::labels_shown(labels), why);
            }
            Some(_) => {}
        }
    }
    let generated = [(UID, uid), (LEGACY_UID, uid)].map(|(key, value)| (key.to_owned(), value.clone()));
    if template::is_applicable(Some(selector)) && !template::selects(selector, &generated.into()) {
        errors.invalid(&spec.child("selector"), template::shown(selector), "`selector` not auto-generated");
    }
}

fn validate_selector(object: &v1::Job, errors: &mut FieldErrors) {
    let spec = Path::root("spec");
    let Some(selector) = object.spec.selector.as_deref() else {
        errors.required(&spec.child("selector"), "");
        return template::validate_selected(None, &object.spec.template, errors);
    };
    validate::label_selector(selector, false, &spec.child("selector"), errors);
    if template::is_applicable(Some(selector)) {
        template::validate_selected(Some(selector), &object.spec.template, errors);
    }
}

/// Of a Job, and of a CronJob's template at `path`.
pub(crate) fn validate_spec(spec: &v1::JobSpec, old: Option<&v1::JobSpec>, path: &Path, errors: &mut FieldErrors) {
    let counts = [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("maxFailedIndexes", spec.max_failed_indexes.map(i64::from)),
    ];
    for (field, count) in counts {
        validate::not_negative(count.unwrap_or_default(), &path.child(field), errors);
    }
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        errors.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    validate_mode(spec, path, errors);
    policies::validate(spec, path, errors);
    if let Some(policy) = &spec.pod_replacement_policy {
        let known: &[&str] =
            if spec.pod_failure_policy.is_some() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        if !known.contains(&policy.as_str()) {
            errors.not_supported(&path.child("podReplacementPolicy"), policy, known);
        }
    }
    let template_path = path.child("template");
    let options = template::options(old.map(|old| &old.template));
    pod_spec::validate_template(&spec.template, &template_path, &options, errors);
    let pod = template_path.child("spec");
    let (restart_path, restart) = (pod.child("restartPolicy"), spec.template.spec.restart_policy.as_str());
    match restart {
        "Always" => errors.required(&restart_path, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" | "Never" => {}
        other => errors.not_supported(&restart_path, other, &["OnFailure", "Never"]),
    }
    if spec.pod_failure_policy.is_some() && restart != "Never" {
        errors.invalid(&restart_path, restart, "only \"Never\" is supported when podFailurePolicy is specified");
    }
}

fn validate_mode(spec: &v1::JobSpec, path: &Path, errors: &mut FieldErrors) {
    let mode = spec.completion_mode.as_deref();
    if let Some(mode) = mode.filter(|mode| !matches!(*mode, "NonIndexed" | "Indexed")) {
        errors.not_supported(&path.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    if mode == Some("Indexed") {
        if spec.completions.is_none() {
            errors.required(&path.child("completions"), "when completion mode is Indexed");
        }
        if let Some(parallelism) = spec.parallelism.filter(|parallelism| *parallelism > MAX_PARALLELISM) {
            let why = format!("must be less than or equal to {MAX_PARALLELISM} when completion mode is Indexed");
            errors.invalid(&path.child("parallelism"), parallelism, why);
        }
        return;
    }
    let indexed_only =
        [("backoffLimitPerIndex", spec.backoff_limit_per_index), ("maxFailedIndexes", spec.max_failed_indexes)];
    for (field, count) in indexed_only {
        if let Some(count) = count {
            errors.invalid(&path.child(field), count, "requires indexed completion mode");
        }
    }
    if spec.success_policy.is_some() {
        errors.forbidden(&path.child("successPolicy"), "requires indexed completion mode");
    }
}

fn validate_unchanged(new: &v1::Job, old: &v1::Job, errors: &mut FieldErrors) {
    const IMMUTABLE: &str = "field is immutable";
    let path = Path::root("spec");
    let (spec, was) = (&new.spec, &old.spec);
    template::validate_same_selector(spec.selector.as_deref(), was.selector.as_deref(), errors);
    let number = |number: Option<i32>| Bare(number.map_or_else(|| "null".to_owned(), |number| number.to_string()));
    if spec.completions != was.completions {
        let indexed = spec.completion_mode.as_deref() == Some("Indexed");
        let why = if indexed { "can only be modified in tandem with spec.parallelism" } else { IMMUTABLE };
        if !indexed || (spec.completions.is_some() && spec.completions != spec.parallelism) {
            errors.invalid(&path.child("completions"), number(spec.completions), why);
        }
    }
    if spec.backoff_limit_per_index != was.backoff_limit_per_index {
        errors.invalid(&path.child("backoffLimitPerIndex"), number(spec.backoff_limit_per_index), IMMUTABLE);
    }
    let texts = [
        ("completionMode", &spec.completion_mode, &was.completion_mode),
        ("managedBy", &spec.managed_by, &was.managed_by),
    ];
    for (field, new, _) in texts.into_iter().filter(|(_, new, old)| new != old) {
        let shown = new.as_deref().map_or_else(|| "null".to_owned(), quoted);
        errors.invalid(&path.child(field), Bare(shown), IMMUTABLE);
    }
    let policies = [
        ("podFailurePolicy", spec.pod_failure_policy != was.pod_failure_policy),
        ("successPolicy", spec.success_policy != was.success_policy),
    ];
    for (field, _) in policies.into_iter().filter(|(_, changed)| *changed) {
        errors.invalid(&path.child(field), &spec.to_value()[field], IMMUTABLE);
    }
    let mut template = was.template.clone();
    if was.suspend == Some(true) && old.status.start_time.is_none() {
        take_scheduling(&mut template, &spec.template);
    }
    if spec.template != template {
        let shown = pod_spec::template_shown(&spec.template);
        errors.invalid(&path.child("template"), Bare(shown), IMMUTABLE);
    }
}

/// What may change while a Job that never ran is suspended: where its pods may go.
fn take_scheduling(template: &mut PodTemplateSpec, new: &PodTemplateSpec) {
    template.metadata.annotations = new.metadata.annotations.clone();
    template.metadata.labels = new.metadata.labels.clone();
    template.spec.node_selector = new.spec.node_selector.clone();
    template.spec.tolerations = new.spec.tolerations.clone();
    template.spec.scheduling_gates = new.spec.scheduling_gates.clone();
    let node_affinity = new.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
    if node_affinity.is_some() || template.spec.affinity.is_some() {
        template.spec.affinity.get_or_insert_default().node_affinity = node_affinity;
    }
    if new.spec.affinity.is_none() && template.spec.affinity.as_deref() == Some(&Default::default()) {
        template.spec.affinity = None;
    }
}
