//! The kinds of the groups apps, batch, autoscaling and policy, one file each.

mod amounts;
mod autoscaling;
mod autoscaling_v1;
pub mod controller_revision;
mod cron;
pub mod cron_job;
pub mod daemon_set;
pub mod deployment;
pub mod horizontal_pod_autoscaler;
pub mod job;
mod metrics;
pub mod pod_disruption_budget;
pub mod replica_set;
pub mod scale;
pub mod stateful_set;
mod template;
