//! The API server's shell: sockets, TLS, certificates, and what of a request needs IO.
//!
//! What an API request means is `registry`'s business. Deliberately absent: any logic of a kind.

pub mod discovery;
pub mod pki;
