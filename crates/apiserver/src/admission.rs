//! Admission's side of the world outside: HTTPS to webhooks, the configuration file.

mod connections;
mod go_words;
pub mod settings;
mod stores;
mod verifier;
mod webhooks;

pub use stores::{ImageReviews, Namespaces};
pub use webhooks::HttpWebhooks;

#[cfg(test)]
mod tests;
