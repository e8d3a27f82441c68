//! Fairness in simulated time, under a seed.

use super::*;
use crate::shuffle::Dealer;
use std::collections::BTreeMap;
use stdx::{Rng, SeededRng};

const MS: i64 = 1_000_000;

/// Clients that send their next request when the last is done.
struct Flow {
    hash: u64,
    clients: usize,
    seats: u64,
    lasts: i64,
    after: Duration,
}

#[derive(Debug, Default, PartialEq)]
struct Served {
    done: usize,
    refused: usize,
    longest_wait: i64,
    seat_time: i64,
}

struct World {
    fair: Fair,
    flows: Vec<Flow>,
    rng: SeededRng,
    now: i64,
    /// When, which slot; slots are never used twice.
    ends: BinaryHeap<Reverse<(i64, u32)>>,
    /// Flow, arrival, and what runs.
    requests: BTreeMap<u32, (usize, i64, Option<Running>)>,
    served: Vec<Served>,
    next_slot: u32,
}

impl World {
    fn run(seed: u64, queues: u32, hand: u32, limit: u64, flows: Vec<Flow>, until: i64) -> Vec<Served> {
        let dealer = Dealer::new(queues, hand).unwrap();
        let fair = Fair::new(Queuing::Queue { queues, dealer, length_limit: 50 }, limit, 0);
        let served = flows.iter().map(|_| Served::default()).collect();
        let (ends, requests) = (BinaryHeap::new(), BTreeMap::new());
        let rng = SeededRng::new(seed);
        let mut world = World { fair, flows, rng, now: 0, ends, requests, served, next_slot: 0 };
        for flow in 0..world.flows.len() {
            for _ in 0..world.flows[flow].clients {
                world.arrive(flow);
            }
        }
        while let Some(Reverse((at, slot))) = world.ends.pop() {
            if at > until {
                break;
            }
            world.now = at;
            world.end(slot);
            world.check();
        }
        world.served
    }

    fn arrive(&mut self, flow: usize) {
        let slot = self.next_slot;
        self.next_slot += 1;
        let Flow { hash, seats, after, .. } = self.flows[flow];
        let final_seats = if after.is_zero() { 0 } else { seats };
        let work = Work { initial_seats: seats, final_seats, after };
        self.requests.insert(slot, (flow, self.now, None));
        let mut started = Vec::new();
        let mut dispatched = |slot, queue| started.push((slot, Some(queue)));
        let arrival = self.fair.arrive(self.now, slot, work, hash, &mut dispatched, &mut |_| {});
        match arrival {
            Arrival::Executing(queue) => started.push((slot, queue)),
            Arrival::Queued { length } => assert!(length <= 51),
            Arrival::QueueFull | Arrival::NoSeats => {
                self.requests.remove(&slot);
                self.served[flow].refused += 1;
            }
        }
        self.start(started);
    }

    fn start(&mut self, started: Vec<(u32, Option<u32>)>) {
        for (slot, queue) in started {
            let (flow, arrived, running) = self.requests.get_mut(&slot).unwrap();
            assert!(running.is_none(), "dispatched twice");
            let Flow { seats, lasts, after, .. } = self.flows[*flow];
            let final_seats = if after.is_zero() { 0 } else { seats };
            let work = Work { initial_seats: seats, final_seats, after };
            *running = Some(Running { work, queue, started: self.now });
            let served = &mut self.served[*flow];
            served.longest_wait = served.longest_wait.max(self.now - *arrived);
            // Up to a tenth more or less than usual.
            let lasts = lasts - lasts / 10 + self.rng.below((lasts / 5) as usize) as i64;
            served.seat_time += seats as i64 * lasts;
            self.ends.push(Reverse((self.now + lasts, slot)));
        }
    }

    fn end(&mut self, slot: u32) {
        let (flow, _, running) = self.requests.remove(&slot).unwrap();
        let running = running.unwrap();
        let mut started = Vec::new();
        self.fair.finish(self.now, &running, &mut |slot, queue| started.push((slot, Some(queue))), &mut |_| {});
        self.start(started);
        self.served[flow].done += 1;
        self.arrive(flow);
    }

    /// What must hold at every step.
    fn check(&self) {
        let running: u64 =
            self.requests.values().filter_map(|(_, _, running)| Some(running.as_ref()?.work.max_seats())).sum();
        let waiting = self.requests.values().filter(|(_, _, running)| running.is_none()).count();
        assert_eq!(self.fair.waiting, waiting);
        assert!(self.fair.seats_in_use >= running);
        assert!(self.fair.seats_in_use <= self.fair.limit, "{} seats in use", self.fair.seats_in_use);
        // Work-conserving: nobody waits beside a free seat, unless the next one needs more seats than that.
        let widest = self.flows.iter().map(|flow| flow.seats).max().unwrap();
        assert!(waiting == 0 || self.fair.limit - self.fair.seats_in_use < widest);
    }
}

fn flow(hash: u64, clients: usize, seats: u64, lasts: i64) -> Flow {
    Flow { hash, clients, seats, lasts, after: Duration::ZERO }
}

