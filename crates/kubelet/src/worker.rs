//! One pod's worker: look, decide, act, and again; wait when there is nothing to do.

use std::sync::Arc;
use std::time::Duration;

use api_core::v1::Pod;
use kubelet_core::{Decision, Event, Life, Nanos, ObservedPod, PodMemory, SECOND, Step, decide, spec};
use schema::Time;

use crate::execute::{self, Place};
use crate::files;
use crate::kubelet::Kubelet;
use crate::pods::{Inbox, News};
use crate::prober::Prober;
use crate::statuses::StatusSender;
use crate::volumes::Mounted;

pub struct Worker {
    pub(crate) kubelet: Arc<Kubelet>,
    pub(crate) memory: PodMemory,
    inbox: Arc<Inbox>,
    statuses: StatusSender,
    prober: Prober,
    removed: bool,
    /// The node was asked whether it takes the pod.
    asked: bool,
    /// Known once they were set up by this worker.
    volumes: Option<Mounted>,
    /// When volumes whose content changes are to be brought up to date.
    refresh_at: Option<Nanos>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Go on with the next step.
    Done,
    /// Look and decide again before anything else.
    Again,
    /// Nothing of the pod is left here.
    Gone,
}

impl Worker {
    pub fn new(kubelet: Arc<Kubelet>, inbox: Arc<Inbox>) -> Worker {
        let pod = inbox.take().pod;
        let memory = PodMemory { host_ips: kubelet.host_ips(), ..PodMemory::default() };
        let statuses = StatusSender::spawn(kubelet.client.clone(), &pod);
        let prober = Prober::new(kubelet.clone(), inbox.clone());
        Worker {
            kubelet,
            memory,
            inbox,
            statuses,
            prober,
            removed: false,
            asked: false,
            volumes: None,
            refresh_at: None,
        }
    }

    /// Works until the pod is gone from the API and from the node.
    pub async fn run(mut self) {
        loop {
            let pod = self.fetch_news();
            let uid = &pod.metadata.uid;
            let observed = match self.kubelet.runtime.observe(uid).await {
                Ok(observed) => observed,
                Err(error) => {
                    tracing::warn!(pod = %spec::format_pod(&pod), %error, "cannot see a pod's containers");
                    tokio::time::sleep(RUNTIME_RETRY).await;
                    continue;
                }
            };
            self.admit(&pod, &observed);
            let decision = decide(&pod, &observed, &mut self.memory, self.kubelet.now());
            self.publish(&pod, &observed, &decision);
            if decision.steps.is_empty() {
                let refresh_at = self.refresh_volumes(&pod, decision.life).await;
                self.wait(decision.look_again_at.into_iter().chain(refresh_at).min()).await;
            } else if self.execute(&pod, &observed, decision.steps).await == Outcome::Gone {
                return;
            }
        }
    }

    /// Takes in what came from outside. A pod that the API lost is one that was deleted.
    fn fetch_news(&mut self) -> Arc<Pod> {
        let News { pod, removed, probes } = self.inbox.take();
        for news in probes {
            if let Some((_, container)) = spec::find(&pod, &news.container)
                && let Some(probe) = news.kind.of(&container)
            {
                self.memory.probes.record(&news.container_id, news.kind, probe, news.outcome);
            }
        }
        if !removed {
            return pod;
        }
        self.removed = true;
        self.memory.deleted = false;
        let mut pod = Pod::clone(&pod);
        let now = Time::from_unix(self.kubelet.clock.now_seconds());
        pod.metadata.deletion_timestamp.get_or_insert(now);
        Arc::new(pod)
    }

