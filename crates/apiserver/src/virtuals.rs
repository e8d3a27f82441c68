//! Resources that are questions, not objects: reviews and tokens. What of them is stored is nothing.

mod access;
mod binding;
mod eviction;
mod identity;
mod pod_streams;
mod proxies;
mod scale;
mod tokens;

pub use access::{AccessReview, RulesReview};
pub use binding::PodBinding;
pub use eviction::PodEviction;
pub use identity::{SelfSubjectReview, TokenReview};
pub use pod_streams::PodStreams;
pub use proxies::Proxies;
pub use scale::ScaleOf;
pub use tokens::TokenRequest;
