//! The scheduler's shell: feeds the core from watches, lets it decide one pod at a time, and carries the decisions out.
//!
//! ```text
//!   objects --reflectors--> World (cache, queue) --step--> Bind   --> POST pods/binding, event
//!                              ^                      +--> Refuse --> event, status, victims deleted
//!                              +--- forget and retry, wait for room --------------+
//! ```
//!
//! Decisions are made under the lock that also takes the changes, so that each sees all that came before it; writes are made
//! by tasks of their own. Nothing here polls: the loop sleeps until something changes or a pod's backoff is over.
//! Deliberately absent: how to decide (crate `scheduler`).

mod world;
mod writes;

use crate::{Recorder, Reflector, Stop, stopped};
use client::Client;
use informer::{AnyStore, Entry, Resource, Store};
use schema::Object;
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use world::{Step, World};
use writes::{Outcome, Writer};

/// Bindings and other writes under way at once.
const MAX_WRITES: usize = 512;

/// The name under which pods ask for this scheduler and events are told.
pub const SCHEDULER_NAME: &str = "default-scheduler";

/// Schedules pods until `stop`, then lets the writes under way come to their end.
pub async fn run(client: Client, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, stop: Stop) {
    let shell = Shell::new(client, clock, rng, stop);
    let mut background = JoinSet::new();
    let (recorder, recording) = Recorder::new(shell.client.clone(), shell.clock.clone(), shell.stop.clone());
    background.spawn(recording);
    let stores = shell.reflect(&mut background);
    let writer = Arc::new(Writer {
        client: shell.client.clone(),
        events: recorder.of(SCHEDULER_NAME, ""),
        clock: shell.clock.clone(),
    });
    drop(recorder);
    shell.schedule(&stores, writer).await;
    while let Some(ended) = background.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a task of the scheduler has failed");
        }
    }
}

/// Takes over a change of one object: what it was, what it is.
type Apply<T> = fn(&World, Option<Arc<T>>, Option<Arc<T>>);

struct Shell {
    client: Client,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    stop: Stop,
    world: Arc<World>,
    /// The world has changed.
    changed: Arc<Notify>,
}

impl Shell {
    fn new(client: Client, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, stop: Stop) -> Shell {
        let world = Arc::new(World::new(clock.clone(), rng.clone()));
        Shell { client, clock, rng, stop, world, changed: Arc::default() }
    }

    /// Starts the reflectors, and returns what has to be filled before the first decision.
    fn reflect(&self, tasks: &mut JoinSet<()>) -> Vec<Arc<dyn AnyStore>> {
        vec![
            self.reflector(tasks, World::namespace_changed),
            self.reflector(tasks, World::budget_changed),
            self.reflector(tasks, World::storage_class_changed),
            self.reflector(tasks, World::volume_changed),
            self.reflector(tasks, World::claim_changed),
            self.reflector(tasks, World::node_changed),
            self.reflector(tasks, World::pod_changed),
        ]
    }

    fn reflector<T: Object + Entry>(&self, tasks: &mut JoinSet<()>, apply: Apply<T>) -> Arc<dyn AnyStore> {
        let store: Arc<dyn AnyStore> = Arc::new(Store::<T>::new(Resource::of::<T>()));
        let (world, changed) = (self.world.clone(), self.changed.clone());
        let typed = |object: Option<informer::Shared>| object.and_then(|object| object.downcast::<T>().ok());
        let reflector = Reflector::new(self.client.clone(), store.clone(), self.rng.clone());
        let reflector = reflector.on_change(move |_, changes| {
            for change in changes {
                apply(&world, typed(change.old), typed(change.new));
            }
            changed.notify_one();
        });
        tasks.spawn(reflector.run(self.stop.clone()));
        store
    }

    async fn schedule(mut self, stores: &[Arc<dyn AnyStore>], writer: Arc<Writer>) {
        let mut writes: JoinSet<Outcome> = JoinSet::new();
        loop {
            while let Some(ended) = writes.try_join_next() {
                self.written(ended);
            }
            let ready = writes.len() < MAX_WRITES && stores.iter().all(|store| store.is_synced());
            match if ready { self.world.step() } else { Step::Wait(None) } {
                Step::Do(work) => {
                    let writer = writer.clone();
                    writes.spawn(async move { writer.carry_out(work).await });
                    // Lets reflectors and writes go on where they have no thread of their own.
                    tokio::task::yield_now().await;
                }
                Step::Wait(until) => tokio::select! {
                    () = stopped(&mut self.stop) => break,
                    () = self.changed.notified() => {}
                    Some(ended) = writes.join_next() => self.written(ended),
                    () = sleep_until(self.clock.now(), until) => {}
                },
            }
        }
        while writes.join_next().await.is_some() {}
    }

    fn written(&self, ended: Result<Outcome, tokio::task::JoinError>) {
        match ended {
            Ok(outcome) => self.world.written(outcome),
            Err(error) => tracing::error!(%error, "a write of the scheduler has failed"),
        }
    }
}

/// Until a time of the injected clock; without one, for ever.
async fn sleep_until(now: i64, until: Option<i64>) {
    match until {
        Some(until) => tokio::time::sleep(Duration::from_nanos(until.saturating_sub(now).max(0) as u64)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
