//! Who may do what: the authorizers that flags or a file name, in their order, after that of the masters.
//!
//! What they decide is the crate `authz`'s; here are the network, files that change, and the order.

mod assemble;
mod webhook;

pub use assemble::{AuthorizationError, Authorizers, assemble};

use arc_swap::ArcSwap;
use authn::UserInfo;
use authz::{Answer, Attributes, Authorizer, Chain, Rules};
use std::sync::Arc;

/// A chain that may be replaced while it is asked.
#[derive(Clone)]
struct Replaceable(Arc<ArcSwap<Chain>>);

impl Authorizer for Replaceable {
    fn authorize<'a>(&'a self, attributes: &'a Attributes<'a>) -> Answer<'a> {
        let chain = self.0.load_full();
        let now = chain.authorize(attributes).into_now().ok();
        match now {
            Some(decision) => Answer::now(decision),
            // Somebody has to be waited for, which begins only now, with a hold on the chain.
            None => Answer::later(async move { chain.authorize(attributes).await }),
        }
    }

    fn rules_for(&self, user: &UserInfo, namespace: &str) -> Rules {
        self.0.load().rules_for(user, namespace)
    }
}
