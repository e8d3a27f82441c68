//! Admission's side of the world outside: HTTPS to webhooks, the configuration file.

mod connections;
mod go_words;
mod verifier;
mod webhooks;

pub use webhooks::HttpWebhooks;

#[cfg(test)]
mod tests;
