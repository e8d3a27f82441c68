//! The API server as its neighbours meet it: over sockets, with a real kubectl.

mod admission;
mod aggregation;
mod cluster;
mod desk;
mod identity;
mod load;
mod proxies;
mod wardle;
