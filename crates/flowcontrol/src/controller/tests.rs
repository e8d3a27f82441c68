use super::*;
use crate::classify::Digest;
use api_misc::flowcontrol::v1::{QueuingConfiguration, ServiceAccountSubject, UserSubject};
use authn::UserInfo;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use stdx::ManualClock;

struct NoAlarm;

impl Alarm for NoAlarm {
    fn set(&self, _after: Duration, _ring: Box<dyn FnOnce() + Send>) {}
}

struct Asked {
    user: UserInfo,
    verb: &'static str,
    path: &'static str,
    namespace: &'static str,
    resource: &'static str,
}

impl Describe for Asked {
    fn digest(&self) -> Digest<'_> {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        Digest {
            user: &self.user,
            verb: self.verb,
            is_resource: self.path.is_empty(),
            group: "",
            resource,
            subresource,
            namespace: self.namespace,
            path: self.path,
        }
    }

    fn name(&self) -> &str {
        ""
    }

    fn version(&self) -> &str {
        "v1"
    }
}

fn controller(clock: &Arc<ManualClock>) -> Controller {
    Controller::new(Settings { seats: 600, clock: clock.clone(), alarm: Arc::new(NoAlarm), seed: 5 })
}

fn level(name: &str, shares: i32, lendable: i32, borrowing: Option<i32>) -> PriorityLevelConfiguration {
    let mut level = mandatory_level("x");
    level.metadata.name = name.into();
    level.metadata.uid = format!("uid-of-{name}");
    let limited = level.spec.limited.as_mut().unwrap();
    limited.nominal_concurrency_shares = Some(shares);
    limited.lendable_percent = Some(lendable);
    limited.borrowing_limit_percent = borrowing;
    let queuing = QueuingConfiguration { queues: 16, hand_size: 4, queue_length_limit: 5 };
    limited.limit_response = LimitResponse { type_: "Queue".into(), queuing: Some(Box::new(queuing)) };
    level
}

/// Upstream's suggested levels.
fn suggested() -> Vec<PriorityLevelConfiguration> {
    let plain = [
        ("leader-election", 10, 0),
        ("node-high", 40, 25),
        ("system", 30, 33),
        ("workload-high", 40, 50),
        ("workload-low", 100, 90),
        ("global-default", 20, 50),
    ];
    plain.into_iter().map(|(name, shares, lendable)| level(name, shares, lendable, None)).collect()
}

fn schema(name: &str, precedence: i32, level: &str, subject: Subject) -> FlowSchema {
    let mut schema = mandatory_schema(name, precedence, "");
    schema.metadata.uid = format!("uid-of-{name}");
    schema.spec.priority_level_configuration.name = level.into();
    schema.spec.rules[0].subjects = vec![subject];
    schema
}

fn user(name: &str) -> Subject {
    Subject { kind: "User".into(), user: Some(Box::new(UserSubject { name: name.into() })), ..Subject::default() }
}

fn account(namespace: &str, name: &str) -> Subject {
    let account = ServiceAccountSubject { namespace: namespace.into(), name: name.into() };
    Subject { kind: "ServiceAccount".into(), service_account: Some(Box::new(account)), ..Subject::default() }
}

fn asks(user: &str, verb: &'static str, resource: &'static str, namespace: &'static str) -> Arc<Asked> {
    let groups: &[&str] = if user == "admin" { &[authn::MASTERS] } else { &[] };
    Arc::new(Asked { user: UserInfo::new(user, groups), verb, path: "", namespace, resource })
}

