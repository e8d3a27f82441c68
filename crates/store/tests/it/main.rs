//! Tests of the engines as their users see them.

mod crash;
mod damage;
mod embedded;
#[cfg(feature = "etcd")]
mod etcd;
mod model;
mod support;
