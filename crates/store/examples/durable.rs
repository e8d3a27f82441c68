//! Measures durable creates: `cargo run --release -p store --example durable [directory] [writers] [seconds]`.
//!
//! Each of the writers creates a new key with a value of 1 KiB and waits until it is durable.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use store::{Compare, EmbeddedOptions, EmbeddedStore, Store, TxnOutcome, Write};

const VALUE_BYTES: usize = 1024;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| "durable-bench".to_owned());
    let mut number = |default| arguments.next().map_or(default, |text| text.parse().expect("a number"));
    let (writers, seconds) = (number(64), number(5));
    let store = Arc::new(EmbeddedStore::open(EmbeddedOptions::new(&directory)).expect("the directory can be opened"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let started = Instant::now();
    let mut latencies = runtime.block_on(measure(&store, writers, Duration::from_secs(seconds)));
    let elapsed = started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    println!(
        "{:.0} durable creates/s, {writers} in flight of {VALUE_BYTES} bytes: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        latencies.len() as f64 / elapsed,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    println!("{:?}", store.stats());
    drop(store);
    let started = Instant::now();
    let store = EmbeddedStore::open(EmbeddedOptions::new(&directory)).expect("the directory can be opened again");
    println!("reopened {} keys in {:.0} ms", store.stats().keys, started.elapsed().as_secs_f64() * 1000.0);
}

async fn measure(store: &Arc<EmbeddedStore>, writers: u64, duration: Duration) -> Vec<Duration> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let (store, stop, base) = (Arc::clone(store), Arc::clone(&stop), store.stats().revision);
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let key = format!("/registry/pods/default/pod-{base}-{writer}-{}", latencies.len());
                let write = Write::Put { key, value: Bytes::from(vec![b'x'; VALUE_BYTES]), lease: None };
                let started = Instant::now();
                let outcome = store.txn(Compare::NotExists, write).await.expect("the write is durable");
                assert!(matches!(outcome, TxnOutcome::Done { .. }), "{outcome:?}");
                latencies.push(started.elapsed());
            }
            latencies
        });
    }
    tokio::time::sleep(duration).await;
    stop.store(true, Ordering::Relaxed);
    tasks.join_all().await.into_iter().flatten().collect()
}
