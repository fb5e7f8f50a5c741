//! The commands that took long: the latest of them, in memory.
//!
//! What is measured is what a command takes from its turn to its reply, loads from the tables
//! included, the wait for the log not: that belongs to the whole pipeline.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base::StoreTime;
use parking_lot::Mutex;
use wire::resp::Args;

/// Entries that may be kept: with [`ARGS_MAX`] and [`ARG_BYTES_MAX`], 4 MiB at most.
pub(crate) const ENTRIES_MAX: i64 = 1024;

/// Arguments that an entry shows.
const ARGS_MAX: usize = 32;

/// Bytes that it shows of one.
const ARG_BYTES_MAX: usize = 128;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Slowlog {
    /// What takes as many microseconds is kept; nothing if it is negative.
    pub(crate) threshold_us: AtomicI64,
    /// How many entries are kept.
    pub(crate) entries_max: AtomicI64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    next: i64,
    /// Newest first.
    entries: VecDeque<Entry>,
}

/// One command that took long.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) at: StoreTime,
    pub(crate) took: Duration,
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) address: SocketAddr,
    pub(crate) name: Vec<u8>,
}

impl Default for Slowlog {
    fn default() -> Self {
        Self {
            threshold_us: AtomicI64::new(10_000),
            entries_max: AtomicI64::new(128),
            kept: Mutex::default(),
        }
    }
}

impl Slowlog {
    /// Whether a command that took so long is to be kept.
    pub(crate) fn wants(&self, took: Duration) -> bool {
        let threshold = self.threshold_us.load(Ordering::Relaxed);
        u64::try_from(threshold).is_ok_and(|threshold| took >= Duration::from_micros(threshold))
    }

    /// Whether whatever takes less than so many microseconds is not kept.
    pub(crate) fn is_coarser_than(&self, us: u64) -> bool {
        let threshold = self.threshold_us.load(Ordering::Relaxed);
        u64::try_from(threshold).is_err() || threshold.unsigned_abs() >= us
    }

    /// Keeps an entry, under a number of its own, and lets go of the oldest ones.
    pub(crate) fn push(&self, mut entry: Entry) {
        let most = usize::try_from(self.entries_max.load(Ordering::Relaxed)).unwrap_or(0);
        let mut kept = self.kept.lock();
        entry.id = kept.next;
        kept.next += 1;
        kept.entries.push_front(entry);
        kept.entries.truncate(most);
    }

    /// The latest `most` entries, newest first.
    pub(crate) fn latest(&self, most: usize) -> Vec<Entry> {
        self.kept.lock().entries.iter().take(most).cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.lock().entries.len()
    }

    pub(crate) fn clear(&self) {
        self.kept.lock().entries.clear();
    }
}

/// Arguments as an entry shows them: so many, and so much of each.
pub(crate) fn shorten(args: Args<'_>) -> Vec<Vec<u8>> {
    let shown = if args.len() > ARGS_MAX { ARGS_MAX - 1 } else { args.len() };
    let mut short: Vec<_> = args.iter().take(shown).map(shorten_one).collect();
    if args.len() > shown {
        short.push(format!("... ({} more arguments)", args.len() - shown).into_bytes());
    }
    short
}

fn shorten_one(arg: &[u8]) -> Vec<u8> {
    let (shown, rest) = arg.split_at(arg.len().min(ARG_BYTES_MAX));
    let mut short = shown.to_vec();
    if !rest.is_empty() {
        short.extend_from_slice(format!("... ({} more bytes)", rest.len()).as_bytes());
    }
    short
}

#[cfg(test)]
mod tests;
