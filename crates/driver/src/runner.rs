//! One controller at work: keys from its queue, plans to the executor.

use crate::executor::{Executor, Outcome};
use crate::hub::Hub;
use crate::queue::Queue;
use crate::{Driver, Recorder, Stop, stopped};
use controllers::{Controller, Failure, Scope, Watch};
use informer::{Key, View};
use schema::Time;
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;
use tokio::task::JoinSet;

/// Metadata of resources whose server does not answer is waited for at most so long.
const SYNC_LIMIT: Duration = Duration::from_secs(30);
/// The wait between a failed key's tries from which on it is worth a warning.
const LOUD_WAIT: Duration = Duration::from_secs(1);

/// Where changes go.
pub(crate) struct Inbox {
    pub(crate) queue: Queue,
}

pub(crate) struct Runner {
    worker: Arc<Worker>,
    watches: Vec<Watch>,
}

struct Worker {
    controller: Arc<dyn Controller>,
    inbox: Arc<Inbox>,
    executor: Executor,
    view: View,
    clock: Arc<dyn Clock>,
}

impl Runner {
    pub(crate) fn new(controller: Arc<dyn Controller>, driver: &Driver, hub: &Hub, recorder: &Recorder) -> Runner {
        let watches = controller.watches();
        let client = (driver.client_of)(controller.name());
        let executor = Executor::new(client, hub.view.clone(), recorder.of(controller.event_source(), ""));
        let inbox = Arc::new(Inbox { queue: Queue::new() });
        let (view, clock) = (hub.view.clone(), driver.clock.clone());
        Runner { worker: Arc::new(Worker { controller, inbox, executor, view, clock }), watches }
    }

    pub(crate) fn watches(&self) -> &[Watch] {
        &self.watches
    }

    pub(crate) fn inbox(&self) -> Arc<Inbox> {
        self.worker.inbox.clone()
    }

    pub(crate) async fn run(self, hub: Arc<Hub>, mut stop: Stop) {
        tokio::select! {
            () = self.synced(&hub) => {}
            () = stopped(&mut stop) => return,
        }
        let queue = &self.worker.inbox.queue;
        for key in self.worker.controller.initial_keys() {
            queue.add(key);
        }
        let most = self.worker.controller.workers().max(1);
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(controller = self.worker.controller.name(), %error, "a worker has failed");
                    }
                }
                key = queue.next(), if tasks.len() < most => {
                    let worker = self.worker.clone();
                    tasks.spawn(async move { worker.work(key).await });
                }
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Waits until the stores that the controller reads are filled.
    async fn synced(&self, hub: &Hub) {
        let deadline = tokio::time::Instant::now() + SYNC_LIMIT;
        loop {
            let notified = hub.synced.notified();
            let late = tokio::time::Instant::now() >= deadline;
            let ready = self.watches.iter().all(|watch| match &watch.scope {
                Scope::Typed { store, .. } => store(&hub.view).is_synced(),
                Scope::Metadata(resource) => late || hub.view.metadata_store(resource).is_synced(),
                Scope::AllMetadata => late || hub.knows_all(),
            });
            if ready {
                return;
            }
            tokio::select! {
                () = notified => {}
                () = tokio::time::sleep_until(deadline), if !late => {}
            }
        }
    }
}

impl Worker {
    async fn work(&self, key: Key) {
        let queue = &self.inbox.queue;
        let plan = self.controller.reconcile(&key, &self.view, self.now());
        if let Some(wait) = plan.requeue_after {
            queue.add_after(key.clone(), wait);
        }
        let Outcome { mut awaited, failure } = self.executor.execute(&plan).await;
        match failure {
            None => queue.forget(&key),
            Some(failure) => {
                if !failure.error.is_conflict() {
                    self.tell_of(&key, &failure, &mut awaited).await;
                }
                let wait = queue.retry(key.clone());
                self.log(&key, &failure, wait);
            }
        }
        awaited.retain(|awaited| !awaited.is_seen());
        if awaited.is_empty() {
            queue.done(&key);
        } else {
            queue.withhold(&key, awaited);
        }
    }

    async fn tell_of(&self, key: &Key, failure: &Failure, awaited: &mut Vec<crate::withhold::Awaited>) {
        let plan = self.controller.failed(key, &self.view, self.now(), failure);
        let outcome = self.executor.execute(&plan).await;
        awaited.extend(outcome.awaited);
        if let Some(second) = outcome.failure {
            tracing::debug!(controller = self.controller.name(), %key, error = %second.error, "cannot tell of a failure");
        }
    }

    fn log(&self, key: &Key, failure: &Failure, wait: Duration) {
        let (controller, error) = (self.controller.name(), &failure.error);
        if wait >= LOUD_WAIT {
            tracing::warn!(controller, %key, %error, ?wait, "cannot carry out a plan");
        } else {
            tracing::debug!(controller, %key, %error, ?wait, "cannot carry out a plan");
        }
    }

    fn now(&self) -> Time {
        Time::from_unix(self.clock.now_seconds())
    }
}
