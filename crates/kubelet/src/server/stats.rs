//! What pods and the node use: `/stats/summary`, in the form that metrics clients read.
//!
//! Containers' numbers are the runtime's. Runtimes that do not tell the rate of CPU use (containerd 1.6) have it taken from
//! two looks, so the first look after a start shows none.

pub(super) mod node;

use super::{Api, names};
use crate::server::respond::Failure;
use cri::v1::{self, ContainerStats, UInt64Value};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// A rate is taken from looks that are at least so far apart.
const MIN_INTERVAL_NS: i64 = 1_000_000_000;
/// A second look at a time when somebody looks every moment must not shorten the interval.
type Sample = (i64, u64);

/// Remembers how much CPU time containers had used when last looked at.
#[derive(Default)]
pub(super) struct Sampler(Mutex<HashMap<String, (Sample, u64)>>);

impl Sampler {
    /// Billionths of a core since the look before.
    fn nano_cores(&self, id: &str, now: Sample) -> Option<u64> {
        let mut seen = self.0.lock();
        let Some((last, rate)) = seen.get_mut(id) else {
            seen.insert(id.to_owned(), (now, 0));
            return None;
        };
        let interval = now.0 - last.0;
        if interval >= MIN_INTERVAL_NS {
            let used = u128::from(now.1.saturating_sub(last.1));
            *rate = u64::try_from(used * 1_000_000_000 / interval.unsigned_abs() as u128).unwrap_or(u64::MAX);
            *last = now;
        }
        Some(*rate)
    }

    fn retain(&self, ids: &[String]) {
        self.0.lock().retain(|id, _| id == NODE || ids.contains(id));
    }
}

/// The sampler's name for the node itself.
const NODE: &str = "/";

