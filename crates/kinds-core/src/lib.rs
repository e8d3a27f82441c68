//! The kinds of the core group, one file each.

pub mod config_map;
