//! The decision itself.

use api_core::v1::Pod;

use crate::actions::{self, Actions};
use crate::backoff::go_seconds;
use crate::memory::{PodMemory, SANDBOX, StartFailure, VOLUMES};
use crate::observed::{ContainerState, ObservedPod};
use crate::plan::{Decision, Event, Life, Step};
use crate::spec::{self, format_pod};
use crate::{Nanos, SECOND, status, terminate};

/// What to do about a pod now. The steps are taken in order; after them, or after whatever happens first, ask again.
pub fn decide(pod: &Pod, observed: &ObservedPod, memory: &mut PodMemory, now: Nanos) -> Decision {
    memory.first_seen.get_or_insert(now);
    memory.probes.retain(observed);
    let mut decision = Decision::default();
    if !terminate::is_ending(pod, memory) {
        end_after_deadline(pod, memory, now, &mut decision);
    }
    if !terminate::is_ending(pod, memory) {
        run(pod, observed, memory, now, &mut decision);
    }
    let over = matches!(decision.status.phase.as_str(), "Succeeded" | "Failed");
    if terminate::is_ending(pod, memory) || over {
        (decision.life, decision.steps) = terminate::steps(pod, observed, memory, now);
        decision.look_again_at = None;
        let terminated = decision.life == Life::Terminated;
        decision.status = status::generate(pod, observed, memory, terminated, now);
        if !terminated {
            status::hold_back_end(&mut decision.status, pod, memory);
        }
    }
    memory.last_status = Some(decision.status.clone());
    decision
}

/// `activeDeadlineSeconds` counts from the pod's start on this node.
fn end_after_deadline(pod: &Pod, memory: &mut PodMemory, now: Nanos, decision: &mut Decision) {
    let Some(seconds) = pod.spec.active_deadline_seconds else { return };
    let started = pod.status.start_time.map_or(memory.first_seen.unwrap_or(now), |time| time.unix() * SECOND);
    let deadline = started + seconds * SECOND;
    if now < deadline {
        look_again(decision, deadline);
        return;
    }
    let message = "Pod was active on the node longer than the specified deadline";
    decision.events.push(Event::normal("DeadlineExceeded", message));
    memory.ended = Some(("DeadlineExceeded".to_owned(), message.to_owned()));
}

fn run(pod: &Pod, observed: &ObservedPod, memory: &mut PodMemory, now: Nanos, decision: &mut Decision) {
    let actions = actions::compute(pod, observed, memory);
    if actions.kill_pod {
        replace_sandbox(pod, observed, memory, &actions, now, decision);
    } else if !actions.kill.is_empty() {
        decision.steps.push(Step::Kill(actions.kill.clone()));
    }
    let waits_for_sandbox = actions.kill_pod
        && (actions.create_sandbox.is_none()
            || !decision.steps.iter().any(|s| matches!(s, Step::CreateSandbox { .. })));
    if !waits_for_sandbox {
        for name in &actions.start {
            start(pod, observed, memory, name, now, decision);
        }
    }
    let dead = dead_beyond_one(observed);
    if decision.steps.is_empty() {
        let old = replaced_sandboxes(observed);
        decision.steps.extend((!dead.is_empty()).then_some(Step::RemoveContainers { ids: dead }));
        decision.steps.extend((!old.is_empty()).then_some(Step::RemoveSandboxes { ids: old }));
    }
    decision.status = status::generate(pod, observed, memory, false, now);
}

fn replace_sandbox(
    pod: &Pod,
    observed: &ObservedPod,
    memory: &mut PodMemory,
    actions: &Actions,
    now: Nanos,
    decision: &mut Decision,
) {
    decision.steps = terminate::kill_all(pod, observed, now);
    let Some(attempt) = actions.create_sandbox else { return };
    if let Some(until) = memory.retries.until(SANDBOX, now).or(memory.retries.until(VOLUMES, now)) {
        look_again(decision, until);
        return;
    }
    if observed.sandbox().is_some() && memory.retries.is_fresh(SANDBOX) {
        let message = "Pod sandbox changed, it will be killed and re-created.";
        decision.events.push(Event::normal("SandboxChanged", message));
    }
    decision.steps.push(Step::CreateSandbox { attempt });
}

