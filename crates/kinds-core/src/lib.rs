//! The kinds of the core group, one file each.

pub mod config_map;
pub mod pod;
pub mod pod_spec;
pub mod pod_template;
