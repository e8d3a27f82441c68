//! One open watch: initial state, replay, live events, bookmarks, the end.

use super::watcher::Next;
use super::{Event, EventType, Filter, Object, Watcher, convert_objects, feed};
use crate::frames::FrameEncoder;
use crate::{BoxFuture, Converter, Storage, error};
use bytes::Bytes;
use futures_util::future::{Either, select};
use kind::ApiError;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use stdx::Timer;
use store::{EventKind, StoreError, WatchItem};

/// Between bookmarks.
const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);
/// Events of a replay from the store, for one watch.
const REPLAY_EVENTS: usize = 100_000;

/// From where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// What is there, then what changes.
    State,
    /// What changes from now on.
    Now,
    /// What changed after a revision.
    After(u64),
}

pub struct WatchOptions {
    pub start: Start,
    pub filter: Filter,
    pub timeout: Duration,
    pub bookmarks: bool,
    /// A bookmark marks the end of the initial state.
    pub mark_initial_end: bool,
    /// Asked before an object is shown, where the kind cannot convert it by itself.
    pub converter: Option<Arc<dyn Converter>>,
}

/// The frames of a watch.
pub struct Frames {
    storage: Arc<Storage>,
    encoder: FrameEncoder,
    watcher: Arc<Watcher>,
    _registration: Registration,
    initial: VecDeque<Arc<Object>>,
    replay: VecDeque<(EventType, Arc<Event>)>,
    initial_end: Option<u64>,
    bookmarks: bool,
    converter: Option<Arc<dyn Converter>>,
    timer: Arc<dyn Timer>,
    /// Set once the stream is over.
    done: bool,
    ends: BoxFuture<'static, ()>,
    next_bookmark: BoxFuture<'static, ()>,
}

impl Frames {
    /// Opens a watch. An error is what the stream consists of: the caller sends it as its only event.
    pub async fn open(
        storage: &Arc<Storage>,
        encoder: FrameEncoder,
        options: WatchOptions,
        timer: &Arc<dyn Timer>,
    ) -> Result<Frames, ApiError> {
        let opened = register(storage, &options);
        let replay = match opened.replay {
            Replay::Events(events) => events,
            Replay::FromStore { after, until } => read_replay(storage, &options.filter, after, until).await?,
        };
        Ok(Frames {
            storage: storage.clone(),
            encoder,
            watcher: opened.watcher,
            _registration: opened.registration,
            initial: opened.initial,
            replay,
            initial_end: options.mark_initial_end.then_some(opened.revision),
            bookmarks: options.bookmarks,
            converter: options.converter,
            timer: timer.clone(),
            done: false,
            ends: timer.sleep(options.timeout),
            next_bookmark: timer.sleep(BOOKMARK_PERIOD),
        })
    }

    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.done {
                return None;
            }
            self.convert_queued().await;
            if let Some(frame) = self.queued() {
                return self.sent(frame);
            }
            let watcher = self.watcher.clone();
            let event = poll_fn(move |context| watcher.poll(context));
            let timers = select(&mut self.ends, &mut self.next_bookmark);
            match select(event, timers).await {
                Either::Left((Next::Event(event_type, event), _)) => {
                    self.convert_shown(event.shown(event_type).cloned()).await;
                    let frame = self.encoder.event(&self.storage, event_type, &event);
                    return self.sent(frame);
                }
                Either::Left((Next::Closed, _)) | Either::Right((Either::Left(_), _)) => {
                    self.done = true;
                }
                Either::Right((Either::Right(_), _)) => {
                    self.next_bookmark = self.timer.sleep(BOOKMARK_PERIOD);
                    if self.bookmarks {
                        if let Err(error) = self.storage.advance().await {
                            tracing::debug!(%error, "a bookmark shows an older revision");
                        }
                        // Read before the queue: what it covers has been queued, so an empty queue means delivered.
                        let revision = self.storage.cache.revision();
                        if self.watcher.is_empty() {
                            let frame = self.encoder.bookmark(&self.storage, revision, false);
                            return self.sent(frame);
                        }
                    }
                }
            }
        }
    }

    /// What was there at the beginning, and what had happened since the version asked for, is sent.
    pub fn is_initialized(&self) -> bool {
        self.done || (self.initial.is_empty() && self.initial_end.is_none() && self.replay.is_empty())
    }

    /// A frame that needs no waiting.
    pub fn ready(&mut self) -> Option<Bytes> {
        if self.done || self.converter.is_some() {
            return None;
        }
        let frame = self.queued().or_else(|| {
            let (event_type, event) = self.watcher.take()?;
            Some(self.encoder.event(&self.storage, event_type, &event))
        })?;
        self.sent(frame)
    }

    /// Has the next object of the initial state or the replay converted, if that takes someone else.
    async fn convert_queued(&mut self) {
        let next = match (self.initial.front(), self.replay.front()) {
            (Some(object), _) => Some(object.clone()),
            (None, Some((event_type, event))) => event.shown(*event_type).cloned(),
            _ => None,
        };
        self.convert_shown(next).await;
    }

    /// A failure shows when the object is encoded.
    async fn convert_shown(&mut self, object: Option<Arc<Object>>) {
        if let (Some(converter), Some(object)) = (&self.converter, object)
            && let Err(error) = convert_objects(&**converter, &self.storage, &self.encoder.view, &[object]).await
        {
            tracing::debug!(%error, "a watched object is not converted");
        }
    }

    /// Of the initial state and the replay.
    fn queued(&mut self) -> Option<Result<Bytes, ApiError>> {
        if let Some(object) = self.initial.pop_front() {
            return Some(self.encoder.object(&self.storage, EventType::Added, &object));
        }
        if let Some(revision) = self.initial_end.take() {
            return Some(self.encoder.bookmark(&self.storage, revision, true));
        }
        let (event_type, event) = self.replay.pop_front()?;
        Some(self.encoder.event(&self.storage, event_type, &event))
    }

    /// A frame that cannot be made ends the watch with an ERROR event.
    fn sent(&mut self, frame: Result<Bytes, ApiError>) -> Option<Bytes> {
        match frame {
            Ok(frame) => Some(frame),
            Err(error) => {
                self.done = true;
                Some(self.encoder.error(&error))
            }
        }
    }
}

