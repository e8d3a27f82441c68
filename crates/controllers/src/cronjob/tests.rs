use super::*;
use expect_test::{Expect, expect};

fn cron(spec: &str, status: &str) -> String {
    format!(
        "---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: c, namespace: a, uid: c, creationTimestamp: 2026-01-01T11:30:30Z}}
spec: {{jobTemplate: {{metadata: {{labels: {{x: z}}}}, spec: {{parallelism: 1}}}}, {spec}}}
status: {{{status}}}
"
    )
}

fn job(name: &str, status: &str) -> String {
    format!(
        "---
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: a, uid: {name}, ownerReferences: [{{apiVersion: batch/v1, kind: CronJob, name: c, uid: c, controller: true}}]}}
status: {{{status}}}
"
    )
}

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&CronJobController, objects, Key::new("a", "c"), expect);
}

#[test]
fn a_job_is_started_when_it_is_due() {
    check(
        &cron("schedule: '*/10 * * * *'", ""),
        expect![[r#"
        create jobs.batch a/c-29454480 {"metadata":{"annotations":{"batch.kubernetes.io/cronjob-scheduled-timestamp":"2026-01-01T12:00:00Z"},"labels":{"x":"z"},"ownerReferences":[{"apiVersion":"batch/v1","blockOwnerDeletion":true,"controller":true,"kind":"CronJob","name":"c","uid":"c"}]},"spec":{"parallelism":1}}
          then event Normal SuccessfulCreate on CronJob a/c: Created job c-29454480
        update cronjobs.batch/status a/c
          status: + {"lastScheduleTime":"2026-01-01T12:00:00Z"}
        requeue after 600s
    "#]],
    );
    check(
        &cron("schedule: '*/10 * * * *'", "lastScheduleTime: 2026-01-01T12:00:00Z"),
        expect![[r#"
        requeue after 600s
    "#]],
    );
    check(
        &cron("schedule: '30 13 * * *'", ""),
        expect![[r#"
        requeue after 5400s
    "#]],
    );
    check(&cron("schedule: '*/10 * * * *', suspend: true", ""), expect![""]);
}

#[test]
fn a_job_that_runs_forbids_the_next_or_is_replaced() {
    let running = job("c-1", "");
    let active = "active: [{apiVersion: batch/v1, kind: Job, name: c-1, namespace: a, uid: c-1}]";
    check(
        &format!("{}{running}", cron("schedule: '0 * * * *', concurrencyPolicy: Forbid", active)),
        expect![[r#"
        event Normal JobAlreadyActive on CronJob a/c: Not starting job because prior execution is running and concurrency policy is Forbid
        requeue after 3600s
    "#]],
    );
    let view = crate::testing::world(&format!(
        "{}{running}",
        cron("schedule: '0 * * * *', concurrencyPolicy: Replace", active)
    ));
    let plan = CronJobController.reconcile(&Key::new("a", "c"), &view, crate::testing::NOW).to_string();
    assert!(
        plan.starts_with("delete jobs.batch a/c-1 Background\n") && plan.contains("create jobs.batch a/c-29454480"),
        "{plan}"
    );
}

#[test]
fn ended_jobs_are_told_of_and_thinned_out() {
    let done = |name: &str, minute: u32| {
        job(
            name,
            &format!(
                "startTime: '2026-01-01T11:{minute}:00Z', completionTime: '2026-01-01T11:{minute}:30Z', conditions: [{{type: Complete, status: 'True'}}]"
            ),
        )
    };
    let status = "lastScheduleTime: 2026-01-01T12:00:00Z, active: [{name: c-2, uid: c-2}, {name: c-9, uid: c-9}]";
    check(
        &format!(
            "{}{}{}",
            cron("schedule: '0 * * * *', successfulJobsHistoryLimit: 1", status),
            done("c-1", 10),
            done("c-2", 20)
        ),
        expect![[r#"
        delete jobs.batch a/c-1 Background
          then event Normal SuccessfulDelete on CronJob a/c: Deleted job c-1
        update cronjobs.batch/status a/c
          status.active: - [{"name":"c-2","uid":"c-2"},{"name":"c-9","uid":"c-9"}]
          status.lastSuccessfulTime: + "2026-01-01T11:20:30Z"
        event Normal SawCompletedJob on CronJob a/c: Saw completed job: c-2, condition: Complete
        event Normal MissingJob on CronJob a/c: Active job went missing: c-9
        requeue after 3600s
    "#]],
    );
}

#[test]
fn what_is_too_late_or_unreadable_is_told_of() {
    check(
        &cron("schedule: '50 * * * *', startingDeadlineSeconds: 60", ""),
        expect![[r#"
        requeue after 3000s
    "#]],
    );
    check(
        &cron("schedule: 'x'", ""),
        expect![[r#"
        event Warning UnparseableSchedule on CronJob a/c: unparseable schedule: "x" : expected exactly 5 fields, found 1: [x]
    "#]],
    );
}

#[test]
fn schedules() {
    let after = |schedule: &str, time: &str| {
        let next = Schedule::parse(schedule).unwrap().after(Time::parse(time).unwrap());
        next.map(|time| time.to_text().to_string()).unwrap_or_default()
    };
    for (schedule, expected) in [
        ("* * * * *", "2026-01-01T12:01:00Z"),
        ("@hourly", "2026-01-01T13:00:00Z"),
        ("@every 90s", "2026-01-01T12:02:00Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 30 2 *", ""),
        ("15 10 * * mon-fri", "2026-01-02T10:15:00Z"),
        ("0 0 13 * FRI", "2026-01-02T00:00:00Z"),
        ("5/20 8-10/2 * MAR,6 ?", "2026-03-01T08:05:00Z"),
        ("0 0 1 * *", "2026-02-01T00:00:00Z"),
    ] {
        assert_eq!(after(schedule, "2026-01-01T12:00:30Z"), expected, "{schedule}");
    }
    for bad in ["60 * * * *", "* * * *", "5-1 * * * *", "* * 0 * *", "*/0 * * * *", "@never"] {
        assert!(Schedule::parse(bad).is_err(), "{bad}");
    }
}
