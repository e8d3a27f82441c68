//! Transactions and leases.

use super::*;

pub(super) async fn outcomes_tell_revisions_and_previous_versions(s: Subject) {
    let before = s.store.current_revision().await.unwrap();
    let created = s.write(Compare::NotExists, put(s.key("a"), "1")).await;
    let TxnOutcome::Done { revision: first, previous: None } = created else { panic!("{created:?}") };
    assert!(first > before && first > 0);
    let updated = s.write(Compare::ModRevision(first), put(s.key("a"), "2")).await;
    let TxnOutcome::Done { revision: second, previous: Some(previous) } = updated else { panic!("{updated:?}") };
    assert!(second > first);
    assert_eq!((previous.mod_revision, previous.create_revision, previous.version), (first, first, 1));
    assert_eq!(&previous.value[..], b"1");
    let (now, at) = s.store.get(&s.key("a"), None).await.unwrap();
    let now = now.unwrap();
    assert_eq!((now.mod_revision, now.create_revision, now.version), (second, first, 2));
    assert_eq!((&*now.key, &now.value[..]), (&*s.key("a"), &b"2"[..]));
    assert!(at >= second);
    let deleted = s.write(Compare::ModRevision(second), Write::Delete { key: s.key("a") }).await;
    let TxnOutcome::Done { revision: third, previous } = deleted else { panic!("{deleted:?}") };
    assert!(third > second);
    assert_eq!(previous, Some(now));
    assert_eq!(s.get("a").await, None);
    assert!(s.store.current_revision().await.unwrap() >= third);
}

pub(super) async fn comparisons_that_fail_change_nothing(s: Subject) {
    let first = s.put("a", "1").await;
    let current = s.get("a").await;
    let attempts = [
        (Compare::NotExists, put(s.key("a"), "x")),
        (Compare::ModRevision(first + 1), put(s.key("a"), "x")),
        (Compare::ModRevision(first - 1), Write::Delete { key: s.key("a") }),
        (Compare::NotExists, Write::Delete { key: s.key("a") }),
    ];
    for (compare, write) in attempts {
        let outcome = s.write(compare, write).await;
        let TxnOutcome::Conflict { current: told, revision } = outcome else { panic!("{compare:?}: {outcome:?}") };
        assert_eq!(told, current, "{compare:?}");
        assert!(revision >= first);
    }
    let outcome = s.write(Compare::ModRevision(first), put(s.key("absent"), "x")).await;
    assert!(matches!(outcome, TxnOutcome::Conflict { current: None, .. }), "{outcome:?}");
    assert_eq!(s.listing(None).await, ["a=1"]);
    assert_eq!(s.get("a").await, current);
}

pub(super) async fn deleting_what_is_not_there_changes_nothing(s: Subject) {
    let before = s.put("a", "1").await;
    for compare in [Compare::Any, Compare::NotExists] {
        let outcome = s.write(compare, Write::Delete { key: s.key("absent") }).await;
        assert_eq!(outcome, TxnOutcome::Done { revision: before, previous: None });
    }
    assert_eq!(s.store.current_revision().await.unwrap(), before);
}

pub(super) async fn a_recreated_key_starts_anew(s: Subject) {
    s.put("a", "1").await;
    s.put("a", "2").await;
    s.delete("a").await;
    let outcome = s.write(Compare::NotExists, put(s.key("a"), "3")).await;
    let TxnOutcome::Done { revision, previous: None } = outcome else { panic!("{outcome:?}") };
    let now = s.get("a").await.unwrap();
    assert_eq!((now.create_revision, now.mod_revision, now.version), (revision, revision, 1));
}

pub(super) async fn any_bytes_are_a_value(s: Subject) {
    let all: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for (name, value) in [("empty", Bytes::new()), ("all", all.into()), ("ключ/\u{10ffff}", Bytes::from_static(b"\0"))]
    {
        let write = Write::Put { key: s.key(name), value: value.clone(), lease: None };
        s.write(Compare::NotExists, write).await;
        assert_eq!(s.get(name).await.unwrap().value, value);
    }
}

pub(super) async fn too_large_a_request_is_refused(s: Subject) {
    let write = Write::Put { key: s.key("a"), value: vec![b'x'; 4 << 20].into(), lease: None };
    let outcome = s.store.txn(Compare::Any, write).await;
    assert!(matches!(outcome, Err(StoreError::TooLarge { .. })), "{outcome:?}");
    assert_eq!(s.get("a").await, None);
    s.put("a", "small").await;
}

pub(super) async fn a_dropped_future_still_writes(s: Subject) {
    let from = s.store.current_revision().await.unwrap() + 1;
    let mut watch = s.watch(from).await;
    drop(s.store.txn(Compare::Any, put(s.key("a"), "1")));
    let events = next_events(&mut watch, 1).await;
    assert_eq!(s.told(&events[0]), "put a=1");
}

pub(super) async fn concurrent_increments_are_all_counted(s: Subject) {
    const TASKS: u64 = 16;
    const EACH: u64 = 10;
    s.put("counter", "0").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let (store, key) = (Arc::clone(&s.store), s.key("counter"));
        tasks.spawn(async move {
            for _ in 0..EACH {
                increment(&*store, &key).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let counter = s.get("counter").await.unwrap();
    assert_eq!(counter.value, (TASKS * EACH).to_string());
    assert_eq!(counter.version, TASKS * EACH + 1);
}

async fn increment(store: &dyn Store, key: &str) {
    let mut current = store.get(key, None).await.unwrap().0;
    loop {
        let kv = current.unwrap();
        let count: u64 = std::str::from_utf8(&kv.value).unwrap().parse().unwrap();
        let write = put(key.to_owned(), &(count + 1).to_string());
        match store.txn(Compare::ModRevision(kv.mod_revision), write).await.unwrap() {
            TxnOutcome::Done { .. } => return,
            TxnOutcome::Conflict { current: other, .. } => current = other,
        }
    }
}

pub(super) async fn a_lease_takes_its_keys_along(s: Subject) {
    let lease = s.store.grant_lease(Duration::from_secs(1)).await.unwrap();
    let leased = |name: &str| Write::Put { key: s.key(name), value: Bytes::from_static(b"v"), lease: Some(lease) };
    let mut watch = s.watch(0).await;
    s.write(Compare::Any, leased("dies")).await;
    s.write(Compare::Any, leased("dies-too")).await;
    s.write(Compare::Any, leased("kept")).await;
    // A later put without the lease takes the key off it.
    s.put("kept", "v2").await;
    let events = next_events(&mut watch, 4).await;
    assert_eq!(s.told(&events[3]), "put kept=v2");
    let mut deaths: Vec<String> = next_events(&mut watch, 2).await.iter().map(|event| s.told(event)).collect();
    deaths.sort();
    assert_eq!(deaths, ["delete dies", "delete dies-too"]);
    assert_eq!(s.listing(None).await, ["kept=v2"]);
}

pub(super) async fn an_unknown_lease_is_refused(s: Subject) {
    let lease = Some(LeaseId(0x7000_0000_0000_0001));
    let write = Write::Put { key: s.key("a"), value: Bytes::from_static(b"v"), lease };
    let outcome = s.store.txn(Compare::Any, write).await;
    assert!(matches!(outcome, Err(StoreError::LeaseNotFound(_))), "{outcome:?}");
    assert_eq!(s.get("a").await, None);
}