#[test]
fn requests_belong_to_the_first_schema_that_matches() {
    let clock = Arc::new(ManualClock::default());
    let controller = controller(&clock);
    let mut narrow = schema("narrow", 100, "system", user("*"));
    narrow.spec.rules[0].resource_rules[0] = ResourcePolicyRule {
        verbs: vec!["get".into(), "update".into()],
        api_groups: vec![String::new()],
        resources: vec!["leases".into(), "pods/status".into()],
        namespaces: vec!["kube-system".into()],
        cluster_scope: false,
    };
    narrow.spec.rules[0].non_resource_rules[0].non_resource_urls = vec!["/healthz".into(), "/livez/*".into()];
    let schemas = [
        narrow,
        schema("accounts", 200, "workload-high", account("kube-system", "*")),
        schema("one-account", 200, "workload-low", account("default", "robot")),
        schema("dangling", 1, "nowhere", user("*")),
        schema("nodes", 300, "node-high", user("system:node:a")),
    ];
    controller.configure(&suggested(), &schemas);
    let cases = [
        (asks("admin", "get", "pods", "kube-system"), "exempt"),
        (asks("u", "get", "leases", "kube-system"), "narrow"),
        (asks("u", "list", "leases", "kube-system"), "catch-all"),
        (asks("u", "get", "leases", "default"), "catch-all"),
        (asks("u", "get", "leases", ""), "catch-all"),
        (asks("u", "update", "pods/status", "kube-system"), "narrow"),
        (asks("u", "update", "pods", "kube-system"), "catch-all"),
        (asks("system:serviceaccount:kube-system:x", "get", "pods", "a"), "accounts"),
        (asks("system:serviceaccount:default:robot", "get", "pods", "a"), "one-account"),
        (asks("system:serviceaccount:default:robot2", "get", "pods", "a"), "catch-all"),
        (asks("system:node:a", "get", "nodes", ""), "nodes"),
    ];
    for (asked, wanted) in cases {
        assert_eq!(&*controller.classify(&asked.digest()).schema, wanted, "{:?}", asked.digest());
    }
    for (path, wanted) in [("/healthz", "narrow"), ("/livez/ping", "narrow"), ("/livez", "catch-all")] {
        let asked = Asked { user: UserInfo::anonymous(), verb: "get", path, namespace: "", resource: "" };
        assert_eq!(&*controller.classify(&asked.digest()).schema, wanted, "{path}");
    }
    let found = controller.classify(&asks("u", "get", "leases", "kube-system").digest());
    assert_eq!((&*found.schema_uid, &*found.level_uid), (&b"uid-of-narrow"[..], &b"uid-of-system"[..]));
}

#[test]
fn seats_are_divided_by_shares_and_lent_by_demand() {
    let clock = Arc::new(ManualClock::default());
    let controller = controller(&clock);
    let schemas = [schema("low", 100, "workload-low", user("u")), schema("high", 100, "workload-high", user("v"))];
    controller.configure(&suggested(), &schemas);
    let nominal = |name| controller.seats(name).unwrap().0;
    assert_eq!(["workload-low", "catch-all", "exempt", "system"].map(nominal), [245, 13, 0, 74]);
    // workload-high is asked for all it can get; the others lend what they may.
    let mut held = Vec::new();
    for _ in 0..98 {
        held.push(controller.enter(asks("v", "get", "pods", "a"), false, |_| Work::of_seats(4)));
    }
    clock.advance(Duration::from_secs(10));
    controller.adjust();
    let (_, current) = controller.seats("workload-high").unwrap();
    assert!(current > 2 * 98, "{current}");
    let (_, lender) = controller.seats("workload-low").unwrap();
    assert!((24..245).contains(&lender), "{lender}");
    drop(held);
    // What nobody needs is divided in proportion again.
    for _ in 0..400 {
        clock.advance(Duration::from_secs(10));
        controller.adjust();
    }
    let (_, current) = controller.seats("workload-high").unwrap();
    assert!(current < 150, "{current}");
}

fn poll(waiting: &mut Waiting) -> Option<Seat> {
    match std::pin::Pin::new(waiting).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(seat) => Some(seat),
        Poll::Pending => None,
    }
}

