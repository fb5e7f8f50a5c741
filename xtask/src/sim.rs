//! `cargo x sim`: the whole store below its protocols, simulated.

use anyhow::Result;

use crate::run::{cargo, must};

/// Simulate the store: every choice drawn from a seed, crashed and checked, replayable.
///
/// Runs the scenarios of `sim/`, each over some seeds, and prints what happened how often. A scenario
/// fails if a rule was broken, or if what it is about did not happen. The line to type to see a failure
/// again is printed with it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this scenario
    #[arg(long, value_name = "N")]
    scenario: Option<u32>,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many seeds of each scenario
    #[arg(long, value_name = "N", default_value_t = 100)]
    seeds: u64,
    /// Print every event of the first seed instead
    #[arg(long, requires = "scenario")]
    loud: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = cargo(["run", "--quiet", "--package", "groundsill-sim", "--"]);
    if let Some(scenario) = args.scenario {
        command.arg("--scenario").arg(scenario.to_string());
    }
    command.arg("--seed").arg(args.seed.to_string());
    command.arg("--seeds").arg(args.seeds.to_string());
    if args.loud {
        command.arg("--loud");
    }
    must(&mut command)
}
