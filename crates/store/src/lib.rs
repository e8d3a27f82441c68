//! The store: a map from keys to bytes with one global revision, history and watches, in etcd's semantics.
//!
//! [`Store`] is the whole contract; `embedded` is the engine inside the program. This crate knows keys and bytes: no
//! kinds, no encodings, no resource versions as text. Absent on purpose: transactions over several keys (upstream's API
//! server needs none) and replication (etcd's job).

mod api;
pub mod embedded;
#[cfg(feature = "etcd")]
pub mod etcd;
#[cfg(feature = "suite")]
pub mod suite;
pub mod transform;

pub use api::{
    BoxFuture, Compare, Event, EventKind, KeyValue, LeaseId, RangeOptions, RangeResult, Revision, Store, StoreError,
    TxnOutcome, Watch, WatchItem, Write, prefix_end,
};
pub use embedded::{Clock, EmbeddedOptions, EmbeddedStats, EmbeddedStore, StoreSync, SystemClock};
#[cfg(feature = "etcd")]
pub use etcd::{EtcdOptions, EtcdStore, EtcdTls};
pub use transform::{Plain, Transformer, Transforming};
