//! Gets and ranges, now and in the past.

use super::*;

pub(super) async fn ranges_are_half_open_and_ordered(s: Subject) {
    for name in ["b", "a/2", "c", "a", "a/1", "a0", "b0"] {
        s.put(name, name).await;
    }
    let names = async |start: &str, end: &str| {
        let result = s.store.range(&s.key(start), &s.key(end), RangeOptions::default()).await.unwrap();
        assert!(!result.more && result.remaining == 0);
        let names: Vec<String> = result.items.iter().map(|kv| s.shown(kv)).collect();
        names.join(" ")
    };
    assert_eq!(names("a", "b").await, "a=a a/1=a/1 a/2=a/2 a0=a0");
    assert_eq!(names("a/", "a0").await, "a/1=a/1 a/2=a/2");
    assert_eq!(names("a/1", "a/2").await, "a/1=a/1");
    assert_eq!(names("b", "b").await, "");
    assert_eq!(names("c", "a").await, "");
    assert_eq!(names("x", "z").await, "");
    let open = s.store.range(&s.key("b"), "", RangeOptions::default()).await.unwrap();
    let own: Vec<_> = open.items.iter().filter(|kv| kv.key.starts_with(&s.prefix)).map(|kv| s.shown(kv)).collect();
    assert_eq!(own, ["b=b", "b0=b0", "c=c"]);
}

pub(super) async fn limits_count_what_remains(s: Subject) {
    for number in 0..10 {
        s.put(&format!("k{number}"), "v").await;
    }
    s.delete("k5").await;
    let end = prefix_end(&s.prefix);
    for (limit, returned, remaining) in [(0, 9, 0), (1, 1, 8), (4, 4, 5), (8, 8, 1), (9, 9, 0), (100, 9, 0)] {
        let options = RangeOptions { revision: None, limit };
        let result = s.store.range(&s.prefix, &end, options).await.unwrap();
        assert_eq!((result.items.len(), result.remaining), (returned, remaining), "limit {limit}");
        assert_eq!(result.more, remaining > 0, "limit {limit}");
        assert!(result.revision >= result.items.iter().map(|kv| kv.mod_revision).max().unwrap());
    }
}

pub(super) async fn old_revisions_stay_readable(s: Subject) {
    let first = s.put("a", "1").await;
    let second = s.put("b", "1").await;
    let third = s.put("a", "2").await;
    let fourth = s.delete("b").await;
    let fifth = s.put("b", "2").await;
    let expected = [
        (first - 1, &[][..]),
        (first, &["a=1"]),
        (second, &["a=1", "b=1"]),
        (third, &["a=2", "b=1"]),
        (fourth, &["a=2"]),
        (fifth, &["a=2", "b=2"]),
    ];
    for (revision, listing) in expected {
        // Revision 0 means "now" to etcd.
        if revision > 0 {
            assert_eq!(s.listing(Some(revision)).await, listing, "at {revision}");
        }
    }
    let (old, at) = s.store.get(&s.key("a"), Some(second)).await.unwrap();
    let old = old.unwrap();
    assert_eq!((&old.value[..], old.mod_revision, old.version, at), (&b"1"[..], first, 1, second));
    assert_eq!(s.store.get(&s.key("b"), Some(fourth)).await.unwrap().0, None);
}

pub(super) async fn pages_at_one_revision_ignore_later_writes(s: Subject) {
    for number in 0..20 {
        s.put(&format!("k{number:02}"), "old").await;
    }
    let mut options = RangeOptions { revision: None, limit: 6 };
    let (mut start, mut seen) = (s.prefix.clone(), Vec::new());
    loop {
        let page = s.store.range(&start, &prefix_end(&s.prefix), options).await.unwrap();
        options.revision = Some(page.revision);
        seen.extend(page.items.iter().map(|kv| s.shown(kv)));
        // Every page is followed by changes on both sides of where the reader is.
        s.put("k19", "new").await;
        s.put("k00", "new").await;
        s.put(&format!("k99-{}", seen.len()), "new").await;
        s.delete(&format!("k99-{}", seen.len())).await;
        if !page.more {
            break;
        }
        start = format!("{}\0", page.items.last().unwrap().key);
    }
    let expected: Vec<String> = (0..20).map(|number| format!("k{number:02}=old")).collect();
    assert_eq!(seen, expected);
}

pub(super) async fn the_future_is_an_error(s: Subject) {
    let newest = s.put("a", "1").await;
    let requested = newest + 1000;
    let result = s.store.get(&s.key("a"), Some(requested)).await;
    assert!(matches!(result, Err(StoreError::FutureRevision { .. })), "{result:?}");
    let options = RangeOptions { revision: Some(requested), limit: 0 };
    let result = s.store.range(&s.prefix, "", options).await;
    assert!(matches!(result, Err(StoreError::FutureRevision { .. })), "{result:?}");
    let result = s.store.compact(requested).await;
    assert!(matches!(result, Err(StoreError::FutureRevision { .. })), "{result:?}");
}

pub(super) async fn compaction_forgets_the_past_only(s: Subject) {
    let first = s.put("a", "1").await;
    s.put("gone", "1").await;
    s.delete("gone").await;
    let floor = s.put("a", "2").await;
    s.put("a", "3").await;
    s.put("b", "1").await;
    s.store.compact(floor).await.unwrap();
    let result = s.store.get(&s.key("a"), Some(first)).await;
    assert!(matches!(result, Err(StoreError::Compacted { requested, .. }) if requested == first), "{result:?}");
    let options = RangeOptions { revision: Some(floor - 1), limit: 0 };
    let result = s.store.range(&s.prefix, "", options).await;
    assert!(matches!(result, Err(StoreError::Compacted { .. })), "{result:?}");
    assert_eq!(s.listing(Some(floor)).await, ["a=2"]);
    assert_eq!(s.listing(Some(floor + 1)).await, ["a=3"]);
    assert_eq!(s.listing(None).await, ["a=3", "b=1"]);
    for again in [floor, first] {
        let result = s.store.compact(again).await;
        assert!(matches!(result, Err(StoreError::Compacted { .. })), "{result:?}");
    }
    let now = s.get("a").await.unwrap();
    assert_eq!((now.create_revision, now.version), (first, 3));
    s.write(Compare::ModRevision(now.mod_revision), put(s.key("a"), "4")).await;
    assert_eq!(s.listing(None).await, ["a=4", "b=1"]);
}
