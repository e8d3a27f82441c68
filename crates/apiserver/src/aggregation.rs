//! Groups of other servers beside those of this one: APIService objects.
//!
//! ```text
//!   APIServices --controller--> Table (whose group and version is whose) --> handler: requests are passed on
//!                   |                                                    --> discovery, OpenAPI
//!                   +-- worker, one for each that has a service: is it there? --> condition Available
//!                                                                what does it serve? --> Table
//!   custom resources --registration--> APIServices
//! ```
//!
//! Decided purely: [`availability`], [`resolve`], [`table`], [`registration`], [`documents`]. Deliberately absent: what the
//! other servers do.

mod availability;
mod controller;
mod documents;
mod fetch;
mod handler;
pub mod priorities;
mod registration;
mod resolve;
pub mod table;
mod worker;

pub use controller::spawn;
pub use handler::Aggregation;
pub use table::{Remote, Table};

#[cfg(test)]
mod tests;
