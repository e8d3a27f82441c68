//! The one binary: every component of a cluster, all in one process or each alone by name.
//!
//! Which component runs is chosen by the name under which the program is called (a CNI plugin, a component of upstream's),
//! then by the first argument, then by `--roles`.

mod components;
mod config;
mod kube_apiserver;
mod logging;
mod pflag;
mod run;

use clap::Parser;
use run::VERSION;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let called_as = std::env::args_os().next().map(std::path::PathBuf::from).unwrap_or_default();
    let called_as = called_as.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    if cni::NAMES.contains(&called_as.as_str()) {
        return cni::main(&called_as);
    }
    if let Some(code) = components::main(&called_as) {
        return code;
    }
    let arguments = config::Arguments::parse();
    logging::start(arguments.verbose);
    let result = match &arguments.command {
        Some(config::Command::Down { pods }) => run::down(&arguments.options, *pods),
        None => run::up(&arguments.options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tiphys: {error:#}");
            ExitCode::FAILURE
        }
    }
}
