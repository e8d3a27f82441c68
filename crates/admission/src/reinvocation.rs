//! The second mutating pass, and which webhooks and policies take part in it.
//!
//! A change made by one of them may concern those that ran before it. When that happened, the whole chain runs once more;
//! of the webhooks and policies, those run again that ask for it and that ran before a change.

use schema::Value;
use std::collections::{BTreeSet, HashMap};

/// Of one write.
#[derive(Default)]
pub struct Reinvocation {
    second: bool,
    wanted: bool,
    plugins: HashMap<&'static str, Invoked>,
}

/// Of one plugin in one write.
#[derive(Default)]
pub struct Invoked {
    /// Those that ran, may run again, and have seen every change so far.
    previously: BTreeSet<String>,
    /// Those that run in the second pass.
    again: BTreeSet<String>,
    last_output: Value,
}

impl Reinvocation {
    /// Whether this is the second pass.
    pub fn is_second(&self) -> bool {
        self.second
    }

    /// Asks for the second pass.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether a second pass is due; if so, it has begun.
    pub(crate) fn begin_second(&mut self) -> bool {
        let begins = self.wanted && !self.second;
        self.second |= begins;
        begins
    }

    pub fn plugin(&mut self, name: &'static str) -> &mut Invoked {
        self.plugins.entry(name).or_default()
    }
}

impl Invoked {
    /// The object changed since they ran: all that ran, and may, run again.
    pub fn require_previous(&mut self) {
        self.again.append(&mut self.previously);
    }

    pub fn add_previous(&mut self, id: &str) {
        self.previously.insert(id.to_owned());
    }

    pub fn runs_again(&self, id: &str) -> bool {
        self.again.contains(id)
    }

    pub fn output_changed(&self, object: &Value) -> bool {
        self.last_output != *object
    }

    pub fn set_output(&mut self, object: &Value) {
        self.last_output = object.clone();
    }
}
