use super::*;
use crate::testing::{NOW, world};
use expect_test::{Expect, expect};

fn job(spec: &str, status: &str) -> String {
    format!(
        "---
apiVersion: batch/v1
kind: Job
metadata: {{name: j, namespace: a, uid: j}}
spec: {{parallelism: 1, backoffLimit: 1, selector: {{matchLabels: {{job: j}}}}, template: {{metadata: {{labels: {{job: j}}}}, spec: {{restartPolicy: Never}}}}, {spec}}}
status: {{startTime: 2026-01-01T11:50:00Z, {status}}}
"
    )
}

fn pod(name: &str, phase: &str, more: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: a
  uid: u-{name}
  resourceVersion: '5'
  creationTimestamp: 2026-01-01T11:50:00Z
  labels: {{job: j}}
  ownerReferences: [{{apiVersion: batch/v1, kind: Job, name: j, uid: j, controller: true}}]
{more}
status: {{phase: {phase}}}
"
    )
}

const TRACKED: &str = "  finalizers: [batch.kubernetes.io/job-tracking]";

fn check(objects: &str, expect: Expect) {
    crate::testing::check(&JobController, objects, Key::new("a", "j"), expect);
}

#[test]
fn a_job_begins() {
    check(
        &job("completions: 3", "")
            .replace("startTime: 2026-01-01T11:50:00Z, ", "")
            .replace("parallelism: 1", "parallelism: 2"),
        expect![[r#"
        update jobs.batch/status a/j
          status: + {"active":2,"ready":0,"startTime":"2026-01-01T12:00:00Z","terminating":0,"uncountedTerminatedPods":{}}
        slowly:
        create pods a/j-* {"metadata":{"finalizers":["batch.kubernetes.io/job-tracking"],"generateName":"j-","labels":{"job":"j"},"ownerReferences":[{"apiVersion":"batch/v1","blockOwnerDeletion":true,"controller":true,"kind":"Job","name":"j","uid":"j"}]},"spec":{"restartPolicy":"Never"}}
          then event Normal SuccessfulCreate on Job a/j: Created pod: {name}
        create pods a/j-* {"metadata":{"finalizers":["batch.kubernetes.io/job-tracking"],"generateName":"j-","labels":{"job":"j"},"ownerReferences":[{"apiVersion":"batch/v1","blockOwnerDeletion":true,"controller":true,"kind":"Job","name":"j","uid":"j"}]},"spec":{"restartPolicy":"Never"}}
          then event Normal SuccessfulCreate on Job a/j: Created pod: {name}
    "#]],
    );
}

#[test]
fn a_pod_that_succeeds_is_noted_then_counted_then_the_job_is_complete() {
    check(
        &format!(
            "{}{}",
            job("completions: 1", "active: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {}"),
            pod("p", "Succeeded", TRACKED)
        ),
        expect![[r#"
        update jobs.batch/status a/j
          status.active: - 1
          status.conditions: + [{"lastProbeTime":"2026-01-01T12:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Reached expected number of succeeded pods","reason":"CompletionsReached","status":"True","type":"SuccessCriteriaMet"}]
          status.uncountedTerminatedPods.succeeded: + ["u-p"]
        together:
        patch pods a/p {"metadata":{"finalizers":null,"resourceVersion":"5","uid":"u-p"}}
    "#]],
    );
    let noted = "ready: 0, terminating: 0, uncountedTerminatedPods: {succeeded: [u-p]}, conditions: [{type: SuccessCriteriaMet, status: 'True', reason: CompletionsReached, message: Reached expected number of succeeded pods}]";
    check(
        &format!("{}{}", job("completions: 1", noted), pod("p", "Succeeded", "")),
        expect![[r#"
        update jobs.batch/status a/j
          status.completionTime: + "2026-01-01T12:00:00Z"
          status.conditions[1]: + {"lastProbeTime":"2026-01-01T12:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Reached expected number of succeeded pods","reason":"CompletionsReached","status":"True","type":"Complete"}
          status.succeeded: + 1
          status.uncountedTerminatedPods.succeeded: - ["u-p"]
        event Normal Completed on Job a/j: Job completed
    "#]],
    );
}

#[test]
fn a_failed_pod_is_replaced_after_a_while_and_too_many_fail_the_job() {
    let failed = "active: 0, ready: 0, terminating: 0, failed: 1, uncountedTerminatedPods: {}";
    let late = pod("p", "Failed", "").replace("11:50:00", "11:59:57");
    check(
        &format!("{}{late}", job("completions: 1", failed)),
        expect![[r#"
        requeue after 7s
    "#]],
    );
    let view = world(&format!("{}{}", job("completions: 1", failed), pod("p", "Failed", "")));
    assert!(JobController.reconcile(&Key::new("a", "j"), &view, NOW).to_string().contains("create pods a/j-*"));
    check(
        &format!("{}{}{}", job("completions: 1", failed), pod("p", "Failed", TRACKED), pod("q", "Running", TRACKED)),
        expect![[r#"
        update jobs.batch/status a/j
          status.conditions: + [{"lastProbeTime":"2026-01-01T12:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Job has reached the specified backoff limit","reason":"BackoffLimitExceeded","status":"True","type":"FailureTarget"}]
          status.terminating: 0 -> 1
          status.uncountedTerminatedPods.failed: + ["u-p"]
        together:
        patch pods a/p {"metadata":{"finalizers":null,"resourceVersion":"5","uid":"u-p"}}
        together:
        delete pods a/q
          then event Normal SuccessfulDelete on Job a/j: Deleted pod: {name}
    "#]],
    );
}

#[test]
fn indexes_are_filled_from_the_lowest() {
    let status = "ready: 0, terminating: 0, completedIndexes: '0,2', succeeded: 2, uncountedTerminatedPods: {}";
    let indexed = job("completionMode: Indexed, completions: 5", status).replace("parallelism: 1", "parallelism: 3");
    let running =
        pod("p", "Running", &format!("{TRACKED}\n  annotations: {{batch.kubernetes.io/job-completion-index: '1'}}"));
    let view = world(&format!("{indexed}{running}"));
    let plan = JobController.reconcile(&Key::new("a", "j"), &view, NOW).to_string();
    let prefixes: Vec<&str> =
        plan.lines().filter(|line| line.starts_with("create")).map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_eq!(prefixes, ["a/j-3-*", "a/j-4-*"]);
    assert!(plan.contains(r#""hostname":"j-3""#), "{plan}");
}

#[test]
fn an_index_that_fails_too_often_is_given_up() {
    let status =
        "ready: 0, terminating: 0, succeeded: 1, completedIndexes: '0', failed: 1, uncountedTerminatedPods: {}";
    let indexed = job("completionMode: Indexed, completions: 2, backoffLimitPerIndex: 1", status)
        .replace("backoffLimit: 1,", "backoffLimit: 100,");
    let failed = pod(
        "p",
        "Failed",
        &format!(
            "{TRACKED}\n  annotations: {{batch.kubernetes.io/job-completion-index: '1', batch.kubernetes.io/job-index-failure-count: '1'}}"
        ),
    );
    let view = world(&format!("{indexed}{failed}"));
    let plan = JobController.reconcile(&Key::new("a", "j"), &view, NOW).to_string();
    assert!(plan.contains("\"reason\":\"FailedIndexes\"") && plan.contains("status.failedIndexes: + \"1\""), "{plan}");
}

#[test]
fn suspending_drops_the_pods_without_counting_them() {
    check(
        &format!(
            "{}{}",
            job("suspend: true", "active: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {}"),
            pod("p", "Running", TRACKED)
        ),
        expect![[r#"
        update jobs.batch/status a/j
          status.active: - 1
          status.conditions: + [{"lastProbeTime":"2026-01-01T12:00:00Z","lastTransitionTime":"2026-01-01T12:00:00Z","message":"Job suspended","reason":"JobSuspended","status":"True","type":"Suspended"}]
          status.startTime: - "2026-01-01T11:50:00Z"
          status.terminating: 0 -> 1
        together:
        patch pods a/p {"metadata":{"finalizers":null,"resourceVersion":"5","uid":"u-p"}}
        together:
        delete pods a/p
          then event Normal SuccessfulDelete on Job a/j: Deleted pod: {name}
        event Normal Suspended on Job a/j: Job suspended
    "#]],
    );
}

#[test]
fn a_deadline_is_waited_for_and_then_fails_the_job() {
    let status = "active: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {}";
    check(
        &format!("{}{}", job("activeDeadlineSeconds: 900", status), pod("p", "Running", TRACKED)),
        expect![[r#"
        requeue after 300s
    "#]],
    );
    let view = world(&format!("{}{}", job("activeDeadlineSeconds: 60", status), pod("p", "Running", TRACKED)));
    let plan = JobController.reconcile(&Key::new("a", "j"), &view, NOW).to_string();
    assert!(plan.contains("DeadlineExceeded") && plan.contains("delete pods a/p"), "{plan}");
}

#[test]
fn a_policy_fails_the_job_at_an_exit_code() {
    let policy = "podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}";
    let failed = pod("p", "Failed", TRACKED).replace(
        "status: {phase: Failed}",
        "status: {phase: Failed, containerStatuses: [{name: c, state: {terminated: {exitCode: 42}}}]}",
    );
    let view = world(&format!("{}{failed}", job(policy, "")));
    let plan = JobController.reconcile(&Key::new("a", "j"), &view, NOW).to_string();
    assert!(
        plan.contains("Container c for pod a/p failed with exit code 42 matching FailJob rule at index 0"),
        "{plan}"
    );
}

#[test]
fn pods_of_gone_and_ended_jobs_are_released() {
    check(
        &pod("p", "Running", TRACKED),
        expect![[r#"
        together:
        patch pods a/p {"metadata":{"finalizers":null,"resourceVersion":"5","uid":"u-p"}}
    "#]],
    );
    check(
        &format!(
            "{}{}",
            job("completions: 1", "conditions: [{type: Complete, status: 'True'}]"),
            pod("p", "Running", TRACKED)
        ),
        expect![[r#"
        together:
        patch pods a/p {"metadata":{"finalizers":null,"resourceVersion":"5","uid":"u-p"}}
    "#]],
    );
}

#[test]
fn index_lists_are_read_and_written() {
    let read = indexes::parse("0,2-4,9", 8);
    assert_eq!(read.iter().copied().collect::<Vec<_>>(), [0, 2, 3, 4]);
    assert_eq!(indexes::text(&read), "0,2-4");
    assert_eq!(indexes::text(&[1, 2, 5].into()), "1,2,5");
}
