//! Benchmarks: the built binary, where there is a rival pair by pair with it in one run on the same disk.
//!
//! Where there is a rival, results are ratios. What a sync costs on the disk is printed beside them, and what the server itself
//! used of the processor: on a small machine the client is half of every rate.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and has threads of its own"
)]
#![expect(
    clippy::cast_precision_loss,
    reason = "counts and bytes, as figures for a person to read"
)]

mod client;
mod cold;
mod compaction;
mod disk;
mod doctor;
mod exec;
mod fill;
mod histogram;
mod memory;
mod open_loop;
mod progress;
mod recovery;
mod redis;
mod scatter;
mod seconds;
mod server;
mod stop;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Benchmarks against rivals; run it as `cargo x bench`.
#[derive(Parser)]
#[command(bin_name = "cargo x bench", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Redis(redis::Args),
    Exec(exec::Args),
    Memory(memory::Args),
    Recovery(recovery::Args),
    Cold(cold::Args),
    Compaction(compaction::Args),
    Doctor(doctor::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo x bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    stop::listen()?;
    match command {
        Command::Redis(args) => redis::run(&args),
        Command::Exec(args) => exec::run(&args),
        Command::Memory(args) => memory::run(&args),
        Command::Recovery(args) => recovery::run(&args),
        Command::Cold(args) => cold::run(&args),
        Command::Compaction(args) => compaction::run(&args),
        Command::Doctor(args) => doctor::run(&args),
    }
}
