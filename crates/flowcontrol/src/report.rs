//! The debugging pages: levels, queues and requests as comma-separated columns, aligned.

use crate::controller::Controller;
use crate::level::{Level, Phase, Slot, State};
use schema::Time;

/// The most rows of queues that one level shows: more would only be idle ones.
const MAX_QUEUE_ROWS: u32 = 10_000;

impl Controller {
    /// `/debug/api_priority_and_fairness/dump_priority_levels`
    pub fn dump_priority_levels(&self) -> String {
        let mut rows = vec![row([
            "PriorityLevelName",
            "ActiveQueues",
            "IsIdle",
            "IsQuiescing",
            "WaitingRequests",
            "ExecutingRequests",
            "DispatchedRequests",
            "RejectedRequests",
            "TimedoutRequests",
            "CancelledRequests",
        ])];
        for level in self.levels() {
            let state = level.state.lock();
            let active = state.fair.queues(MAX_QUEUE_ROWS).iter().filter(|queue| !queue.waiting.is_empty()).count();
            let sum = |of: &dyn Fn(&crate::metrics::SchemaStats) -> u64| state.schemas.iter().map(of).sum::<u64>();
            rows.push(row([
                &*level.name,
                &active.to_string(),
                &state.fair.is_idle().to_string(),
                &state.quiescing.to_string(),
                &state.fair.waiting.to_string(),
                &state.fair.executing.to_string(),
                &sum(&|stats| stats.dispatched).to_string(),
                &sum(&|stats| stats.rejections().iter().sum()).to_string(),
                &sum(&|stats| stats.rejections()[2]).to_string(),
                &sum(&|stats| stats.rejections()[3]).to_string(),
            ]));
        }
        table(rows)
    }

    /// `/debug/api_priority_and_fairness/dump_queues`
    pub fn dump_queues(&self) -> String {
        let mut rows = vec![row([
            "PriorityLevelName",
            "Index",
            "PendingRequests",
            "ExecutingRequests",
            "SeatsInUse",
            "NextDispatchR",
            "InitialSeatsSum",
            "MaxSeatsSum",
            "TotalWorkSum",
        ])];
        for level in self.levels() {
            for queue in level.state.lock().fair.queues(MAX_QUEUE_ROWS) {
                rows.push(row([
                    &*level.name,
                    &queue.index.to_string(),
                    &queue.waiting.len().to_string(),
                    &queue.executing.to_string(),
                    &queue.seats_in_use.to_string(),
                    &format!("{:.8}ss", queue.next_dispatch_r),
                    &queue.initial_seats.to_string(),
                    &queue.max_seats.to_string(),
                    &format!("{:.8}ss", queue.total_work),
                ]));
            }
        }
        table(rows)
    }

    /// `/debug/api_priority_and_fairness/dump_requests`; `details`: with what each request is about.
    pub fn dump_requests(&self, details: bool) -> String {
        let mut head = vec![
            "PriorityLevelName",
            "FlowSchemaName",
            "QueueIndex",
            "RequestIndexInQueue",
            "FlowDistingsher",
            "ArriveTime",
            "InitialSeats",
            "FinalSeats",
            "AdditionalLatency",
            "StartTime",
        ];
        if details {
            let more = ["UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource"];
            head.extend(more);
        }
        let mut rows = vec![head.into_iter().map(str::to_owned).collect()];
        for level in self.levels() {
            let state = level.state.lock();
            for queue in state.fair.queues(MAX_QUEUE_ROWS) {
                for (position, &slot) in queue.waiting.iter().enumerate() {
                    let place = (i64::from(queue.index), position as i64);
                    rows.push(self.request(&level, &state, &state.slots()[slot as usize], place, details));
                }
            }
            for slot in state.slots().iter().filter(|slot| slot.phase == Phase::Executing) {
                let place = (slot.running.queue.map_or(-1, i64::from), -1);
                rows.push(self.request(&level, &state, slot, place, details));
            }
        }
        table(rows)
    }

    fn request(
        &self,
        level: &Level,
        state: &State,
        slot: &Slot,
        (queue, position): (i64, i64),
        details: bool,
    ) -> Vec<String> {
        let work = slot.running.work;
        let schema = &state.schemas[slot.schema].name;
        let digest = slot.request.as_ref().map(|request| request.digest());
        let started = if slot.phase == Phase::Executing { nano_time(slot.running.started) } else { String::new() };
        let mut columns = vec![
            level.name.to_string(),
            schema.to_string(),
            queue.to_string(),
            position.to_string(),
            digest.map(|digest| self.flow_of(schema, &digest)).unwrap_or_default(),
            nano_time(slot.arrived),
            work.initial_seats.to_string(),
            work.final_seats.to_string(),
            format!("{}s", work.after.as_secs_f64()),
            started,
        ];
        if let (true, Some(request), Some(digest)) = (details, &slot.request, digest) {
            let version = match digest.group {
                "" => request.version().to_owned(),
                group => format!("{group}/{}", request.version()),
            };
            let texts = [
                &digest.user.name,
                digest.verb,
                digest.path,
                digest.namespace,
                request.name(),
                &version,
                digest.resource,
                digest.subresource,
            ];
            columns.extend(texts.map(str::to_owned));
        }
        columns
    }
}

fn row<const N: usize>(columns: [&str; N]) -> Vec<String> {
    columns.map(str::to_owned).into()
}

/// RFC 3339 with nanoseconds, without zeros at the end.
fn nano_time(nanos: i64) -> String {
    let seconds = Time::from_unix(nanos.div_euclid(1_000_000_000)).to_text().to_string();
    let fraction = format!("{:09}", nanos.rem_euclid(1_000_000_000));
    match fraction.trim_end_matches('0') {
        "" => seconds,
        fraction => format!("{}.{fraction}Z", seconds.trim_end_matches('Z')),
    }
}

/// Columns of at least eight characters, with a comma after each but the last; aligned as Go's tabwriter does it.
fn table(rows: Vec<Vec<String>>) -> String {
    const MIN_WIDTH: usize = 8;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter(|row| row.len() > column + 1).map(|row| row[column].chars().count() + 2);
        cells.max().unwrap_or(0).max(MIN_WIDTH)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            if at + 1 == row.len() {
                out.push_str(cell);
            } else {
                let padding = widths[at] - cell.chars().count() - 1;
                out.extend(cell.chars().chain([',']).chain(std::iter::repeat_n(' ', padding)));
            }
        }
        out.push('\n');
    }
    out
}
