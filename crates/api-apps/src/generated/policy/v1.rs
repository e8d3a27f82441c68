// Made by cargo xtask codegen.

use std::collections::BTreeMap;

schema::typed_struct! {
    Eviction = "io.k8s.api.policy.v1.Eviction", kind "policy/v1" "Eviction" {
        "deleteOptions" delete_options: Option<Box<api_meta::v1::DeleteOptions>>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
    }
}

schema::typed_struct! {
    PodDisruptionBudget = "io.k8s.api.policy.v1.PodDisruptionBudget", kind "policy/v1" "PodDisruptionBudget" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: PodDisruptionBudgetSpec,
        "status" status: PodDisruptionBudgetStatus,
    }
}

schema::typed_object! { PodDisruptionBudget, api_meta::v1::ObjectMeta, namespaced "poddisruptionbudgets" "policy" "v1" "PodDisruptionBudget" }

schema::typed_struct! {
    PodDisruptionBudgetSpec = "io.k8s.api.policy.v1.PodDisruptionBudgetSpec" {
        "maxUnavailable" max_unavailable: Option<schema::IntOrString>,
        "minAvailable" min_available: Option<schema::IntOrString>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "unhealthyPodEvictionPolicy" unhealthy_pod_eviction_policy: Option<String>,
    }
}

schema::typed_struct! {
    PodDisruptionBudgetStatus = "io.k8s.api.policy.v1.PodDisruptionBudgetStatus" {
        "conditions" conditions: Vec<api_meta::v1::Condition>,
        "currentHealthy" current_healthy: i32,
        "desiredHealthy" desired_healthy: i32,
        "disruptedPods" disrupted_pods: BTreeMap<String, Option<schema::Time>>,
        "disruptionsAllowed" disruptions_allowed: i32,
        "expectedPods" expected_pods: i32,
        "observedGeneration" observed_generation: i64,
    }
}
