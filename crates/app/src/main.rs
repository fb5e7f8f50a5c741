//! The program: reads its configuration, builds the store and its fronts, runs them, and drains them.
//!
//! The only crate that touches signals, the environment, the command line, threads and the clock.

mod build;
mod config;
mod crew;
mod data_dir;
mod identity;
mod machine;
mod observer;
mod serve;

use std::process::ExitCode;

use clap::Command;

fn main() -> ExitCode {
    let matches = command().get_matches();
    let outcome = match matches.subcommand() {
        Some(("serve", matches)) => serve::run(matches),
        Some(("config", matches)) => config::cli::run(matches),
        _ => Ok(ExitCode::from(2)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("groundsill: {error:#}");
        ExitCode::FAILURE
    })
}

fn command() -> Command {
    Command::new("groundsill")
        .version(env!("CARGO_PKG_VERSION"))
        .about("State, events, locks and idempotency keys in one durable transaction")
        .long_about(
            "Groundsill keeps state, events, locks and idempotency keys in one durable transaction on \
             one log, for the Redis clients that you use already.\n\n\
             Start it with `groundsill serve`: it keeps its data in ./data and answers on \
             127.0.0.1:6379.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve::command())
        .subcommand(config::cli::command())
}
