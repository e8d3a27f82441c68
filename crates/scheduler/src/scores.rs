//! Scores: which of the nodes that can take a pod is the best for it; 0 to 100 a plugin, times its weight.

use crate::affinity;
use crate::filters::Asked;
use crate::node::NodeInfo;
use crate::{interpod, spread, taints};
use std::sync::Arc;

const MAX: i64 = 100;
const MIB: i64 = 1024 * 1024;
/// Images smaller than this do not count; more than the maximum for each container does not count either.
const MIN_IMAGES: i64 = 23 * MIB;
const MAX_IMAGES_A_CONTAINER: i64 = 1000 * MIB;

/// The sums over all plugins, node by node.
pub fn totals(asked: &Asked, nodes: &[Arc<NodeInfo>]) -> Vec<i64> {
    let (pod, class, snapshot) = (asked.pod, asked.class, asked.snapshot);
    let images = images(asked);
    let each = |score: &dyn Fn(&NodeInfo) -> i64| nodes.iter().map(|node| score(node)).collect::<Vec<i64>>();
    let taints = normalized(each(&|node| taint_toleration(asked, node)), true);
    let preferences = normalized(each(&|node| affinity::preferred(pod, node)), false);
    let weighted = [
        (each(&|node| least_allocated(asked, node)), 1),
        (each(&|node| balanced_allocation(asked, node)), 1),
        (each(&|node| image_locality(&images, node, snapshot.nodes().len())), 1),
        (taints, 3),
        (preferences, 2),
        (spread::scores(pod, class, snapshot.nodes(), nodes).unwrap_or_default(), 2),
        (interpod::scores(class, snapshot.nodes(), nodes, snapshot.around()).unwrap_or_default(), 2),
    ];
    let mut totals = vec![0; nodes.len()];
    for (scores, weight) in weighted {
        totals.iter_mut().zip(scores).for_each(|(total, score)| *total += weight * score);
    }
    totals
}

/// NodeResourcesFit with LeastAllocated: the emptier, the better; CPU and memory count alike.
fn least_allocated(asked: &Asked, node: &NodeInfo) -> i64 {
    let (wanted, used, has) = (&asked.nonzero_requests, &node.nonzero_requested, &node.allocatable);
    let free = |wanted: i64, used: i64, has: i64| match has {
        0 => None,
        has if wanted + used > has => Some(0),
        has => Some((has - wanted - used) * MAX / has),
    };
    let parts = [free(wanted.milli_cpu, used.milli_cpu, has.milli_cpu), free(wanted.memory, used.memory, has.memory)];
    let known: Vec<i64> = parts.into_iter().flatten().collect();
    if known.is_empty() { 0 } else { known.iter().sum::<i64>() / known.len() as i64 }
}

/// NodeResourcesBalancedAllocation: the more alike the used parts of CPU and memory, the better.
fn balanced_allocation(asked: &Asked, node: &NodeInfo) -> i64 {
    let (wanted, used, has) = (&asked.requests, &node.requested, &node.allocatable);
    let fraction = |wanted: i64, used: i64, has: i64| (has > 0).then(|| ((wanted + used) as f64 / has as f64).min(1.0));
    let cpu = fraction(wanted.milli_cpu, used.milli_cpu, has.milli_cpu);
    let memory = fraction(wanted.memory, used.memory, has.memory);
    // Of two numbers the standard deviation is half of their distance.
    let deviation = cpu.zip(memory).map_or(0.0, |(cpu, memory)| (cpu - memory).abs() / 2.0);
    ((1.0 - deviation) * MAX as f64) as i64
}

/// ImageLocality: the more of the pod's images are there, weighed by how many nodes have them. `images`: of each container,
/// with the number of nodes that have it.
fn image_locality(images: &[(String, usize)], node: &NodeInfo, nodes: usize) -> i64 {
    let sizes = images.iter().filter_map(|(name, having)| Some((*node.images.get(name)?, *having)));
    let bytes: i64 = sizes.map(|(size, having)| (size as f64 * having as f64 / nodes.max(1) as f64) as i64).sum();
    let most = (MAX_IMAGES_A_CONTAINER * images.len() as i64).max(MIN_IMAGES + 1);
    (bytes.clamp(MIN_IMAGES, most) - MIN_IMAGES) * MAX / (most - MIN_IMAGES)
}

fn images(asked: &Asked) -> Vec<(String, usize)> {
    let containers = asked.pod.spec.init_containers.iter().chain(&asked.pod.spec.containers);
    let names = containers.map(|container| with_tag(&container.image));
    names.map(|name| (asked.snapshot.nodes_with_image(&name), name)).map(|(having, name)| (name, having)).collect()
}

/// An image's name as nodes report it: with a tag or a digest.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or_default();
    if last.contains(':') || image.contains('@') { image.to_owned() } else { format!("{image}:latest") }
}

fn taint_toleration(asked: &Asked, node: &NodeInfo) -> i64 {
    taints::untolerated_preferences(&node.taints, &asked.pod.spec.tolerations)
}

/// Scales the highest to 100; reversed, the lowest is the best.
fn normalized(scores: Vec<i64>, reverse: bool) -> Vec<i64> {
    let most = scores.iter().copied().max().unwrap_or_default();
    let scale = |score: i64| match (most, reverse) {
        (0, true) => MAX,
        (0, false) => 0,
        (_, true) => MAX - score * MAX / most,
        (_, false) => score * MAX / most,
    };
    scores.into_iter().map(scale).collect()
}
