use super::*;
use crate::Operator;
use parking_lot::Mutex;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};

/// Answers by the user's name, and remembers what it was asked.
#[derive(Default)]
struct Server(Mutex<Vec<Value>>);

impl Ask for Server {
    fn ask<'a>(&'a self, review: &'a Value) -> BoxFuture<'a, Result<Value, String>> {
        self.0.lock().push(review.clone());
        let status = match review["spec"]["user"].as_str() {
            Some("good") => Ok(json!({ "allowed": true, "reason": "known" })),
            Some("bad") => Ok(json!({ "allowed": false, "denied": true, "reason": "known too well" })),
            Some("both") => Ok(json!({ "allowed": true, "denied": true })),
            Some("down") => Err("connection refused".to_owned()),
            _ => Ok(json!({ "allowed": false })),
        };
        Box::pin(async move { status.map(|status| json!({ "status": status })) })
    }
}

struct OnlyPods;

impl Condition for OnlyPods {
    fn holds(&self, spec: &Value) -> Result<bool, String> {
        let resource = spec["resourceAttributes"]["resource"].as_str();
        resource.map(|resource| resource == "pods").ok_or_else(|| "no such key: resourceAttributes".to_owned())
    }
}

struct World {
    webhook: Webhook,
    server: Arc<Server>,
    now: Arc<AtomicI64>,
}

fn world(version: &str, on_error: Verdict, conditions: Vec<Box<dyn Condition>>) -> World {
    let (server, now) = (Arc::new(Server::default()), Arc::new(AtomicI64::new(0)));
    let settings = Settings {
        name: "hook".into(),
        review_version: version.into(),
        authorized_ttl: Duration::from_nanos(100),
        unauthorized_ttl: Duration::from_nanos(10),
        on_error,
    };
    let clock = now.clone();
    let webhook = Webhook::new(settings, server.clone(), conditions, Arc::new(move || clock.load(Ordering::Relaxed)));
    World { webhook, server, now }
}

fn ask(world: &World, user: &str, resource: &str) -> Decision {
    let user = UserInfo::new(user, &["dev"]);
    let selector = [Requirement { key: "a".into(), operator: Operator::In, values: vec!["b".into()] }];
    let asked = Attributes {
        resource_request: !resource.is_empty(),
        path: "/healthz",
        resource,
        label_selector: &selector,
        ..Attributes::of(&user, "list")
    };
    let mut answer = std::pin::pin!(world.webhook.authorize(&asked));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(decision) => decision,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn answers_are_what_they_say() {
    let world = world("v1", Verdict::Deny, vec![]);
    assert_eq!(ask(&world, "good", "pods"), Decision::allow("known"));
    assert_eq!(ask(&world, "bad", "pods"), Decision::deny("known too well"));
    assert_eq!(ask(&world, "other", "pods"), Decision::no_opinion(""));
    assert!(ask(&world, "both", "pods").denied());
    assert_eq!(ask(&world, "down", "pods"), Decision::deny("").with_error("connection refused"));
    let spec = &world.server.0.lock()[0]["spec"];
    assert_eq!(spec["groups"], json!(["dev", "system:authenticated"]));
    let selector = &spec["resourceAttributes"]["labelSelector"]["requirements"][0];
    assert_eq!(*selector, json!({ "key": "a", "operator": "In", "values": ["b"] }));
}

#[test]
fn answers_are_believed_for_their_time() {
    let world = world("v1beta1", Verdict::NoOpinion, vec![]);
    let asked = |user: &str, at: i64| {
        world.now.store(at, Ordering::Relaxed);
        ask(&world, user, "pods");
        world.server.0.lock().len()
    };
    assert_eq!([asked("good", 0), asked("good", 99), asked("good", 100)], [1, 1, 2]);
    assert_eq!([asked("bad", 200), asked("bad", 209), asked("bad", 210)], [3, 3, 4]);
    assert_eq!([asked("down", 300), asked("down", 300)], [5, 6]);
    assert_eq!(world.server.0.lock()[0]["spec"]["group"], json!(["dev", "system:authenticated"]));
}

#[test]
fn conditions_say_whether_it_is_asked() {
    let world = world("v1", Verdict::Deny, vec![Box::new(OnlyPods)]);
    assert_eq!(ask(&world, "good", "pods"), Decision::allow("known"));
    assert_eq!(ask(&world, "good", "nodes"), Decision::no_opinion(""));
    assert_eq!(ask(&world, "good", ""), Decision::deny("").with_error("no such key: resourceAttributes"));
    assert_eq!(world.server.0.lock().len(), 1);
}
