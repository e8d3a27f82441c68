//! ValidatingAdmissionPolicy and MutatingAdmissionPolicy: expressions in the API decide about writes, and change them.
//!
//! ```text
//!   policies, bindings --compiled once a change--> Policies
//!   write --matches policy, then binding--> params --> (policy, binding, param): one invocation each
//!       validating: every expression must give true, else the binding's actions: deny, warn, audit
//!       mutating: each gives a configuration that is merged, or a JSON patch; those that ask for it run again
//! ```
//!
//! Deliberately absent: checking expressions against the types of what a policy matches; a controller does that.

mod compiled;
mod mutating;
mod params;
mod validating;

pub use mutating::MutatingAdmissionPolicy;
pub use validating::ValidatingAdmissionPolicy;

use crate::{Attributes, Lookup};
use compiled::{Binding, Policy};
use kind::ApiError;
use schema::Value;
use std::sync::Arc;

/// Reviews, which policies do not apply to: a bad policy must not keep anybody from being known.
fn is_exempt(attributes: &Attributes) -> bool {
    attributes.configures_admission()
        || matches!(
            (attributes.group, attributes.resource),
            ("authentication.k8s.io", "selfsubjectreviews" | "tokenreviews")
                | (
                    "authorization.k8s.io",
                    "localsubjectaccessreviews"
                        | "selfsubjectaccessreviews"
                        | "selfsubjectrulesreviews"
                        | "subjectaccessreviews"
                )
        )
}

/// The params with which a binding evaluates its policy; Null stands for none.
async fn params_of(
    policy: &Policy,
    binding: &Binding,
    attributes: &Attributes<'_>,
    lookup: &dyn Lookup,
) -> Result<Vec<Arc<Value>>, String> {
    params::collect(policy.param_kind.as_ref(), binding.param_ref.as_ref(), attributes, lookup).await
}

/// Whether a binding is about the write.
fn binding_matches(binding: &Binding, attributes: &Attributes, lookup: &dyn Lookup) -> Result<bool, ApiError> {
    match &binding.criteria {
        None => Ok(true),
        Some(criteria) => {
            let criteria = criteria.as_ref().map_err(ApiError::internal)?;
            criteria.matches(attributes, lookup).map(|seen| seen.is_some())
        }
    }
}

#[cfg(test)]
mod tests;
