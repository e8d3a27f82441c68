//! AlwaysAdmit and AlwaysDeny, which upstream keeps for old configurations.

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;

/// Lets everything pass.
pub struct AlwaysAdmit;

/// Lets nothing pass.
pub struct AlwaysDeny;

impl Plugin for AlwaysAdmit {
    fn name(&self) -> &'static str {
        "AlwaysAdmit"
    }

    fn handles(&self, _operation: Operation) -> bool {
        true
    }
}

impl Plugin for AlwaysDeny {
    fn name(&self) -> &'static str {
        "AlwaysDeny"
    }

    fn handles(&self, _operation: Operation) -> bool {
        true
    }

    fn admit(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        Err(attributes.forbidden("admission control is denying all modifications"))
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        Err(attributes.forbidden("admission control is denying all modifications"))
    }
}
