//! The process itself, read from the kernel at each scrape.

use super::Maker;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Opts};
use std::fs;

/// Ticks of a second of CPU time, on every Linux.
const TICKS: f64 = 100.0;
const PAGE_BYTES: f64 = 4096.0;

#[derive(Clone)]
struct Process {
    cpu: Gauge,
    resident: Gauge,
    virtual_memory: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
}

pub fn register(make: &Maker, started: i64) {
    let start =
        make.gauge("process_start_time_seconds", "[ALPHA] Start time of the process since unix epoch in seconds.");
    start.set(started as f64);
    let gauge = |name: &str, help: &str| Gauge::with_opts(Opts::new(name, help));
    let process = (|| {
        Ok(Process {
            cpu: gauge("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")?,
            resident: gauge("process_resident_memory_bytes", "Resident memory size in bytes.")?,
            virtual_memory: gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")?,
            open_fds: gauge("process_open_fds", "Number of open file descriptors.")?,
            max_fds: gauge("process_max_fds", "Maximum number of open file descriptors.")?,
        })
    })();
    make.register(process);
}

impl Process {
    fn gauges(&self) -> [&Gauge; 5] {
        [&self.cpu, &self.resident, &self.virtual_memory, &self.open_fds, &self.max_fds]
    }

    /// What cannot be read stays as it was.
    fn read(&self) {
        if let Ok(stat) = fs::read_to_string("/proc/self/stat") {
            // The name in parentheses may hold blanks; the fields after it are numbered from 3.
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
            if let (Some(user), Some(system)) = (field(14), field(15)) {
                self.cpu.set((user + system) / TICKS);
            }
            field(23).into_iter().for_each(|bytes| self.virtual_memory.set(bytes));
            field(24).into_iter().for_each(|pages| self.resident.set(pages * PAGE_BYTES));
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            self.open_fds.set(open.count() as f64);
        }
        if let Ok(limits) = fs::read_to_string("/proc/self/limits") {
            let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
            let soft = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
            soft.into_iter().for_each(|most| self.max_fds.set(most));
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.read();
        self.gauges().into_iter().flat_map(Collector::collect).collect()
    }
}