    /// Asks once whether the node takes the pod. What runs already was taken before.
    fn admit(&mut self, pod: &Pod, observed: &ObservedPod) {
        if std::mem::replace(&mut self.asked, true) {
            return;
        }
        let always =
            !observed.sandboxes.is_empty() || spec::is_finished(pod) || pod.metadata.deletion_timestamp.is_some();
        if let Err(rejection) = self.kubelet.pods.admit(pod, &self.kubelet.allocatable, always) {
            self.kubelet.recorder.pod(pod, Event::warning(rejection.reason.clone(), rejection.message.clone()));
            self.memory.ended = Some((rejection.reason, format!("Pod was rejected: {}", rejection.message)));
        }
    }

    fn publish(&mut self, pod: &Arc<Pod>, observed: &ObservedPod, decision: &Decision) {
        for event in &decision.events {
            self.kubelet.recorder.pod(pod, event.clone());
        }
        if decision.life == Life::Syncing {
            self.prober.sync(pod, observed, &mut self.memory);
        } else {
            self.prober.stop();
        }
        // A status that the steps are about to change is not worth a write; but a pod must be seen to have arrived.
        let starting = decision.steps.iter().any(|step| matches!(step, Step::StartContainer { .. }));
        if !self.removed && (!starting || pod.status.host_ip.is_empty()) {
            self.statuses.put(&decision.status, pod);
        }
    }

    async fn wait(&self, look_again_at: Option<Nanos>) {
        let changed = self.inbox.changed.notified();
        match look_again_at {
            None => changed.await,
            Some(at) => {
                let nanos = u64::try_from(at - self.kubelet.now()).unwrap_or(0);
                // A moment more, so that the time has certainly come.
                let wait = Duration::from_nanos(nanos) + Duration::from_millis(1);
                tokio::select! { () = changed => {}, () = tokio::time::sleep(wait) => {} }
            }
        }
    }

    async fn execute(&mut self, pod: &Arc<Pod>, observed: &ObservedPod, steps: Vec<Step>) -> Outcome {
        let mut sandbox = observed.sandbox().filter(|sandbox| sandbox.ready).map(|sandbox| sandbox.id.clone());
        for step in steps {
            let outcome = match step {
                Step::Kill(kills) => self.kill(pod, kills).await,
                Step::StopSandbox { id } => execute::stop_sandbox(&self.kubelet, &id).await,
                Step::RemoveSandboxes { ids } => execute::remove_sandboxes(&self.kubelet, &ids).await,
                Step::RemoveContainers { ids } => execute::remove_containers(&self.kubelet, &ids).await,
                Step::CreateSandbox { .. } | Step::StartContainer { .. } if !self.mount_volumes(pod).await => {
                    Outcome::Again
                }
                Step::CreateSandbox { attempt } => {
                    let inbox = self.inbox.clone();
                    let creating = execute::create_sandbox(&self.kubelet, &mut self.memory, pod, attempt);
                    sandbox = unless_deleted(&inbox, pod, creating).await.flatten();
                    if sandbox.is_some() { Outcome::Done } else { Outcome::Again }
                }
                Step::StartContainer { name, restart_count } => match &sandbox {
                    Some(sandbox) => {
                        let inbox = self.inbox.clone();
                        let starting = self.start(pod, sandbox, &name, restart_count);
                        unless_deleted(&inbox, pod, starting).await.unwrap_or(Outcome::Again)
                    }
                    None => Outcome::Again,
                },
                Step::CleanUp => {
                    let done = crate::cleanup::pod(&self.kubelet, pod).await;
                    self.memory.cleaned = done;
                    if done { Outcome::Done } else { self.pause().await }
                }
                Step::Delete => self.delete(pod, observed).await,
            };
            if outcome != Outcome::Done {
                return outcome;
            }
        }
        Outcome::Again
    }

