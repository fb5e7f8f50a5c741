//! `cargo x crash`: the built binary, killed and lied to by its disk, again and again.

use anyhow::Result;

use crate::python::pytest;
use crate::run::counted;
use crate::tally::Runner;
use crate::test::{build_binary, conclude};

/// Crash the built binary and check what it recovers.
///
/// Runs the black box's tests marked `crash`: kills under load, kills before the N-th write, sync or
/// reply, and failing syncs; the last two by way of `strace`. Each checks that what was acknowledged
/// is there after a restart and that nothing is there that was never sent, and prints how many writes
/// were sent, acknowledged and recovered and how often the process died. A run in which nothing was
/// killed fails.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each kind of crash is repeated
    #[arg(long, default_value_t = Args::DEFAULT.rounds)]
    rounds: u32,
}

impl Args {
    /// What CI runs.
    pub(crate) const DEFAULT: Self = Self { rounds: 8 };
}

pub(crate) fn run(args: &Args) -> Result<()> {
    build_binary()?;
    let rounds = args.rounds.to_string();
    let options = ["-m", "crash", "-s", "--rounds", &rounds];
    conclude(counted(&mut pytest(&options)?, Runner::Pytest)?)
}
