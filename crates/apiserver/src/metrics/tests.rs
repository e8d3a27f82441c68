use super::*;
use ::store::Store;
use http::{HeaderMap, Method};

fn metrics() -> Arc<Metrics> {
    Metrics::new(1_700_000_000, "v1.36.2", &BTreeMap::from([("Gate".to_owned(), true)]))
}

fn text(metrics: &Metrics) -> String {
    metrics.text([(String::new(), "pods".to_owned(), 3), ("apps".to_owned(), "deployments".to_owned(), 2)].into_iter())
}

#[test]
fn answers_are_counted_by_what_they_are_about() {
    let metrics = metrics();
    let uri = "/api/v1/namespaces/n/pods?limit=1".parse().unwrap();
    for code in [200, 200, 404] {
        let mut request = metrics.begin(&Method::GET, &uri, &HeaderMap::new());
        assert!(text(&metrics).contains("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 1\n"));
        metrics.answered(&mut request, code, Some(5000));
    }
    let text = text(&metrics);
    for line in [
        "apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"pods\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"v1\"} 2\n",
        "apiserver_request_total{code=\"404\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"\"} 1\n",
        "apiserver_request_duration_seconds_count{component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"pods\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"v1\"} 2\n",
        "apiserver_response_sizes_bucket{component=\"apiserver\",group=\"\",resource=\"pods\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"v1\",le=\"10000\"} 2\n",
        "apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0\n",
        "apiserver_resource_objects{group=\"apps\",resource=\"deployments\"} 2\n",
        "apiserver_storage_objects{resource=\"deployments.apps\"} 2\n",
        "kubernetes_feature_enabled{name=\"Gate\",stage=\"\"} 1\n",
        "process_start_time_seconds 1700000000\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(
        text.contains("# TYPE apiserver_request_total counter\n") && text.contains("process_resident_memory_bytes")
    );
}

#[test]
fn watches_are_counted_while_they_are_open() {
    let metrics = metrics();
    let uri = "/apis/apps/v1/deployments?watch=1".parse().unwrap();
    let mut request = metrics.begin(&Method::GET, &uri, &HeaderMap::new());
    metrics.answered(&mut request, 200, None);
    let meter = metrics.goes_on(&request);
    meter.sent(100);
    let open = |count: u32| {
        format!(
            "apiserver_longrunning_requests{{component=\"apiserver\",group=\"apps\",resource=\"deployments\",scope=\"cluster\",subresource=\"\",verb=\"WATCH\",version=\"v1\"}} {count}\n"
        )
    };
    assert!(text(&metrics).contains(&open(1)));
    drop(meter);
    let text = text(&metrics);
    let events = "apiserver_watch_events_total{group=\"apps\",resource=\"deployments\",version=\"v1\"} 1\n";
    assert!(text.contains(&open(0)) && text.contains(events), "{text}");
}

#[tokio::test]
async fn the_use_of_the_store_is_counted_by_resource() {
    let directory = std::env::temp_dir().join(format!("metered-{}", std::process::id()));
    let inner = ::store::EmbeddedStore::open(::store::EmbeddedOptions::new(directory.clone())).unwrap();
    let metrics = metrics();
    let store = MeteredStore::new(Arc::new(inner), metrics.clone(), "/registry/".to_owned(), kinds::KINDS);
    for key in [
        "minions/n",
        "services/specs/a/s",
        "deployments/a/d",
        "example.org/widgets/a/w",
        "apiregistration.k8s.io/apiservices/x",
    ] {
        store.get(&format!("/registry/{key}"), None).await.unwrap();
    }
    store.range("/registry/pods/", "/registry/pods0", ::store::RangeOptions::default()).await.unwrap();
    let text = text(&metrics);
    for (operation, group, resource) in [
        ("get", "", "nodes"),
        ("get", "", "services"),
        ("get", "apps", "deployments"),
        ("get", "example.org", "widgets"),
        ("get", "apiregistration.k8s.io", "apiservices"),
        ("list", "", "pods"),
    ] {
        let line =
            format!("etcd_requests_total{{group=\"{group}\",operation=\"{operation}\",resource=\"{resource}\"}} 1\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    drop(store);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn health_checks_are_told_apart_from_the_rest() {
    let metrics = metrics();
    metrics.checked("ping", "readyz", true);
    metrics.checked("etcd", "livez", false);
    let slis = metrics.slis();
    assert!(slis.contains("kubernetes_healthcheck{name=\"etcd\",type=\"livez\"} 0\n"), "{slis}");
    assert!(slis.contains("kubernetes_healthchecks_total{name=\"ping\",status=\"success\",type=\"readyz\"} 1\n"));
    assert!(!text(&metrics).contains("kubernetes_healthcheck"));
}
