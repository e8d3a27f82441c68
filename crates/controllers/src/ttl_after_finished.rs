//! Deletes jobs some time after they have ended: `ttlSecondsAfterFinished`.

use crate::{Controller, DeleteOptions, Plan, Watch, Write};
use api_apps::batch::v1::Job;
use informer::{Key, View};
use schema::Time;
use std::time::Duration;

pub struct TtlAfterFinishedController;

impl Controller for TtlAfterFinishedController {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn watches(&self) -> Vec<Watch> {
        vec![Watch::of::<Job, _>(|job, _| match job.spec.ttl_seconds_after_finished {
            Some(_) => vec![Key::of(&job.metadata)],
            None => Vec::new(),
        })]
    }

    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan {
        let Some(job) = view.get::<Job>(&key.namespace, &key.name) else { return Plan::default() };
        let ended =
            job.status.conditions.iter().find(|condition| {
                matches!(condition.type_.as_str(), "Complete" | "Failed") && condition.status == "True"
            });
        let ended = ended.and_then(|condition| condition.last_transition_time);
        let (Some(ttl), Some(ended)) = (job.spec.ttl_seconds_after_finished, ended) else { return Plan::default() };
        if job.metadata.deletion_timestamp.is_some() {
            return Plan::default();
        }
        let left = i64::from(ttl) - now.secs_since(ended);
        if left > 0 {
            return Plan::after(Duration::from_secs(left.unsigned_abs()));
        }
        let options = DeleteOptions {
            uid: Some(job.metadata.uid.clone()),
            resource_version: Some(job.metadata.resource_version.clone()),
            propagation: Some("Foreground"),
            ..DeleteOptions::default()
        };
        let mut plan = Plan::default();
        plan.push(Write::delete_with::<Job>(key.clone(), options));
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(ttl: u32, expect: Expect) {
        let job = format!(
            "
apiVersion: batch/v1
kind: Job
metadata: {{name: j, namespace: a, uid: u, resourceVersion: '4'}}
spec: {{ttlSecondsAfterFinished: {ttl}}}
status: {{conditions: [{{type: Complete, status: 'True', lastTransitionTime: 2026-01-01T11:59:00Z}}]}}
"
        );
        crate::testing::check(&TtlAfterFinishedController, &job, Key::new("a", "j"), expect);
    }

    #[test]
    fn an_ended_job_is_deleted_after_its_time() {
        check(
            100,
            expect![[r#"
            requeue after 40s
        "#]],
        );
        check(
            0,
            expect![[r#"
            delete jobs.batch a/j at 4 Foreground
        "#]],
        );
    }
}
