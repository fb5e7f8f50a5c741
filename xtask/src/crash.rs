//! `cargo x crash`: the built binary, killed and lied to by its disk, again and again.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use anyhow::Result;

use crate::python::{AT_ONCE, pytest};
use crate::run::{cargo, watched};
use crate::scenarios::Catalogue;
use crate::tally::{Runner, Tally};
use crate::test::{build_binary, conclude};

/// Crash the built binary and check what it recovers.
///
/// Runs the black box's tests marked `crash`: kills under load, kills before the N-th write, sync or
/// reply, and failing syncs, by way of `strace`; power cuts and full disks, on file systems of their own,
/// which needs root. Each checks that what was acknowledged
/// is there after a restart and that nothing is there that was never sent, and prints how many writes
/// were sent, acknowledged and recovered and how often the process died. A run in which nothing was
/// killed fails. Beside these it runs every test that `xtask/scenarios.txt` names, and fails if one is
/// not there.
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

pub(crate) fn run(args: &Args) -> Result<Tally> {
    build_binary()?;
    let mut catalogue = Catalogue::read()?;
    let mut sum = Tally::default();

    let mut command = cargo(["test", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    command.args(catalogue.in_rust());
    sum += watched(&mut command, Runner::CargoTest, |line| catalogue.see(line))?;

    let rounds = args.rounds.to_string();
    // What each test counted is shown behind all of them, as tests run beside one another.
    let options = [&["-m", "crash", "-v", "-rP", "--rounds", &rounds], &AT_ONCE[..]].concat();
    sum += watched(&mut pytest(&options)?, Runner::Pytest, |line| catalogue.see(line))?;

    let others = catalogue.in_black_box().join(" or ");
    let options = [&["-m", "not crash", "-v", "-k", &others], &AT_ONCE[..]].concat();
    sum += watched(&mut pytest(&options)?, Runner::Pytest, |line| catalogue.see(line))?;

    println!("\nfaults survived, and how many of their tests ran\n{}", catalogue.table());
    for line in catalogue.missing() {
        println!("{line}");
        sum.failed += 1;
    }
    conclude(sum)
}
