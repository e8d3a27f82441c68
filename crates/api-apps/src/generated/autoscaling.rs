// Made by cargo xtask codegen.

pub mod v1;
pub mod v2;
