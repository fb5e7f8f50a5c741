//! `cargo x`: the chores of this repository, each a file of its own. What a developer runs by hand
//! and what CI runs are the same commands.
//!
//! Knows no crate of Groundsill: it starts cargo, pytest and the built binary, and reads what they
//! print. A new command is a file with `Args` and `run`, and a line in [`Command`].

mod bench;
mod check;
mod ci;
mod crash;
mod fuzz;
mod planted;
mod python;
mod redis_suite;
mod run;
mod scenarios;
mod sim;
mod tally;
mod teeth;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of this repository; run it as `cargo x`.
#[derive(Parser)]
#[command(name = "cargo x", bin_name = "cargo x", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Test(test::Args),
    Crash(crash::Args),
    Sim(sim::Args),
    Fuzz(fuzz::Args),
    Bench(bench::Args),
    RedisSuite(redis_suite::Args),
    Ci(ci::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Check(args) => check::run(&args),
        Command::Test(args) => test::run(&args).map(drop),
        Command::Crash(args) => crash::run(&args).map(drop),
        Command::Sim(args) => sim::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::RedisSuite(args) => redis_suite::run(&args),
        Command::Ci(args) => ci::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo x: {error:#}");
            ExitCode::FAILURE
        }
    }
}
