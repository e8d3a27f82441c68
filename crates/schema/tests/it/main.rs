//! The codecs against upstream's golden objects, hostile input, and each other.

mod fixtures;
mod hostile;
mod recordings;