    /// Ends containers at the same time. A pod that is to end sooner than it was to, is decided anew.
    async fn kill(&mut self, pod: &Arc<Pod>, kills: Vec<kubelet_core::Kill>) -> Outcome {
        let granted = spec::grace_seconds(pod);
        let (kubelet, inbox, done) = (self.kubelet.clone(), self.inbox.clone(), &mut self.memory.prestop_done);
        let killing = crate::kill::all(&kubelet, pod, &kills, done);
        tokio::pin!(killing);
        loop {
            tokio::select! {
                () = &mut killing => return Outcome::Done,
                () = inbox.changed.notified() => {
                    let news = inbox.peek();
                    let deleted = news.metadata.deletion_timestamp.is_some();
                    if deleted && spec::grace_seconds(&news) < granted {
                        // What was told to end by a hook or signal is told again, with less time.
                        inbox.changed.notify_one();
                        return Outcome::Again;
                    }
                }
            }
        }
    }

    /// Whether the volumes are set up.
    async fn mount_volumes(&mut self, pod: &Pod) -> bool {
        if self.volumes.is_none() {
            self.volumes = execute::mount_volumes(&self.kubelet, &mut self.memory, pod).await;
            self.refresh_at = None;
        }
        self.volumes.is_some()
    }

    /// Brings volumes up to date that follow ConfigMaps, Secrets, tokens or the pod itself, when it is time; gives the
    /// next time.
    async fn refresh_volumes(&mut self, pod: &Pod, life: Life) -> Option<Nanos> {
        if life != Life::Syncing || !files::has_changing_volumes(pod) {
            return None;
        }
        let now = self.kubelet.now();
        let due = *self.refresh_at.get_or_insert(now + REFRESH_PERIOD);
        if now < due {
            return Some(due);
        }
        if let Some(volumes) = execute::mount_volumes(&self.kubelet, &mut self.memory, pod).await {
            self.volumes = Some(volumes);
        }
        self.refresh_at = Some(now + REFRESH_PERIOD);
        self.refresh_at
    }

    async fn start(&mut self, pod: &Arc<Pod>, sandbox: &str, name: &str, restart_count: u32) -> Outcome {
        let volumes = self.volumes.clone().unwrap_or_default();
        let place = Place { sandbox_id: sandbox, volumes: &volumes };
        let begun = execute::start_container(&self.kubelet, &mut self.memory, pod, place, name, restart_count).await;
        match begun {
            Ok(()) => self.memory.started(name),
            Err(failure) => {
                let now = self.kubelet.now();
                self.memory.failed(name, failure.reason, &failure.message, now);
                let role = spec::find(pod, name).map(|(role, _)| role);
                if role == Some(spec::Role::Init) {
                    return Outcome::Again;
                }
            }
        }
        Outcome::Done
    }

    /// Takes the pod out of the API once its last status is there, and what is left of it from the node.
    async fn delete(&mut self, pod: &Arc<Pod>, observed: &ObservedPod) -> Outcome {
        if !self.removed {
            if !self.statuses.flush().await || !execute::delete_from_api(&self.kubelet, pod).await {
                return self.pause().await;
            }
            self.memory.deleted = true;
        }
        execute::remove_from_runtime(&self.kubelet, pod, observed).await;
        if self.removed { Outcome::Gone } else { Outcome::Again }
    }

    /// Something outside did not work; try again soon.
    async fn pause(&self) -> Outcome {
        self.wait(Some(self.kubelet.now() + SECOND)).await;
        Outcome::Again
    }
}

/// Awaits `work`, but not longer than the pod is wanted: a pull may take minutes.
async fn unless_deleted<T>(inbox: &Inbox, pod: &Pod, work: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(work);
    let mut stirred = false;
    let done = loop {
        tokio::select! {
            done = &mut work => break Some(done),
            () = inbox.changed.notified() => {
                stirred = true;
                if pod.metadata.deletion_timestamp.is_none() && inbox.is_deleted() {
                    break None;
                }
            }
        }
    };
    if stirred {
        // Whatever it was, the worker has yet to look at it.
        inbox.changed.notify_one();
    }
    done
}

/// How often volumes that change are brought up to date: upstream takes 60 to 90 seconds.
const REFRESH_PERIOD: Nanos = 60 * SECOND;
/// How long to wait when the runtime does not answer.
const RUNTIME_RETRY: Duration = Duration::from_secs(1);
