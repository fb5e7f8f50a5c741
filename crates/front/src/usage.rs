//! What clients have asked for: of each command how often it ran, how long it took and how often it failed, and the
//! codes of the errors that were answered. INFO, LATENCY HISTOGRAM and the metrics tell it; CONFIG RESETSTAT begins
//! anew.
//!
//! Knows nothing of what commands do.
//!
//! Invariants:
//! 1. Both have a closed set of names, known before anything runs: nothing that a client sends can add one. A code
//!    that is not listed counts as `other`.
//! 2. To note a command costs two additions to shared numbers, and no lock.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use redis::{COMMANDS, Command, Run};

use crate::counters::Counter;
use crate::resp::extensions::EXTENSIONS;
use crate::resp::numbers;

/// Times are counted by powers of two, from 1,024 ns up to 137 s, which also stands for all that is longer.
const BUCKETS: usize = 28;

/// The least bound, in nanoseconds, as a power of two.
const LEAST_BITS: u32 = 10;

/// The codes that errors begin with, in ascending order. A code of a guard stands here too.
static CODES: [&str; 24] = [
    "BADPARTITIONS",
    "BADTOPIC",
    "CONFLICT",
    "CORRUPT",
    "ERR",
    "EXECABORT",
    "IDEMDUP",
    "IDEMMISMATCH",
    "LIMIT",
    "LOCKLOST",
    "NOAUTH",
    "NOCLAIM",
    "NOPARTITION",
    "NOPERM",
    "NOPROTO",
    "NOTOPIC",
    "OUTOFORDER",
    "STALEPRODUCER",
    "TOPICEXISTS",
    "UNAVAILABLE",
    "UNKNOWN",
    "UNKNOWNPRODUCER",
    "WRONGPASS",
    "WRONGTYPE",
];

/// What stands for any other code.
const OTHER: &str = "other";

/// Each subcommand, and where it is told: behind the last command.
static SUBCOMMANDS: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let all = COMMANDS.iter().chain(EXTENSIONS).filter_map(|command| match command.run {
        Run::Container { subcommands, .. } => Some(subcommands),
        _ => None,
    });
    let names = all.flatten().map(|command| command.name);
    names.zip(numbers::end()..).collect()
});

/// The place of a command or subcommand among all.
pub(crate) fn place_of(command: &Command) -> usize {
    if command.name.contains('|') {
        return SUBCOMMANDS.get(command.name).copied().unwrap_or(0);
    }
    numbers::of(command.name) as usize
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Usages {
    commands: Box<[Usage]>,
    errors: [Counter; CODES.len() + 1],
}

/// One command's counts.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    nanos: Counter,
    /// Not begun: a wrong number of arguments, or a client that had to show its password first.
    rejected: Counter,
    /// Answered with an error.
    failed: Counter,
    /// How many took at most 2^([`LEAST_BITS`] + index) ns and more than the one before.
    times: [Counter; BUCKETS],
}

/// The same at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) calls: u64,
    pub(crate) nanos: u64,
    pub(crate) rejected: u64,
    pub(crate) failed: u64,
    times: [u64; BUCKETS],
}

impl Default for Usages {
    fn default() -> Self {
        let places = numbers::end() + SUBCOMMANDS.len();
        Self {
            commands: (0..places).map(|_| Usage::default()).collect(),
            errors: std::array::from_fn(|_| Counter::default()),
        }
    }
}

impl Usages {
    /// `count` commands of a kind have run, and took so long each.
    pub(crate) fn note(&self, place: usize, count: u64, each: Duration) {
        let Some(usage) = self.commands.get(place) else { return };
        let nanos = u64::try_from(each.as_nanos()).unwrap_or(u64::MAX);
        usage.nanos.add(nanos.saturating_mul(count));
        usage.times[bucket_of(nanos)].add(count);
    }

    /// One was not begun.
    pub(crate) fn reject(&self, place: usize) {
        if let Some(usage) = self.commands.get(place) {
            usage.rejected.add(1);
        }
    }

    /// One that ran, or tried to, was answered with an error.
    pub(crate) fn fail(&self, place: usize) {
        if let Some(usage) = self.commands.get(place) {
            usage.failed.add(1);
        }
    }

    /// An error was answered, with the code of that place; see [`code_at`].
    pub(crate) fn error(&self, code: usize) {
        if let Some(count) = self.errors.get(code) {
            count.add(1);
        }
    }

    /// All commands that have been asked for, by name.
    pub(crate) fn told(&self) -> Vec<Told> {
        let names = SUBCOMMANDS.iter().map(|(name, place)| (*place, *name));
        let plain = (1..numbers::end())
            .filter_map(|place| Some((place, numbers::name_of(u32::try_from(place).ok()?)?)));
        let mut told: Vec<Told> = plain
            .chain(names)
            .filter_map(|(place, name)| Some(self.commands.get(place)?.told(name)))
            .filter(|told| told.calls + told.rejected + told.failed > 0)
            .collect();
        told.sort_unstable_by_key(|told| told.name);
        told
    }

    /// How often each code was answered; what never was is left out.
    pub(crate) fn errors(&self) -> Vec<(&'static str, u64)> {
        let names = CODES.into_iter().chain([OTHER]);
        let counts = names.zip(&self.errors).map(|(name, count)| (name, count.get()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Begins anew.
    pub(crate) fn reset(&self) {
        for usage in &self.commands {
            let Usage { nanos, rejected, failed, times } = usage;
            [nanos, rejected, failed].into_iter().chain(times).for_each(Counter::reset);
        }
        self.errors.iter().for_each(Counter::reset);
    }
}

impl Usage {
    fn told(&self, name: &'static str) -> Told {
        let times = std::array::from_fn(|at| self.times[at].get());
        Told {
            name,
            calls: times.iter().sum(),
            nanos: self.nanos.get(),
            rejected: self.rejected.get(),
            failed: self.failed.get(),
            times,
        }
    }
}

impl Told {
    /// Each bound that calls were counted below, in microseconds, with how many took no longer.
    pub(crate) fn histogram_us(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut sum = 0;
        self.times.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(at, count)| {
            sum += count;
            (bound_nanos(at) / 1000, sum)
        })
    }

    /// A bound that so many of a thousand calls did not exceed, in nanoseconds; 0 where there was none.
    pub(crate) fn permille_nanos(&self, permille: u64) -> u64 {
        let wanted = (self.calls * permille).div_ceil(1000).max(1);
        let mut sum = 0;
        let found = self.times.iter().position(|count| {
            sum += count;
            sum >= wanted
        });
        found.map_or(0, bound_nanos)
    }
}

const fn bound_nanos(bucket: usize) -> u64 {
    1 << (LEAST_BITS as usize + bucket)
}

fn bucket_of(nanos: u64) -> usize {
    let bits = u64::BITS - nanos.saturating_sub(1).leading_zeros();
    (bits.saturating_sub(LEAST_BITS) as usize).min(BUCKETS - 1)
}

/// Where the code of an error is counted: the error is a reply as it stands on the wire, behind a `-`.
pub(crate) fn code_at(reply: &[u8]) -> usize {
    let text = reply.strip_prefix(b"-").unwrap_or(reply);
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'\r')).unwrap_or(text.len());
    CODES.binary_search_by(|code| code.as_bytes().cmp(&text[..end])).unwrap_or(CODES.len())
}

#[cfg(test)]
mod tests;
