//! The project's own tasks: `cargo xtask <task>`.

use anyhow::bail;
use std::path::Path;

mod apireplay;
mod bench;
mod ci;
mod clients;
mod codegen;
mod fuzz;
mod images;
mod packages;
mod process;
mod protos;
mod test;
mod testbed;
mod tidy;
mod up;

const USAGE: &str = "usage: cargo xtask <task>

  up [tiphys options]      install what is missing, build, start a cluster, print how to use it
  test [--no-e2e]          every test; the last line is 'N passed, N failed'
  ci                       what guards main: formatting, lints, borders, generated files, every test
  recordings [--etcd] [TOPIC...]
                           play recordings of the real API server against ours, topic by topic
  tidy                     the home-made lint: file sizes, manifests, borders between crates
  bench                    the benchmarks, on a release build
  fuzz [CASES]             the random tests, a million cases of each property
  images [DIR]             build the test images (default: target/images)
  clients                  other people's clients, which the tests use
  codegen [protos] [--check]
                           make the descriptor, the typed objects and the gRPC messages from ../shared/reference
  testbed up N | down      N nodes on this machine, each in namespaces of its own";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up", options @ ..] => up::run(options),
        ["test"] => test::run(test::Scope::Everything),
        ["test", "--no-e2e"] => test::run(test::Scope::WithoutContainers),
        ["ci"] => ci::run(),
        ["recordings", topics @ ..] => apireplay::run(topics),
        ["tidy"] => tidy::run(),
        ["bench"] => bench::run(),
        ["codegen"] => codegen::run(false),
        ["codegen", "--check"] => codegen::run(true),
        ["codegen", "protos"] => protos::run(false),
        ["codegen", "protos", "--check"] => protos::run(true),
        ["clients"] => clients::run(),
        ["fuzz"] => fuzz::run(None),
        ["fuzz", cases] => fuzz::run(Some(cases)),
        ["images"] => images::run(None),
        ["images", out_dir] => images::run(Some(Path::new(out_dir))),
        ["testbed", rest @ ..] => testbed::run(rest),
        _ => bail!(USAGE),
    }
}

/// The workspace's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands in the workspace")
}

/// The folder beside the workspace that holds the reference, the recordings and their tools.
fn shared() -> std::path::PathBuf {
    root().join("../shared")
}
