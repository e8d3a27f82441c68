//! Tests of the engines as their users see them.

mod crash;
mod damage;
mod embedded;
mod model;
mod support;
