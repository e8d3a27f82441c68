use super::*;
use std::future::Future;
use std::task::{Context, Poll, Waker};

struct Says(Verdict, &'static str, bool);

impl Authorizer for Says {
    fn authorize<'a>(&'a self, _attributes: &'a Attributes<'a>) -> Answer<'a> {
        let decision = Decision { verdict: self.0, reason: self.1.into(), error: None };
        if self.2 { Answer::later(async move { decision }) } else { Answer::now(decision) }
    }
}

fn chain(links: Vec<Says>) -> Chain {
    Chain { links: links.into_iter().map(|link| Arc::new(link) as Arc<dyn Authorizer>).collect() }
}

fn decide(chain: &Chain) -> Decision {
    let user = UserInfo::new("eve", &[]);
    let attributes = Attributes::of(&user, "get");
    let mut answer = std::pin::pin!(chain.authorize(&attributes));
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(decision) => decision,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn the_first_who_has_an_opinion_decides_now_or_later() {
    use Verdict::{Allow, Deny, NoOpinion};
    for later in [false, true] {
        let decided =
            decide(&chain(vec![Says(NoOpinion, "a", later), Says(Deny, "b", later), Says(Allow, "c", false)]));
        assert_eq!(decided, Decision::deny("b"));
        let undecided =
            decide(&chain(vec![Says(NoOpinion, "a", later), Says(NoOpinion, "", later), Says(NoOpinion, "b", later)]));
        assert_eq!(undecided, Decision::no_opinion("a\nb"));
    }
}

#[test]
fn what_nobody_decides_is_refused() {
    assert!(!decide(&chain(vec![])).allowed());
    let user = UserInfo::new("eve", &[authn::MASTERS]);
    let asked = Attributes::of(&user, "get");
    assert!(Masters.authorize(&asked).into_now().is_ok_and(|decision| decision.allowed()));
    assert!(AlwaysDeny.authorize(&asked).into_now().is_ok_and(|decision| !decision.allowed()));
}
