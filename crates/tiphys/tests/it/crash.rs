//! The process dies; what it acknowledged and the pods' containers do not.

use crate::Case;
use crate::cluster::Instance;
use crate::kubectl::{Kubectl, pod};
use crate::wait;
use nix::sys::signal::Signal;
use std::sync::atomic::{AtomicBool, Ordering};

pub const CASES: &[Case] = &[
    Case::Alone("killed_while_writing", killed_while_writing),
    Case::Alone("pods_outlive_the_process", pods_outlive_the_process),
];

const KILLS: usize = 3;
/// Acknowledged writes before each kill.
const WRITES: usize = 8;

fn killed_while_writing() {
    let mut instance = Instance::control_plane();
    let kubectl = instance.kubectl();
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        let stop = AtomicBool::new(false);
        let counted = std::sync::atomic::AtomicUsize::new(0);
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut names = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let name = format!("c-{round}-{}", names.len());
                    if !kubectl.run(&["create", "configmap", &name], None).status.success() {
                        break;
                    }
                    names.push(name);
                    counted.store(names.len(), Ordering::Relaxed);
                }
                names
            });
            wait::until("enough is written", || {
                let count = counted.load(Ordering::Relaxed);
                if count >= WRITES { Ok(()) } else { Err(format!("{count} acknowledged")) }
            });
            instance.end(Signal::SIGKILL);
            stop.store(true, Ordering::Relaxed);
            writer.join().unwrap()
        });
        acknowledged.extend(written);
        instance.launch();
        let there = kubectl.get("configmaps", "{.items[*].metadata.name}");
        let there: Vec<&str> = there.split(' ').collect();
        for name in &acknowledged {
            assert!(there.contains(&name.as_str()), "{name} was acknowledged and is lost");
        }
    }
}

/// What tells one run of a container from another.
fn identity(kubectl: &Kubectl) -> String {
    let status = "{.status.containerStatuses[0]";
    let parts = [".containerID", ".state.running.startedAt", ".restartCount"];
    kubectl.get("pod stays", &parts.map(|part| format!("{status}{part}}}")).join(" "))
}

/// Two whole instances side by side, so that what one does is seen not to touch the other.
fn pods_outlive_the_process() {
    let (mut instance, neighbour) = (Instance::start(), Instance::start());
    let both = [instance.kubectl(), neighbour.kubectl()];
    for kubectl in &both {
        kubectl.until("serviceaccount default", "{.metadata.name}", "default");
        kubectl.apply(&pod("stays", "exec tail -f /dev/null"));
    }
    both.iter().for_each(|kubectl| kubectl.until_ready("stays"));
    let [before, beside] = both.each_ref().map(identity);
    assert_ne!(before, beside);
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let status = instance.end(signal);
        assert_eq!(status.success(), signal == Signal::SIGTERM, "{status}");
        instance.launch();
        instance.until_node_ready();
        // A new pod shows that this kubelet has looked at what runs.
        let name = format!("after-{}", signal.as_str().to_lowercase());
        both[0].busybox(&name, "exec tail -f /dev/null");
        assert_eq!(identity(&both[0]), before, "after {signal}");
        assert_eq!(both[0].ok(&["exec", "stays", "--", "echo", "here"]), "here\n");
    }
    assert_eq!(identity(&both[1]), beside);
}
