//! What a request is given: a seat, a place in a queue, or a refusal.

use crate::controller::Kinds;
use crate::level::{Level, Refusal};
use bytes::Bytes;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Where a request belongs; clients read the uids in the answer's headers.
#[derive(Clone, Debug)]
pub struct Classification {
    pub schema: Arc<str>,
    pub schema_uid: Bytes,
    pub level: Arc<str>,
    pub level_uid: Bytes,
}

pub enum Entry {
    Go(Seat),
    Wait(Waiting),
    Refused(Refusal, Classification),
}

/// The right to run. Dropping it says that the request is done.
pub struct Seat {
    pub classification: Classification,
    place: Place,
}

/// A request in a queue: a future of its seat. Dropping it takes the request out.
pub struct Waiting {
    classification: Classification,
    /// None: the seat has been given.
    place: Option<Place>,
}

/// A request of a level, for as long as it is known there.
pub(crate) struct Place {
    pub level: Arc<Level>,
    pub slot: u32,
    pub kinds: Arc<Mutex<Kinds>>,
    pub mutating: bool,
}

impl Seat {
    pub(crate) fn new(classification: Classification, place: Place) -> Seat {
        place.kinds.lock().executing(place.level.clock.now(), place.mutating, 1);
        Seat { classification, place }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let place = &self.place;
        place.kinds.lock().executing(place.level.clock.now(), place.mutating, -1);
        place.level.finish(place.slot);
    }
}

impl Waiting {
    pub(crate) fn new(classification: Classification, place: Place) -> Waiting {
        place.kinds.lock().waiting(place.level.clock.now(), place.mutating, 1);
        Waiting { classification, place: Some(place) }
    }

    pub fn classification(&self) -> &Classification {
        &self.classification
    }

    /// The time to wait is over: a refusal, or the seat that came at the last moment.
    pub fn time_out(mut self) -> Result<Seat, Refusal> {
        let Some(place) = self.place.take() else {
            return Err(Refusal { reason: "time-out", retry_after: 1 });
        };
        place.left_queue();
        match place.level.give_up(place.slot, "time-out") {
            Some(refusal) => Err(refusal),
            None => Ok(Seat::new(self.classification.clone(), place)),
        }
    }
}

impl Future for Waiting {
    type Output = Seat;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Seat> {
        let runs = self.place.as_ref().is_some_and(|place| place.level.runs(place.slot, context.waker()));
        match self.place.take() {
            Some(place) if runs => {
                place.left_queue();
                Poll::Ready(Seat::new(self.classification.clone(), place))
            }
            place => {
                self.place = place;
                Poll::Pending
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        place.left_queue();
        if place.level.give_up(place.slot, "cancelled").is_none() {
            place.level.finish(place.slot);
        }
    }
}

impl Place {
    fn left_queue(&self) {
        self.kinds.lock().waiting(self.level.clock.now(), self.mutating, -1);
    }
}
