//! Typed objects of Kubernetes v1.36: the core group.
//!
//! Made by cargo xtask codegen, this file too. Deliberately absent: lists (a list is a header and items), the fields
//! `apiVersion` and `kind` (the type says them, and they are written wherever such a type is), behaviour of any sort.

mod generated;

pub use generated::*;
