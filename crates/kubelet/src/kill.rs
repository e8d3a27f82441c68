//! Ending containers: event, `preStop` hook, signal, and the kernel's signal when time is up.

use std::collections::BTreeSet;
use std::time::Duration;

use api_core::v1::Pod;
use futures_util::future::join_all;
use kubelet_core::{Event, Kill, SECOND, spec, terminate};

use crate::hooks;
use crate::kubelet::Kubelet;

/// All at the same time; returns when none of them runs. `hooked` remembers whose hook ran, so that a second attempt
/// with less time goes without.
pub async fn all(kubelet: &Kubelet, pod: &Pod, kills: &[Kill], hooked: &mut BTreeSet<String>) {
    let fresh: Vec<bool> = kills.iter().map(|kill| hooked.insert(kill.id.clone())).collect();
    join_all(kills.iter().zip(fresh).map(|(each, fresh)| one(kubelet, pod, each, fresh))).await;
}

async fn one(kubelet: &Kubelet, pod: &Pod, kill: &Kill, fresh: bool) {
    let begun = kubelet.now();
    let found = spec::find(pod, &kill.name);
    if fresh {
        kubelet.recorder.pod(pod, Event::normal("Killing", kill.message.clone()).of(&kill.name));
        let container = found.as_ref().map(|(_, container)| container);
        let hook = container.and_then(|container| container.lifecycle.as_ref()?.pre_stop.as_ref());
        if let (Some(container), Some(hook)) = (container, hook) {
            let limit = Duration::from_secs(u64::try_from(kill.grace_seconds).unwrap_or(0));
            let running = hooks::run(kubelet, pod, container, hook, "", &kill.id);
            let ended = tokio::time::timeout(limit, running).await;
            if let Ok(Err(error)) = ended {
                tracing::warn!(pod = %spec::format_pod(pod), container = container.name, %error, "a preStop hook failed");
                kubelet.recorder.pod(pod, Event::warning("FailedPreStopHook", "PreStopHook failed").of(&kill.name));
            }
        }
    }
    let left = kill.grace_seconds - (kubelet.now() - begun) / SECOND;
    let grace = u64::try_from(left.max(terminate::MINIMUM_GRACE_SECONDS)).unwrap_or(0);
    match kubelet.cri.stop_container(&kill.id, Duration::from_secs(grace)).await {
        Ok(()) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => {
            let message = format!("error killing pod: {error}");
            kubelet.recorder.pod(pod, Event::warning("FailedKillPod", message));
            tokio::time::sleep(RETRY).await;
        }
    }
}

const RETRY: Duration = Duration::from_secs(1);
