//! An orderly end: what the server took in it answers, and nothing that it did goes unsaid.

use crate::Case;
use crate::cluster::Instance;
use crate::wait;
use api_core::v1::ConfigMap;
use client::{Client, ClientError, ConnectionConfig, HttpTransport};
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub const CASES: &[Case] = &[Case::Alone("told_to_stop_under_load", told_to_stop_under_load)];

const WRITERS: usize = 8;
/// Acknowledged writes before the signal.
const WRITES: usize = 200;

fn told_to_stop_under_load() {
    let mut instance = Instance::control_plane();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let kubeconfig = instance.directory.join("admin.conf");
    let counted = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let client = client(&kubeconfig);
            runtime.spawn(write_until_refused(client, writer, counted.clone()))
        })
        .collect();
    wait::until("enough is written", || {
        let count = counted.load(Ordering::Relaxed);
        if count >= WRITES { Ok(()) } else { Err(format!("{count} acknowledged")) }
    });
    let status = instance.end(Signal::SIGTERM);
    assert!(status.success(), "{status}");
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        let (names, error) = runtime.block_on(writer).unwrap();
        acknowledged.extend(names);
        // Who finds no connection, or one that was still waiting to be accepted, has sent no request.
        let said = error.to_string();
        assert!(said.contains("(Connect)"), "a request that was taken in failed: {said}");
    }
    instance.launch();
    let there = instance.kubectl().get("configmaps", "{.items[*].metadata.name}");
    let there: BTreeSet<String> = there.split(' ').filter(|name| name.starts_with("w-")).map(str::to_owned).collect();
    assert_eq!(there, acknowledged, "each write is there, and each that is there was acknowledged");
}

fn client(kubeconfig: &Path) -> Client {
    let config = ConnectionConfig::from_file(kubeconfig, None).unwrap();
    Client::new(Arc::new(HttpTransport::new(&config).unwrap()), "test/1")
}

async fn write_until_refused(client: Client, writer: usize, counted: Arc<AtomicUsize>) -> (Vec<String>, ClientError) {
    let mut names = Vec::new();
    loop {
        let mut map = ConfigMap::default();
        map.metadata.name = format!("w-{writer}-{}", names.len());
        map.metadata.namespace = "default".into();
        match client.create(&map).await {
            Ok(_) => names.push(map.metadata.name),
            Err(error) => return (names, error),
        }
        counted.fetch_add(1, Ordering::Relaxed);
    }
}
