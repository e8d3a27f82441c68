//! Conversions that take someone else, for the field manager, which cannot wait: it does without at first, and is asked
//! again when what it lacked is there.

use super::prepare::Writing;
use crate::pipeline::Registry;
use kind::ApiError;
use parking_lot::Mutex;
use schema::Value;

/// Each is of a value that depends on the ones before; a manager a version needs few.
const MAX_CONVERSIONS: usize = 100;

/// What was converted during one write, and what still must be.
#[derive(Default)]
pub(super) struct Conversions {
    /// From, to.
    known: Mutex<Vec<(Value, Value)>>,
    missing: Mutex<Option<(Value, String)>>,
}

impl Conversions {
    /// None: not there yet.
    pub fn get(&self, value: &Value, api_version: &str) -> Option<Value> {
        let known = self.known.lock();
        let found = known.iter().find(|(from, to)| from == value && to.str_at(&["apiVersion"]) == api_version);
        if found.is_none() {
            self.missing.lock().get_or_insert_with(|| (value.clone(), api_version.to_owned()));
        }
        found.map(|(_, to)| to.clone())
    }
}

impl Registry {
    /// Does `act` until it lacks no conversion.
    pub(super) async fn with_conversions<T>(
        &self,
        writing: &Writing<'_>,
        mut act: impl FnMut() -> Result<T, ApiError> + Send,
    ) -> Result<T, ApiError> {
        for _ in 0..MAX_CONVERSIONS {
            let result = act();
            let Some((value, api_version)) = writing.conversions.missing.lock().take() else { return result };
            let converted = self.converted(writing.route, value.clone(), &api_version).await?;
            writing.conversions.known.lock().push((value, converted));
        }
        Err(ApiError::internal("the managed fields take too many conversions"))
    }
}
