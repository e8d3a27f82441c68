//! One priority level: its queues, who runs and waits there, and what the metrics say of it.

use crate::classify::Describe;
use crate::controller::Shares;
use crate::demand::{Demand, Integrator};
use crate::drops::Drops;
use crate::estimate::Work;
use crate::fair::{Arrival, Fair, Queuing, Running};
use crate::histogram::{Histogram, RatioOverTime};
use crate::metrics::{EXECUTING_RATIO, LENGTHS, REQUEST_RATIO, SEATS, SECONDS, SchemaStats, WATCHERS, verb_index};
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;
use stdx::Clock;

/// Rings once after a time; for seats that come free while others wait.
pub trait Alarm: Send + Sync {
    fn set(&self, after: Duration, ring: Box<dyn FnOnce() + Send>);
}

/// Why a request was sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `queue-full`, `concurrency-limit`, `time-out`, `cancelled`
    pub reason: &'static str,
    /// Seconds after which it may come again.
    pub retry_after: i64,
}

/// What a level's limits come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub nominal: u64,
    pub min: u64,
    pub max: u64,
    /// What a request may be taken to need at the most; 0: no limit of the level's.
    pub max_seats: u64,
}

pub(crate) struct Level {
    pub name: Arc<str>,
    pub exempt: bool,
    pub clock: Arc<dyn Clock>,
    pub alarm: Arc<dyn Alarm>,
    pub state: Mutex<State>,
}

pub(crate) struct State {
    pub uid: Bytes,
    pub limits: Limits,
    pub shares: Shares,
    pub fair: Fair,
    slots: Vec<Slot>,
    free: Vec<u32>,
    pub schemas: Vec<SchemaStats>,
    pub integrator: Integrator,
    pub demand: Demand,
    pub target: f64,
    pub drops: Drops,
    /// Its object is gone; it goes when it is idle.
    pub quiescing: bool,
    alarm_set: bool,
    pub ratios: Ratios,
}

/// What is observed all the time.
pub(crate) struct Ratios {
    pub seats: RatioOverTime,
    pub demand: RatioOverTime,
    pub waiting: RatioOverTime,
    pub executing: RatioOverTime,
}

/// A request that waits or runs.
pub(crate) struct Slot {
    pub phase: Phase,
    pub schema: usize,
    pub request: Option<Arc<dyn Describe>>,
    pub arrived: i64,
    pub running: Running,
    pub waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Free,
    Waiting,
    Executing,
}

/// What became of a request.
pub(crate) enum Entered {
    Runs(u32),
    Waits(u32),
    Refused(Refusal),
}

impl Level {
    pub fn new(
        name: &str,
        exempt: bool,
        queuing: Queuing,
        clock: &Arc<dyn Clock>,
        alarm: &Arc<dyn Alarm>,
    ) -> Arc<Level> {
        let now = clock.now();
        let state = State {
            uid: Bytes::new(),
            limits: Limits::default(),
            shares: Shares::default(),
            fair: Fair::new(queuing, 0, now),
            slots: Vec::new(),
            free: Vec::new(),
            schemas: Vec::new(),
            integrator: Integrator::new(now),
            demand: Demand::default(),
            target: 0.0,
            drops: Drops::default(),
            quiescing: false,
            alarm_set: false,
            ratios: Ratios {
                seats: RatioOverTime::new(EXECUTING_RATIO, now),
                demand: RatioOverTime::new(crate::metrics::DEMAND_RATIO, now),
                waiting: RatioOverTime::new(REQUEST_RATIO, now),
                executing: RatioOverTime::new(REQUEST_RATIO, now),
            },
        };
        Arc::new(Level { name: name.into(), exempt, clock: clock.clone(), alarm: alarm.clone(), state: state.into() })
    }

