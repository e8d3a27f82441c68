use super::*;
use crate::served::tests::{Changing, builtin, with_custom};

#[test]
fn groups_stand_in_upstreams_order() {
    let discovery = Discovery::new(Arc::new(builtin()), "127.0.0.1:6443".into());
    let documents = discovery.documents().unwrap();
    let groups: Vec<&str> =
        documents.plain["/apis"].value.at(&["groups"]).items().iter().map(|group| group.str_at(&["name"])).collect();
    assert_eq!(groups[..4], ["apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io"]);
    assert_eq!(groups.last(), Some(&"flowcontrol.apiserver.k8s.io"));
    let autoscaling = &documents.plain["/apis/autoscaling"].value;
    assert_eq!(autoscaling.str_at(&["preferredVersion", "version"]), "v2");
}

#[test]
fn a_custom_resource_comes_and_goes_and_the_tag_changes() {
    let source = Arc::new(Changing(Mutex::new(builtin())));
    let discovery = Discovery::new(source.clone(), "127.0.0.1:6443".into());
    let before = discovery.documents().unwrap();
    assert!(Arc::ptr_eq(&before, &discovery.documents().unwrap()));
    let without = source.0.lock().clone();
    *source.0.lock() = with_custom(&without);
    let now = discovery.documents().unwrap();
    assert_ne!(before.aggregated["/apis"].digest, now.aggregated["/apis"].digest);
    assert!(Arc::ptr_eq(&before.plain["/apis/apps/v1"], &now.plain["/apis/apps/v1"]), "what did not change was kept");
    let group = &now.plain["/apis/example.com"].value;
    assert_eq!(group.str_at(&["preferredVersion", "groupVersion"]), "example.com/v1");
    let last = now.aggregated["/apis"].value.at(&["items"]).items().last().unwrap().str_at(&["metadata", "name"]);
    assert_eq!(last, "example.com");
    let resources = now.plain["/apis/example.com/v1beta1"].value.at(&["resources"]).items();
    let names: Vec<&str> = resources.iter().map(|resource| resource.str_at(&["name"])).collect();
    assert_eq!(names, ["widgets", "widgets/status", "widgets/scale"]);
    *source.0.lock() = without;
    assert_eq!(before.aggregated["/apis"].digest, discovery.documents().unwrap().aggregated["/apis"].digest);
}
