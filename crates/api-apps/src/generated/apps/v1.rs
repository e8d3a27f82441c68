// Made by cargo xtask codegen.

schema::typed_struct! {
    ControllerRevision = "io.k8s.api.apps.v1.ControllerRevision", kind "apps/v1" "ControllerRevision" {
        "data" data: schema::Value,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "revision" revision: i64,
    }
}

schema::typed_object! { ControllerRevision, api_meta::v1::ObjectMeta, namespaced "controllerrevisions" "apps" "v1" "ControllerRevision" }

schema::typed_struct! {
    DaemonSet = "io.k8s.api.apps.v1.DaemonSet", kind "apps/v1" "DaemonSet" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: DaemonSetSpec,
        "status" status: DaemonSetStatus,
    }
}

schema::typed_object! { DaemonSet, api_meta::v1::ObjectMeta, namespaced "daemonsets" "apps" "v1" "DaemonSet" }

schema::typed_struct! {
    DaemonSetCondition = "io.k8s.api.apps.v1.DaemonSetCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    DaemonSetSpec = "io.k8s.api.apps.v1.DaemonSetSpec" {
        "minReadySeconds" min_ready_seconds: i32,
        "revisionHistoryLimit" revision_history_limit: Option<i32>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "template" template: api_core::v1::PodTemplateSpec,
        "updateStrategy" update_strategy: DaemonSetUpdateStrategy,
    }
}

schema::typed_struct! {
    DaemonSetStatus = "io.k8s.api.apps.v1.DaemonSetStatus" {
        "collisionCount" collision_count: Option<i32>,
        "conditions" conditions: Vec<DaemonSetCondition>,
        "currentNumberScheduled" current_number_scheduled: i32,
        "desiredNumberScheduled" desired_number_scheduled: i32,
        "numberAvailable" number_available: i32,
        "numberMisscheduled" number_misscheduled: i32,
        "numberReady" number_ready: i32,
        "numberUnavailable" number_unavailable: i32,
        "observedGeneration" observed_generation: i64,
        "updatedNumberScheduled" updated_number_scheduled: i32,
    }
}

schema::typed_struct! {
    DaemonSetUpdateStrategy = "io.k8s.api.apps.v1.DaemonSetUpdateStrategy" {
        "rollingUpdate" rolling_update: Option<Box<RollingUpdateDaemonSet>>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    Deployment = "io.k8s.api.apps.v1.Deployment", kind "apps/v1" "Deployment" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: DeploymentSpec,
        "status" status: DeploymentStatus,
    }
}

schema::typed_object! { Deployment, api_meta::v1::ObjectMeta, namespaced "deployments" "apps" "v1" "Deployment" }

schema::typed_struct! {
    DeploymentCondition = "io.k8s.api.apps.v1.DeploymentCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "lastUpdateTime" last_update_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    DeploymentSpec = "io.k8s.api.apps.v1.DeploymentSpec" {
        "minReadySeconds" min_ready_seconds: i32,
        "paused" paused: bool,
        "progressDeadlineSeconds" progress_deadline_seconds: Option<i32>,
        "replicas" replicas: Option<i32>,
        "revisionHistoryLimit" revision_history_limit: Option<i32>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "strategy" strategy: DeploymentStrategy,
        "template" template: api_core::v1::PodTemplateSpec,
    }
}

schema::typed_struct! {
    DeploymentStatus = "io.k8s.api.apps.v1.DeploymentStatus" {
        "availableReplicas" available_replicas: i32,
        "collisionCount" collision_count: Option<i32>,
        "conditions" conditions: Vec<DeploymentCondition>,
        "observedGeneration" observed_generation: i64,
        "readyReplicas" ready_replicas: i32,
        "replicas" replicas: i32,
        "terminatingReplicas" terminating_replicas: Option<i32>,
        "unavailableReplicas" unavailable_replicas: i32,
        "updatedReplicas" updated_replicas: i32,
    }
}

schema::typed_struct! {
    DeploymentStrategy = "io.k8s.api.apps.v1.DeploymentStrategy" {
        "rollingUpdate" rolling_update: Option<Box<RollingUpdateDeployment>>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    ReplicaSet = "io.k8s.api.apps.v1.ReplicaSet", kind "apps/v1" "ReplicaSet" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ReplicaSetSpec,
        "status" status: ReplicaSetStatus,
    }
}

schema::typed_object! { ReplicaSet, api_meta::v1::ObjectMeta, namespaced "replicasets" "apps" "v1" "ReplicaSet" }

