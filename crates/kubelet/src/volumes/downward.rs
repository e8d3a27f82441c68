//! Files that tell a pod of itself.

use super::payload::{File, Payload, mode};
use crate::env::fields::{self, FieldError};
use api_core::v1::{DownwardAPIVolumeFile, Pod};
use schema::Quantity;
use std::collections::BTreeMap;

impl From<FieldError> for super::VolumeError {
    fn from(error: FieldError) -> Self {
        super::VolumeError::Payload(error.into())
    }
}

pub(super) fn files(
    pod: &Pod,
    items: &[DownwardAPIVolumeFile],
    default_mode: Option<i32>,
    allocatable: &BTreeMap<String, Quantity>,
) -> Result<Payload, FieldError> {
    let mut payload = Payload::new();
    for item in items {
        let text = if let Some(field) = &item.field_ref {
            fields::field(pod, &field.field_path)?
        } else if let Some(resource) = &item.resource_field_ref {
            fields::resource(pod, None, resource, allocatable)?
        } else {
            continue;
        };
        let file = File { data: text.into_bytes(), mode: mode(item.mode, default_mode), user: None };
        payload.insert(item.path.clone(), file);
    }
    Ok(payload)
}
