//! What guards main: everything that can be checked, cheapest first.

use crate::{codegen, process, protos, shared, tidy};

pub fn run() -> anyhow::Result<()> {
    step("formatting", || process::run(process::cargo().args(["fmt", "--all", "--check"])))?;
    step("borders and sizes", tidy::run)?;
    if shared().join("reference").is_dir() {
        step("generated files", || codegen::run(true).and_then(|()| protos::run(true)))?;
    }
    step("lints", || {
        let lints = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        process::run(process::cargo().args(lints))
    })
}

fn step(name: &str, run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    println!("== {name}");
    let started = std::time::Instant::now();
    run()?;
    println!("== {name}: {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}
