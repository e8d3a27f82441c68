//! Controllers: what turns the cluster's wishes into objects, each a pure function from a view to a plan.
//!
//! ```text
//!   change of an object --Watch::keys--> key --queue--> reconcile(key, &View, now) --> Plan --driver--> API
//!                                                          ^                              |
//!                                                          +-- caches have seen it <------+
//! ```
//!
//! A controller is never told what changed, and it never waits: what it needs later it asks for with `requeue_after`. The
//! driver withholds a key until the caches have seen what its last plan wrote, so that no controller has to remember what it
//! has done. One file or folder each. Deliberately absent: async, IO, clocks, randomness, retries.

pub mod claim;
pub mod claim_protection;
pub mod cluster_role_aggregation;
pub mod cronjob;
pub mod daemonset;
pub mod deployment;
pub mod disruption;
pub mod endpoints;
pub mod endpointslice;
pub mod garbage_collector;
pub mod job;
pub mod namespace;
pub mod node_ipam;
pub mod node_lifecycle;
pub mod plan;
pub mod pod_garbage_collector;
pub mod pods;
pub mod replicaset;
pub mod resource_quota;
pub mod root_ca_publisher;
pub mod service_account;
pub mod service_cidr;
pub mod statefulset;
pub mod taint_eviction;
pub mod ttl_after_finished;
pub mod watch;

#[cfg(test)]
mod testing;

pub(crate) mod managed;
pub(crate) mod node_match;
pub(crate) mod revisions;
pub(crate) mod service_pods;
pub(crate) mod taints;

pub use plan::{Action, DeleteOptions, EventRecord, Expect, Pace, PatchKind, Plan, Step, Tolerate, Write};
pub use watch::{Scope, Watch};

use api_meta::v1::{ObjectMeta, OwnerReference};
use informer::{Key, View};
use kind::ApiError;
use schema::{Object, Time};
use std::sync::Arc;

/// A control loop.
pub trait Controller: Send + Sync {
    /// Upstream's name of the controller, such as `replicaset-controller`.
    fn name(&self) -> &'static str;

    /// The component that its events come from.
    fn event_source(&self) -> &'static str {
        self.name()
    }

    /// What it reads, and which keys to look at when that changes. The view has nothing else.
    fn watches(&self) -> Vec<Watch>;

    /// Keys to look at once the caches are filled, for loops that run over the cluster as a whole.
    fn initial_keys(&self) -> Vec<Key> {
        Vec::new()
    }

    /// Keys that may be worked on at the same time.
    fn workers(&self) -> usize {
        5
    }

    /// What to do about `key`, as the world looks now. A key whose object is gone usually gets an empty plan.
    fn reconcile(&self, key: &Key, view: &View, now: Time) -> Plan;

    /// What to tell about a plan that stopped at a failed write (a condition, an event), before the key is tried again.
    /// The failure's own error is retried by the driver; the writes of this plan are not.
    fn failed(&self, _key: &Key, _view: &View, _now: Time, _failure: &Failure) -> Plan {
        Plan::default()
    }
}

/// A write that failed and was not tolerated.
#[derive(Clone, Debug)]
pub struct Failure {
    pub write: Write,
    pub error: ApiError,
}

/// What controllers need to know of the cluster that is not an object in it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// PEM of the authorities that clients in pods verify the API server with.
    pub root_ca: String,
    /// Ranges that nodes' pod CIDRs are cut from, such as `10.244.0.0/16`; none: nodes get none.
    pub cluster_cidrs: Vec<String>,
}

/// Every controller of the controller manager.
pub fn all(config: &Config) -> Vec<Arc<dyn Controller>> {
    vec![
        Arc::new(deployment::DeploymentController),
        Arc::new(replicaset::ReplicaSetController::default()),
        Arc::new(replicaset::ReplicationControllerController::default()),
        Arc::new(namespace::NamespaceController),
        Arc::new(service_account::ServiceAccountController),
        Arc::new(root_ca_publisher::RootCaPublisher::new(&config.root_ca)),
        Arc::new(node_ipam::NodeIpamController::new(&config.cluster_cidrs)),
        Arc::new(garbage_collector::GarbageCollector),
        Arc::new(endpointslice::EndpointSliceController),
        Arc::new(endpoints::EndpointsController),
        Arc::new(node_lifecycle::NodeLifecycleController),
        Arc::new(taint_eviction::TaintEvictionController),
        Arc::new(pod_garbage_collector::PodGarbageCollector::default()),
        Arc::new(job::JobController),
        Arc::new(daemonset::DaemonSetController),
        Arc::new(statefulset::StatefulSetController),
        Arc::new(cronjob::CronJobController),
        Arc::new(ttl_after_finished::TtlAfterFinishedController),
        Arc::new(cluster_role_aggregation::ClusterRoleAggregationController),
        Arc::new(disruption::DisruptionController),
        Arc::new(resource_quota::ResourceQuotaController),
        Arc::new(claim_protection::ClaimProtectionController),
        Arc::new(claim_protection::VolumeProtectionController),
        Arc::new(service_cidr::ServiceCidrController),
    ]
}

/// A reference that makes `owner` the manager of what carries it.
pub fn controller_reference<T: Object<Meta = ObjectMeta>>(owner: &T) -> OwnerReference {
    OwnerReference {
        api_version: T::RESOURCE.api_version(),
        kind: T::RESOURCE.kind.into(),
        name: owner.meta().name.clone(),
        uid: owner.meta().uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}
