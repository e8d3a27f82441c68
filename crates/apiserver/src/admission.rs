//! Admission's side of the world outside: HTTPS to webhooks, the configuration file.

mod connections;
pub(crate) mod go_words;
pub mod settings;
mod stores;
pub(crate) mod verifier;
mod webhooks;

pub use stores::{ImageReviews, Namespaces};
pub use webhooks::HttpWebhooks;

#[cfg(test)]
mod tests;
