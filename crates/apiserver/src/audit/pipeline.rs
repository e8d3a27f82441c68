//! How events get to a backend: at once, or gathered in a bounded buffer; cut where they are too large.

use super::Once;
use super::log_file::LogFile;
use super::webhook::Sender;
use crate::config::AuditBatch;
use ::audit::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Where events go in the end.
pub enum Backend {
    Log(Box<LogFile>),
    Webhook(Box<Sender>),
}

/// One backend and the way to it.
pub struct Pipeline {
    name: &'static str,
    strict: bool,
    delivery: Arc<Delivery>,
    /// None: each event goes out at once.
    queue: Option<Queue>,
}

struct Queue {
    sender: Once<mpsc::Sender<Arc<Event>>>,
    task: Once<JoinHandle<()>>,
}

struct Delivery {
    backend: Backend,
    truncate: Option<Limits>,
    errors: AtomicU64,
}

#[derive(Clone, Copy)]
struct Limits {
    event: usize,
    batch: usize,
}

/// A bucket of tokens: batches that may go out now.
struct Throttle {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Pipeline {
    pub fn start(name: &'static str, backend: Backend, settings: &AuditBatch) -> Pipeline {
        let limits = Limits { event: settings.truncate_max_event_size, batch: settings.truncate_max_batch_size };
        let truncate = settings.truncate_enabled.then_some(limits);
        let delivery = Arc::new(Delivery { backend, truncate, errors: AtomicU64::new(0) });
        let queue = (settings.mode == "batch").then(|| {
            let (sender, receiver) = mpsc::channel(settings.buffer_size.max(1));
            let task = tokio::spawn(gather(delivery.clone(), receiver, settings.clone()));
            Queue { sender: Some(sender).into(), task: Some(task).into() }
        });
        Pipeline { name, strict: settings.mode == "blocking-strict", delivery, queue }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A request must not go on if its first event is refused.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    pub fn errors(&self) -> u64 {
        self.delivery.errors.load(Ordering::Relaxed)
    }

    /// Whether the event is out, or waits in the buffer.
    pub async fn process(&self, event: &Arc<Event>) -> bool {
        let Some(queue) = &self.queue else { return self.delivery.send(std::slice::from_ref(event)).await };
        let sent = queue.sender.lock().as_ref().is_some_and(|sender| sender.try_send(event.clone()).is_ok());
        if !sent {
            self.delivery.failed(1, "the buffer is full");
        }
        sent
    }

    pub async fn flush(&self) {
        let Some(queue) = &self.queue else { return };
        drop(queue.sender.lock().take());
        let task = queue.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the audit log ended by a panic");
        }
    }
}

impl Delivery {
    async fn send(&self, events: &[Arc<Event>]) -> bool {
        let mut all = true;
        let mut batch: Vec<Vec<u8>> = Vec::new();
        let mut bytes = 0;
        for event in events {
            let Some(text) = self.encode(event) else {
                self.failed(1, "the event is too large");
                all = false;
                continue;
            };
            if self.truncate.is_some_and(|limits| bytes + text.len() > limits.batch) && !batch.is_empty() {
                all &= self.deliver(std::mem::take(&mut batch)).await;
                bytes = 0;
            }
            bytes += text.len();
            batch.push(text);
        }
        if !batch.is_empty() {
            all &= self.deliver(batch).await;
        }
        all
    }

    /// None: too large even without its objects.
    fn encode(&self, event: &Event) -> Option<Vec<u8>> {
        let encode = |event: &Event| match &self.backend {
            Backend::Log(file) => file.encode(event),
            Backend::Webhook(_) => {
                let mut out = Vec::new();
                event.encode(&mut out);
                out
            }
        };
        let text = encode(event);
        match self.truncate {
            Some(limits) if text.len() > limits.event => {
                Some(encode(&event.truncated())).filter(|text| text.len() <= limits.event)
            }
            _ => Some(text),
        }
    }

    async fn deliver(&self, batch: Vec<Vec<u8>>) -> bool {
        let count = batch.len();
        let result = match &self.backend {
            Backend::Log(file) => file.write(&batch).map_err(|error| error.to_string()),
            Backend::Webhook(sender) => sender.send(&batch).await.map_err(|error| error.to_string()),
        };
        match result {
            Ok(()) => true,
            Err(why) => {
                self.failed(count, &why);
                false
            }
        }
    }

    fn failed(&self, count: usize, why: &str) {
        self.errors.fetch_add(count as u64, Ordering::Relaxed);
        tracing::error!(count, why, "audit events are lost");
    }
}

/// Takes events until the queue is closed and empty.
async fn gather(delivery: Arc<Delivery>, mut receiver: mpsc::Receiver<Arc<Event>>, settings: AuditBatch) {
    let mut throttle = settings.throttle_enable.then(|| Throttle::new(&settings));
    let most = settings.max_size.max(1);
    while let Some(first) = receiver.recv().await {
        let mut batch = vec![first];
        let deadline = Instant::now() + settings.max_wait.max(Duration::from_millis(1));
        while batch.len() < most {
            match timeout_at(deadline, receiver.recv()).await {
                Ok(Some(event)) => batch.push(event),
                Ok(None) | Err(_) => break,
            }
        }
        if let Some(throttle) = &mut throttle {
            throttle.wait().await;
        }
        delivery.send(&batch).await;
    }
}

impl Throttle {
    fn new(settings: &AuditBatch) -> Throttle {
        let burst = f64::from(settings.throttle_burst.max(1));
        Throttle { per_second: settings.throttle_qps.max(0.001), burst, tokens: burst, at: Instant::now() }
    }

    async fn wait(&mut self) {
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * self.per_second).min(self.burst);
        self.at = now;
        self.tokens -= 1.0;
        if self.tokens < 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(-self.tokens / self.per_second)).await;
        }
    }
}
