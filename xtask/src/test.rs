//! `cargo x test`: every test there is, but for those of [`crate::crash`] and [`crate::fuzz`].

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use anyhow::{Result, bail};

use crate::python::{AT_ONCE, pytest};
use crate::run::{cargo, counted, must};
use crate::tally::{Runner, Tally};
use crate::teeth;

/// Run every test: in Rust, the scripts of testdata/, and the black box.
///
/// In this order: `cargo test --workspace`; a release build of the binary; then the black box, which
/// drives that binary with real clients and runs the scripts of testdata/ through it and, to compare,
/// through another server. The black box needs Python 3.11; its packages are installed into
/// target/venv at the first run. Tests with Node clients are skipped, and counted, without Node.js.
///
/// The last line sums up what ran: `N passed, N failed, N skipped`. Running nothing is a failure.
///
/// To reproduce one failure: `cargo x test NAME`. One Rust crate only: `cargo test -p groundsill-log`.
/// After a wanted change of replies: `cargo x test --rewrite`, then read the diff.
///
/// `cargo x test teeth` is something else: it plants the bugs of `sim/teeth.toml` and fails if the
/// checkers of the simulation do not find one.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only tests whose name holds this (a script's name is its path under testdata/)
    filter: Option<String>,
    /// Write what the binary answers into the scripts of testdata/ as their expected replies, and
    /// run nothing else
    #[arg(long)]
    rewrite: bool,
}

impl Args {
    /// Every test.
    pub(crate) const ALL: Self = Self { filter: None, rewrite: false };
}

pub(crate) fn run(args: &Args) -> Result<Tally> {
    if args.filter.as_deref() == Some("teeth") {
        return teeth::run().map(|()| Tally::default());
    }
    let mut sum = Tally::default();
    if !args.rewrite {
        sum += in_rust(args.filter.as_deref())?;
    }
    sum += in_black_box(args).unwrap_or_else(|error| {
        println!("the black box did not run, which counts as one failure: {error:#}");
        Tally { failed: 1, ..Tally::default() }
    });
    conclude(sum)
}

fn in_rust(filter: Option<&str>) -> Result<Tally> {
    let mut command = cargo(["test", "--workspace", "--no-fail-fast"]);
    if let Some(filter) = filter {
        command.args(["--", filter]);
    }
    counted(&mut command, Runner::CargoTest)
}

fn in_black_box(args: &Args) -> Result<Tally> {
    build_binary()?;
    let mut options = vec!["-m", "not crash"];
    if let Some(filter) = &args.filter {
        options.extend(["-k", filter]);
    }
    if args.rewrite {
        options.push("--rewrite");
    }
    if args.filter.is_none() && !args.rewrite {
        options.extend(AT_ONCE);
    }
    counted(&mut pytest(&options)?, Runner::Pytest)
}

/// The binary that the black box drives: `target/release/groundsill`.
pub(crate) fn build_binary() -> Result<()> {
    must(&mut cargo(["build", "--release", "--package", "groundsill"]))
}

/// Prints the closing line; an error if a test failed or none ran.
pub(crate) fn conclude(sum: Tally) -> Result<Tally> {
    println!("\n{sum}");
    if sum.failed > 0 {
        bail!("{} failed", sum.failed);
    }
    if sum.passed == 0 {
        bail!("no test ran: look at the name that was asked for");
    }
    Ok(sum)
}
