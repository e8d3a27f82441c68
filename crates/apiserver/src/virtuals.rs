//! Resources that are questions, not objects: reviews and tokens. What of them is stored is nothing.

mod access;
mod identity;
mod pod_streams;
mod tokens;

pub use access::{AccessReview, RulesReview};
pub use identity::{SelfSubjectReview, TokenReview};
pub use pod_streams::PodStreams;
pub use tokens::TokenRequest;
