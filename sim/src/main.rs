//! Runs scenarios of the simulation, and prints what they came to.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Parser;
use groundsill_sim::scenario::{self, Scenario};
use groundsill_sim::teeth::{self, Tooth};
use groundsill_sim::violation::Violation;

/// Simulate the store: seeded, replayable, checked.
#[derive(Parser)]
#[command(name = "groundsill-sim")]
struct Cli {
    /// Only this scenario
    #[arg(long, value_name = "N")]
    scenario: Option<u32>,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 20)]
    seeds: u64,
    /// Plant the bugs of sim/teeth.toml, and see that each is found
    #[arg(long)]
    teeth: bool,
    /// Plant only this bug
    #[arg(long, value_name = "NAME", requires = "teeth")]
    bug: Option<String>,
    /// Print every event of one seed
    #[arg(long)]
    loud: bool,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    if cli.teeth {
        return bite(cli.bug.as_deref());
    }
    let wanted = |scenario: &&Scenario| cli.scenario.is_none_or(|number| number == scenario.number);
    let scenarios: Vec<_> = scenario::ALL.iter().filter(wanted).collect();
    ensure!(!scenarios.is_empty(), "there is no such scenario");
    let mut failed = 0;
    for scenario in scenarios {
        if cli.loud {
            let run = scenario::run(&scenario.setup, cli.seed, &[], true)?;
            println!("{:?} {:?}", run.digest, run.violation);
            continue;
        }
        let report = scenario.report(cli.seed..cli.seed + cli.seeds)?;
        println!("\n{scenario}\n{}", report.counts);
        if let Some((seed, violation)) = &report.broken {
            println!("BROKEN {violation}\nto see it again: {}", scenario.replay(*seed));
        }
        for missing in &report.missing {
            println!("NEVER HAPPENED: {missing}");
        }
        failed += usize::from(report.broken.is_some() || !report.missing.is_empty());
    }
    if failed > 0 {
        println!("{failed} scenarios failed");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn bite(only: Option<&str>) -> Result<ExitCode> {
    let mut missed = 0;
    let mut teeth = teeth::all()?;
    teeth.retain(|tooth| only.is_none_or(|only| tooth.name() == only));
    if teeth.is_empty() {
        bail!(
            "there is no such bug: a name is as a run without --bug prints it, SyncDoesNothing say"
        );
    }
    for tooth in teeth {
        let Tooth { bug, why, .. } = &tooth;
        if let Some((seed, Violation { checker, .. })) = tooth.bite()? {
            println!("found in seed {seed:<3} by {checker:<14?} {bug:?}: {why}");
        } else {
            missed += 1;
            println!("NOT FOUND in {} seeds: {bug:?}: {why}", teeth::SEEDS_MAX);
        }
    }
    if missed > 0 {
        println!("{missed} planted bugs were not found");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
