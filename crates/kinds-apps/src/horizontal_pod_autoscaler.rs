//! HorizontalPodAutoscaler.

use crate::metrics::targets_text;
use crate::{amounts, autoscaling, autoscaling_v1 as old_form};
use api_apps::autoscaling::v2;
use kind::{Cell, Column, Context, FieldErrors, Kind, Names, Scope, Subresource, Verb, Version};
use schema::{Time, Value};

pub struct HorizontalPodAutoscaler;

static NAMES: Names = Names {
    group: "autoscaling",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short_names: &["hpa"],
    categories: &["all"],
    scope: Scope::Namespaced,
    versions: &[
        Version { name: "v2", type_name: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler" },
        Version { name: "v1", type_name: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler" },
    ],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("HorizontalPodAutoscaler")],
};

static COLUMNS: &[Column<v2::HorizontalPodAutoscaler>] = &[
    Column::NAME,
    Column::string("Reference", REFERENCE_DESCRIPTION, 0, reference),
    Column::string("Targets", TARGETS_DESCRIPTION, 0, targets),
    Column::string("MinPods", MIN_PODS_DESCRIPTION, 0, min_pods),
    Column::string("MaxPods", MAX_PODS_DESCRIPTION, 0, max_pods),
    Column::string("Replicas", REPLICAS_DESCRIPTION, 0, replicas),
    Column::AGE,
];

const REFERENCE_DESCRIPTION: &str = "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics should be collected, as well as to actually change the replica count.";
const TARGETS_DESCRIPTION: &str = "metrics contains the specifications for which to use to calculate the desired replica count (the maximum replica count across all metrics will be used).  The desired replica count is calculated multiplying the ratio between the target value and the current value by the current number of pods.  Ergo, metrics used must decrease as the pod count is increased, and vice-versa.  See the individual metric source types for more information about how each type of metric must respond. If not set, the default metric will be set to 80% average CPU utilization.";
const MIN_PODS_DESCRIPTION: &str = "minReplicas is the lower limit for the number of replicas to which the autoscaler can scale down.  It defaults to 1 pod.  minReplicas is allowed to be 0 if the alpha feature gate HPAScaleToZero is enabled and at least one Object or External metric is configured.  Scaling is active as long as at least one metric value is available.";
const MAX_PODS_DESCRIPTION: &str = "maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up. It cannot be less that minReplicas.";
const REPLICAS_DESCRIPTION: &str =
    "currentReplicas is current number of replicas of pods managed by this autoscaler, as last seen by the autoscaler.";

impl Kind for HorizontalPodAutoscaler {
    type Object = v2::HorizontalPodAutoscaler;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v2::HorizontalPodAutoscaler>] {
        COLUMNS
    }

    fn default(&self, object: &mut v2::HorizontalPodAutoscaler) {
        object.spec.min_replicas.get_or_insert(1);
        if object.spec.metrics.is_empty() {
            object.spec.metrics.push(default_metric());
        }
        if let Some(behavior) = &mut object.spec.behavior {
            default_up(behavior.scale_up.get_or_insert_default());
            default_down(behavior.scale_down.get_or_insert_default());
        }
    }

    fn prepare_create(&self, object: &mut v2::HorizontalPodAutoscaler, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(
        &self,
        new: &mut v2::HorizontalPodAutoscaler,
        old: &v2::HorizontalPodAutoscaler,
        _context: &Context,
    ) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(
        &self,
        new: &mut v2::HorizontalPodAutoscaler,
        old: &v2::HorizontalPodAutoscaler,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["spec"]],
        }
    }

    fn validate(&self, object: &v2::HorizontalPodAutoscaler, errors: &mut FieldErrors) {
        autoscaling::validate(&object.spec, errors);
    }

    fn validate_subresource(
        &self,
        new: &v2::HorizontalPodAutoscaler,
        _old: &v2::HorizontalPodAutoscaler,
        _context: &Context,
        errors: &mut FieldErrors,
    ) {
        let status = &new.status;
        let counts = [
            ("currentReplicas", i64::from(status.current_replicas)),
            ("desiredReplicas", i64::from(status.desired_replicas)),
        ];
        amounts::validate_counts(&counts, errors);
    }

    fn internal_annotations(&self) -> &'static [&'static str] {
        old_form::ANNOTATIONS
    }

    fn convert(&self, value: Value, to_api_version: &str) -> Value {
        match to_api_version {
            "autoscaling/v1" => old_form::to_v1(value),
            _ => old_form::from_v1(value),
        }
    }
}

fn reference(object: &v2::HorizontalPodAutoscaler, _now: Time) -> Cell {
    let target = &object.spec.scale_target_ref;
    Cell::from(format!("{}/{}", target.kind, target.name))
}

fn targets(object: &v2::HorizontalPodAutoscaler, _now: Time) -> Cell {
    Cell::from(targets_text(object))
}

fn min_pods(object: &v2::HorizontalPodAutoscaler, _now: Time) -> Cell {
    Cell::from(object.spec.min_replicas.map_or_else(|| "<unset>".to_owned(), |min| min.to_string()))
}

fn max_pods(object: &v2::HorizontalPodAutoscaler, _now: Time) -> Cell {
    Cell::from(object.spec.max_replicas)
}

fn replicas(object: &v2::HorizontalPodAutoscaler, _now: Time) -> Cell {
    Cell::from(object.status.current_replicas)
}

const DEFAULT_UTILIZATION: i32 = 80;

fn default_metric() -> v2::MetricSpec {
    let target = v2::MetricTarget {
        type_: "Utilization".into(),
        average_utilization: Some(DEFAULT_UTILIZATION),
        ..Default::default()
    };
    let resource = v2::ResourceMetricSource { name: "cpu".into(), target };
    v2::MetricSpec { type_: "Resource".into(), resource: Some(Box::new(resource)), ..Default::default() }
}

fn policy(type_: &str, value: i32) -> v2::HPAScalingPolicy {
    v2::HPAScalingPolicy { type_: type_.into(), value, period_seconds: 15 }
}

fn default_up(rules: &mut v2::HPAScalingRules) {
    rules.stabilization_window_seconds.get_or_insert(0);
    rules.select_policy.get_or_insert_with(|| "Max".into());
    if rules.policies.is_empty() {
        rules.policies = vec![policy("Pods", 4), policy("Percent", 100)];
    }
}

fn default_down(rules: &mut v2::HPAScalingRules) {
    rules.select_policy.get_or_insert_with(|| "Max".into());
    if rules.policies.is_empty() {
        rules.policies = vec![policy("Percent", 100)];
    }
}
