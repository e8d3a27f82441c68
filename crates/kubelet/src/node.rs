//! The node's own objects: its Node with status, and its Lease.
//!
//! Two loops: a heartbeat that costs one small write (the lease), and the status, which is looked at often and written
//! when it changed or was not written for long.

use std::sync::Arc;
use std::time::Duration;

use api_core::v1::{
    ContainerImage, DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints, NodeStatus, NodeSystemInfo,
};
use api_meta::v1::{ObjectMeta, OwnerReference};
use api_misc::coordination::v1::{Lease, LeaseSpec};
use client::{ClientError, Patch};
use cri::RuntimeConditions;
use kubelet_core::node::{NodeFacts, change_events, conditions};
use kubelet_core::{Event, SECOND};
use schema::{MicroTime, Time, Typed, Value, value};
use tokio::sync::watch;

use crate::kubelet::Kubelet;
use crate::machine::{Machine, architecture};
use crate::network;

/// Keeps the node's objects until `stop`.
pub async fn run(kubelet: Arc<Kubelet>, machine: Machine, mut stop: watch::Receiver<bool>) {
    let start = Event::normal("Starting", "Starting kubelet.");
    kubelet.recorder.node(start);
    let lease = keep_lease(&kubelet);
    let status = keep_status(&kubelet, &machine);
    tokio::select! {
        () = lease => {}
        () = status => {}
        // An error means that whoever could stop us is gone.
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn keep_status(kubelet: &Kubelet, machine: &Machine) {
    let mut written: Option<(NodeStatus, i64)> = None;
    loop {
        let wait = match sync_status(kubelet, machine, &mut written).await {
            Ok(true) => kubelet.config.status_check_period,
            Ok(false) => NOT_READY_PERIOD,
            Err(error) => {
                tracing::warn!(%error, "cannot write the node's status");
                FAILURE_PERIOD
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// One look: makes the Node if it is not there, writes its status if that is due. Whether the node is ready.
async fn sync_status(
    kubelet: &Kubelet,
    machine: &Machine,
    written: &mut Option<(NodeStatus, i64)>,
) -> Result<bool, ClientError> {
    let config = &kubelet.config;
    let due = |status: &NodeStatus, last: &Option<(NodeStatus, i64)>, now: i64| {
        let period = i64::try_from(config.status_report_period.as_nanos()).unwrap_or(i64::MAX);
        last.as_ref().is_none_or(|(have, at)| now - at >= period || !same(have, status))
    };
    let now = kubelet.now();
    // As long as nothing changes, the API need not even be asked.
    if let Some((have, _)) = written.as_ref() {
        let status = status(kubelet, machine, have).await;
        if is_ready(&status) && !due(&status, written, now) {
            return Ok(true);
        }
    }
    let node = match kubelet.client.get::<Node>("", &config.node_name).await {
        Err(error) if error.is_not_found() && config.register_node => register(kubelet, machine).await?,
        other => other?,
    };
    set_up_network(kubelet, &node).await;
    let status = status(kubelet, machine, &node.status).await;
    announce(kubelet, &node.status.conditions, &status.conditions);
    let ready = is_ready(&status);
    kubelet.client.patch::<Node>("", &config.node_name, "status", &Patch::StrategicMerge(patch(&status))).await?;
    *written = Some((status, now));
    Ok(ready)
}

/// One event for each condition that changed.
fn announce(kubelet: &Kubelet, old: &[NodeCondition], new: &[NodeCondition]) {
    for reason in change_events(old, new) {
        let message = format!("Node {} status is now: {reason}", kubelet.config.node_name);
        kubelet.recorder.node(Event::normal(reason, message));
    }
}

fn is_ready(status: &NodeStatus) -> bool {
    status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Equal but for heartbeats.
fn same(a: &NodeStatus, b: &NodeStatus) -> bool {
    let bare = |status: &NodeStatus| {
        let mut status = status.clone();
        for condition in &mut status.conditions {
            condition.last_heartbeat_time = None;
        }
        // What others write into a node's status is not ours to compare.
        status.volumes_attached.clear();
        status
    };
    bare(a) == bare(b)
}

/// Lists of names and addresses replace what was there; conditions of others stay.
fn patch(status: &NodeStatus) -> Value {
    let mut body = status.to_value();
    if let Some(addresses) = body.get_mut("addresses").and_then(Value::as_list_mut) {
        addresses.push(value!({ "$patch": "replace" }));
    }
    value!({ "status": body })
}

async fn set_up_network(kubelet: &Kubelet, node: &Node) {
    let Some(network) = kubelet.config.network.clone() else { return };
    let cidrs = network::pod_cidrs(&network, Some(node));
    let setting_up = tokio::task::spawn_blocking(move || network::set_up(&network, &cidrs));
    match setting_up.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "cannot set up the pods' network"),
        Err(error) => tracing::error!(%error, "cannot set up the pods' network"),
    }
}

async fn register(kubelet: &Kubelet, machine: &Machine) -> Result<Node, ClientError> {
    let config = &kubelet.config;
    let mut node = Node::default();
    node.metadata.name = config.node_name.clone();
    node.metadata.labels = labels(kubelet);
    node.metadata.annotations.insert("volumes.kubernetes.io/controller-managed-attach-detach".into(), "true".into());
    node.spec.taints = config.register_with_taints.clone();
    node.status = status(kubelet, machine, &NodeStatus::default()).await;
    match kubelet.client.create(&node).await {
        Ok(created) => {
            announce(kubelet, &[], &node.status.conditions);
            Ok(created)
        }
        Err(error) if error.is_already_exists() => kubelet.client.get::<Node>("", &config.node_name).await,
        other => other,
    }
}

fn labels(kubelet: &Kubelet) -> std::collections::BTreeMap<String, String> {
    let fixed = [
        ("beta.kubernetes.io/arch", architecture()),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", architecture()),
        ("kubernetes.io/hostname", kubelet.config.hostname.as_str()),
        ("kubernetes.io/os", "linux"),
    ];
    let fixed = fixed.map(|(key, value)| (key.to_owned(), value.to_owned()));
    fixed.into_iter().chain(kubelet.config.node_labels.clone()).collect()
}

/// The status as it is now. `old` gives the times of conditions that did not change, and what others wrote.
async fn status(kubelet: &Kubelet, machine: &Machine, old: &NodeStatus) -> NodeStatus {
    let config = &kubelet.config;
    let mut facts = NodeFacts::default();
    let runtime = kubelet.cri.status(false).await;
    match &runtime {
        Err(error) => facts.not_ready.push(format!("container runtime is down: {error}")),
        Ok(answer) => {
            let conditions = RuntimeConditions::of(&answer.status.clone().unwrap_or_default());
            if !conditions.network_ready.status {
                let (reason, message) = (&conditions.network_ready.reason, &conditions.network_ready.message);
                facts.not_ready.push(format!(
                    "container runtime network not ready: NetworkReady=false reason:{reason} message:{message}"
                ));
            }
            if !conditions.runtime_ready.status {
                let (reason, message) = (&conditions.runtime_ready.reason, &conditions.runtime_ready.message);
                facts
                    .not_ready
                    .push(format!("container runtime not ready: RuntimeReady=false reason:{reason} message:{message}"));
            }
        }
    }
    crate::pressure::measure(&config.root_dir, &mut facts);
    let now = Time::from_unix(kubelet.clock.now_seconds());
    NodeStatus {
        addresses: addresses(kubelet),
        capacity: machine.capacity(config.max_pods),
        allocatable: machine.allocatable(config.max_pods),
        conditions: conditions(&facts, &old.conditions, now),
        daemon_endpoints: NodeDaemonEndpoints { kubelet_endpoint: DaemonEndpoint { port: config.port.into() } },
        images: images(kubelet).await,
        node_info: node_info(kubelet, machine).await,
        ..NodeStatus::default()
    }
}

fn addresses(kubelet: &Kubelet) -> Vec<NodeAddress> {
    let internal = kubelet.host_ips().into_iter().map(|ip| ("InternalIP", ip));
    let hostname = std::iter::once(("Hostname", kubelet.config.hostname.clone()));
    internal.chain(hostname).map(|(type_, address)| NodeAddress { type_: type_.to_owned(), address }).collect()
}

async fn node_info(kubelet: &Kubelet, machine: &Machine) -> NodeSystemInfo {
    let version = kubelet.cri.version().await;
    let version = version.map(|v| format!("{}://{}", v.runtime_name, v.runtime_version.trim_start_matches('v')));
    machine.system_info(&version.unwrap_or_default())
}

/// The largest images first, as many as upstream lists.
async fn images(kubelet: &Kubelet) -> Vec<ContainerImage> {
    let mut images = kubelet.cri.list_images(None).await.unwrap_or_default();
    images.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.id.cmp(&b.id)));
    let listed = images.into_iter().take(MAX_IMAGES).map(|image| {
        let names = image.repo_digests.into_iter().chain(image.repo_tags).take(MAX_NAMES_PER_IMAGE).collect();
        ContainerImage { names, size_bytes: i64::try_from(image.size).unwrap_or(i64::MAX) }
    });
    listed.collect()
}

async fn keep_lease(kubelet: &Kubelet) {
    let period = kubelet.config.lease_duration / 4;
    let mut lease = None;
    loop {
        let mut wait = period;
        if let Err(error) = renew(kubelet, &mut lease).await {
            tracing::debug!(%error, "cannot renew the node's lease");
            // The next renewal starts from what is there.
            lease = None;
            wait = FAILURE_PERIOD;
        }
        tokio::time::sleep(wait).await;
    }
}

async fn renew(kubelet: &Kubelet, held: &mut Option<Lease>) -> Result<(), ClientError> {
    let name = &kubelet.config.node_name;
    let now = MicroTime::from_unix_micros(kubelet.now() / (SECOND / 1_000_000));
    let found = match held.take() {
        Some(lease) => Some(lease),
        None => match kubelet.client.get::<Lease>(LEASE_NAMESPACE, name).await {
            Err(error) if error.is_not_found() => None,
            other => Some(other?),
        },
    };
    let mut lease = found.clone().unwrap_or_else(|| Lease {
        metadata: ObjectMeta { name: name.clone(), namespace: LEASE_NAMESPACE.to_owned(), ..ObjectMeta::default() },
        spec: LeaseSpec::default(),
    });
    lease.spec.holder_identity = Some(name.clone());
    lease.spec.lease_duration_seconds = i32::try_from(kubelet.config.lease_duration.as_secs()).ok();
    lease.spec.renew_time = Some(now);
    if lease.metadata.owner_references.is_empty()
        && let Ok(node) = kubelet.client.get::<Node>("", name).await
    {
        lease.metadata.owner_references.push(OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            name: name.clone(),
            uid: node.metadata.uid,
            ..OwnerReference::default()
        });
    }
    *held = Some(match found {
        Some(_) => kubelet.client.update(&lease).await?,
        None => kubelet.client.create(&lease).await?,
    });
    Ok(())
}

const LEASE_NAMESPACE: &str = "kube-node-lease";
const MAX_IMAGES: usize = 50;
const MAX_NAMES_PER_IMAGE: usize = 5;
/// How soon to look again while the node is not ready.
const NOT_READY_PERIOD: Duration = Duration::from_millis(250);
/// How soon to try again what the API refused.
const FAILURE_PERIOD: Duration = Duration::from_secs(1);
