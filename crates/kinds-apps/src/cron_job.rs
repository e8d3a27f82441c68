//! CronJob.

use crate::cron;
use crate::job::validate_spec as validate_job_spec;
use crate::template;
use api_apps::batch::v1;
use kind::columns::label_selector_text;
use kind::{
    Cell, Column, Context, FieldErrors, Kind, MetadataRules, NameFormat, Names, Path, Scope, Subresource, Verb,
    Version, validate,
};
use kinds_core::pod_spec;
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

    fn default(&self, object: &mut v1::CronJob) {
        let spec = &mut object.spec;
        if spec.concurrency_policy.is_empty() {
            spec.concurrency_policy = "Allow".into();
        }
        spec.suspend.get_or_insert(false);
        spec.successful_jobs_history_limit.get_or_insert(3);
        spec.failed_jobs_history_limit.get_or_insert(1);
        pod_spec::default_template(&mut spec.job_template.spec.template);
    }

    fn prepare_create(&self, object: &mut v1::CronJob, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(&self, new: &mut v1::CronJob, old: &v1::CronJob, _context: &Context) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(&self, new: &mut v1::CronJob, old: &v1::CronJob, _context: &Context) {
        new.spec = old.spec.clone();
    }

    fn spec_changed(&self, new: &v1::CronJob, old: &v1::CronJob) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules::named(NameFormat::Custom(name_problems))
    }

    fn validate(&self, object: &v1::CronJob, errors: &mut FieldErrors) {
        validate_spec(&object.spec, None, errors);
    }

    fn validate_update(&self, new: &v1::CronJob, old: &v1::CronJob, errors: &mut FieldErrors) {
        validate_spec(&new.spec, Some(&old.spec), errors);
    }

    fn warnings(&self, new: &v1::CronJob, old: Option<&v1::CronJob>) -> Vec<String> {
        let spec = Path::root("spec");
        let (job, old) = (spec.child("jobTemplate"), old.map(|old| &old.spec.job_template.spec.template));
        let job_spec = job.child("spec");
        pod_spec::template_warnings(&new.spec.job_template.spec.template, &job_spec.child("template"), old)
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

/// The Jobs' names are the CronJob's with eleven characters more, and must fit into a label.
const NAME_MAX: usize = 52;

fn name_problems(name: &str, prefix: bool) -> Vec<String> {
    let mut problems = NameFormat::Subdomain.problems(name, prefix);
    if name.len() > NAME_MAX && !prefix {
        problems.push(format!("must be no more than {NAME_MAX} characters"));
    }
    problems
}

fn validate_spec(spec: &v1::CronJobSpec, old: Option<&v1::CronJobSpec>, errors: &mut FieldErrors) {
    let path = Path::root("spec");
    validate_schedule(spec, &path.child("schedule"), errors);
    if let Some(zone) = &spec.time_zone {
        let path = path.child("timeZone");
        match zone.as_str() {
            "" => errors.invalid(&path, zone, "timeZone must be nil or non-empty string"),
            local if local.eq_ignore_ascii_case("local") => {
                let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
                errors.invalid(&path, zone, why);
            }
            zone if !cron::is_time_zone(zone) => {
                errors.invalid(&path, zone, format!("unknown time zone {zone}"));
            }
            _ => {}
        }
    }
    let policy = spec.concurrency_policy.as_str();
    if !matches!(policy, "Allow" | "Forbid" | "Replace") {
        errors.not_supported(&path.child("concurrencyPolicy"), policy, &["Allow", "Forbid", "Replace"]);
    }
    let counts = [
        ("startingDeadlineSeconds", spec.starting_deadline_seconds),
        ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit.map(i64::from)),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit.map(i64::from)),
    ];
    for (field, count) in counts {
        validate::not_negative(count.unwrap_or_default(), &path.child(field), errors);
    }
    let template = path.child("jobTemplate");
    if spec.job_template.spec.manual_selector == Some(true) {
        let job = template.child("spec");
        errors.not_supported(&job.child("manualSelector"), true, &["nil", "false"]);
    }
    let old = old.map(|old| &old.job_template.spec);
    validate_job_spec(&spec.job_template.spec, old, &template.child("spec"), errors);
}

fn validate_schedule(spec: &v1::CronJobSpec, path: &Path, errors: &mut FieldErrors) {
    let schedule = spec.schedule.as_str();
    if schedule.is_empty() {
        return errors.required(path, "");
    }
    if schedule.contains("TZ") {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        return errors.invalid(path, schedule, why);
    }
    if let Err(why) = cron::check(schedule) {
        errors.invalid(path, schedule, why);
    }
}
