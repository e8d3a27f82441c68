//! The queues of one level: fair queuing by seats in virtual time.
//!
//! Virtual time R is the work, in seats times nanoseconds, that each busy queue has been given since the start. A queue's
//! next request is dispatched where it would finish first. Work is guessed as [`SERVICE_TIME`] when a request is
//! dispatched and put right when it ends. Queues exist only while they hold something: an idle queue has no state.

use crate::estimate::Work;
use crate::shuffle::{Dealer, Hand};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

/// What a request is taken to last until it is known.
const SERVICE_TIME: i128 = 3_000_000;

/// Seats times nanoseconds.
pub(crate) type SeatNanos = i128;

/// What is done with more requests than there are seats for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queuing {
    /// There are always seats.
    Exempt,
    Reject,
    Queue {
        queues: u32,
        dealer: Dealer,
        length_limit: usize,
    },
}

/// What became of a request that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// At once, from this queue if the level has any.
    Executing(Option<u32>),
    /// It waits, or one of the dispatches that followed was its own.
    Queued {
        length: usize,
    },
    NoSeats,
    QueueFull,
}

/// A request as the queues know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub work: Work,
    pub queue: Option<u32>,
    pub started: i64,
}

#[derive(Debug)]
pub(crate) struct Fair {
    queuing: Queuing,
    pub limit: u64,
    virtual_time: SeatNanos,
    synced: i64,
    /// The queue that was dispatched from last.
    robin: u32,
    queues: HashMap<u32, Queue>,
    /// Queues in which something waits or runs.
    active: u64,
    /// Seats that requests from queues hold or wait for.
    queue_seats: u64,
    enqueued: usize,
    pub waiting: usize,
    pub seats_waiting: u64,
    pub executing: usize,
    pub seats_in_use: u64,
    /// Seats that are held after the answer, until when.
    lingering: BinaryHeap<Reverse<(i64, u64, Option<u32>)>>,
    pub marks: Marks,
}

/// Virtual times that the metrics show, in seat seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Marks {
    pub dispatch_r: f64,
    pub latest_s: f64,
    pub next_s: (f64, f64),
    pub next_discounted_s: (f64, f64),
}

#[derive(Debug, Default)]
struct Queue {
    next_dispatch: SeatNanos,
    waiting: VecDeque<Waiting>,
    executing: usize,
    seats_in_use: u64,
    work_waiting: SeatNanos,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: u32,
    work: Work,
    arrived_r: SeatNanos,
}

/// What the debugging pages show of a queue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QueueReport {
    pub index: u32,
    pub waiting: Vec<u32>,
    pub executing: usize,
    pub seats_in_use: u64,
    pub next_dispatch_r: f64,
    pub initial_seats: u64,
    pub max_seats: u64,
    pub total_work: f64,
}

/// Told of a dispatch: which slot, from which queue.
pub(crate) type Dispatched<'d> = &'d mut dyn FnMut(u32, u32);
/// Told that the first request of a queue found no seats.
pub(crate) type NoRoom<'d> = &'d mut dyn FnMut(u32);

impl Fair {
    pub fn new(queuing: Queuing, limit: u64, now: i64) -> Fair {
        Fair {
            queuing,
            limit,
            virtual_time: 0,
            synced: now,
            robin: 0,
            queues: HashMap::new(),
            active: 0,
            queue_seats: 0,
            enqueued: 0,
            waiting: 0,
            seats_waiting: 0,
            executing: 0,
            seats_in_use: 0,
            lingering: BinaryHeap::new(),
            marks: Marks::default(),
        }
    }

    pub fn queuing(&self) -> Queuing {
        self.queuing
    }

    pub fn configure(&mut self, now: i64, queuing: Queuing, limit: u64, dispatched: Dispatched, no_room: NoRoom) {
        self.sync(now);
        // Queues beyond a smaller number drain by themselves.
        self.queuing = queuing;
        self.limit = limit;
        self.dispatch(dispatched, no_room);
    }

    pub fn is_idle(&self) -> bool {
        self.waiting == 0 && self.executing == 0
    }

    pub fn virtual_seconds(&self) -> f64 {
        seat_seconds(self.virtual_time)
    }

    /// When seats that are held after an answer come free next, if anyone waits for seats.
    pub fn next_release(&self) -> Option<i64> {
        self.lingering.peek().filter(|_| self.waiting > 0).map(|Reverse((at, ..))| *at)
    }

