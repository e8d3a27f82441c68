//! The plugins against the kernel: real namespaces, real bridges, real rules, all inside namespaces the tests make.

mod addresses;
mod bridge;
mod portmap;
mod protocol;
mod world;
