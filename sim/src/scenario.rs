//! The scenarios: who asks for what, what goes wrong, and what must have happened for a run to count.
//!
//! The numbers are those of the list of faults that the store must survive.

use std::fmt;
use std::sync::Arc;

use base::rng::SplitMix64;

use crate::ground::Bounds;
use crate::planted::Planted;
use crate::tally::{Counts, Tally};
use crate::trace::{Digest, Trace};
use crate::violation::{Checker, Violation};
use crate::world::World;

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The scenario's number.
    pub scenario: u32,
    /// How many clients of the bank.
    pub tellers: u32,
    /// How many clients of the lists.
    pub listers: u32,
    /// How many clients of the shelves.
    pub keepers: u32,
    /// How many steps.
    pub steps: u64,
    /// The process ends once in so many steps, on average.
    pub crash_every: u64,
    /// The power is cut.
    pub power: bool,
    /// The process is killed.
    pub kill: bool,
    /// The process is stopped cleanly, now and then.
    pub stops: bool,
    /// The process dies while it recovers.
    pub deaths: bool,
    /// Syncs fail.
    pub sync_fails: bool,
    /// The wall clock jumps.
    pub clock_jumps: bool,
    /// Namespaces are flushed. Without clients of the bank and the lists, whose books end with it.
    pub flushes: bool,
    /// The disk has no space left, for a while.
    pub disk_fills: bool,
    /// Copies of the log rot.
    pub rot: bool,
    /// The tables are real files.
    pub files: bool,
    /// What is wrong on purpose.
    pub planted: Option<Planted>,
}

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its number.
    pub number: u32,
    /// What it is about.
    pub about: &'static str,
    /// What its runs are made of.
    pub setup: Setup,
    /// What must have happened, over all its seeds.
    pub must: &'static [&'static str],
}

const PLAIN: Setup = Setup {
    scenario: 0,
    tellers: 3,
    listers: 4,
    keepers: 3,
    steps: 12_000,
    crash_every: 1500,
    power: true,
    kill: true,
    stops: true,
    deaths: false,
    sync_fails: false,
    clock_jumps: false,
    disk_fills: false,
    flushes: false,
    rot: false,
    files: false,
    planted: None,
};

/// Every scenario, in order of number.
#[must_use]
pub fn all() -> Vec<Scenario> {
    let scenario = |number, about, setup: Setup, must| Scenario {
        number,
        about,
        setup: Setup { scenario: number, ..setup },
        must,
    };
    vec![
        scenario(
            1,
            "killed at every step of a commit",
            Setup { power: false, stops: false, crash_every: 300, ..PLAIN },
            &["kills", "halts", "recoveries", "unknown outcomes: survived", "unknown outcomes: lost"],
        ),
        scenario(
            2,
            "the power is cut under load",
            Setup { kill: false, crash_every: 400, ..PLAIN },
            &[
                "power cuts",
                "power cuts inside a sync",
                "torn tails dropped",
                "writes inside a sync",
                "flushes",
                "unknown outcomes: survived",
                "unknown outcomes: lost",
                "relaxed answers lost to a power cut",
                "refused",
                "clean stops",
            ],
        ),
        scenario(
            4,
            "bits flip and pages are zeroed in the log",
            Setup { rot: true, crash_every: 400, kill: false, ..PLAIN },
            &["rot: refused", "rot: opened", "rot at rest", "recoveries"],
        ),
        scenario(
            6,
            "a sync fails once",
            Setup { sync_fails: true, crash_every: 200, ..PLAIN },
            &["failing syncs", "poisoned", "ends of a poisoned store", "unknown outcomes: lost"],
        ),
        scenario(
            7,
            "the disk is full for a while",
            Setup { disk_fills: true, power: false, stops: false, ..PLAIN },
            &["log space exhausted", "log space returned", "refused for want of space", "recoveries"],
        ),
        scenario(
            8,
            "killed in recovery, up to ten times in a row",
            Setup { deaths: true, crash_every: 600, ..PLAIN },
            &["deaths in recovery", "recoveries", "power cuts", "kills"],
        ),
        scenario(
            9,
            "objects of all sizes change, expire and go; nothing comes back",
            Setup { tellers: 0, listers: 0, keepers: 6, flushes: true, ..PLAIN },
            &["flushes", "loads", "joined loads", "evictions", "flushed namespaces", "commits of the store's own", "undone", "refused", "torn tails dropped", "recoveries"],
        ),
        scenario(
            11,
            "write skew, phantoms, lost updates: lists, appended to and read",
            Setup { tellers: 0, listers: 8, keepers: 0, crash_every: 3000, ..PLAIN },
            &[
                "edges between transactions",
                "re-runs",
                "rounds within another's",
                "evictions",
                "exclusive fallbacks",
                "loads",
                "joined loads",
                "recoveries",
            ],
        ),
        scenario(
            15,
            "the wall clock jumps by up to an hour, both ways",
            Setup { clock_jumps: true, keepers: 6, ..PLAIN },
            &["jumps of the wall clock", "clock steps told", "recoveries"],
        ),
        scenario(
            23,
            "the same over tables in real files",
            Setup { files: true, power: false, steps: 6000, ..PLAIN },
            &["kills", "flushes", "loads", "recoveries"],
        ),
    ]
}

