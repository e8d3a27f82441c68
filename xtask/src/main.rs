//! The project's own tasks: `cargo xtask <task>`.

use anyhow::bail;

mod codegen;
mod images;
mod protos;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["codegen"] => codegen::run(false),
        ["codegen", "--check"] => codegen::run(true),
        ["codegen", "protos"] => protos::run(false),
        ["codegen", "protos", "--check"] => protos::run(true),
        ["images"] => images::run(None),
        ["images", out_dir] => images::run(Some(std::path::Path::new(out_dir))),
        _ => bail!("usage: cargo xtask codegen [protos] [--check] | images [DIR]"),
    }
}
