//! `cargo xtask testbed`: several nodes on one machine.
//!
//! A node joins a cluster with `kubeadm join`, which does not exist yet; until then there is nothing to set up here.

use anyhow::bail;

pub fn run(_arguments: &[&str]) -> anyhow::Result<()> {
    bail!("a second node cannot join a cluster yet, so there is no testbed of several nodes")
}
