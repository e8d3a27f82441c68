//! Every test: the workspace's own, and the recordings of the real API server.

use crate::{apireplay, clients, images, packages, process};
use anyhow::{Context, bail};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// Without what needs root and containers.
    WithoutContainers,
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

/// Prints `N passed, N failed` last; fails where a test failed, or where one that should have run did not.
pub fn run(scope: Scope) -> anyhow::Result<()> {
    let mut total = Count::default();
    let mut trouble = Vec::new();
    if scope == Scope::Everything {
        if !process::is_root() {
            bail!(
                "the tests start real containers, for which they must run as root (without: cargo xtask test --no-e2e)"
            );
        }
        packages::ensure(&[packages::CLUSTER, packages::TESTS])?;
        images::run(None)?;
        clients::run()?;
    }
    process::run(process::cargo().args(["build", "--package", "tiphys", "--quiet"]))?;
    let mut runs = vec![workspace(scope)];
    if scope == Scope::Everything {
        runs.push(vec!["test", "--package", "store", "--features", "etcd,suite", "--test", "it", "etcd"]);
    }
    for arguments in runs {
        let outcome = cargo_test(&arguments)?;
        total.add(outcome.count);
        if outcome.count == Count::default() {
            trouble.push(format!("`cargo {}` ran no test", arguments.join(" ")));
        } else if !outcome.ended_well && outcome.count.failed == 0 {
            trouble.push(format!("`cargo {}` failed without a failing test", arguments.join(" ")));
        }
    }
    if crate::shared().join("recordings").is_dir() {
        let replayed = apireplay::guard()?;
        total.add(replayed.count);
        trouble.extend(replayed.trouble);
    } else {
        trouble.push("../shared/recordings is not there, so the recordings were not played".to_owned());
    }
    for sentence in &trouble {
        println!("{sentence}");
    }
    println!("{} passed, {} failed", total.passed, total.failed + trouble.len() as u64);
    if total.failed > 0 || !trouble.is_empty() {
        std::process::exit(1);
    }
    Ok(())
}

struct Outcome {
    count: Count,
    ended_well: bool,
}

fn workspace(scope: Scope) -> Vec<&'static str> {
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
    if scope == Scope::WithoutContainers {
        for package in ["tiphys", "cri", "cni", "kubelet"] {
            arguments.extend(["--exclude", package]);
        }
    }
    arguments
}

fn cargo_test(arguments: &[&str]) -> anyhow::Result<Outcome> {
    let mut command = process::cargo();
    command.args(arguments);
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut count = Count::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        count.add(Count::of(&line).unwrap_or_default());
    }
    Ok(Outcome { count, ended_well: child.wait()?.success() })
}

impl Count {
    /// Reads `test result: ok. 10 passed; 0 failed; ...`.
    fn of(line: &str) -> Option<Count> {
        let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let number = |word: &str| {
            let part = numbers.split("; ").find(|part| part.ends_with(word))?;
            part.split(' ').next()?.parse().ok()
        };
        Some(Count { passed: number(" passed")?, failed: number(" failed")? })
    }

    fn add(&mut self, other: Count) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn closing_lines_of_cargo_test_are_counted() {
        let line = "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.03s";
        assert_eq!(Count::of(line), Some(Count { passed: 10, failed: 2 }));
        assert_eq!(Count::of("test a::b ... ok"), None);
    }
}