    /// A request arrives; `slot` is its name until it is finished or cancelled.
    pub fn arrive(
        &mut self,
        now: i64,
        slot: u32,
        work: Work,
        hash: u64,
        dispatched: Dispatched,
        no_room: NoRoom,
    ) -> Arrival {
        self.sync(now);
        let Queuing::Queue { dealer, length_limit, .. } = self.queuing else {
            if !self.accommodates(work.max_seats()) {
                return Arrival::NoSeats;
            }
            self.executing += 1;
            self.seats_in_use += work.max_seats();
            return Arrival::Executing(None);
        };
        let index = self.choose(dealer, hash);
        let now_r = self.virtual_time;
        let at_once = self.waiting == 0 && self.seats_in_use < self.limit && self.accommodates(work.max_seats());
        let queue = self.queues.entry(index).or_default();
        let length = queue.waiting.len();
        if self.seats_in_use >= self.limit && length >= length_limit {
            return Arrival::QueueFull;
        }
        if length == 0 && queue.executing == 0 {
            queue.next_dispatch = now_r;
            self.active += 1;
        }
        self.queue_seats += work.max_seats();
        if at_once {
            queue.next_dispatch = queue.next_dispatch.max(now_r);
            self.robin = index;
            let at = seat_seconds(queue.next_dispatch);
            self.marks =
                Marks { dispatch_r: seat_seconds(now_r), latest_s: at, next_s: (at, at), next_discounted_s: (at, at) };
            queue.run(&work);
            self.executing += 1;
            self.seats_in_use += work.max_seats();
            return Arrival::Executing(Some(index));
        }
        queue.waiting.push_back(Waiting { slot, work, arrived_r: now_r });
        queue.work_waiting += total(&work);
        queue.bound();
        self.waiting += 1;
        self.seats_waiting += work.max_seats();
        self.dispatch(dispatched, no_room);
        Arrival::Queued { length: length + 1 }
    }

    /// A request that ran is done.
    pub fn finish(&mut self, now: i64, running: &Running, dispatched: Dispatched, no_room: NoRoom) {
        self.sync(now);
        self.executing = self.executing.saturating_sub(1);
        if let Some(queue) = running.queue.and_then(|index| self.queues.get_mut(&index)) {
            queue.executing = queue.executing.saturating_sub(1);
            let lasted = i128::from((now - running.started).max(0));
            queue.next_dispatch -= i128::from(running.work.initial_seats) * (SERVICE_TIME - lasted);
            queue.bound();
            self.active -= u64::from(queue.executing == 0 && queue.waiting.is_empty());
        }
        let seats = running.work.max_seats();
        if running.work.after.is_zero() {
            self.release(seats, running.queue);
        } else {
            self.lingering.push(Reverse((now.saturating_add(nanos(running.work.after)), seats, running.queue)));
        }
        self.dispatch(dispatched, no_room);
    }

    /// Dispatches into seats that came free with time.
    pub fn release_due(&mut self, now: i64, dispatched: Dispatched, no_room: NoRoom) {
        self.sync(now);
        self.dispatch(dispatched, no_room);
    }

    /// Takes a request out of its queue, if it still waits.
    pub fn cancel(&mut self, now: i64, slot: u32) -> Option<Work> {
        self.sync(now);
        let at = |queue: &Queue| queue.waiting.iter().position(|waiting| waiting.slot == slot);
        let (index, position) = self.queues.iter().find_map(|(index, queue)| Some((*index, at(queue)?)))?;
        let queue = self.queues.get_mut(&index)?;
        let waiting = queue.waiting.remove(position)?;
        queue.work_waiting -= total(&waiting.work);
        queue.bound();
        self.active -= u64::from(queue.executing == 0 && queue.waiting.is_empty());
        self.waiting -= 1;
        self.seats_waiting -= waiting.work.max_seats();
        self.queue_seats -= waiting.work.max_seats();
        self.forget_if_unused(index);
        Some(waiting.work)
    }

    /// The first `most` queues, and those beyond in which there is something.
    pub fn queues(&self, most: u32) -> Vec<QueueReport> {
        let Queuing::Queue { queues, .. } = self.queuing else { return Vec::new() };
        let queues = queues.min(most);
        let mut all: Vec<u32> =
            (0..queues).chain(self.queues.keys().copied().filter(|&index| index >= queues)).collect();
        all.sort_unstable();
        let idle = Queue::default();
        all.into_iter()
            .map(|index| {
                let queue = self.queues.get(&index).unwrap_or(&idle);
                let sum = |seats: fn(&Work) -> u64| queue.waiting.iter().map(|waiting| seats(&waiting.work)).sum();
                QueueReport {
                    index,
                    waiting: queue.waiting.iter().map(|waiting| waiting.slot).collect(),
                    executing: queue.executing,
                    seats_in_use: queue.seats_in_use,
                    next_dispatch_r: seat_seconds(queue.next_dispatch),
                    initial_seats: sum(|work| work.initial_seats),
                    max_seats: sum(Work::max_seats),
                    total_work: seat_seconds(queue.work_waiting),
                }
            })
            .collect()
    }

    /// Moves virtual time on as if everything had been as it is since the last time, and gives back what is due.
    fn sync(&mut self, now: i64) {
        while let Some(Reverse((at, seats, queue))) = self.lingering.peek().copied() {
            if at > now {
                break;
            }
            self.lingering.pop();
            self.advance(at);
            self.release(seats, queue);
        }
        self.advance(now);
    }