schema::typed_struct! {
    ReplicaSetCondition = "io.k8s.api.apps.v1.ReplicaSetCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    ReplicaSetSpec = "io.k8s.api.apps.v1.ReplicaSetSpec" {
        "minReadySeconds" min_ready_seconds: i32,
        "replicas" replicas: Option<i32>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "template" template: api_core::v1::PodTemplateSpec,
    }
}

schema::typed_struct! {
    ReplicaSetStatus = "io.k8s.api.apps.v1.ReplicaSetStatus" {
        "availableReplicas" available_replicas: i32,
        "conditions" conditions: Vec<ReplicaSetCondition>,
        "fullyLabeledReplicas" fully_labeled_replicas: i32,
        "observedGeneration" observed_generation: i64,
        "readyReplicas" ready_replicas: i32,
        "replicas" replicas: i32,
        "terminatingReplicas" terminating_replicas: Option<i32>,
    }
}

schema::typed_struct! {
    RollingUpdateDaemonSet = "io.k8s.api.apps.v1.RollingUpdateDaemonSet" {
        "maxSurge" max_surge: Option<schema::IntOrString>,
        "maxUnavailable" max_unavailable: Option<schema::IntOrString>,
    }
}

schema::typed_struct! {
    RollingUpdateDeployment = "io.k8s.api.apps.v1.RollingUpdateDeployment" {
        "maxSurge" max_surge: Option<schema::IntOrString>,
        "maxUnavailable" max_unavailable: Option<schema::IntOrString>,
    }
}

schema::typed_struct! {
    RollingUpdateStatefulSetStrategy = "io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy" {
        "maxUnavailable" max_unavailable: Option<schema::IntOrString>,
        "partition" partition: Option<i32>,
    }
}

schema::typed_struct! {
    StatefulSet = "io.k8s.api.apps.v1.StatefulSet", kind "apps/v1" "StatefulSet" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: StatefulSetSpec,
        "status" status: StatefulSetStatus,
    }
}

schema::typed_object! { StatefulSet, api_meta::v1::ObjectMeta, namespaced "statefulsets" "apps" "v1" "StatefulSet" }

schema::typed_struct! {
    StatefulSetCondition = "io.k8s.api.apps.v1.StatefulSetCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    StatefulSetOrdinals = "io.k8s.api.apps.v1.StatefulSetOrdinals" {
        "start" start: i32,
    }
}

schema::typed_struct! {
    StatefulSetPersistentVolumeClaimRetentionPolicy = "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy" {
        "whenDeleted" when_deleted: String,
        "whenScaled" when_scaled: String,
    }
}

schema::typed_struct! {
    StatefulSetSpec = "io.k8s.api.apps.v1.StatefulSetSpec" {
        "minReadySeconds" min_ready_seconds: i32,
        "ordinals" ordinals: Option<Box<StatefulSetOrdinals>>,
        "persistentVolumeClaimRetentionPolicy" persistent_volume_claim_retention_policy: Option<Box<StatefulSetPersistentVolumeClaimRetentionPolicy>>,
        "podManagementPolicy" pod_management_policy: String,
        "replicas" replicas: Option<i32>,
        "revisionHistoryLimit" revision_history_limit: Option<i32>,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
        "serviceName" service_name: String,
        "template" template: api_core::v1::PodTemplateSpec,
        "updateStrategy" update_strategy: StatefulSetUpdateStrategy,
        "volumeClaimTemplates" volume_claim_templates: Vec<api_core::v1::PersistentVolumeClaim>,
    }
}

schema::typed_struct! {
    StatefulSetStatus = "io.k8s.api.apps.v1.StatefulSetStatus" {
        "availableReplicas" available_replicas: i32,
        "collisionCount" collision_count: Option<i32>,
        "conditions" conditions: Vec<StatefulSetCondition>,
        "currentReplicas" current_replicas: i32,
        "currentRevision" current_revision: String,
        "observedGeneration" observed_generation: i64,
        "readyReplicas" ready_replicas: i32,
        "replicas" replicas: i32,
        "updateRevision" update_revision: String,
        "updatedReplicas" updated_replicas: i32,
    }
}

schema::typed_struct! {
    StatefulSetUpdateStrategy = "io.k8s.api.apps.v1.StatefulSetUpdateStrategy" {
        "rollingUpdate" rolling_update: Option<Box<RollingUpdateStatefulSetStrategy>>,
        "type" type_: String,
    }
}