    pub fn enter(self: &Arc<Self>, schema: usize, work: Work, hash: u64, request: Arc<dyn Describe>) -> Entered {
        let now = self.clock.now();
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        let slot = state.take_slot(schema, work, now, request);
        let State { fair, slots, schemas, .. } = &mut *state;
        let stats = &mut schemas[schema];
        stats.seats.observe(work.max_seats() as f64);
        let arrival = {
            // A request that is dispatched in the call that enqueued it leaves the queue as any other.
            stats.waiting += 1;
            stats.seats_waiting += work.max_seats();
            let mut no_accommodation = Vec::new();
            let mut dispatched = |slot: u32, queue: u32| begin(slots, schemas, now, slot, Some(queue), &mut wakers);
            let mut no_room = |slot: u32| no_accommodation.push(slot);
            let arrival = fair.arrive(now, slot, work, hash, &mut dispatched, &mut no_room);
            note_no_accommodation(slots, schemas, &no_accommodation);
            arrival
        };
        let entered = match arrival {
            Arrival::Executing(queue) => {
                if queue.is_some() {
                    schemas[schema].queue_length.observe(1.0);
                }
                begin(slots, schemas, now, slot, queue, &mut wakers);
                Entered::Runs(slot)
            }
            Arrival::Queued { length } => {
                schemas[schema].queue_length.observe(length as f64);
                match slots[slot as usize].phase {
                    Phase::Executing => Entered::Runs(slot),
                    _ => Entered::Waits(slot),
                }
            }
            Arrival::NoSeats => Entered::Refused(state.refuse(slot, now, "concurrency-limit")),
            Arrival::QueueFull => Entered::Refused(state.refuse(slot, now, "queue-full")),
        };
        self.settle(state, now, wakers);
        entered
    }

    /// A request that ran is done.
    pub fn finish(self: &Arc<Self>, slot: u32) {
        let now = self.clock.now();
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        let State { fair, slots, schemas, .. } = &mut *state;
        let done = &mut slots[slot as usize];
        let running = done.running;
        let stats = &mut schemas[done.schema];
        stats.executing -= 1;
        stats.seats_executing -= running.work.max_seats();
        let verb = done.request.as_ref().map_or("", |request| request.digest().verb);
        stats.execution(verb_index(verb)).observe(seconds(now - running.started));
        let mut no_accommodation = Vec::new();
        let mut dispatched = |slot: u32, queue: u32| begin(slots, schemas, now, slot, Some(queue), &mut wakers);
        fair.finish(now, &running, &mut dispatched, &mut |slot| no_accommodation.push(slot));
        note_no_accommodation(slots, schemas, &no_accommodation);
        state.free_slot(slot);
        self.settle(state, now, wakers);
    }