    fn advance(&mut self, now: i64) {
        let elapsed = i128::from((now - self.synced).max(0));
        self.synced = self.synced.max(now);
        if self.active > 0 {
            let seats = self.queue_seats.min(self.limit);
            self.virtual_time += elapsed * i128::from(seats) / i128::from(self.active);
        }
    }

    /// The queue of the hand with the least work waiting.
    fn choose(&mut self, dealer: Dealer, hash: u64) -> u32 {
        let mut room = Hand::default();
        let hand = dealer.deal(hash, &mut room);
        // Not always in the order of the deal, which would favour the first where hands overlap.
        let offset = self.enqueued % hand.len();
        self.enqueued = self.enqueued.wrapping_add(1);
        let (front, back) = hand.split_at(offset);
        let in_turn = back.iter().chain(front).copied();
        in_turn.min_by_key(|index| self.queues.get(index).map_or(0, |queue| queue.work_waiting)).unwrap_or(0)
    }

    fn accommodates(&self, seats: u64) -> bool {
        if self.queuing == Queuing::Exempt {
            return true;
        }
        // What is wider than the level runs alone.
        (seats > self.limit && self.executing == 0) || self.seats_in_use + seats <= self.limit
    }

    fn dispatch(&mut self, dispatched: Dispatched, no_room: NoRoom) {
        while self.waiting > 0 && self.seats_in_use < self.limit {
            let Some(index) = self.next_queue() else { return };
            let Some(queue) = self.queues.get(&index) else { return };
            let Some(first) = queue.waiting.front().copied() else { return };
            if !self.accommodates(first.work.max_seats()) {
                no_room(first.slot);
                return;
            }
            self.robin = index;
            self.start(index, &first);
            dispatched(first.slot, index);
        }
    }

    /// The queue whose first request would finish first; of equals, the next one after the last in turn.
    fn next_queue(&mut self) -> Option<u32> {
        let robin = self.robin;
        let waiting = || self.queues.iter().filter_map(|(index, queue)| Some((*index, queue, queue.waiting.front()?)));
        let finish = |(index, queue, first): &(u32, &Queue, &Waiting)| {
            (queue.next_dispatch + total(&first.work), index.wrapping_sub(robin).wrapping_sub(1))
        };
        let (chosen, queue, _) = waiting().min_by_key(finish)?;
        let bounds = |of: &dyn Fn(&Queue) -> SeatNanos| {
            let (low, high) = waiting().fold((SeatNanos::MAX, SeatNanos::MIN), |(low, high), (_, queue, _)| {
                let at = of(queue);
                (low.min(at), high.max(at))
            });
            (seat_seconds(low), seat_seconds(high))
        };
        self.marks = Marks {
            dispatch_r: seat_seconds(self.virtual_time),
            latest_s: seat_seconds(queue.next_dispatch),
            next_s: bounds(&|queue| queue.next_dispatch),
            next_discounted_s: bounds(&|queue| queue.next_dispatch - i128::from(queue.seats_in_use) * SERVICE_TIME),
        };
        Some(chosen)
    }

    fn start(&mut self, index: u32, first: &Waiting) {
        let seats = first.work.max_seats();
        if let Some(queue) = self.queues.get_mut(&index) {
            queue.waiting.pop_front();
            queue.work_waiting -= total(&first.work);
            queue.run(&first.work);
            queue.bound();
        }
        self.waiting -= 1;
        self.seats_waiting -= seats;
        self.executing += 1;
        self.seats_in_use += seats;
    }

    fn release(&mut self, seats: u64, queue: Option<u32>) {
        self.seats_in_use = self.seats_in_use.saturating_sub(seats);
        let Some(index) = queue else { return };
        self.queue_seats = self.queue_seats.saturating_sub(seats);
        if let Some(queue) = self.queues.get_mut(&index) {
            queue.seats_in_use = queue.seats_in_use.saturating_sub(seats);
        }
        self.forget_if_unused(index);
    }

    fn forget_if_unused(&mut self, index: u32) {
        let unused = |queue: &Queue| queue.waiting.is_empty() && queue.executing == 0 && queue.seats_in_use == 0;
        if self.queues.get(&index).is_some_and(unused) {
            self.queues.remove(&index);
        }
    }
}

impl Queue {
    fn run(&mut self, work: &Work) {
        self.executing += 1;
        self.seats_in_use += work.max_seats();
        self.next_dispatch += total(work);
    }

    /// What waits was not there before it arrived: a queue does not save up virtual time.
    fn bound(&mut self) {
        if let Some(first) = self.waiting.front() {
            self.next_dispatch = self.next_dispatch.max(first.arrived_r);
        }
    }
}

/// What a request is taken to cost before it has run.
fn total(work: &Work) -> SeatNanos {
    let initial = i128::from(work.initial_seats) * SERVICE_TIME;
    initial + i128::from(work.final_seats) * i128::from(nanos(work.after))
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn seat_seconds(work: SeatNanos) -> f64 {
    work as f64 / 1e9
}

#[cfg(test)]
mod tests;
