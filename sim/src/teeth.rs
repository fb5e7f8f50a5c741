//! Whether the checkers bite: each planted bug must be found, by the checker that it was planted for.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::planted::Planted;
use crate::scenario::{self, Setup};
use crate::violation::{Checker, Violation};

/// Each bug must be found within so many seeds.
pub const SEEDS_MAX: u64 = 100;

/// One planted bug, as `sim/teeth.toml` lists it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tooth {
    /// The bug.
    pub bug: Planted,
    /// The scenario that it is planted in.
    pub scenario: u32,
    /// The checkers that may find it; what others find does not count.
    pub checkers: Vec<Checker>,
    /// What goes wrong.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    tooth: Vec<Tooth>,
}

/// All that are listed.
pub fn all() -> Result<Vec<Tooth>> {
    let list: List =
        toml::from_str(include_str!("../teeth.toml")).context("reading sim/teeth.toml")?;
    Ok(list.tooth)
}

impl Tooth {
    /// The bug, as it is called in the code.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{:?}", self.bug)
    }

    /// The first seed in which it is found, and what was found.
    pub fn bite(&self) -> Result<Option<(u64, Violation)>> {
        let scenario = scenario::ALL.iter().find(|scenario| scenario.number == self.scenario);
        let scenario =
            scenario.with_context(|| format!("there is no scenario {}", self.scenario))?;
        let setup = Setup { planted: Some(self.bug), ..scenario.setup };
        for seed in 1..=SEEDS_MAX {
            let run = scenario::run(&setup, seed, &self.checkers, false)?;
            if let Some(found) =
                run.violation.filter(|found| self.checkers.contains(&found.checker))
            {
                return Ok(Some((seed, found)));
            }
        }
        Ok(None)
    }
}