#[test]
fn two_flows_get_the_same_time_however_many_clients_they_have() {
    for seed in 0..5 {
        let served = World::run(seed, 8, 1, 10, vec![flow(1, 40, 1, 10 * MS), flow(2, 6, 1, 10 * MS)], 20_000 * MS);
        let share = served[1].seat_time as f64 / (served[0].seat_time + served[1].seat_time) as f64;
        assert!((0.48..0.52).contains(&share), "seed {seed}: {share} {served:?}");
        assert_eq!(served[0].refused, 0);
    }
}

#[test]
fn wide_and_long_requests_count_by_their_seats_and_time() {
    for seed in 0..5 {
        let flows = vec![flow(1, 40, 1, 4 * MS), flow(2, 40, 5, 4 * MS), flow(3, 40, 1, 50 * MS)];
        let served = World::run(seed, 16, 1, 20, flows, 30_000 * MS);
        let all: i64 = served.iter().map(|served| served.seat_time).sum();
        for served in &served {
            let share = served.seat_time as f64 / all as f64;
            assert!((0.28..0.39).contains(&share), "seed {seed}: {share}");
        }
    }
}

#[test]
fn a_small_flow_is_served_soon_beside_one_that_floods() {
    let served = World::run(7, 64, 6, 10, vec![flow(11, 280, 1, 10 * MS), flow(12_345, 1, 1, 10 * MS)], 20_000 * MS);
    // In a queue of its own, its turn is next whenever another queue has been given as much.
    assert!(served[1].longest_wait < 30 * MS, "{:?}", served[1]);
    assert!(served[0].longest_wait > 200 * MS, "{:?}", served[0]);
}

#[test]
fn a_flow_fills_only_its_hand() {
    let dealer = Dealer::new(64, 2).unwrap();
    let mut fair = Fair::new(Queuing::Queue { queues: 64, dealer, length_limit: 5 }, 1, 0);
    let mut refused = 0;
    for slot in 0..20 {
        let arrival = fair.arrive(0, slot, Work::ONE, 99, &mut |_, _| {}, &mut |_| {});
        refused += usize::from(arrival == Arrival::QueueFull);
    }
    assert_eq!((fair.executing, fair.waiting, refused), (1, 10, 9));
    let other = fair.arrive(0, 20, Work::ONE, 1_234_567, &mut |_, _| {}, &mut |_| {});
    assert_eq!(other, Arrival::Queued { length: 1 });
}

#[test]
fn seats_are_held_after_the_answer_and_given_back_in_time() {
    let dealer = Dealer::new(4, 1).unwrap();
    let mut fair = Fair::new(Queuing::Queue { queues: 4, dealer, length_limit: 5 }, 4, 0);
    let work = Work { initial_seats: 1, final_seats: 4, after: Duration::from_millis(5) };
    assert_eq!(fair.arrive(0, 0, work, 1, &mut |_, _| {}, &mut |_| {}), Arrival::Executing(Some(1)));
    assert_eq!(fair.arrive(0, 1, Work::ONE, 2, &mut |_, _| {}, &mut |_| {}), Arrival::Queued { length: 1 });
    let running = Running { work, queue: Some(1), started: 0 };
    fair.finish(MS, &running, &mut |_, _| panic!("seats are still held"), &mut |_| {});
    assert_eq!(fair.next_release(), Some(6 * MS));
    let mut started = Vec::new();
    fair.release_due(6 * MS, &mut |slot, _| started.push(slot), &mut |_| {});
    assert_eq!((started, fair.seats_in_use), (vec![1], 1));
}

#[test]
fn a_request_that_is_wider_than_the_level_runs_alone() {
    let dealer = Dealer::new(4, 1).unwrap();
    let mut fair = Fair::new(Queuing::Queue { queues: 4, dealer, length_limit: 5 }, 2, 0);
    let wide = Work::of_seats(9);
    assert_eq!(fair.arrive(0, 0, Work::ONE, 1, &mut |_, _| {}, &mut |_| {}), Arrival::Executing(Some(1)));
    assert_eq!(fair.arrive(0, 1, wide, 2, &mut |_, _| {}, &mut |_| {}), Arrival::Queued { length: 1 });
    let running = Running { work: Work::ONE, queue: Some(1), started: 0 };
    let mut started = Vec::new();
    fair.finish(MS, &running, &mut |slot, _| started.push(slot), &mut |_| {});
    assert_eq!(started, [1]);
}

#[test]
fn cancelled_requests_leave_nothing_behind() {
    let dealer = Dealer::new(4, 2).unwrap();
    let mut fair = Fair::new(Queuing::Queue { queues: 4, dealer, length_limit: 50 }, 1, 0);
    for slot in 0..30 {
        fair.arrive(0, slot, Work::ONE, u64::from(slot) * 77, &mut |_, _| {}, &mut |_| {});
    }
    for slot in 1..30 {
        assert_eq!(fair.cancel(MS, slot), Some(Work::ONE));
        assert_eq!(fair.cancel(MS, slot), None);
    }
    let queue = fair.queues.keys().copied().next();
    fair.finish(2 * MS, &Running { work: Work::ONE, queue, started: 0 }, &mut |_, _| {}, &mut |_| {});
    assert!(fair.is_idle() && fair.queues.is_empty() && fair.active == 0 && fair.queue_seats == 0);
}