/// Takes the watcher out when the watch ends, or opening it fails half way.
struct Registration {
    storage: Arc<Storage>,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.storage.cache.remove_watcher(self.id);
    }
}

struct Opened {
    registration: Registration,
    watcher: Arc<Watcher>,
    initial: VecDeque<Arc<Object>>,
    replay: Replay,
    revision: u64,
}

enum Replay {
    Events(VecDeque<(EventType, Arc<Event>)>),
    FromStore { after: u64, until: u64 },
}

/// Takes what is there and joins the watchers in one step, so that nothing is missed or seen twice.
fn register(storage: &Arc<Storage>, options: &WatchOptions) -> Opened {
    let filter = &options.filter;
    let mut state = storage.cache.state.write();
    let initial = match options.start {
        Start::State => state.objects.values().filter(|object| filter.matches(object)).cloned().collect(),
        _ => VecDeque::new(),
    };
    let replay = match options.start {
        Start::After(after) if after < state.window_start && after < state.last_event => {
            Replay::FromStore { after, until: state.last_event }
        }
        Start::After(after) => {
            let first = state.window.partition_point(|event| event.revision <= after);
            let events = state.window.range(first..);
            Replay::Events(events.filter_map(|event| Some((filter.classify(event)?, event.clone()))).collect())
        }
        _ => Replay::Events(VecDeque::new()),
    };
    let watcher = Arc::new(Watcher::new(filter.clone()));
    let id = state.next_watcher;
    state.next_watcher += 1;
    if state.closed {
        watcher.close();
    } else {
        state.watchers.insert(id, watcher.clone());
    }
    let revision = state.revision;
    drop(state);
    Opened { registration: Registration { storage: storage.clone(), id }, watcher, initial, replay, revision }
}

/// The events after a revision that the window no longer has, from the store's history.
async fn read_replay(
    storage: &Storage,
    filter: &Filter,
    after: u64,
    until: u64,
) -> Result<VecDeque<(EventType, Arc<Event>)>, ApiError> {
    let fail = |error: StoreError| match error {
        StoreError::Compacted { compacted, .. } => error::too_old(after, compacted),
        other => error::from_store(&other, storage.names(), ""),
    };
    let mut watch = storage.store().watch(&storage.prefix, after + 1).await.map_err(fail)?;
    let mut replay = VecDeque::new();
    while let Some(item) = watch.next().await {
        let events = match item.map_err(fail)? {
            WatchItem::Events(events) => events,
            WatchItem::Progress(revision) if revision >= until => break,
            WatchItem::Progress(_) => continue,
        };
        let mut over = false;
        for event in events {
            let revision = event.kv.mod_revision;
            if revision > until {
                over = true;
                break;
            }
            over = revision == until;
            let made = made(storage, event);
            if let Some(event_type) = filter.classify(&made) {
                replay.push_back((event_type, Arc::new(made)));
            }
        }
        if replay.len() > REPLAY_EVENTS {
            return Err(error::too_old(after, until));
        }
        if over {
            break;
        }
    }
    Ok(replay)
}

fn made(storage: &Storage, event: store::Event) -> Event {
    let new = (event.kind == EventKind::Put).then(|| feed::object(storage, &event.kv)).flatten();
    let previous = event.previous.as_ref().and_then(|kv| feed::object(storage, kv));
    Event::new(event.kv.mod_revision, new, previous)
}
