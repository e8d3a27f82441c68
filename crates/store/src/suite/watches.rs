//! Watches: order, completeness, replay, progress.

use super::*;

pub(super) async fn live_events_tell_kind_and_previous(s: Subject) {
    let mut watch = s.watch(0).await;
    let created = s.put("a", "1").await;
    let updated = s.put("a", "2").await;
    let deleted = s.delete("a").await;
    let recreated = s.put("a", "3").await;
    let events = next_events(&mut watch, 4).await;
    let told: Vec<String> = events.iter().map(|event| s.told(event)).collect();
    assert_eq!(told, ["put a=1", "put a=2", "delete a", "put a=3"]);
    let revisions: Vec<Revision> = events.iter().map(|event| event.kv.mod_revision).collect();
    assert_eq!(revisions, [created, updated, deleted, recreated]);
    let previous: Vec<Option<&KeyValue>> = events.iter().map(|event| event.previous.as_ref()).collect();
    assert_eq!(previous, [None, Some(&events[0].kv), Some(&events[1].kv), None]);
    let tombstone = &events[2].kv;
    assert_eq!((tombstone.create_revision, tombstone.version, tombstone.value.len()), (0, 0, 0));
    assert_eq!((events[1].kv.create_revision, events[1].kv.version), (created, 2));
    assert_eq!((events[3].kv.create_revision, events[3].kv.version), (recreated, 1));
}

pub(super) async fn a_watch_keeps_to_its_prefix(s: Subject) {
    let mut narrow = s.store.watch(&s.key("b/"), 0).await.unwrap();
    let mut wide = s.watch(0).await;
    for name in ["a", "b", "b/1", "b0", "c", "b/2", "b/"] {
        s.put(name, "v").await;
    }
    let told = |events: Vec<Event>| events.iter().map(|event| s.told(event)).collect::<Vec<_>>();
    assert_eq!(told(next_events(&mut narrow, 3).await), ["put b/1=v", "put b/2=v", "put b/=v"]);
    assert_eq!(next_events(&mut wide, 7).await.len(), 7);
}

pub(super) async fn the_past_is_replayed_and_joins_the_present(s: Subject) {
    const WRITES: usize = 3000;
    let from = s.put("k", "first").await;
    let writer = {
        let (store, prefix) = (Arc::clone(&s.store), s.prefix.clone());
        tokio::spawn(async move {
            for round in 0..WRITES / 30 {
                let writes = (0..30).map(|n| store.txn(Compare::Any, put(format!("{prefix}k{n}"), &round.to_string())));
                let writes: Vec<_> = writes.collect();
                for write in writes {
                    write.await.unwrap();
                }
            }
        })
    };
    // Watches opened before, during and after the writes must all tell the same story.
    let mut stories = Vec::new();
    for _ in 0..5 {
        let mut watch = s.watch(from).await;
        let events = next_events(&mut watch, WRITES + 1).await;
        let revisions: Vec<Revision> = events.iter().map(|event| event.kv.mod_revision).collect();
        assert!(revisions.is_sorted_by(|a, b| a < b), "not in order or not once");
        assert_eq!(revisions[0], from);
        stories.push(events);
    }
    writer.await.unwrap();
    assert!(stories.windows(2).all(|pair| pair[0] == pair[1]));
    let middle = stories[0][WRITES / 2].kv.mod_revision;
    let rest = next_events(&mut s.watch(middle).await, WRITES + 1 - WRITES / 2).await;
    assert_eq!(rest, stories[0][WRITES / 2..]);
}

pub(super) async fn a_watch_may_wait_for_a_future_revision(s: Subject) {
    let now = s.put("a", "1").await;
    let mut watch = s.watch(now + 3).await;
    s.put("a", "2").await;
    s.put("a", "3").await;
    let wanted = s.put("a", "4").await;
    assert_eq!(wanted, now + 3, "the case must be the only writer");
    let events = next_events(&mut watch, 1).await;
    assert_eq!(s.told(&events[0]), "put a=4");
}

pub(super) async fn compacted_history_cannot_be_watched(s: Subject) {
    let first = s.put("a", "1").await;
    let mut open = s.watch(first).await;
    assert_eq!(next_events(&mut open, 1).await.len(), 1);
    s.put("a", "2").await;
    let floor = s.put("a", "3").await;
    assert_eq!(next_events(&mut open, 2).await.len(), 2);
    s.store.compact(floor).await.unwrap();
    // An engine may tell at once or in the first item.
    let error = match s.store.watch(&s.prefix, first).await {
        Err(error) => error,
        Ok(mut watch) => {
            let item = tokio::time::timeout(PATIENCE, watch.next()).await.expect("the watch is silent");
            item.expect("the watch has ended").expect_err("history that is gone was watched")
        }
    };
    assert!(matches!(error, StoreError::Compacted { .. }), "{error:?}");
    // Who had read everything goes on.
    s.put("a", "4").await;
    let mut anew = s.watch(floor + 1).await;
    for watch in [&mut open, &mut anew] {
        assert_eq!(s.told(&next_events(watch, 1).await[0]), "put a=4");
    }
}

pub(super) async fn progress_comes_after_what_it_covers(s: Subject) {
    let mut busy = s.watch(0).await;
    let mut quiet = s.store.watch(&s.key("quiet/"), 0).await.unwrap();
    for round in 0..20 {
        let written = s.put("a", &round.to_string()).await;
        for prefix in ["", "quiet/"] {
            let told = s.store.request_progress(&s.key(prefix)).await.unwrap();
            assert!(told >= written, "{told} is older than {written}");
        }
        let mut seen = 0;
        loop {
            match next_item(&mut busy).await {
                WatchItem::Events(events) => seen = events.last().unwrap().kv.mod_revision,
                WatchItem::Progress(revision) if revision >= written => break,
                WatchItem::Progress(_) => {}
            }
        }
        assert_eq!(seen, written, "progress before the event that it covers");
        loop {
            match next_item(&mut quiet).await {
                WatchItem::Progress(revision) if revision >= written => break,
                WatchItem::Progress(_) => {}
                WatchItem::Events(events) => panic!("{events:?}"),
            }
        }
    }
}
