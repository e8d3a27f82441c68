// Made by cargo xtask codegen.

pub mod admission;
pub mod admissionregistration;
pub mod apiextensions;
pub mod apiregistration;
pub mod authentication;
pub mod authorization;
pub mod certificates;
pub mod coordination;
pub mod discovery;
pub mod events;
pub mod flowcontrol;
pub mod networking;
pub mod node;
pub mod rbac;
pub mod resource;
pub mod scheduling;
pub mod storage;
