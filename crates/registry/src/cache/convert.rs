//! Objects of kinds whose conversion takes someone else: converted before they are shown, once for each view.

use super::Object;
use crate::entry::View;
use crate::{Converter, Storage};
use kind::ApiError;
use schema::Value;
use std::sync::Arc;

/// Objects that one question may hold.
const BATCH: usize = 100;

/// Has the objects converted that `view` shows in another version than the stored one.
pub(crate) async fn convert_objects(
    converter: &dyn Converter,
    storage: &Storage,
    view: &View,
    objects: &[Arc<Object>],
) -> Result<(), ApiError> {
    for batch in objects.chunks(BATCH) {
        let mut waiting: Vec<(&Arc<Object>, Value)> = Vec::new();
        for object in batch {
            if object.converted(view).is_none() {
                let value = object.value(storage).map_err(ApiError::internal)?;
                if value.str_at(&["apiVersion"]) != view.api_version {
                    waiting.push((object, (*value).clone()));
                }
            }
        }
        if waiting.is_empty() {
            continue;
        }
        let (objects, values): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let converted = converter.convert(values, &view.api_version).await?;
        for (object, value) in objects.into_iter().zip(converted) {
            object.keep_converted(view, value);
        }
    }
    Ok(())
}
