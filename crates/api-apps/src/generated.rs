// Made by cargo xtask codegen.

pub mod apps;
pub mod autoscaling;
pub mod batch;
pub mod policy;
