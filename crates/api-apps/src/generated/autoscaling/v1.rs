// Made by cargo xtask codegen.

schema::typed_struct! {
    CrossVersionObjectReference = "io.k8s.api.autoscaling.v1.CrossVersionObjectReference" {
        "apiVersion" api_version: String,
        "kind" kind: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    HorizontalPodAutoscaler = "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler", kind "autoscaling/v1" "HorizontalPodAutoscaler" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: HorizontalPodAutoscalerSpec,
        "status" status: HorizontalPodAutoscalerStatus,
    }
}

schema::typed_object! { HorizontalPodAutoscaler, api_meta::v1::ObjectMeta, namespaced "horizontalpodautoscalers" "autoscaling" "v1" "HorizontalPodAutoscaler" }

schema::typed_struct! {
    HorizontalPodAutoscalerSpec = "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec" {
        "maxReplicas" max_replicas: i32,
        "minReplicas" min_replicas: Option<i32>,
        "scaleTargetRef" scale_target_ref: CrossVersionObjectReference,
        "targetCPUUtilizationPercentage" target_cpu_utilization_percentage: Option<i32>,
    }
}

schema::typed_struct! {
    HorizontalPodAutoscalerStatus = "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerStatus" {
        "currentCPUUtilizationPercentage" current_cpu_utilization_percentage: Option<i32>,
        "currentReplicas" current_replicas: i32,
        "desiredReplicas" desired_replicas: i32,
        "lastScaleTime" last_scale_time: Option<schema::Time>,
        "observedGeneration" observed_generation: Option<i64>,
    }
}

schema::typed_struct! {
    Scale = "io.k8s.api.autoscaling.v1.Scale", kind "autoscaling/v1" "Scale" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: ScaleSpec,
        "status" status: ScaleStatus,
    }
}

schema::typed_struct! {
    ScaleSpec = "io.k8s.api.autoscaling.v1.ScaleSpec" {
        "replicas" replicas: i32,
    }
}

schema::typed_struct! {
    ScaleStatus = "io.k8s.api.autoscaling.v1.ScaleStatus" {
        "replicas" replicas: i32,
        "selector" selector: String,
    }
}
