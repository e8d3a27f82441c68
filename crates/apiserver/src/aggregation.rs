//! Groups of other servers beside those of this one: APIService objects.

pub mod priorities;
