use super::*;
use api_core::v1::Pod;
use informer::{Resource, Store};
use schema::value;
use std::sync::Arc;

fn key(name: &str) -> Key {
    Key::new("ns", name)
}

/// The next key, if there is one at once.
async fn now(queue: &Queue) -> Option<String> {
    tokio::time::timeout(Duration::ZERO, queue.next()).await.ok().map(|key| key.name.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_key_is_in_it_once_and_in_work_once() {
    let queue = Queue::new();
    queue.add(key("a"));
    queue.add(key("a"));
    queue.add(key("b"));
    assert_eq!(now(&queue).await.as_deref(), Some("a"));
    queue.add(key("a"));
    assert_eq!(now(&queue).await.as_deref(), Some("b"));
    assert_eq!(now(&queue).await, None);
    queue.done(&key("a"));
    assert_eq!(now(&queue).await.as_deref(), Some("a"));
    queue.done(&key("a"));
    queue.done(&key("b"));
    assert_eq!(now(&queue).await, None);
    assert_eq!(queue.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_delays_the_shorter_counts() {
    let queue = Queue::new();
    queue.add_after(key("a"), Duration::from_secs(10));
    queue.add_after(key("a"), Duration::from_secs(5));
    queue.add_after(key("a"), Duration::from_secs(20));
    let start = Instant::now();
    assert_eq!(queue.next().await, key("a"));
    assert_eq!(start.elapsed().as_secs(), 5);
    queue.done(&key("a"));
    assert_eq!(now(&queue).await, None);
}

#[tokio::test(start_paused = true)]
async fn failures_double_the_wait_until_success() {
    let queue = Queue::new();
    let waits: Vec<_> = (0..4).map(|_| queue.retry(key("a")).as_millis()).collect();
    assert_eq!(waits, [5, 10, 20, 40]);
    queue.forget(&key("a"));
    assert_eq!(queue.retry(key("a")).as_millis(), 5);
    assert_eq!(backoff::after_failures(40), Duration::from_secs(1000));
}

#[tokio::test(start_paused = true)]
async fn retries_of_all_keys_are_limited() {
    let queue = Queue::new();
    let waits: Vec<_> = (0..120).map(|n| queue.retry(key(&n.to_string()))).collect();
    assert_eq!(waits[99], Duration::from_millis(5));
    assert_eq!(waits[119], Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_withheld_key_waits_for_what_it_wrote() {
    let queue = Queue::new();
    let store: Arc<dyn AnyStore> = Arc::new(Store::<Pod>::new(Resource::of::<Pod>()));
    queue.add(key("a"));
    queue.next().await;
    queue.withhold(&key("a"), vec![Awaited::Version { store: store.clone(), version: 7 }]);
    queue.add(key("a"));
    assert_eq!(now(&queue).await, None);
    store.see(6);
    queue.release(store.as_ref());
    assert_eq!(now(&queue).await, None);
    store.see(7);
    queue.release(store.as_ref());
    assert_eq!(now(&queue).await.as_deref(), Some("a"));
}

#[tokio::test(start_paused = true)]
async fn a_withheld_key_waits_for_what_it_deleted() {
    let queue = Queue::new();
    let store: Arc<dyn AnyStore> = Arc::new(Store::<Pod>::new(Resource::of::<Pod>()));
    let pod = value!({ "metadata": { "name": "p", "namespace": "ns", "uid": "u", "resourceVersion": "3" } });
    store.insert(&pod);
    queue.add(key("a"));
    queue.next().await;
    queue.add(key("a"));
    queue.withhold(&key("a"), vec![Awaited::Gone { store: store.clone(), key: key("p"), uid: "u".into() }]);
    assert_eq!(now(&queue).await, None);
    store.remove(&pod);
    queue.release(store.as_ref());
    assert_eq!(now(&queue).await.as_deref(), Some("a"));
}

#[tokio::test(start_paused = true)]
async fn no_key_is_withheld_for_ever() {
    let queue = Queue::new();
    let store: Arc<dyn AnyStore> = Arc::new(Store::<Pod>::new(Resource::of::<Pod>()));
    queue.add(key("a"));
    queue.next().await;
    queue.add(key("a"));
    let start = Instant::now();
    queue.withhold(&key("a"), vec![Awaited::Version { store, version: 7 }]);
    assert_eq!(queue.next().await, key("a"));
    assert_eq!(start.elapsed(), MAX_WITHHELD);
}
