use super::*;
use api_core::v1::ObjectReference;

fn event(name: &str, message: &str) -> Event {
    let involved_object = ObjectReference { kind: "Pod".into(), name: "web".into(), ..ObjectReference::default() };
    let mut event = Event {
        involved_object,
        reason: "BackOff".into(),
        message: message.into(),
        count: 1,
        first_timestamp: Some(Time::from_unix(1)),
        ..Event::default()
    };
    event.metadata.name = name.into();
    event
}

#[test]
fn the_same_event_is_counted() {
    let mut correlator = Correlator::new();
    assert!(matches!(correlator.correlate(event("a", "m"), 1), Decision::Create(_)));
    let Decision::Count(second) = correlator.correlate(event("b", "m"), 2) else { panic!("not counted") };
    assert_eq!((second.metadata.name.as_str(), second.count), ("a", 2));
    assert!(matches!(correlator.correlate(event("c", "other"), 3), Decision::Create(_)));
}

#[test]
fn many_similar_events_become_one() {
    let mut correlator = Correlator::new();
    let mut last = Decision::Drop;
    for n in 0..12 {
        last = correlator.correlate(event(&n.to_string(), &format!("message {n}")), n);
    }
    let Decision::Count(combined) = last else { panic!("not combined: {last:?}") };
    assert_eq!(combined.message, "(combined from similar events): message 11");
    assert_eq!(combined.count, 3);
}

#[test]
fn an_object_has_a_limit_that_refills() {
    let mut correlator = Correlator::new();
    let dropped = (0..30).filter(|_| correlator.correlate(event("a", "m"), 0) == Decision::Drop).count();
    assert_eq!(dropped, 5);
    assert_ne!(correlator.correlate(event("a", "m"), 301), Decision::Drop);
    assert_eq!(correlator.correlate(event("a", "m"), 301), Decision::Drop);
}

#[test]
fn memory_is_bounded() {
    let mut recent = Recent::new();
    for n in 0..MAX_REMEMBERED + 10 {
        recent.put(n.to_string(), n);
    }
    assert_eq!(recent.values.len(), MAX_REMEMBERED);
    assert_eq!(recent.order.len(), MAX_REMEMBERED);
    assert!(recent.get("0").is_none());
}
