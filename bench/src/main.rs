//! Benchmarks: the built binary against a rival, pair by pair in one run on the same disk.
//!
//! Results are ratios. What a sync costs on the disk is printed beside them, and what the server itself
//! used of the processor: on a small machine the client is half of every rate.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and has threads of its own"
)]

mod client;
mod disk;
mod exec;
mod redis;
mod server;

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
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Redis(args) => redis::run(&args),
        Command::Exec(args) => exec::run(&args),
    }
}
