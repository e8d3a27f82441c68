//! CronJob.

use crate::template;
use api_apps::batch::v1;
use kind::columns::label_selector_text;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct CronJob;

static NAMES: Names = Names {
    group: "batch",
    kind: "CronJob",
    plural: "cronjobs",
    singular: "cronjob",
    short_names: &["cj"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.batch.v1.CronJob" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("CronJob")],
};

static COLUMNS: &[Column<v1::CronJob>] = &[
    Column::NAME,
    Column::string("Schedule", "The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron.", 0, schedule),
    Column::string("Timezone", TIMEZONE_DESCRIPTION, 0, timezone),
    Column {
        name: "Suspend",
        kind: "boolean",
        format: "",
        description: SUSPEND_DESCRIPTION,
        priority: 0,
        cell: suspend,
    },
    Column::integer("Active", "A list of pointers to currently running jobs.", 0, active),
    Column::string("Last Schedule", LAST_SCHEDULE_DESCRIPTION, 0, last_schedule),
    Column::AGE,
    Column::string("Containers", "Names of each container in the template.", 1, containers),
    Column::string("Images", "Images referenced by each container in the template.", 1, images),
    Column::string("Selector", SELECTOR_DESCRIPTION, 1, selector),
];

const TIMEZONE_DESCRIPTION: &str = "The time zone name for the given schedule, see https://en.wikipedia.org/wiki/List_of_tz_database_time_zones. If not specified, this will default to the time zone of the kube-controller-manager process. The set of valid time zone names and the time zone offset is loaded from the system-wide time zone database by the API server during CronJob validation and the controller manager during execution. If no system-wide time zone database can be found a bundled version of the database is used instead. If the time zone name becomes invalid during the lifetime of a CronJob or due to a change in host configuration, the controller will stop creating new new Jobs and will create a system event with the reason UnknownTimeZone. More information can be found in https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones";
const SUSPEND_DESCRIPTION: &str = "This flag tells the controller to suspend subsequent executions, it does not apply to already started executions.  Defaults to false.";
const LAST_SCHEDULE_DESCRIPTION: &str = "Information when was the last time the job was successfully scheduled.";
const SELECTOR_DESCRIPTION: &str = "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors";

impl Kind for CronJob {
    type Object = v1::CronJob;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::CronJob>] {
        COLUMNS
    }
}

fn schedule(object: &v1::CronJob, _now: Time) -> Cell {
    Cell::from(object.spec.schedule.as_str())
}

fn timezone(object: &v1::CronJob, _now: Time) -> Cell {
    Cell::from(object.spec.time_zone.as_deref().unwrap_or("<none>"))
}

fn suspend(object: &v1::CronJob, _now: Time) -> Cell {
    Cell::from(match object.spec.suspend {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    })
}

fn active(object: &v1::CronJob, _now: Time) -> Cell {
    Cell::from(object.status.active.len() as i64)
}

fn last_schedule(object: &v1::CronJob, now: Time) -> Cell {
    Cell::from(object.status.last_schedule_time.map_or_else(|| "<none>".into(), |then| kind::age(Some(then), now)))
}

fn containers(object: &v1::CronJob, _now: Time) -> Cell {
    template::containers(&object.spec.job_template.spec.template)
}

fn images(object: &v1::CronJob, _now: Time) -> Cell {
    template::images(&object.spec.job_template.spec.template)
}

fn selector(object: &v1::CronJob, _now: Time) -> Cell {
    Cell::from(label_selector_text(object.spec.job_template.spec.selector.as_deref()))
}
