//! The API server's heart: from a request to a response, over `&dyn DynKind`; it names no kind.
//!
//! ```text
//!   handle: request_info -> authorize -> route -> verbs/{get,list,watch,create,update,patch,delete}
//!                                                   |  decode, default, admission, prepare, validate, hooks
//!                                                   v
//!                       store (compare and swap) --watch--> cache: encoded bytes, indices, window --> lists, watchers
//! ```
//!
//! Deliberately absent: HTTP itself, TLS, authentication (the shell puts a [`Caller`] into the request), an async runtime
//! (futures only; time, randomness, sleep and spawning are passed in), kinds, and what the admission plugins decide.

pub mod cache;
pub mod guaranteed;
pub mod hooks;
pub mod keys;
pub mod negotiate;
pub mod options;
pub mod query;
pub mod request_info;
pub mod response;
pub mod selector;

mod authorize;
mod codec;
mod context;
mod entry;
mod error;
mod frames;
mod install;
mod lookup;
mod patching;
mod pipeline;
pub mod record;
mod shapes;
mod storage;
mod table;
mod verbs;

pub use context::{Caller, RequestContext};
pub use entry::{Entry, KindEntry, KindRef, Routes};
pub use hooks::{Converter, Fallback, HookContext, Reservation, Spawn, StorageHook, Virtual, VirtualVerb};
pub use lookup::CacheLookup;
pub use pipeline::{Config, Observer, Policy, Registry, Transformers, failure};
pub use response::{Body, Outcome, WatchStream};
pub use storage::Storage;
pub use verbs::{Place, patch_value};

pub use store::BoxFuture;
