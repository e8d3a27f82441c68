//! What an authorizer says, now or later.

use std::future::{Future, Ready};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Deny,
    /// Others may decide.
    NoOpinion,
}

/// A verdict with why, and what went wrong on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    pub reason: Reason,
    pub error: Option<String>,
}

/// A text that often costs nothing to make: a constant, or one that is kept.
#[derive(Clone, Debug)]
pub enum Reason {
    Constant(&'static str),
    Kept(Arc<str>),
    Made(String),
}

/// A decision that is there already (without an allocation), or one to wait for.
pub struct Answer<'a>(Inner<'a>);

enum Inner<'a> {
    Now(Ready<Decision>),
    Later(BoxFuture<'a, Decision>),
}

impl Decision {
    pub fn allow(reason: impl Into<Reason>) -> Decision {
        Decision { verdict: Verdict::Allow, reason: reason.into(), error: None }
    }

    pub fn deny(reason: impl Into<Reason>) -> Decision {
        Decision { verdict: Verdict::Deny, reason: reason.into(), error: None }
    }

    pub fn no_opinion(reason: impl Into<Reason>) -> Decision {
        Decision { verdict: Verdict::NoOpinion, reason: reason.into(), error: None }
    }

    pub fn with_error(mut self, error: impl Into<String>) -> Decision {
        self.error = Some(error.into());
        self
    }

    pub fn allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    pub fn denied(&self) -> bool {
        self.verdict == Verdict::Deny
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl<'a> Answer<'a> {
    pub fn now(decision: Decision) -> Answer<'a> {
        Answer(Inner::Now(std::future::ready(decision)))
    }

    pub fn later(future: impl Future<Output = Decision> + Send + 'a) -> Answer<'a> {
        Answer(Inner::Later(Box::pin(future)))
    }

    /// The decision, or what must be waited for.
    pub fn into_now(self) -> Result<Decision, BoxFuture<'a, Decision>> {
        match self.0 {
            Inner::Now(ready) => Ok(ready.into_inner()),
            Inner::Later(future) => Err(future),
        }
    }
}

impl From<Decision> for Answer<'_> {
    fn from(decision: Decision) -> Self {
        Answer::now(decision)
    }
}

impl Future for Answer<'_> {
    type Output = Decision;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Decision> {
        match &mut self.0 {
            Inner::Now(ready) => Pin::new(ready).poll(context),
            Inner::Later(future) => future.as_mut().poll(context),
        }
    }
}

impl Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Reason::Constant(text) => text,
            Reason::Kept(text) => text,
            Reason::Made(text) => text,
        }
    }
}

impl PartialEq for Reason {
    fn eq(&self, other: &Reason) -> bool {
        **self == **other
    }
}

impl Eq for Reason {}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Reason {
        Reason::Constant(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Reason {
        Reason::Made(text)
    }
}

impl From<Arc<str>> for Reason {
    fn from(text: Arc<str>) -> Reason {
        Reason::Kept(text)
    }
}
