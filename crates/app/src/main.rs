//! The program: reads its configuration, builds the store and its fronts, runs them, and drains them.
//!
//! The only crate that touches signals, the environment, the command line, threads and the clock.

mod backup;
mod build;
mod config;
mod copy;
mod crew;
mod data_dir;
mod doctor;
mod door;
mod dump;
mod fronts;
mod identity;
mod losses;
mod machine;
mod observer;
mod passwords;
mod repair;
mod restore;
mod serve;
mod staging;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::Command;

/// It gives back to the system what is freed, wherever that lies: ADR 0007. How soon stands in
/// `.cargo/config.toml`, because to set it here would be unsafe code.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error)
            if error.use_stderr()
                && std::env::args_os().nth(1).is_some_and(|name| name == "doctor") =>
        {
            // Of its exit codes 2 says that something is critical.
            let _closed = error.print();
            return ExitCode::from(doctor::EXIT_USAGE);
        }
        Err(error) => error.exit(),
    };
    let outcome = match matches.subcommand() {
        Some(("serve", matches)) => serve::run(matches),
        Some(("config", matches)) => config::cli::run(matches),
        Some(("verify", matches)) => verify::run(matches),
        Some(("log", matches)) => dump::run(matches),
        Some(("backup", matches)) => backup::run(matches),
        Some(("restore", matches)) => restore::run(matches),
        Some(("repair", matches)) => repair::run(matches),
        Some(("password", matches)) => passwords::run(matches),
        Some(("doctor", matches)) => Ok(doctor::run(matches)),
        _ => Ok(ExitCode::from(2)),
    };
    outcome.unwrap_or_else(|error| {
        // If nobody reads stderr, the exit code has to do.
        let _closed = writeln!(std::io::stderr(), "groundsill: {error:#}");
        let checks =
            matches!(matches.subcommand_name(), Some("verify" | "backup" | "restore" | "repair"));
        if checks && error.downcast_ref::<identity::Damaged>().is_some() {
            return ExitCode::from(verify::EXIT_DAMAGED);
        }
        ExitCode::FAILURE
    })
}

fn command() -> Command {
    Command::new("groundsill")
        .version(env!("CARGO_PKG_VERSION"))
        .about("State, events, locks and idempotency keys in one durable transaction")
        .long_about(LONG_ABOUT)
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve::command())
        .subcommand(config::cli::command())
        .subcommand(verify::command())
        .subcommand(dump::command())
        .subcommand(backup::command())
        .subcommand(restore::command())
        .subcommand(repair::command())
        .subcommand(passwords::command())
        .subcommand(doctor::command())
}

const LONG_ABOUT: &str = "\
Groundsill keeps state, events, locks and idempotency keys in one durable transaction on one log, for the \
Redis and Kafka clients that you use already.

A client that gets its reply can rely on it: unless a namespace is made `relaxed`, what was acknowledged has \
been synced to the disk before.";

const AFTER_HELP: &str = "\
Try it:
  groundsill serve                       keeps its data in ./data, answers on 6379, 9092, 8080
  redis-cli SET greeting hello           in another terminal: any Redis client will do
  redis-cli TOPIC.CREATE payments        what Redis does not have: TOPIC.*, LOCK.*, IDEM.*
  kcat -L -b 127.0.0.1:9092              the same topics, for any Kafka client
  curl 127.0.0.1:8080/metrics            also /livez and /readyz

`groundsill serve --help` lists the settings. `groundsill config show` tells their values and where these \
come from. Exit codes: 0, all is well; 1, it could not be done; 2, the command line is wrong (of the doctor: 64); 3, a copy was made without damaged history; 65, something is \
damaged or would be lost; 74, a write or sync of the log failed.";
