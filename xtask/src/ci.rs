//! `cargo x ci`: what a submitted change must pass.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]
#![expect(clippy::disallowed_methods, reason = "measures how long its own stages take")]

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::tally::Tally;
use crate::{check, crash, fuzz, redis_suite, teeth, test};

/// Run what CI runs: the stages check, test, teeth, crash, suite and fuzz.
///
/// Each stage is a command of its own: `check` is `cargo x check`, and so on. A stage that fails does
/// not stop the next; a test that is skipped fails its stage. A table of the stages and their times is printed at the end.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run this stage instead; may be given several times
    #[arg(long = "stage", value_name = "NAME")]
    stages: Vec<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// Format, shape, tidiness, lints, documentation
    Check,
    /// Every test
    Test,
    /// Bugs planted in the simulation and in the doctor, each of which has to be caught
    Teeth,
    /// Crashes of the built binary
    Crash,
    /// Redis's own tests of the commands that are there
    Suite,
    /// Random bytes to every decoder
    Fuzz,
}

impl Stage {
    const DEFAULT: [Self; 6] =
        [Self::Check, Self::Test, Self::Teeth, Self::Crash, Self::Suite, Self::Fuzz];

    fn run(self) -> Result<()> {
        match self {
            Self::Check => check::run(&check::Args {}),
            Self::Test => test::run(&test::Args::ALL).and_then(all_ran),
            Self::Teeth => teeth::run(),
            Self::Crash => crash::run(&crash::Args::DEFAULT).and_then(all_ran),
            Self::Suite => redis_suite::run(&redis_suite::Args {}),
            Self::Fuzz => fuzz::run(&fuzz::Args::DEFAULT),
        }
    }

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let stages = if args.stages.is_empty() { &Stage::DEFAULT[..] } else { &args.stages };
    let mut rows = Vec::new();
    for &stage in stages {
        println!("\n=== stage {} ===", stage.name());
        let began = Instant::now();
        let outcome = stage.run();
        if let Err(error) = &outcome {
            println!("\nstage {} failed: {error:#}", stage.name());
        }
        rows.push((stage, outcome.is_ok(), began.elapsed()));
    }
    print!("\n{}", table(&rows));
    let failed = rows.iter().filter(|(_, held, _)| !held).map(|(stage, ..)| stage.name());
    let failed = failed.collect::<Vec<_>>().join(", ");
    if !failed.is_empty() {
        bail!("these stages failed: {failed}");
    }
    Ok(())
}

/// A test that is skipped for want of a program or a right has shown nothing.
fn all_ran(sum: Tally) -> Result<()> {
    if sum.skipped > 0 {
        bail!("{} skipped: `.ci/run` installs what they need, as root", sum.skipped);
    }
    Ok(())
}

fn table(rows: &[(Stage, bool, Duration)]) -> String {
    let row = |name: &str, outcome: &str, time: Duration| {
        format!("{name:<10} {outcome:<8} {:>8.1}\n", time.as_secs_f64())
    };
    let stages = rows.iter().map(|(stage, held, time)| {
        row(&stage.name(), if *held { "passed" } else { "FAILED" }, *time)
    });
    let head = format!("{:<10} {:<8} {:>8}\n", "stage", "outcome", "seconds");
    let sum = row("all", "", rows.iter().map(|(.., time)| *time).sum());
    std::iter::once(head).chain(stages).chain([sum]).collect()
}
