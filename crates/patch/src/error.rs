//! Why a patch could not be applied, sorted by what the client is told.

/// The variants are the answers of kube-apiserver; [`PatchError::message`] is the `message` of the Status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// 400 `BadRequest`: the patch is not of its format.
    #[error("{0}")]
    BadRequest(String),
    /// 413 `RequestEntityTooLarge`.
    #[error("{0}")]
    TooLarge(String),
    /// 422 `Invalid` with empty details: the patch is well formed but does not apply. Clients are told no reason; the text
    /// is for logs.
    #[error("{0}")]
    DoesNotApply(String),
    /// 500 without a reason: what upstream returns as a bare error.
    #[error("{0}")]
    Internal(String),
}

impl PatchError {
    /// The HTTP status.
    pub fn code(&self) -> i32 {
        match self {
            PatchError::BadRequest(_) => 400,
            PatchError::TooLarge(_) => 413,
            PatchError::DoesNotApply(_) => 422,
            PatchError::Internal(_) => 500,
        }
    }

    /// The `reason` of the Status; empty where upstream sends none.
    pub fn reason(&self) -> &'static str {
        match self {
            PatchError::BadRequest(_) => "BadRequest",
            PatchError::TooLarge(_) => "RequestEntityTooLarge",
            PatchError::DoesNotApply(_) => "Invalid",
            PatchError::Internal(_) => "",
        }
    }

    /// The `message` of the Status.
    pub fn message(&self) -> String {
        match self {
            PatchError::DoesNotApply(_) => "the server rejected our request due to an error in our request".to_owned(),
            PatchError::TooLarge(why) => format!("Request entity is too large: {why}"),
            PatchError::BadRequest(why) | PatchError::Internal(why) => why.clone(),
        }
    }

    /// Whether the Status carries (empty) `details`.
    pub fn has_details(&self) -> bool {
        matches!(self, PatchError::DoesNotApply(_))
    }
}