/// Starts a container unless it has to wait.
fn start(pod: &Pod, observed: &ObservedPod, memory: &mut PodMemory, name: &str, now: Nanos, decision: &mut Decision) {
    if let Some(until) = memory.retries.until(name, now) {
        look_again(decision, until);
        return;
    }
    if let Some(exited) = observed.newest_exited(name) {
        let since = exited.finished_at;
        if let Some(until) = memory.restarts.until_since(name, since, now) {
            crash_loop(pod, memory, name, since, decision);
            look_again(decision, until);
            return;
        }
    }
    if let Some((until, failure)) = pull_back_off(pod, memory, name, now) {
        look_again(decision, until);
        if let Some(failure) = failure {
            let image = spec::find(pod, name).map(|(_, container)| container.image.clone()).unwrap_or_default();
            decision.events.push(Event::normal("BackOff", format!("Back-off pulling image \"{image}\"")).of(name));
            decision.events.push(Event::warning("Failed", "Error: ImagePullBackOff").of(name));
            memory.failures.insert(name.to_owned(), failure);
        }
        return;
    }
    if let Some(exited) = observed.newest_exited(name) {
        memory.restarts.next(name, exited.finished_at, now);
    }
    let restart_count = restart_count(pod, observed, name);
    decision.steps.push(Step::StartContainer { name: name.to_owned(), restart_count });
}

/// One more than the last run's, which the API may still know when the runtime has forgotten it.
fn restart_count(pod: &Pod, observed: &ObservedPod, name: &str) -> u32 {
    let status = &pod.status;
    let mut told = status.init_container_statuses.iter().chain(&status.container_statuses);
    let told = told.find(|told| told.name == name && !told.container_id.is_empty());
    let told = told.map(|told| u32::try_from(told.restart_count).unwrap_or(0));
    let seen = observed.newest(name).map(|last| last.restart_count);
    seen.or(told).map_or(0, |last| last + 1)
}

fn crash_loop(pod: &Pod, memory: &mut PodMemory, name: &str, since: Nanos, decision: &mut Decision) {
    let (delay, full_name) = (go_seconds(memory.restarts.delay(name)), format_pod(pod));
    let message = format!("back-off {delay} restarting failed container={name} pod={full_name}");
    let failure = StartFailure { reason: "CrashLoopBackOff".to_owned(), message };
    memory.failures.insert(name.to_owned(), failure);
    if memory.announced.insert(name.to_owned(), since) != Some(since) {
        let message = format!("Back-off restarting failed container {name} in pod {full_name}");
        decision.events.push(Event::warning("BackOff", message).of(name));
    }
}

/// Until when the container waits for its image's next pull, with the new state the first time.
fn pull_back_off(pod: &Pod, memory: &PodMemory, name: &str, now: Nanos) -> Option<(Nanos, Option<StartFailure>)> {
    let (_, container) = spec::find(pod, name)?;
    let until = memory.pulls.until(&container.image, now)?;
    let already = memory.failures.get(name).is_some_and(|failure| failure.reason == "ImagePullBackOff");
    if already {
        return Some((until, None));
    }
    let mut message = format!("Back-off pulling image \"{}\"", container.image);
    if let Some(error) = memory.pull_errors.get(&container.image) {
        message.push_str(": ");
        message.push_str(error);
    }
    Some((until, Some(StartFailure { reason: "ImagePullBackOff".to_owned(), message })))
}

/// Ended runs besides the newest one of each container, and besides the one before a run that is not over.
fn dead_beyond_one(observed: &ObservedPod) -> Vec<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut dead = Vec::new();
    for container in observed.containers.iter().filter(|c| c.state == ContainerState::Exited) {
        if kept.contains(&container.name.as_str()) {
            dead.push(container.id.clone());
        } else {
            kept.push(&container.name);
        }
    }
    dead
}

/// Sandboxes before the newest one that have neither a network nor containers left.
fn replaced_sandboxes(observed: &ObservedPod) -> Vec<String> {
    let empty = |id: &str| !observed.containers.iter().any(|container| container.sandbox_id == id);
    let old = observed.sandboxes.iter().skip(1).filter(|sandbox| !sandbox.ready && empty(&sandbox.id));
    old.map(|sandbox| sandbox.id.clone()).collect()
}

fn look_again(decision: &mut Decision, at: Nanos) {
    decision.look_again_at = Some(decision.look_again_at.map_or(at, |already| already.min(at)));
}
