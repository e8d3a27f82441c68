//! HorizontalPodAutoscaler.

use crate::metrics::targets_text;
use api_apps::autoscaling::v2;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
use schema::Time;

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
