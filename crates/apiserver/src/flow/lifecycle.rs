//! How a server ends, so that nothing that it accepted fails.
//!
//! ```text
//!   told to stop --> /readyz fails --> (shutdown-delay-duration) --> no new connections; watches end
//!                --> requests under way end, for as long as a request may take --> what is left is cut
//! ```
//!
//! With `shutdown-send-retry-after`, connections are taken and requests sent away (429) until the last one is answered.

use super::gate::plain_refusal;
use crate::config;
use http::{HeaderMap, HeaderValue, Response, header};
use registry::Body;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How long connections may take to close after the last request, whose answers are then written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Moments in the grace at which watches end.
const GRACE_STEPS: usize = 64;
/// When those who are sent away may come again.
const RETRY_AFTER_SECONDS: i64 = 5;
/// What is answered to the last.
const ALWAYS: [&str; 4] = ["/metrics", "/readyz", "/livez", "/healthz"];

/// How far a server is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Serving,
    /// Still serves, but says that it is not ready.
    NotReady,
    /// Takes no new requests from outside; watches end.
    Draining,
}

pub struct Lifecycle {
    phase: watch::Sender<Phase>,
    /// Requests under way that are not long-running.
    under_way: Arc<UnderWay>,
    delay: Duration,
    send_retry_after: bool,
    watch_grace: Duration,
    ended_watches: AtomicUsize,
    request_timeout: Duration,
}

#[derive(Default)]
struct UnderWay {
    count: AtomicUsize,
    changed: Notify,
}

/// One request under way.
pub struct Guard(Arc<UnderWay>);

/// The two moments that the listening socket needs to know.
pub struct Ending {
    /// No more connections.
    pub stop: watch::Receiver<bool>,
    /// Connections that are left are cut.
    pub cut: watch::Receiver<bool>,
}

impl Lifecycle {
    pub fn new(settings: &config::Flow) -> Lifecycle {
        Lifecycle {
            phase: watch::Sender::new(Phase::Serving),
            under_way: Arc::default(),
            delay: settings.shutdown_delay_duration,
            send_retry_after: settings.shutdown_send_retry_after,
            watch_grace: settings.shutdown_watch_termination_grace_period,
            ended_watches: AtomicUsize::new(0),
            request_timeout: settings.request_timeout,
        }
    }

    pub fn enter(&self) -> Guard {
        self.under_way.count.fetch_add(1, Ordering::AcqRel);
        Guard(self.under_way.clone())
    }

    /// From now on the server says that it is not ready.
    pub fn begin(&self) {
        self.phase.send_if_modified(|phase| {
            let begins = *phase == Phase::Serving;
            *phase = (*phase).max(Phase::NotReady);
            begins
        });
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Ends when watches are to end.
    pub async fn draining(&self) {
        let mut phase = self.phase.subscribe();
        // The sender is this, which lives as long as whoever waits here.
        let _ = phase.wait_for(|phase| *phase == Phase::Draining).await;
    }

    /// When in the grace a watch ends: each another time, so that their clients do not all come at once.
    pub fn part_of_watch_grace(&self) -> Duration {
        let steps = u32::try_from(self.ended_watches.fetch_add(1, Ordering::Relaxed) % GRACE_STEPS).unwrap_or(0);
        self.watch_grace * steps / GRACE_STEPS as u32
    }

    /// What a request from outside is told when it comes too late. None: it does not.
    pub fn refusal(&self, path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        if !self.send_retry_after || self.phase() < Phase::Draining {
            return None;
        }
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        if agent.starts_with("kube-apiserver/") || ALWAYS.iter().any(|start| path.starts_with(start)) {
            return None;
        }
        let text = "The apiserver is shutting down, please try again later.\n";
        let mut response = plain_refusal(text, RETRY_AFTER_SECONDS);
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        Some(response)
    }

    /// Goes through the phases when `told` becomes true.
    pub fn follow(self: &Arc<Self>, mut told: watch::Receiver<bool>) -> Ending {
        let (stop_sender, stop) = watch::channel(false);
        let (cut_sender, cut) = watch::channel(false);
        let lifecycle = self.clone();
        tokio::spawn(async move {
            // A sender that is gone means the same: nobody is left who would say so.
            let _ = told.wait_for(|told| *told).await;
            lifecycle.begin();
            tokio::time::sleep(lifecycle.delay).await;
            lifecycle.phase.send_replace(Phase::Draining);
            if !lifecycle.send_retry_after {
                stop_sender.send_replace(true);
            }
            if tokio::time::timeout(lifecycle.request_timeout, lifecycle.under_way.none()).await.is_err() {
                tracing::warn!("requests that take longer than they may are cut");
            }
            stop_sender.send_replace(true);
            tokio::time::sleep(CLOSE_TIMEOUT.max(lifecycle.watch_grace)).await;
            cut_sender.send_replace(true);
        });
        Ending { stop, cut }
    }
}

impl UnderWay {
    async fn none(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}
