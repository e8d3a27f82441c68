//! Expressions of webhooks and policies: compiled once, evaluated for a write.

use crate::Attributes;
use crate::matching::Seen;
use kind::ApiError;
use std::sync::Arc;

/// What a write binds for expressions.
pub struct Bindings;

impl Bindings {
    pub async fn of(
        _attributes: &Attributes<'_>,
        _seen: &Seen,
        _params: Option<Arc<schema::Value>>,
        _authorizer: Arc<dyn authz::Authorizer>,
    ) -> Result<Bindings, ApiError> {
        Ok(Bindings)
    }
}

/// Conditions that must all hold.
pub struct Conditions {
    names: Vec<String>,
}

/// What conditions came to.
pub enum Outcome {
    Holds,
    /// The condition of this name does not.
    Not(String),
    /// One could not be evaluated, and none is false.
    Failed(String),
}

impl Conditions {
    pub fn compile<'a>(conditions: impl Iterator<Item = (&'a str, &'a str)>) -> Conditions {
        Conditions { names: conditions.map(|(name, _)| name.to_owned()).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn evaluate(&self, _bindings: &Bindings) -> Outcome {
        Outcome::Failed("expressions cannot be evaluated".into())
    }
}
