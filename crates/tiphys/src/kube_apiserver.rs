//! `kube-apiserver`: the API server alone, with upstream's flags, over a real etcd.
//!
//! ```text
//!   arguments --pflag--> Flags --checks--> problems, all at once
//!                          \--settings--> apiserver::Config --> ApiServer
//! ```
//!
//! Certificates come from the files that the flags name; an authority of its own, as `tiphys` has, is not made.

mod checks;
mod flags;
mod settings;

use crate::config::StoreSync;
use crate::pflag::{self, Flags};
use crate::run::{self, storage};
use crate::{VERSION, logging};
use anyhow::Context;
use apiserver::{ApiServer, Parts};
use std::process::ExitCode;
use std::sync::Arc;
use stdx::{SystemClock, SystemRng};
use tokio::sync::watch;

pub const NAME: &str = "kube-apiserver";
const ABOUT: &str = "The API server of Kubernetes: validates, keeps and serves the objects that all else works on.";

pub fn main(arguments: &[String]) -> ExitCode {
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &[String]) -> anyhow::Result<()> {
    let flags = Flags::parse(NAME, flags::SECTIONS, arguments)?;
    if flags.help {
        print!("{}", pflag::usage(NAME, ABOUT, flags::SECTIONS));
        return Ok(());
    }
    if flags.version {
        println!("Kubernetes {VERSION}");
        return Ok(());
    }
    checks::check(&flags)?;
    logging::start(if flags.number::<u8>("v") >= DEBUG_FROM { 1 } else { 0 });
    run::with_runtime(serve(flags))
}

/// From this `--v` on, our finer messages are shown.
pub const DEBUG_FROM: u8 = 4;

async fn serve(flags: Flags) -> anyhow::Result<()> {
    let config = settings::config(&flags)?;
    let (stop_sender, stop) = watch::channel(false);
    let mut told = run::Signals::new()?;
    let store = storage::open(&config.etcd, &config.data_dir, StoreSync::Always).await?;
    let parts = Parts { store, clock: Arc::new(SystemClock), rng: Arc::new(SystemRng) };
    let server = tokio::select! {
        server = ApiServer::start(config, parts, stop) => server.context("starting the API server")?,
        () = told.asked_to_stop() => return Ok(()),
    };
    tracing::info!(url = %server.url, "the API server is ready");
    told.asked_to_stop().await;
    stop_sender.send_replace(true);
    tokio::select! {
        () = server.stopped() => Ok(()),
        () = told.asked_to_stop() => anyhow::bail!("told to stop again before everything had ended"),
    }
}

#[cfg(test)]
mod tests;
