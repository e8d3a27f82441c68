//! The API as data: what an object of a kind looks like, and every operation that does not depend on which kind it is.
//!
//! ```text
//!   bytes --decode(json|yaml|pb)--> Value (+ unknown and duplicate fields) --encode--> bytes
//!                  ^                   ^  |
//!                  |                   |  +--> generated typed structs (api-* crates) and back: trait Typed
//!               Schema: types and fields, one table for the built-ins (data/builtin.schema),
//!                       one more for each custom resource, made at run time
//! ```
//!
//! Deliberately absent: IO, async, a list of kinds, anything that knows what a field means.

pub mod decode;
pub mod defaults;
pub mod json;
pub mod protobuf;
pub mod scalar;
pub mod schema;
pub mod typed;
pub mod value;
pub mod yaml;

pub use scalar::{Bytes, Duration, IntOrString, MicroTime, Quantity, Time};
pub use schema::{Field, ListType, Scalar, Schema, Shape, Type, TypeId, TypeRef};
pub use typed::{Object, ResourceInfo, Typed};
pub use value::{Map, Text, Value, Verbatim};
