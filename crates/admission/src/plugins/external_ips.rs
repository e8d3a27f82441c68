//! DenyServiceExternalIPs: nobody takes over addresses by naming them in a Service (CVE-2020-8554).

use crate::{Attributes, Lookup, Operation, Plugin};
use kind::ApiError;

pub struct DenyServiceExternalIPs;

const ADDRESSES: &[&str] = &["spec", "externalIPs"];

impl Plugin for DenyServiceExternalIPs {
    fn name(&self) -> &'static str {
        "DenyServiceExternalIPs"
    }

    fn handles(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Create | Operation::Update)
    }

    fn validate(&self, attributes: &mut Attributes, _lookup: &dyn Lookup) -> Result<(), ApiError> {
        let (new, old) = (attributes.object.at(ADDRESSES).items(), attributes.old.at(ADDRESSES).items());
        if (attributes.group, attributes.resource) != ("", "services")
            || new.iter().all(|address| old.contains(address))
        {
            return Ok(());
        }
        Err(attributes.forbidden("Use of external IPs is denied by admission control."))
    }
}
