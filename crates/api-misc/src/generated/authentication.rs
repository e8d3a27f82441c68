// Made by cargo xtask codegen.

pub mod v1;
