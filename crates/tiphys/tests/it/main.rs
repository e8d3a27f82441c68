//! The binary as its users meet it: real kubectl, real containers.
//!
//! The cases share one cluster, each in a namespace of its own, several at a time. This main stands where libtest's would,
//! because libtest has no place to end what cases share. `cargo test -p tiphys --test it WORD` runs the cases whose names
//! hold the word.

mod access;
mod clients;
mod cluster;
mod configuration;
mod crash;
mod kube_rs;
mod kubectl;
mod ownership;
mod refusals;
mod shutdown;
mod states;
mod streams;
mod wait;
mod workloads;

use cluster::Instance;
use kubectl::Kubectl;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

/// Cases that run at the same time: they mostly wait for containers.
const AT_ONCE: usize = 4;

/// A case that needs nothing but a running cluster and a namespace there.
type Shared = fn(&Kubectl);
/// A case that starts instances of its own.
type Alone = fn();

enum Case {
    Shared(&'static str, Shared),
    Alone(&'static str, Alone),
}

impl Case {
    fn name(&self) -> &'static str {
        match self {
            Case::Shared(name, _) | Case::Alone(name, _) => name,
        }
    }

    fn run(&self, cluster: Option<&Instance>) {
        match self {
            Case::Shared(name, case) => {
                let cluster = cluster.expect("it was started because a shared case is to run");
                let namespace = name.replace([':', '_'], "-").replace("--", "-");
                let kubectl = cluster.kubectl().in_namespace(&namespace);
                kubectl.ok(&["create", "namespace", &namespace]);
                case(&kubectl);
            }
            Case::Alone(_, case) => case(),
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let all = [
        // First, because a kubelet looks at its volumes again only after a minute.
        configuration::CASES,
        clients::CASES,
        workloads::CASES,
        streams::CASES,
        states::CASES,
        access::CASES,
        ownership::CASES,
        kube_rs::CASES,
        crash::CASES,
        refusals::CASES,
        shutdown::CASES,
    ];
    let cases: Vec<&Case> = all.into_iter().flatten().filter(|case| wanted(case.name())).collect();
    println!("\nrunning {} tests", cases.len());
    let started = Instant::now();
    cluster::check_machine();
    let needs_cluster = cases.iter().any(|case| matches!(case, Case::Shared(..)));
    let cluster = needs_cluster.then(Instance::start);
    let failed = run_all(&cases, cluster.as_ref());
    drop(cluster);
    let (verdict, passed) = (if failed == 0 { "ok" } else { "FAILED" }, cases.len() - failed);
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2}s\n",
        started.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How many failed; a panic has by then said why.
fn run_all(cases: &[&Case], cluster: Option<&Instance>) -> usize {
    let (next, failed) = (Mutex::new(cases.iter()), Mutex::new(0));
    let work = || {
        loop {
            let Some(case) = next.lock().expect("no one panics while holding it").next() else { return };
            let started = Instant::now();
            let ended = catch_unwind(AssertUnwindSafe(|| case.run(cluster)));
            let word = if ended.is_ok() { "ok" } else { "FAILED" };
            println!("test {} ... {word} ({:.1}s)", case.name(), started.elapsed().as_secs_f64());
            *failed.lock().expect("no one panics while holding it") += usize::from(ended.is_err());
        }
    };
    std::thread::scope(|scope| {
        for number in 0..AT_ONCE {
            let builder = std::thread::Builder::new().name(format!("cases-{number}"));
            builder.spawn_scoped(scope, work).expect("the machine has threads");
        }
    });
    failed.into_inner().expect("no one panics while holding it")
}
