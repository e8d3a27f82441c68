//! Custom resources: from a CustomResourceDefinition to a kind that the registry serves like any other.
//!
//! ```text
//!   openAPIV3Schema --Node::parse--> Node --+--structural, check--> what is wrong with the schema itself
//!                                           +--compile------------> schema::Schema: decoding, pruning, field management
//!                                           +--values, lists------> what is wrong with an object
//!                                           +--defaults-----------> absent fields filled in
//!   CustomResourceDefinition --kind---> CustomKind: DynKind
//!                            --status-> names accepted, conditions
//! ```
//!
//! The words of all failures are upstream's. Deliberately absent: IO, clocks, the registry, who follows the definitions
//! (the shell), conversion by webhooks (the shell asks them; what their answers must satisfy is in `review`).

pub mod check;
pub mod compile;
pub mod defaults;
pub mod embedded;
pub mod field_path;
pub mod formats;
pub mod intern;
pub mod jsonpath;

pub mod lists;
pub mod node;
pub mod resource;
pub mod review;
pub mod rules;
pub mod status;
pub mod structural;
pub mod values;

pub use node::Node;
pub use resource::CustomKind;
