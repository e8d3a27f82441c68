// Made by cargo xtask codegen.

schema::typed_struct! {
    CronJob = "io.k8s.api.batch.v1.CronJob", kind "batch/v1" "CronJob" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: CronJobSpec,
        "status" status: CronJobStatus,
    }
}

schema::typed_object! { CronJob, api_meta::v1::ObjectMeta, namespaced "cronjobs" "batch" "v1" "CronJob" }

schema::typed_struct! {
    CronJobSpec = "io.k8s.api.batch.v1.CronJobSpec" {
        "concurrencyPolicy" concurrency_policy: String,
        "failedJobsHistoryLimit" failed_jobs_history_limit: Option<i32>,
        "jobTemplate" job_template: JobTemplateSpec,
        "schedule" schedule: String,
        "startingDeadlineSeconds" starting_deadline_seconds: Option<i64>,
        "successfulJobsHistoryLimit" successful_jobs_history_limit: Option<i32>,
        "suspend" suspend: Option<bool>,
        "timeZone" time_zone: Option<String>,
    }
}

schema::typed_struct! {
    CronJobStatus = "io.k8s.api.batch.v1.CronJobStatus" {
        "active" active: Vec<api_core::v1::ObjectReference>,
        "lastScheduleTime" last_schedule_time: Option<schema::Time>,
        "lastSuccessfulTime" last_successful_time: Option<schema::Time>,
    }
}

schema::typed_struct! {
    Job = "io.k8s.api.batch.v1.Job", kind "batch/v1" "Job" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: JobSpec,
        "status" status: JobStatus,
    }
}

schema::typed_object! { Job, api_meta::v1::ObjectMeta, namespaced "jobs" "batch" "v1" "Job" }

schema::typed_struct! {
    JobCondition = "io.k8s.api.batch.v1.JobCondition" {
        "lastProbeTime" last_probe_time: Option<schema::Time>,
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    JobSpec = "io.k8s.api.batch.v1.JobSpec" {
        "activeDeadlineSeconds" active_deadline_seconds: Option<i64>,
        "backoffLimit" backoff_limit: Option<i32>,
        "backoffLimitPerIndex" backoff_limit_per_index: Option<i32>,
        "completionMode" completion_mode: Option<String>,
        "completions" completions: Option<i32>,
        "managedBy" managed_by: Option<String>,
        "manualSelector" manual_selector: Option<bool>,
        "maxFailedIndexes" max_failed_indexes: Option<i32>,
        "parallelism" parallelism: Option<i32>,
        "podFailurePolicy" pod_failure_policy: Option<Box<PodFailurePolicy>>,
        "podReplacementPolicy" pod_replacement_policy: Option<String>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "successPolicy" success_policy: Option<Box<SuccessPolicy>>,
        "suspend" suspend: Option<bool>,
        "template" template: api_core::v1::PodTemplateSpec,
        "ttlSecondsAfterFinished" ttl_seconds_after_finished: Option<i32>,
    }
}

schema::typed_struct! {
    JobStatus = "io.k8s.api.batch.v1.JobStatus" {
        "active" active: i32,
        "completedIndexes" completed_indexes: String,
        "completionTime" completion_time: Option<schema::Time>,
        "conditions" conditions: Vec<JobCondition>,
        "failed" failed: i32,
        "failedIndexes" failed_indexes: Option<String>,
        "ready" ready: Option<i32>,
        "startTime" start_time: Option<schema::Time>,
        "succeeded" succeeded: i32,
        "terminating" terminating: Option<i32>,
        "uncountedTerminatedPods" uncounted_terminated_pods: Option<Box<UncountedTerminatedPods>>,
    }
}

schema::typed_struct! {
    JobTemplateSpec = "io.k8s.api.batch.v1.JobTemplateSpec" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: JobSpec,
    }
}

schema::typed_struct! {
    PodFailurePolicy = "io.k8s.api.batch.v1.PodFailurePolicy" {
        "rules" rules: Vec<PodFailurePolicyRule>,
    }
}

schema::typed_struct! {
    PodFailurePolicyOnExitCodesRequirement = "io.k8s.api.batch.v1.PodFailurePolicyOnExitCodesRequirement" {
        "containerName" container_name: Option<String>,
        "operator" operator: String,
        "values" values: Vec<i32>,
    }
}

schema::typed_struct! {
    PodFailurePolicyOnPodConditionsPattern = "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern" {
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    PodFailurePolicyRule = "io.k8s.api.batch.v1.PodFailurePolicyRule" {
        "action" action: String,
        "onExitCodes" on_exit_codes: Option<Box<PodFailurePolicyOnExitCodesRequirement>>,
        "onPodConditions" on_pod_conditions: Vec<PodFailurePolicyOnPodConditionsPattern>,
    }
}

schema::typed_struct! {
    SuccessPolicy = "io.k8s.api.batch.v1.SuccessPolicy" {
        "rules" rules: Vec<SuccessPolicyRule>,
    }
}

schema::typed_struct! {
    SuccessPolicyRule = "io.k8s.api.batch.v1.SuccessPolicyRule" {
        "succeededCount" succeeded_count: Option<i32>,
        "succeededIndexes" succeeded_indexes: Option<String>,
    }
}

schema::typed_struct! {
    UncountedTerminatedPods = "io.k8s.api.batch.v1.UncountedTerminatedPods" {
        "failed" failed: Vec<String>,
        "succeeded" succeeded: Vec<String>,
    }
}
