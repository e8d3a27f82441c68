//! The driver: runs controllers against an API server.
//!
//! ```text
//!   Reflector (list, watch) --> Store --> Watch::keys --> Queue --> reconcile --> Plan --> Executor --> client
//!                                 |                         ^                                 |
//!                                 +-- has seen the writes --+-- withheld until then <---------+
//! ```
//!
//! One reflector a resource serves all controllers. A key is worked on by one task at a time; after its plan it stays out of
//! the queue until the caches have seen what was written, so that no controller acts on a world older than its own deeds.
//! Nothing here polls. Deliberately absent: what controllers decide (crate `controllers`).

pub mod discovery;
pub mod events;
pub mod executor;
pub mod leader;
pub mod queue;
pub mod reflector;
pub mod scheduler;

mod backoff;
mod hub;
mod runner;
mod withhold;

pub use events::Recorder;
pub use leader::{LeaderConfig, Leadership};
pub use reflector::Reflector;

use client::Client;
use controllers::Controller;
use hub::Hub;
use informer::View;
use std::sync::Arc;
use stdx::{Clock, Rng};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Becomes true once, when everything is to end.
pub type Stop = watch::Receiver<bool>;

/// What controllers are run with.
#[derive(Clone)]
pub struct Driver {
    /// Lists, watches and records events.
    pub client: Client,
    /// The client that a controller's writes go through, by the controller's name: upstream gives each an account of its own.
    pub client_of: Arc<dyn Fn(&str) -> Client + Send + Sync>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

impl Driver {
    /// One client for everything.
    pub fn new(client: Client, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Driver {
        let for_all = client.clone();
        Driver { client, client_of: Arc::new(move |_| for_all.clone()), clock, rng }
    }

    /// Runs controllers until `stop`, then lets plans under way come to their end.
    pub async fn run(self, controllers: Vec<Arc<dyn Controller>>, stop: Stop) {
        let mut tasks = JoinSet::new();
        let (recorder, recording) = Recorder::new(self.client.clone(), self.clock.clone(), stop.clone());
        tasks.spawn(recording);
        let hub = Hub::new(self.client.clone(), View::new(), self.rng.clone(), stop.clone());
        let runners: Vec<_> =
            controllers.into_iter().map(|controller| runner::Runner::new(controller, &self, &hub, &recorder)).collect();
        for runner in &runners {
            hub.subscribe(runner);
        }
        hub.start(&mut tasks).await;
        for runner in runners {
            tasks.spawn(runner.run(hub.clone(), stop.clone()));
        }
        drop(recorder);
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the driver has failed");
            }
        }
    }
}

/// Waits for `stop`; its sender's end is a stop, too.
pub(crate) async fn stopped(stop: &mut Stop) {
    // An error means that no one is left who could say it.
    let _ = stop.wait_for(|&stop| stop).await;
}
