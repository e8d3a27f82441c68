//! Passing requests on to other servers: pods, services, nodes, and the servers of aggregated groups.
//!
//! ```text
//!   virtuals::proxies, aggregation::handler  --where to, as whom-->  Forward
//!   gateway, with the client's connection    --Forward::complete-->  dial -> request -> answer, or an upgrade
//! ```
//!
//! [`location`] decides purely: names, ports, addresses that may be called, paths. [`headers`] says what of a message is
//! between neighbours alone. [`dial`] opens the connection, and checks the very address that it connects to; [`pool`] keeps some for the next request. Deliberately
//! absent: following redirects, and rewriting links in HTML.

pub mod dial;
pub mod forward;
pub mod headers;
pub mod location;
mod pool;

pub use dial::{Destination, Dial, Security, TcpDial};
pub use forward::{Forward, Manners};
pub use pool::Pool;

/// Whether a path leads to a proxy, so that its body should be passed on as it comes. A path that is taken for none by
/// mistake only has its body collected first.
pub fn is_proxied(path: &str) -> bool {
    let mut words = path.trim_start_matches('/').split('/');
    if (words.next(), words.next()) != (Some("api"), Some("v1")) {
        return false;
    }
    match words.next() {
        Some("nodes") => words.nth(1) == Some("proxy"),
        Some("namespaces") => {
            let resource = words.nth(1);
            matches!(resource, Some("pods" | "services")) && words.nth(1) == Some("proxy")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