#[test]
fn requests_wait_are_refused_time_out_and_are_cancelled() {
    let clock = Arc::new(ManualClock::default());
    let controller = controller(&clock);
    let mut tiny = level("tiny", 0, 0, Some(0));
    tiny.spec.limited.as_mut().unwrap().nominal_concurrency_shares = Some(1);
    let others = level("others", 10_000, 0, Some(0));
    controller.configure(&[tiny, others], &[schema("tiny", 100, "tiny", user("u"))]);
    assert_eq!(controller.seats("tiny"), Some((1, 1)));
    let enter = || controller.enter(asks("u", "create", "pods", "a"), true, |_| Work::ONE);
    let Entry::Go(first) = enter() else { panic!("the seat is free") };
    let mut waiting: Vec<Waiting> = Vec::new();
    let refusal = loop {
        match enter() {
            Entry::Wait(more) => waiting.push(more),
            Entry::Refused(refusal, classification) => break (refusal, classification),
            Entry::Go(_) => panic!("there is one seat"),
        }
    };
    assert_eq!((refusal.0.reason, refusal.0.retry_after, &*refusal.1.level), ("queue-full", 1, "tiny"));
    assert_eq!(waiting.len(), 20, "four queues of five");
    assert!(waiting.iter_mut().all(|waiting| poll(waiting).is_none()));
    drop(first);
    let (at, second) =
        waiting.iter_mut().enumerate().find_map(|(at, waiting)| Some((at, poll(waiting)?))).expect("one has its turn");
    waiting.remove(at);
    assert_eq!(waiting.remove(0).time_out().err().map(|refusal| refusal.reason), Some("time-out"));
    drop(waiting);
    drop(second);
    let metrics = controller.metrics();
    for line in [
        "apiserver_flowcontrol_rejected_requests_total{flow_schema=\"tiny\",priority_level=\"tiny\",reason=\"queue-full\"} 1",
        "apiserver_flowcontrol_rejected_requests_total{flow_schema=\"tiny\",priority_level=\"tiny\",reason=\"time-out\"} 1",
        "apiserver_flowcontrol_rejected_requests_total{flow_schema=\"tiny\",priority_level=\"tiny\",reason=\"cancelled\"} 18",
        "apiserver_flowcontrol_dispatched_requests_total{flow_schema=\"tiny\",priority_level=\"tiny\"} 2",
        "apiserver_flowcontrol_current_executing_requests{flow_schema=\"tiny\",priority_level=\"tiny\"} 0",
        "apiserver_flowcontrol_current_inqueue_requests{flow_schema=\"tiny\",priority_level=\"tiny\"} 0",
        "apiserver_flowcontrol_nominal_limit_seats{priority_level=\"tiny\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[test]
fn a_level_whose_object_is_gone_drains_before_it_goes() {
    let clock = Arc::new(ManualClock::default());
    let controller = controller(&clock);
    controller.configure(&[level("old", 10, 0, None)], &[schema("s", 100, "old", user("u"))]);
    let Entry::Go(seat) = controller.enter(asks("u", "get", "pods", "a"), false, |_| Work::ONE) else {
        panic!("the seat is free")
    };
    controller.configure(&[], &[schema("s", 100, "old", user("u"))]);
    assert!(controller.seats("old").is_some());
    assert_eq!(&*controller.classify(&asks("u", "get", "pods", "a").digest()).schema, "catch-all");
    assert!(controller.dump_priority_levels().contains("old,"));
    drop(seat);
    controller.adjust();
    assert!(controller.seats("old").is_none());
}

#[test]
fn the_pages_show_who_runs_and_who_waits() {
    let clock = Arc::new(ManualClock::at_seconds(1_700_000_000));
    let controller = controller(&clock);
    let mut one = level("one", 1, 0, Some(0));
    let queuing = QueuingConfiguration { queues: 2, hand_size: 1, queue_length_limit: 5 };
    one.spec.limited.as_mut().unwrap().limit_response.queuing = Some(Box::new(queuing));
    let mut schema = schema("s", 100, "one", user("u"));
    schema.spec.distinguisher_method =
        Some(Box::new(api_misc::flowcontrol::v1::FlowDistinguisherMethod { type_: "ByNamespace".into() }));
    controller.configure(&[one, level("others", 100_000, 0, Some(0))], &[schema]);
    let _seat = controller.enter(asks("u", "get", "pods", "a"), false, |_| Work::ONE);
    clock.advance(Duration::from_millis(1500));
    let _waiting = controller.enter(asks("u", "get", "pods", "a"), false, |_| Work::of_seats(2));
    expect_test::expect![[r#"
        PriorityLevelName, FlowSchemaName, QueueIndex, RequestIndexInQueue, FlowDistingsher, ArriveTime,             InitialSeats, FinalSeats, AdditionalLatency, StartTime,            UserName, Verb,   APIPath, Namespace, Name,   APIVersion, Resource, SubResource
        one,               s,              0,          0,                   a,               2023-11-14T22:13:21.5Z, 2,            0,          0s,                ,                     u,        get,    ,        a,         ,       v1,         pods,     
        one,               s,              0,          -1,                  a,               2023-11-14T22:13:20Z,   1,            0,          0s,                2023-11-14T22:13:20Z, u,        get,    ,        a,         ,       v1,         pods,     
    "#]].assert_eq(&controller.dump_requests(true));
    expect_test::expect![[r#"
        PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests
        catch-all,         0,            true,   false,       0,               0,                 0,                  0,                0,                0
        exempt,            0,            true,   false,       0,               0,                 0,                  0,                0,                0
        one,               1,            false,  false,       1,               1,                 1,                  0,                0,                0
        others,            0,            true,   false,       0,               0,                 0,                  0,                0,                0
    "#]].assert_eq(&controller.dump_priority_levels());
    assert!(controller.dump_queues().starts_with("PriorityLevelName, Index,  PendingRequests, "));
}

/// The path without a queue must stay cheap: this guards against a mistake of an order of magnitude, not of a percent.
#[test]
fn the_path_without_a_queue_is_short() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let controller = Controller::new(Settings { seats: 600, clock, alarm: Arc::new(NoAlarm), seed: 5 });
    controller.configure(&suggested(), &[schema("low", 100, "workload-low", user("u"))]);
    let asked = asks("u", "get", "pods", "a");
    let started = std::time::Instant::now();
    for _ in 0..10_000 {
        let entry = controller.enter(asked.clone(), false, |_| Work::ONE);
        assert!(matches!(entry, Entry::Go(_)));
    }
    let each = started.elapsed() / 10_000;
    println!("{each:?} a request");
    assert!(each < Duration::from_micros(200), "{each:?}");
}
