//! `cargo xtask fuzz [CASES]`: the random tests over everything that reads hostile input, with many more cases than the usual
//! run, on a release build and with bounded memory.

use crate::process;
use anyhow::Context;

/// Of each property, if nothing else is asked for.
const CASES: &str = "1000000";
/// Address space of each test program; one that leaks or blows up ends.
const MAX_BYTES: u64 = 4 << 30;
/// Package, test target and the beginning of the names of its random tests.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("schema", &["--test", "it", "hostile::"]),
    ("patch", &["--test", "it", "random::"]),
    ("registry", &["--test", "it", "hostile::"]),
    ("cel", &["--lib"]),
    ("streaming", &["--lib"]),
];

pub fn run(cases: Option<&str>) -> anyhow::Result<()> {
    let cases = cases.unwrap_or(CASES);
    cases.parse::<u64>().context("the number of cases is no number")?;
    for (package, selection) in SUBJECTS {
        println!("{package}: {cases} cases of each property");
        let build = ["test", "--release", "--quiet", "--package", package, "--no-run"];
        process::run(process::cargo().args(build))?;
        let limit = format!("CARGO_TARGET_{}_RUNNER", target().to_uppercase().replace('-', "_"));
        let mut command = process::cargo();
        command.env("PROPTEST_CASES", cases).env(limit, format!("prlimit --as={MAX_BYTES}"));
        process::run(command.args(["test", "--release", "--quiet", "--package", package]).args(*selection))?;
    }
    Ok(())
}

fn target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}
