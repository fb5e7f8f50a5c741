//! `groundsill doctor lab`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use base::Clock;
use clap::ArgMatches;
use doctor::lab::{self, Stop};

use super::{Usage, now, say};
use crate::machine::MachineClock;

/// Runs those that are asked for, one after the other.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    if !matches.get_flag("this-machine-is-disposable") {
        let text = "labs make faults on this machine; if nobody needs it, say --this-machine-is-disposable";
        bail!(Usage(text.into()));
    }
    if matches.get_flag("clean") {
        let taken = lab::clean();
        for what in &taken {
            say(&format!("took away {what}\n"))?;
        }
        say(&format!("{} taken away\n", taken.len()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let ids: Vec<&String> = matches.get_many("id").into_iter().flatten().collect();
    if ids.is_empty() && !matches.get_flag("all") {
        bail!(Usage("say which labs: their ids, or --all".into()));
    }
    for id in &ids {
        let has_lab = |lab: &lab::Lab| lab.id.eq_ignore_ascii_case(id);
        if !lab::all().iter().any(has_lab) {
            bail!(Usage(format!("{id} has no lab")));
        }
    }
    let is_asked_for =
        |lab: &lab::Lab| ids.is_empty() || ids.iter().any(|id| lab.id.eq_ignore_ascii_case(id));
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let seed = u64::try_from(MachineClock.wall().as_nanos()).unwrap_or(1);
    for lab in lab::all().into_iter().filter(is_asked_for) {
        let began = MachineClock.monotonic();
        let outcome = lab.run(&now, seed).outcome;
        let seconds = MachineClock.monotonic().saturating_sub(began).as_secs_f64();
        let (count, word, what) = match outcome {
            Ok(seen) => (&mut passed, "passed", seen),
            Err(Stop::Failed(wrong)) => (&mut failed, "FAILED", format!("seed {seed}: {wrong}")),
            Err(Stop::Missing(what)) => (&mut skipped, "skipped", format!("{what} is not here")),
        };
        *count += 1;
        say(&format!("{:<5} {word:<8}{seconds:>5.1} s  {what}\n", lab.id))?;
    }
    say(&format!("{passed} passed, {failed} failed, {skipped} skipped\n"))?;
    Ok(ExitCode::from(u8::from(failed > 0)))
}
