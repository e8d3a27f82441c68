//! Rules of a schema (`x-kubernetes-validations`): what they may name, whether they compile and what they may cost, and what
//! an object fails.
//!
//! ```text
//!   Node --decl--> Decl: types, least and largest sizes --+--check-----> errors in the definition, estimated costs
//!                                                         +--evaluate--> Validator: a tree of compiled rules
//! ```

pub mod check;
mod compiled;
mod decl;
pub mod evaluate;

pub use evaluate::Validator;

#[cfg(test)]
mod tests;
