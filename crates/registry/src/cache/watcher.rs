//! Who watches: what they want, and their queues.

use super::{Event, EventType, Object};
use crate::selector::{FieldSelector, LabelSelector};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Events that may wait for one watcher; one more closes it.
const QUEUE_EVENTS: usize = 1_000;

/// What a list or watch wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Empty: all.
    pub namespace: String,
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl Filter {
    pub fn matches_all(&self) -> bool {
        self.namespace.is_empty() && self.labels.is_empty() && self.fields.is_empty()
    }

    pub fn matches(&self, object: &Object) -> bool {
        (self.namespace.is_empty() || object.namespace == self.namespace)
            && (self.labels.is_empty() || self.labels.matches(&object.labels))
            && (self.fields.is_empty() || self.fields.matches(|field| object.field(field)))
    }

    /// How an event looks through the filter.
    pub fn classify(&self, event: &Event) -> Option<EventType> {
        let matches = |object: &Option<Arc<Object>>| object.as_ref().is_some_and(|object| self.matches(object));
        match (matches(&event.object), matches(&event.previous)) {
            (true, true) => Some(EventType::Modified),
            (true, false) => Some(EventType::Added),
            (false, true) => Some(EventType::Deleted),
            (false, false) => None,
        }
    }
}

/// A watcher as the cache knows it.
#[derive(Debug)]
pub(crate) struct Watcher {
    filter: Filter,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<(EventType, Arc<Event>)>,
    waker: Option<Waker>,
    /// Nothing more is queued; what is there is still read.
    closed: bool,
}

/// What a watcher's queue holds.
pub(crate) enum Next {
    Event(EventType, Arc<Event>),
    Closed,
}

impl Watcher {
    pub fn new(filter: Filter) -> Watcher {
        Watcher { filter, queue: Mutex::default() }
    }

    /// False: the watcher is closed and need not be asked again.
    pub fn offer(&self, event: &Arc<Event>) -> bool {
        let Some(event_type) = self.filter.classify(event) else { return true };
        let mut queue = self.queue.lock();
        if queue.events.len() >= QUEUE_EVENTS {
            queue.closed = true;
        } else {
            queue.events.push_back((event_type, event.clone()));
        }
        let open = !queue.closed;
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        open
    }

    pub fn close(&self) {
        let mut queue = self.queue.lock();
        queue.closed = true;
        if let Some(waker) = queue.waker.take() {
            waker.wake();
        }
    }

    pub fn poll(&self, context: &mut Context) -> Poll<Next> {
        let mut queue = self.queue.lock();
        if let Some((event_type, event)) = queue.events.pop_front() {
            return Poll::Ready(Next::Event(event_type, event));
        }
        if queue.closed {
            return Poll::Ready(Next::Closed);
        }
        queue.waker = Some(context.waker().clone());
        Poll::Pending
    }

    pub fn is_empty(&self) -> bool {
        self.queue.lock().events.is_empty()
    }

    pub fn take(&self) -> Option<(EventType, Arc<Event>)> {
        self.queue.lock().events.pop_front()
    }
}
