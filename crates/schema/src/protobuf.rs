//! Protobuf by schema, byte for byte as upstream's generated code writes it.
//!
//! Fields stand in the order of their tags; what is not a pointer in Go is always written, zero or not; maps are sorted.
//! `apiVersion` and `kind` travel in the envelope: four magic bytes and a `runtime.Unknown`.
//!
//! ```text
//!   "k8s\0"  0a <TypeMeta>  12 <object>  1a 00  22 00
//!                               |
//!                  a list:  0a <ListMeta>  12 <item>  12 <item> ...     made as a chain of stored buffers
//! ```
//!
//! Deliberately absent: extensions, groups, messages of the node's gRPC interfaces (crate cri).

mod decode;
mod encode;
mod frame;
mod special;
mod wire;

pub use decode::decode;
pub use encode::encode;
pub use frame::{
    Envelope, ItemHead, LIST_TAIL, envelope, is_envelope, item_head, list_head, open_envelope, set_resource_version,
};

/// How deep messages may lie in each other.
pub const MAX_DEPTH: usize = 256;

#[cfg(test)]
mod tests;