    /// Takes a request that waits out of its queue. None: it runs by now.
    pub fn give_up(self: &Arc<Self>, slot: u32, reason: &'static str) -> Option<Refusal> {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if state.slots[slot as usize].phase == Phase::Executing {
            return None;
        }
        state.fair.cancel(now, slot);
        let arrived = state.slots[slot as usize].arrived;
        let schema = state.slots[slot as usize].schema;
        state.schemas[schema].waited_in_vain.observe(seconds(now - arrived));
        let refusal = state.refuse(slot, now, reason);
        self.settle(state, now, Vec::new());
        Some(refusal)
    }

    /// Whether a waiting request runs by now; if not, `waker` is told when it does.
    pub fn runs(&self, slot: u32, waker: &Waker) -> bool {
        let mut state = self.state.lock();
        let slot = &mut state.slots[slot as usize];
        if slot.phase == Phase::Executing {
            return true;
        }
        if slot.waker.as_ref().is_none_or(|have| !have.will_wake(waker)) {
            slot.waker = Some(waker.clone());
        }
        false
    }

    pub fn configure(self: &Arc<Self>, queuing: Queuing, limit: u64) {
        let now = self.clock.now();
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        let State { fair, slots, schemas, .. } = &mut *state;
        let mut dispatched = |slot: u32, queue: u32| begin(slots, schemas, now, slot, Some(queue), &mut wakers);
        fair.configure(now, queuing, limit, &mut dispatched, &mut |_| {});
        let waiting_room = match queuing {
            Queuing::Queue { queues, length_limit, .. } => f64::from(queues) * length_limit as f64,
            _ => 1.0,
        };
        let nominal = state.limits.nominal as f64;
        let ratios = &mut state.ratios;
        ratios.seats.set_denominator(now, limit as f64);
        ratios.executing.set_denominator(now, limit as f64);
        ratios.waiting.set_denominator(now, waiting_room);
        ratios.demand.set_denominator(now, nominal);
        self.settle(state, now, wakers);
    }

    fn release_due(self: &Arc<Self>) {
        let now = self.clock.now();
        let mut wakers = Vec::new();
        let mut state = self.state.lock();
        state.alarm_set = false;
        let State { fair, slots, schemas, .. } = &mut *state;
        let mut dispatched = |slot: u32, queue: u32| begin(slots, schemas, now, slot, Some(queue), &mut wakers);
        fair.release_due(now, &mut dispatched, &mut |_| {});
        self.settle(state, now, wakers);
    }

    /// After every change: what is observed, the alarm, and who may go on.
    fn settle(self: &Arc<Self>, mut state: parking_lot::MutexGuard<State>, now: i64, wakers: Vec<Waker>) {
        state.observe(now);
        let alarm = match state.fair.next_release() {
            Some(at) if !state.alarm_set => {
                state.alarm_set = true;
                Some(Duration::from_nanos(u64::try_from(at - now).unwrap_or(0)))
            }
            _ => None,
        };
        drop(state);
        if let Some(after) = alarm {
            let level = self.clone();
            self.alarm.set(after, Box::new(move || level.release_due()));
        }
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The statistics of a schema; those of one that is gone and unused make room.
    pub fn stats_of(&mut self, schema: &Arc<str>, kept: &dyn Fn(&str) -> bool) -> usize {
        if let Some(at) = self.schemas.iter().position(|stats| stats.name == *schema) {
            return at;
        }
        let unused = |stats: &SchemaStats| stats.executing == 0 && stats.waiting == 0 && !kept(&stats.name);
        let stats = SchemaStats::new(schema, SECONDS, LENGTHS, SEATS, WATCHERS);
        match self.schemas.iter().position(unused) {
            Some(at) => {
                self.schemas[at] = stats;
                at
            }
            None => {
                self.schemas.push(stats);
                self.schemas.len() - 1
            }
        }
    }

    pub fn observe(&mut self, now: i64) {
        let demand = (self.fair.seats_in_use + self.fair.seats_waiting) as f64;
        self.integrator.set(now, demand);
        self.ratios.demand.set(now, demand);
        self.ratios.seats.set(now, self.fair.seats_in_use as f64);
        self.ratios.waiting.set(now, self.fair.waiting as f64);
        self.ratios.executing.set(now, self.fair.executing as f64);
    }

    fn take_slot(&mut self, schema: usize, work: Work, now: i64, request: Arc<dyn Describe>) -> u32 {
        let running = Running { work, queue: None, started: now };
        let slot = Slot { phase: Phase::Waiting, schema, request: Some(request), arrived: now, running, waker: None };
        match self.free.pop() {
            Some(free) => {
                self.slots[free as usize] = slot;
                free
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        }
    }

    fn free_slot(&mut self, slot: u32) {
        let freed = &mut self.slots[slot as usize];
        freed.phase = Phase::Free;
        freed.request = None;
        freed.waker = None;
        self.free.push(slot);
    }

    fn refuse(&mut self, slot: u32, now: i64, reason: &'static str) -> Refusal {
        let refused = &self.slots[slot as usize];
        let stats = &mut self.schemas[refused.schema];
        stats.waiting -= 1;
        stats.seats_waiting -= refused.running.work.max_seats();
        stats.reject(reason);
        self.free_slot(slot);
        Refusal { reason, retry_after: self.drops.record(now.div_euclid(1_000_000_000)) }
    }
}

/// A request leaves its queue, or never was in one, and runs.
fn begin(
    slots: &mut [Slot],
    schemas: &mut [SchemaStats],
    now: i64,
    slot: u32,
    queue: Option<u32>,
    wakers: &mut Vec<Waker>,
) {
    let slot = &mut slots[slot as usize];
    slot.phase = Phase::Executing;
    slot.running.queue = queue;
    slot.running.started = now;
    let stats = &mut schemas[slot.schema];
    let seats = slot.running.work.max_seats();
    stats.waiting -= 1;
    stats.seats_waiting -= seats;
    stats.executing += 1;
    stats.seats_executing += seats;
    stats.dispatched += 1;
    stats.waited.observe(seconds(now - slot.arrived));
    wakers.extend(slot.waker.take());
}

fn note_no_accommodation(slots: &[Slot], schemas: &mut [SchemaStats], found: &[u32]) {
    for &slot in found {
        schemas[slots[slot as usize].schema].no_accommodation += 1;
    }
}

pub(crate) fn seconds(nanos: i64) -> f64 {
    nanos.max(0) as f64 / 1e9
}

/// A histogram that is made when it is first used.
pub(crate) fn lazy<'h>(histogram: &'h mut Option<Histogram>, bounds: &'static [f64]) -> &'h mut Histogram {
    histogram.get_or_insert_with(|| Histogram::new(bounds))
}
