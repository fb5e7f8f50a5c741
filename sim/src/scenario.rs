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

/// Something that goes wrong, or on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The power is cut.
    PowerCut,
    /// The process is killed.
    Kill,
    /// The process is stopped cleanly, now and then.
    Stop,
    /// The process dies while it recovers.
    DeathInRecovery,
    /// Syncs fail.
    FailingSync,
    /// The disk has no space left, for a while.
    FullDisk,
    /// The wall clock jumps, and drifts.
    ClockJump,
    /// Namespaces are flushed. Without clients of the bank and the lists, whose books end with it.
    Flush,
    /// An object is too large to be held in memory as a whole.
    Huge,
    /// Copies of the log rot.
    Rot,
    /// A page is torn out of a frame of the log.
    Torn,
    /// The tables are real files, which cannot lose what was not synced.
    Files,
}

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The scenario's number.
    pub scenario: u32,
    /// How many clients of the bank, of the lists and of the shelves.
    pub clients: [u32; 3],
    /// How many walk over everything, sleep until something changes, run transactions under a watch,
    /// and read feeds; of each kind so many.
    pub onlookers: u32,
    /// How many work under locks.
    pub holders: u32,
    /// How many steps.
    pub steps: u64,
    /// The process ends once in so many steps, on average.
    pub crash_every: u64,
    /// What goes wrong.
    pub troubles: &'static [Trouble],
    /// What is wrong on purpose.
    pub planted: Option<Planted>,
}

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its number.
    pub number: u32,
    /// What it is about.
    pub about: &'static str,
    /// What its runs are made of.
    pub setup: Setup,
    /// What must have happened, over all its seeds, beside what happens in all scenarios.
    pub must: &'static [&'static str],
}

/// What must have happened in every scenario.
const EVERYWHERE: [&str; 4] = [
    "series that ran whole",
    "series that ended early",
    "series that did not begin",
    "series that were cold first",
];

const PLAIN: Setup = Setup {
    scenario: 0,
    clients: [3, 4, 3],
    onlookers: 0,
    holders: 0,
    steps: 12_000,
    crash_every: 1500,
    troubles: &[Trouble::PowerCut, Trouble::Kill, Trouble::Stop],
    planted: None,
};

