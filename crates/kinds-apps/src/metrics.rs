//! The metrics of a HorizontalPodAutoscaler as tables show them.

use api_apps::autoscaling::v2::{HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus};
use schema::Quantity;

/// At most this many targets are shown.
const TARGETS_SHOWN: usize = 2;
const UNKNOWN: &str = "<unknown>";

/// `cpu: 50%/60%`, or `<none>` without metrics.
pub fn targets_text(object: &HorizontalPodAutoscaler) -> String {
    let metrics = &object.spec.metrics;
    if metrics.is_empty() {
        return "<none>".into();
    }
    let texts: Vec<String> = metrics
        .iter()
        .enumerate()
        .map(|(index, metric)| target_text(metric, object.status.current_metrics.get(index)))
        .take(TARGETS_SHOWN)
        .collect();
    match metrics.len() {
        0..=TARGETS_SHOWN => texts.join(", "),
        many => format!("{} + {} more...", texts.join(", "), many - TARGETS_SHOWN),
    }
}

fn target_text(metric: &MetricSpec, status: Option<&MetricStatus>) -> String {
    match metric.type_.as_str() {
        "External" => {
            let target = metric.external.as_ref().map(|source| &source.target);
            let current = status.and_then(|status| status.external.as_ref()).map(|status| &status.current);
            value_or_average(target, current)
        }
        "Pods" => {
            let target = metric.pods.as_ref().and_then(|source| source.target.average_value.as_ref());
            let current = status.and_then(|status| status.pods.as_ref());
            format!("{}/{}", shown(current.and_then(|pods| pods.current.average_value.as_ref())), quantity(target))
        }
        "Object" => {
            let target = metric.object.as_ref().map(|source| &source.target);
            let current = status.and_then(|status| status.object.as_ref()).map(|status| &status.current);
            value_or_average(target, current)
        }
        "Resource" => {
            let Some(source) = &metric.resource else { return UNKNOWN.into() };
            let current = status.and_then(|status| status.resource.as_ref()).map(|status| &status.current);
            format!("{}: {}", source.name, resource_text(&source.target, current))
        }
        "ContainerResource" => {
            let Some(source) = &metric.container_resource else { return UNKNOWN.into() };
            let current = status.and_then(|status| status.container_resource.as_ref()).map(|status| &status.current);
            format!("{}: {}", source.name, resource_text(&source.target, current))
        }
        _ => "<unknown type>".into(),
    }
}

fn value_or_average(target: Option<&MetricTarget>, current: Option<&MetricValueStatus>) -> String {
    if let Some(average) = target.and_then(|target| target.average_value.as_ref()) {
        let current = current.and_then(|current| current.average_value.as_ref());
        return format!("{}/{} (avg)", shown(current), average.to_text());
    }
    let current = current.and_then(|current| current.value.as_ref());
    format!("{}/{}", shown(current), quantity(target.and_then(|target| target.value.as_ref())))
}

fn resource_text(target: &MetricTarget, current: Option<&MetricValueStatus>) -> String {
    if let Some(average) = &target.average_value {
        return format!("{}/{}", shown(current.and_then(|current| current.average_value.as_ref())), average.to_text());
    }
    let used = current.and_then(|current| current.average_utilization);
    let used = used.map_or_else(|| UNKNOWN.to_owned(), |percent| format!("{percent}%"));
    let wanted = target.average_utilization.map_or_else(|| "<auto>".to_owned(), |percent| format!("{percent}%"));
    format!("{used}/{wanted}")
}

fn shown(current: Option<&Quantity>) -> String {
    current.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_text().to_string())
}

fn quantity(target: Option<&Quantity>) -> String {
    target.map_or_else(String::new, |value| value.to_text().to_string())
}
