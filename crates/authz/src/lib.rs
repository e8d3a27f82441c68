//! Who may do what: RBAC, ABAC, what a node may see, and what others are asked by webhook.
//!
//! [`Chain`] asks its authorizers in order; the first that allows or denies decides, and what nobody decides is refused.
//! Most answer at once ([`Answer::now`], no allocation); a webhook's answer is waited for.
//! Deliberately absent: IO and clocks; the authorizers hold what they need in memory and are told of changes, and what a
//! webhook says comes through functions that are passed in.

pub mod abac;
mod attributes;
pub mod config;
mod decision;
pub mod impersonation;
pub mod node;
pub mod rbac;
pub mod rules;
pub mod webhook;

pub use attributes::{Attributes, Operator, Requirement};
pub use decision::{Answer, BoxFuture, Decision, Reason, Verdict};
pub use rules::Rules;

use authn::UserInfo;
use std::sync::Arc;

pub trait Authorizer: Send + Sync {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a>;

    /// What a user may do in a namespace, as far as this authorizer can tell by itself.
    fn rules_for(&self, _user: &UserInfo, _namespace: &str) -> Rules {
        Rules::default()
    }
}

/// Authorizers in order.
#[derive(Clone, Default)]
pub struct Chain {
    pub links: Vec<Arc<dyn Authorizer>>,
}

/// Everything is allowed to the members of system:masters.
pub struct Masters;

/// Everything is allowed to everybody.
pub struct AlwaysAllow;

/// Nothing is allowed to anybody.
pub struct AlwaysDeny;

/// What those that had no opinion said.
#[derive(Default)]
struct Undecided {
    reasons: String,
    errors: String,
}

impl Authorizer for Chain {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        ask(&self.links, attributes, Undecided::default())
    }

    fn rules_for(&self, user: &UserInfo, namespace: &str) -> Rules {
        let mut rules = Rules::default();
        self.links.iter().for_each(|link| rules.add(link.rules_for(user, namespace)));
        rules
    }
}

fn ask<'a>(links: &'a [Arc<dyn Authorizer>], attributes: &'a Attributes<'a>, mut before: Undecided) -> Answer<'a> {
    for (at, link) in links.iter().enumerate() {
        match link.authorize(attributes).into_now() {
            Ok(decision) if decision.verdict == Verdict::NoOpinion => before.add(&decision),
            Ok(decision) => return Answer::now(decision),
            Err(waiting) => {
                return Answer::later(async move {
                    let decision = waiting.await;
                    if decision.verdict != Verdict::NoOpinion {
                        return decision;
                    }
                    before.add(&decision);
                    ask(&links[at + 1..], attributes, before).await
                });
            }
        }
    }
    Answer::now(before.decision())
}

impl Undecided {
    fn add(&mut self, decision: &Decision) {
        let error = decision.error.as_deref().unwrap_or_default();
        for (texts, text, between) in [(&mut self.reasons, decision.reason(), "\n"), (&mut self.errors, error, ", ")] {
            if !texts.is_empty() && !text.is_empty() {
                texts.push_str(between);
            }
            texts.push_str(text);
        }
    }

    fn decision(self) -> Decision {
        let decision = Decision::no_opinion(self.reasons);
        if self.errors.is_empty() { decision } else { decision.with_error(self.errors) }
    }
}

impl Authorizer for Masters {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let is_master = attributes.user.in_group(authn::MASTERS);
        Answer::now(if is_master { Decision::allow("") } else { Decision::no_opinion("") })
    }
}

impl Authorizer for AlwaysAllow {
    fn authorize<'a>(&'a self, _attributes: &'a Attributes<'a>) -> Answer<'a> {
        Answer::now(Decision::allow(""))
    }

    fn rules_for(&self, _user: &UserInfo, _namespace: &str) -> Rules {
        Rules::everything()
    }
}

impl Authorizer for AlwaysDeny {
    fn authorize<'a>(&'a self, _attributes: &'a Attributes<'a>) -> Answer<'a> {
        Answer::now(Decision::no_opinion("Everything is forbidden."))
    }
}

#[cfg(test)]
mod tests;