/// Every scenario, in order of number.
pub const ALL: [Scenario; 12] = [
    Scenario {
        number: 1,
        about: "killed at every step of a commit",
        setup: Setup { scenario: 1, crash_every: 300, troubles: &[Trouble::Kill], ..PLAIN },
        must: &[
            "kills",
            "halts",
            "recoveries",
            "unknown outcomes: survived",
            "unknown outcomes: lost",
        ],
    },
    Scenario {
        number: 2,
        about: "the power is cut under load",
        setup: Setup {
            scenario: 2,
            onlookers: 1,
            crash_every: 400,
            troubles: &[Trouble::PowerCut, Trouble::Stop],
            ..PLAIN
        },
        must: &[
            "power cuts",
            "power cuts inside a sync",
            "torn tails dropped",
            "writes inside a sync",
            "flushes",
            "evictions",
            "unknown outcomes: survived",
            "unknown outcomes: lost",
            "relaxed answers lost to a power cut",
            "records fetched",
            "watched transactions refused",
            "refused",
            "clean stops",
        ],
    },
    Scenario {
        number: 3,
        about: "a page is torn out of a frame, also with good frames behind it",
        setup: Setup {
            scenario: 3,
            crash_every: 300,
            troubles: &[Trouble::PowerCut, Trouble::Stop, Trouble::Torn],
            ..PLAIN
        },
        must: &[
            "torn frames dropped",
            "torn frames with good ones behind",
            "torn frames whose end is intact",
            "torn frames refused",
            "torn tails dropped",
            "recoveries",
        ],
    },
    Scenario {
        number: 4,
        about: "bits flip and pages are zeroed in the log",
        setup: Setup {
            scenario: 4,
            crash_every: 400,
            troubles: &[Trouble::PowerCut, Trouble::Stop, Trouble::Rot],
            ..PLAIN
        },
        must: &["rot: refused", "rot: opened", "rot at rest", "recoveries"],
    },
    Scenario {
        number: 6,
        about: "a sync fails once",
        setup: Setup {
            scenario: 6,
            crash_every: 200,
            troubles: &[Trouble::PowerCut, Trouble::Kill, Trouble::Stop, Trouble::FailingSync],
            ..PLAIN
        },
        must: &[
            "failing syncs",
            "poisoned",
            "ends of a poisoned store",
            "unknown outcomes: survived",
            "unknown outcomes: lost",
        ],
    },
    Scenario {
        number: 7,
        about: "the disk is full for a while",
        setup: Setup { scenario: 7, troubles: &[Trouble::Kill, Trouble::FullDisk], ..PLAIN },
        must: &[
            "log space exhausted",
            "log space returned",
            "refused for want of space",
            "recoveries",
        ],
    },
    Scenario {
        number: 8,
        about: "killed in recovery, up to ten times in a row",
        setup: Setup {
            scenario: 8,
            crash_every: 600,
            troubles: &[Trouble::PowerCut, Trouble::Kill, Trouble::Stop, Trouble::DeathInRecovery],
            ..PLAIN
        },
        must: &["deaths in recovery", "recoveries", "power cuts", "kills"],
    },
    Scenario {
        number: 9,
        about: "objects of all sizes change, expire and go; nothing comes back",
        setup: Setup {
            scenario: 9,
            clients: [0, 0, 8],
            onlookers: 1,
            steps: 20_000,
            crash_every: 3000,
            troubles: &[Trouble::PowerCut, Trouble::Kill, Trouble::Stop, Trouble::Flush],
            ..PLAIN
        },
        must: &[
            "flushes",
            "loads",
            "joined loads",
            "evictions",
            "flushed namespaces",
            "ends while something is reclaimed",
            "ends while a memtable waits for its flush",
            "sleepers woken",
            "objects that a walk was held to",
            "counts compared",
            "commits of the store's own",
            "undone",
            "refused",
            "torn tails dropped",
            "recoveries",
        ],
    },
    Scenario {
        number: 11,
        about: "write skew, phantoms, lost updates: lists, appended to and read",
        setup: Setup { scenario: 11, clients: [0, 8, 0], onlookers: 1, crash_every: 3000, ..PLAIN },
        must: &[
            "edges between transactions",
            "records fetched",
            "sleepers woken",
            "sleepers that did not fall asleep",
            "watched transactions that ran",
            "watched transactions refused",
            "re-runs",
            "rounds within another's",
            "rounds within a series",
            "evictions",
            "evictions between commit and apply",
            "exclusive fallbacks",
            "loads",
            "joined loads",
            "recoveries",
        ],
    },
    Scenario {
        number: 13,
        about: "walks and ranges over memory, fresh and compacted tables, with deletes and expiry",
        setup: Setup {
            scenario: 13,
            clients: [0, 0, 5],
            onlookers: 3,
            steps: 6000,
            troubles: &[Trouble::Kill, Trouble::Stop, Trouble::Files, Trouble::Huge],
            ..PLAIN
        },
        must: &[
            "objects that a walk was held to",
            "counts compared",
            "rows of what is too large to be held",
            "flushes",
            "compactions",
            "loads",
            "evictions",
            "evictions between commit and apply",
            "loads that a deletion outran",
            "recoveries",
        ],
    },
    Scenario {
        number: 15,
        about: "the wall clock jumps by up to an hour, both ways, and drifts by up to a tenth",
        setup: Setup {
            scenario: 15,
            clients: [3, 4, 6],
            holders: 6,
            troubles: &[Trouble::PowerCut, Trouble::Kill, Trouble::Stop, Trouble::ClockJump],
            ..PLAIN
        },
        must: &[
            "jumps of the wall clock",
            "clock steps told",
            "recoveries",
            "locks taken",
            "locks taken after their end",
            "locks that were held",
            "locks that their holders asked for again",
            "locks that others had",
            "holders who came too late",
        ],
    },
    Scenario {
        number: 23,
        about: "the same over tables in real files",
        setup: Setup {
            scenario: 23,
            onlookers: 1,
            steps: 6000,
            troubles: &[Trouble::Kill, Trouble::Stop, Trouble::Files],
            ..PLAIN
        },
        must: &[
            "kills",
            "flushes",
            "loads",
            "evictions",
            "watched transactions that ran",
            "watched transactions refused",
            "sleepers woken",
            "commits of the store's own",
            "recoveries",
        ],
    },
];

impl Setup {
    /// Whether this goes wrong.
    #[must_use]
    pub fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    /// Bounds that are met often, drawn anew for each run.
    #[must_use]
    pub fn bounds(&self, rng: &mut SplitMix64) -> Bounds {
        let log = log::Settings {
            segment_bytes: (64 << 10) << rng.below(3),
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
    let outcome = match World::found(*setup, seed, trace.clone(), Arc::clone(&tally), only)? {
        Ok(mut world) => {
            (0..setup.steps).try_for_each(|_| world.step()).and_then(|()| world.finish())
        }
        Err(violation) => Err(violation),
    };
    Ok(Run { counts: tally.counts(), digest: trace.digest(), violation: outcome.err() })
}

/// What the seeds of a scenario came to.
#[derive(Debug)]
pub struct Report {
    /// What was counted, over all seeds.
    pub counts: Counts,
    /// The seed that broke a rule, if one did.
    pub broken: Option<(u64, Violation)>,
    /// What had to happen, and did not.
    pub missing: Vec<&'static str>,
}

impl Scenario {
    /// Runs seeds, and says what they came to. Stops at the first that breaks a rule.
    pub fn report(&self, seeds: impl Iterator<Item = u64>) -> anyhow::Result<Report> {
        let mut report = Report { counts: Counts::default(), broken: None, missing: Vec::new() };
        for seed in seeds {
            let run = run(&self.setup, seed, &[], false)?;
            report.counts.merge(&run.counts);
            if let Some(violation) = run.violation {
                report.broken = Some((seed, violation));
                return Ok(report);
            }
        }
        let must = self.must.iter().chain(&EVERYWHERE);
        let missing = must.filter(|name| report.counts.of(name) == 0);
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
