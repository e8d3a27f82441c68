//! Job.

use crate::template;
use api_apps::batch::v1;
use kind::columns::{human_duration, label_selector_text};
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

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
