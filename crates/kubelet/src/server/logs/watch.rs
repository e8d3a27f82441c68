//! Tells when something happens in a log file's directory.
//!
//! One inotify instance and one thread serve all who follow logs; with the last of them the thread ends.

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[derive(Default)]
pub(in crate::server) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    /// There while a thread reads it.
    inotify: Option<Arc<Inotify>>,
    watches: HashMap<WatchDescriptor, Vec<Arc<Happened>>>,
}

#[derive(Default)]
struct Happened {
    changed: Notify,
    closed: AtomicBool,
}

/// One follower's view of a directory.
pub(super) struct Watch {
    hub: Arc<Hub>,
    descriptor: WatchDescriptor,
    happened: Arc<Happened>,
}

impl Hub {
    pub(super) fn watch(self: &Arc<Self>, directory: &Path) -> io::Result<Watch> {
        let mut state = self.0.lock();
        let inotify = match &state.inotify {
            Some(inotify) => inotify.clone(),
            None => {
                let inotify = Arc::new(Inotify::init(InitFlags::IN_CLOEXEC)?);
                let (hub, read) = (self.clone(), inotify.clone());
                std::thread::Builder::new().name("log-watch".to_owned()).spawn(move || hub.read(&read))?;
                state.inotify = Some(inotify.clone());
                inotify
            }
        };
        let events = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_CLOSE_WRITE;
        let descriptor = inotify.add_watch(directory, events)?;
        let happened = Arc::new(Happened::default());
        state.watches.entry(descriptor).or_default().push(happened.clone());
        Ok(Watch { hub: self.clone(), descriptor, happened })
    }

    fn read(&self, inotify: &Inotify) {
        loop {
            let events = inotify.read_events();
            let mut state = self.0.lock();
            match events {
                Ok(events) => events.iter().for_each(|event| state.tell(event)),
                Err(Errno::EINTR) => continue,
                Err(error) => {
                    // Followers look at their files every second all the same.
                    tracing::error!(%error, "cannot watch log files");
                    state.inotify = None;
                    return;
                }
            }
            if state.watches.is_empty() {
                state.inotify = None;
                return;
            }
        }
    }
}

impl State {
    fn tell(&self, event: &InotifyEvent) {
        for happened in self.watches.get(&event.wd).into_iter().flatten() {
            if event.mask.contains(AddWatchFlags::IN_CLOSE_WRITE) {
                happened.closed.store(true, Ordering::SeqCst);
            }
            happened.changed.notify_one();
        }
    }
}

impl Watch {
    /// Waits for something to happen. Whether a writer closed a file, as the runtime does when the container has ended.
    pub(super) async fn changed(&self) -> bool {
        self.happened.changed.notified().await;
        self.happened.closed.swap(false, Ordering::SeqCst)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.hub.0.lock();
        let Some(followers) = state.watches.get_mut(&self.descriptor) else { return };
        followers.retain(|other| !Arc::ptr_eq(other, &self.happened));
        if followers.is_empty() {
            state.watches.remove(&self.descriptor);
            // The removal is an event of its own, by which the thread learns that nobody is left. A directory that is
            // gone has no watch any more.
            if let Some(inotify) = &state.inotify {
                let _gone_already = inotify.rm_watch(self.descriptor);
            }
        }
    }
}
