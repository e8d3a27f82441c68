// Made by cargo xtask codegen.

schema::typed_struct! {
    ContainerResourceMetricSource = "io.k8s.api.autoscaling.v2.ContainerResourceMetricSource" {
        "container" container: String,
        "name" name: String,
        "target" target: MetricTarget,
    }
}

schema::typed_struct! {
    ContainerResourceMetricStatus = "io.k8s.api.autoscaling.v2.ContainerResourceMetricStatus" {
        "container" container: String,
        "current" current: MetricValueStatus,
        "name" name: String,
    }
}

schema::typed_struct! {
    CrossVersionObjectReference = "io.k8s.api.autoscaling.v2.CrossVersionObjectReference" {
        "apiVersion" api_version: String,
        "kind" kind: String,
        "name" name: String,
    }
}

schema::typed_struct! {
    ExternalMetricSource = "io.k8s.api.autoscaling.v2.ExternalMetricSource" {
        "metric" metric: MetricIdentifier,
        "target" target: MetricTarget,
    }
}

schema::typed_struct! {
    ExternalMetricStatus = "io.k8s.api.autoscaling.v2.ExternalMetricStatus" {
        "current" current: MetricValueStatus,
        "metric" metric: MetricIdentifier,
    }
}

schema::typed_struct! {
    HPAScalingPolicy = "io.k8s.api.autoscaling.v2.HPAScalingPolicy" {
        "periodSeconds" period_seconds: i32,
        "type" type_: String,
        "value" value: i32,
    }
}

schema::typed_struct! {
    HPAScalingRules = "io.k8s.api.autoscaling.v2.HPAScalingRules" {
        "policies" policies: Vec<HPAScalingPolicy>,
        "selectPolicy" select_policy: Option<String>,
        "stabilizationWindowSeconds" stabilization_window_seconds: Option<i32>,
        "tolerance" tolerance: Option<schema::Quantity>,
    }
}

schema::typed_struct! {
    HorizontalPodAutoscaler = "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", kind "autoscaling/v2" "HorizontalPodAutoscaler" {
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "spec" spec: HorizontalPodAutoscalerSpec,
        "status" status: HorizontalPodAutoscalerStatus,
    }
}

schema::typed_object! { HorizontalPodAutoscaler, api_meta::v1::ObjectMeta, namespaced "horizontalpodautoscalers" "autoscaling" "v2" "HorizontalPodAutoscaler" }

schema::typed_struct! {
    HorizontalPodAutoscalerBehavior = "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior" {
        "scaleDown" scale_down: Option<Box<HPAScalingRules>>,
        "scaleUp" scale_up: Option<Box<HPAScalingRules>>,
    }
}

schema::typed_struct! {
    HorizontalPodAutoscalerCondition = "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerCondition" {
        "lastTransitionTime" last_transition_time: Option<schema::Time>,
        "message" message: String,
        "reason" reason: String,
        "status" status: String,
        "type" type_: String,
    }
}

schema::typed_struct! {
    HorizontalPodAutoscalerSpec = "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec" {
        "behavior" behavior: Option<Box<HorizontalPodAutoscalerBehavior>>,
        "maxReplicas" max_replicas: i32,
        "metrics" metrics: Vec<MetricSpec>,
        "minReplicas" min_replicas: Option<i32>,
        "scaleTargetRef" scale_target_ref: CrossVersionObjectReference,
    }
}

schema::typed_struct! {
    HorizontalPodAutoscalerStatus = "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus" {
        "conditions" conditions: Vec<HorizontalPodAutoscalerCondition>,
        "currentMetrics" current_metrics: Vec<MetricStatus>,
        "currentReplicas" current_replicas: i32,
        "desiredReplicas" desired_replicas: i32,
        "lastScaleTime" last_scale_time: Option<schema::Time>,
        "observedGeneration" observed_generation: Option<i64>,
    }
}

schema::typed_struct! {
    MetricIdentifier = "io.k8s.api.autoscaling.v2.MetricIdentifier" {
        "name" name: String,
        "selector" selector: Option<Box<api_meta::v1::LabelSelector>>,
    }
}

schema::typed_struct! {
    MetricSpec = "io.k8s.api.autoscaling.v2.MetricSpec" {
        "containerResource" container_resource: Option<Box<ContainerResourceMetricSource>>,
        "external" external: Option<Box<ExternalMetricSource>>,
        "object" object: Option<Box<ObjectMetricSource>>,
        "pods" pods: Option<Box<PodsMetricSource>>,
        "resource" resource: Option<Box<ResourceMetricSource>>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    MetricStatus = "io.k8s.api.autoscaling.v2.MetricStatus" {
        "containerResource" container_resource: Option<Box<ContainerResourceMetricStatus>>,
        "external" external: Option<Box<ExternalMetricStatus>>,
        "object" object: Option<Box<ObjectMetricStatus>>,
        "pods" pods: Option<Box<PodsMetricStatus>>,
        "resource" resource: Option<Box<ResourceMetricStatus>>,
        "type" type_: String,
    }
}

schema::typed_struct! {
    MetricTarget = "io.k8s.api.autoscaling.v2.MetricTarget" {
        "averageUtilization" average_utilization: Option<i32>,
        "averageValue" average_value: Option<schema::Quantity>,
        "type" type_: String,
        "value" value: Option<schema::Quantity>,
    }
}

schema::typed_struct! {
    MetricValueStatus = "io.k8s.api.autoscaling.v2.MetricValueStatus" {
        "averageUtilization" average_utilization: Option<i32>,
        "averageValue" average_value: Option<schema::Quantity>,
        "value" value: Option<schema::Quantity>,
    }
}

schema::typed_struct! {
    ObjectMetricSource = "io.k8s.api.autoscaling.v2.ObjectMetricSource" {
        "describedObject" described_object: CrossVersionObjectReference,
        "metric" metric: MetricIdentifier,
        "target" target: MetricTarget,
    }
}

schema::typed_struct! {
    ObjectMetricStatus = "io.k8s.api.autoscaling.v2.ObjectMetricStatus" {
        "current" current: MetricValueStatus,
        "describedObject" described_object: CrossVersionObjectReference,
        "metric" metric: MetricIdentifier,
    }
}

schema::typed_struct! {
    PodsMetricSource = "io.k8s.api.autoscaling.v2.PodsMetricSource" {
        "metric" metric: MetricIdentifier,
        "target" target: MetricTarget,
    }
}

schema::typed_struct! {
    PodsMetricStatus = "io.k8s.api.autoscaling.v2.PodsMetricStatus" {
        "current" current: MetricValueStatus,
        "metric" metric: MetricIdentifier,
    }
}

schema::typed_struct! {
    ResourceMetricSource = "io.k8s.api.autoscaling.v2.ResourceMetricSource" {
        "name" name: String,
        "target" target: MetricTarget,
    }
}

schema::typed_struct! {
    ResourceMetricStatus = "io.k8s.api.autoscaling.v2.ResourceMetricStatus" {
        "current" current: MetricValueStatus,
        "name" name: String,
    }
}
