//! One store kept like the server.

use crate::fake::Fake;
use crate::stop;
use api_core::v1::ConfigMap;
use api_meta::v1::{DeleteOptions, ObjectMeta};
use driver::Reflector;
use informer::{AnyStore, Resource, Store};
use kind::ApiError;
use std::sync::Arc;
use std::time::Duration;
use stdx::SeededRng;

fn map(name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta { name: name.into(), namespace: "default".into(), ..ObjectMeta::default() },
        ..ConfigMap::default()
    }
}

fn names(store: &Store<ConfigMap>) -> Vec<String> {
    store.read().list().map(|map| map.metadata.name.clone()).collect()
}

async fn until(store: &Store<ConfigMap>, wanted: &[&str]) {
    let search = async {
        while names(store) != wanted {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(600), search).await;
    assert!(found.is_ok(), "{:?} instead of {wanted:?}", names(store));
}

#[tokio::test(start_paused = true)]
async fn it_follows_changes_failures_and_compactions() {
    let fake = Arc::new(Fake::default());
    let client = fake.client();
    client.create(&map("a")).await.unwrap();
    fake.fail("GET configmaps", ApiError::service_unavailable("starting"));
    let store = Arc::new(Store::<ConfigMap>::new(Resource::of::<ConfigMap>()));
    let (end, stop) = stop();
    let reflector = Reflector::new(client.clone(), store.clone(), Arc::new(SeededRng::new(1)));
    let running = tokio::spawn(reflector.run(stop));
    until(&store, &["a"]).await;
    assert!(store.is_synced());
    client.create(&map("b")).await.unwrap();
    until(&store, &["a", "b"]).await;
    client.delete::<ConfigMap>("default", "a", &DeleteOptions::default()).await.unwrap();
    until(&store, &["b"]).await;

    // What happens while the watch is held back, and then forgotten, comes with the next list.
    fake.hold("configmaps");
    client.create(&map("c")).await.unwrap();
    client.delete::<ConfigMap>("default", "b", &DeleteOptions::default()).await.unwrap();
    fake.compact();
    until(&store, &["c"]).await;
    assert!(store.version() >= 5);
    end.send_replace(true);
    running.await.unwrap();
}