impl Setup {
    /// Bounds that are met often, drawn anew for each run.
    #[must_use]
    pub fn bounds(&self, rng: &mut SplitMix64) -> Bounds {
        let log = log::Settings {
            segment_bytes: (24 << 10) << rng.below(4),
            history_bytes: (256 << 10) * rng.below(2),
            history_age_ms: 10_000,
            disk_free_bytes_min: 0,
        };
        let store = kv::Settings {
            memtable_bytes: 2048 << rng.below(8),
            replay_bytes: (64 << 10) << rng.below(4),
            objects_bytes: (4 << 10) << rng.below(6),
            hash_seed: rng.draw(),
            ..kv::Settings::default()
        };
        Bounds { log, store }
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// What was counted.
    pub counts: Counts,
    /// What happened, as one number.
    pub digest: Digest,
    /// The rule that was broken, if one was.
    pub violation: Option<Violation>,
}

/// Runs one seed. With `only`, what other checkers find is passed over.
pub fn run(setup: &Setup, seed: u64, only: &[Checker], loud: bool) -> anyhow::Result<Run> {
    let (trace, tally) = (Trace::new(loud), Arc::new(Tally::default()));
    let outcome = match World::found(setup.clone(), seed, trace.clone(), Arc::clone(&tally), only)? {
        Ok(mut world) => (0..setup.steps).try_for_each(|_| world.step()).and_then(|()| world.finish()),
        Err(violation) => Err(violation),
    };
    Ok(Run { counts: tally.counts(), digest: trace.digest(), violation: outcome.err() })
}

/// What the seeds of a scenario came to.
#[derive(Debug)]
pub struct Report {
    /// What was counted, over all seeds.
    pub counts: Counts,
    /// The seeds that broke a rule.
    pub broken: Vec<(u64, Violation)>,
    /// What had to happen, and did not.
    pub missing: Vec<&'static str>,
}

impl Scenario {
    /// Runs seeds, and says what they came to. Stops at the first that breaks a rule.
    pub fn report(&self, seeds: impl Iterator<Item = u64>) -> anyhow::Result<Report> {
        let mut report = Report { counts: Counts::default(), broken: Vec::new(), missing: Vec::new() };
        for seed in seeds {
            let run = run(&self.setup, seed, &[], false)?;
            report.counts.merge(&run.counts);
            if let Some(violation) = run.violation {
                report.broken.push((seed, violation));
                return Ok(report);
            }
        }
        let missing = self.must.iter().filter(|name| report.counts.of(name) == 0);
        report.missing = missing.copied().collect();
        Ok(report)
    }

    /// What to type to see a seed again.
    #[must_use]
    pub fn replay(&self, seed: u64) -> String {
        format!("cargo x sim --scenario {} --seed {seed} --seeds 1", self.number)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario {}: {}", self.number, self.about)
    }
}