/// The numbers of one container.
pub(super) struct ContainerUse {
    pub pod: PodName,
    pub name: String,
    pub started_at_ns: i64,
    pub time_ns: i64,
    pub cpu_ns: Option<u64>,
    pub nano_cores: Option<u64>,
    pub working_set_bytes: Option<u64>,
    stats: ContainerStats,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PodName {
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

/// All running containers, those of one pod together.
pub(super) async fn containers(api: &Api, sampler: &Sampler) -> Result<Vec<ContainerUse>, Failure> {
    let state = v1::ContainerStateValue { state: v1::ContainerState::ContainerRunning.into() };
    let running = v1::ContainerFilter { state: Some(state), ..v1::ContainerFilter::default() };
    let (stats, listed) = tokio::try_join!(api.cri.list_container_stats(None), api.cri.list_containers(Some(running)))?;
    let started: HashMap<&str, i64> = listed.iter().map(|c| (c.id.as_str(), c.created_at)).collect();
    sampler.retain(&listed.iter().map(|container| container.id.clone()).collect::<Vec<_>>());
    let mut uses = Vec::with_capacity(stats.len());
    for stats in stats {
        let Some(attributes) = stats.attributes.clone() else { continue };
        let Some(&started_at_ns) = started.get(attributes.id.as_str()) else { continue };
        let label = |name: &str| attributes.labels.get(name).cloned().unwrap_or_default();
        let pod = PodName {
            namespace: label(names::POD_NAMESPACE),
            name: label(names::POD_NAME),
            uid: label(names::POD_UID),
        };
        if pod.uid.is_empty() {
            continue;
        }
        let cpu = stats.cpu.as_ref();
        let cpu_ns = number(cpu.and_then(|cpu| cpu.usage_core_nano_seconds.as_ref()));
        let time_ns = cpu.map_or(0, |cpu| cpu.timestamp);
        let own_rate = number(cpu.and_then(|cpu| cpu.usage_nano_cores.as_ref()));
        let sampled = cpu_ns.and_then(|used| sampler.nano_cores(&attributes.id, (time_ns, used)));
        let memory = stats.memory.as_ref();
        uses.push(ContainerUse {
            pod,
            name: label(names::CONTAINER_NAME),
            started_at_ns,
            time_ns,
            cpu_ns,
            nano_cores: own_rate.or(sampled),
            working_set_bytes: number(memory.and_then(|memory| memory.working_set_bytes.as_ref())),
            stats,
        });
    }
    uses.sort_by(|a, b| (&a.pod, &a.name).cmp(&(&b.pod, &b.name)));
    Ok(uses)
}

pub(super) async fn summary(api: &Api, sampler: &Sampler) -> Result<Value, Failure> {
    let uses = containers(api, sampler).await?;
    let networks = networks(api).await;
    let node = node::summary(api, sampler);
    let mut pods: BTreeMap<PodName, Vec<&ContainerUse>> = BTreeMap::new();
    for container in &uses {
        pods.entry(container.pod.clone()).or_default().push(container);
    }
    let pods: Vec<Value> = pods.into_iter().map(|(name, uses)| pod(&name, &uses, networks.get(&name.uid))).collect();
    Ok(json!({ "node": node, "pods": pods }))
}

fn pod(name: &PodName, uses: &[&ContainerUse], network: Option<&Value>) -> Value {
    let sum = |of: fn(&ContainerUse) -> Option<u64>| uses.iter().filter_map(|one| of(one)).sum::<u64>();
    let started = uses.iter().map(|one| one.started_at_ns).min().unwrap_or(0);
    let now = time(uses.iter().map(|one| one.time_ns).max().unwrap_or(0));
    let mut pod = json!({
        "podRef": { "name": name.name, "namespace": name.namespace, "uid": name.uid },
        "startTime": time(started),
        "containers": uses.iter().map(|one| container(one)).collect::<Vec<_>>(),
        "cpu": {
            "time": now,
            "usageNanoCores": sum(|one| one.nano_cores),
            "usageCoreNanoSeconds": sum(|one| one.cpu_ns),
        },
        "memory": {
            "time": now,
            "usageBytes": sum(|one| one.memory(|memory| memory.usage_bytes.as_ref()).or(one.working_set_bytes)),
            "workingSetBytes": sum(|one| one.working_set_bytes),
            "rssBytes": sum(|one| one.memory(|memory| memory.rss_bytes.as_ref())),
            "pageFaults": sum(|one| one.memory(|memory| memory.page_faults.as_ref())),
            "majorPageFaults": sum(|one| one.memory(|memory| memory.major_page_faults.as_ref())),
        },
        "ephemeral-storage": { "time": now, "usedBytes": sum(ContainerUse::written_bytes) },
    });
    if let Some(network) = network {
        pod["network"] = network.clone();
    }
    pod
}

fn container(one: &ContainerUse) -> Value {
    let memory = |of: fn(&v1::MemoryUsage) -> Option<&UInt64Value>| one.memory(of);
    let now = time(one.time_ns);
    let layer = one.stats.writable_layer.as_ref();
    json!({
        "name": one.name,
        "startTime": time(one.started_at_ns),
        "cpu": present([("usageNanoCores", one.nano_cores), ("usageCoreNanoSeconds", one.cpu_ns)], &now),
        "memory": present([
            ("availableBytes", memory(|memory| memory.available_bytes.as_ref())),
            ("usageBytes", memory(|memory| memory.usage_bytes.as_ref())),
            ("workingSetBytes", one.working_set_bytes),
            ("rssBytes", memory(|memory| memory.rss_bytes.as_ref())),
            ("pageFaults", memory(|memory| memory.page_faults.as_ref())),
            ("majorPageFaults", memory(|memory| memory.major_page_faults.as_ref())),
        ], &now),
        "rootfs": present([
            ("usedBytes", one.written_bytes()),
            ("inodesUsed", number(layer.and_then(|layer| layer.inodes_used.as_ref()))),
        ], &now),
    })
}

impl ContainerUse {
    fn memory(&self, of: fn(&v1::MemoryUsage) -> Option<&UInt64Value>) -> Option<u64> {
        number(self.stats.memory.as_ref().and_then(of))
    }

    fn written_bytes(&self) -> Option<u64> {
        number(self.stats.writable_layer.as_ref().and_then(|layer| layer.used_bytes.as_ref()))
    }
}

/// Pods' network use by uid, where the runtime tells it.
async fn networks(api: &Api) -> HashMap<String, Value> {
    let stats = match api.cri.list_pod_sandbox_stats(None).await {
        Ok(stats) => stats,
        Err(error) => {
            tracing::debug!(%error, "the runtime does not tell what sandboxes use");
            return HashMap::new();
        }
    };
    let one = |stats: &v1::PodSandboxStats| {
        let uid = stats.attributes.as_ref()?.labels.get(names::POD_UID)?.clone();
        let network = stats.linux.as_ref()?.network.as_ref()?;
        let default = network.default_interface.as_ref()?;
        let mut value = interface(default);
        value["time"] = time(network.timestamp).into();
        value["interfaces"] = std::iter::once(default).chain(&network.interfaces).map(interface).collect();
        Some((uid, value))
    };
    stats.iter().filter_map(one).collect()
}

fn interface(usage: &v1::NetworkInterfaceUsage) -> Value {
    json!({
        "name": usage.name,
        "rxBytes": number(usage.rx_bytes.as_ref()),
        "rxErrors": number(usage.rx_errors.as_ref()),
        "txBytes": number(usage.tx_bytes.as_ref()),
        "txErrors": number(usage.tx_errors.as_ref()),
    })
}

/// An object of the time and what is known.
fn present<const N: usize>(fields: [(&str, Option<u64>); N], time: &str) -> Value {
    let mut object = Map::new();
    object.insert("time".to_owned(), time.into());
    object.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
    Value::Object(object)
}

fn number(value: Option<&UInt64Value>) -> Option<u64> {
    value.map(|value| value.value)
}

fn time(nanos: i64) -> String {
    schema::Time::from_unix(nanos.div_euclid(1_000_000_000)).to_text().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_come_from_two_looks() {
        let sampler = Sampler::default();
        let second = 1_000_000_000;
        assert_eq!(sampler.nano_cores("a", (0, 100)), None);
        assert_eq!(sampler.nano_cores("a", (2 * second, 1_000_000_100)), Some(500_000_000));
        assert_eq!(sampler.nano_cores("a", (2 * second + 5, 1_000_000_200)), Some(500_000_000), "too soon for another");
        sampler.retain(&[]);
        assert_eq!(sampler.nano_cores("a", (4 * second, 0)), None);
    }
}
